-- Who wrote a post, and its lead image: both are part of what a version says.

-- The address of the image that stands for the post, as the site gives it; it is never requested.
ALTER TABLE versions ADD COLUMN image TEXT;

CREATE TABLE authors (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- Who wrote which version of a post. Those of the current one are where `revision` is posts.revision.
CREATE TABLE article_authors (
    article_id INTEGER NOT NULL,
    revision   INTEGER NOT NULL,
    author_id  INTEGER NOT NULL REFERENCES authors (id),
    position   INTEGER NOT NULL,  -- the order the source names them in
    PRIMARY KEY (article_id, revision, author_id),
    FOREIGN KEY (article_id, revision) REFERENCES versions (article_id, revision) ON UPDATE CASCADE ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX article_authors_by_author ON article_authors (author_id);

-- As for tags (0009): what belongs to a version goes with it, and an author of nothing goes too.
CREATE TRIGGER versions_end AFTER DELETE ON versions BEGIN
    DELETE FROM article_authors WHERE article_id = OLD.article_id AND revision = OLD.revision;
END;
CREATE TRIGGER article_authors_end AFTER DELETE ON article_authors
WHEN NOT EXISTS (SELECT 1 FROM article_authors WHERE author_id = OLD.author_id) BEGIN
    DELETE FROM authors WHERE id = OLD.author_id;
END;
CREATE TRIGGER authors_delete BEFORE DELETE ON authors
WHEN EXISTS (SELECT 1 FROM article_authors WHERE author_id = OLD.id) BEGIN
    SELECT RAISE(ABORT, 'posts have this author');
END;

DROP VIEW articles;
DROP VIEW revisions;

-- The current state of every post. A body that cannot be put together is its plain text. `url` is NULL if the post
-- has no address; posts.url is '' then. `authors` is a list in JSON.
CREATE VIEW articles AS
SELECT
    posts.id, posts.site, posts.post_id, nullif(posts.url, '') AS url, posts.share_url, versions.title, posts.source,
    posts.category,
    (SELECT group_concat(CASE type WHEN 'text' THEN value
        ELSE substr(versions.text, json_extract(value, '$[0]'), json_extract(value, '$[1]')) END, '')
        FROM json_each(iif(json_valid(versions.summary), versions.summary, json_array(versions.text)))) AS summary,
    versions.published_at, posts.published_ts,
    (SELECT group_concat(CASE type WHEN 'text' THEN value
        ELSE substr(versions.text, json_extract(value, '$[0]'), json_extract(value, '$[1]')) END, '')
        FROM json_each(iif(json_valid(versions.html), versions.html, json_array(versions.text)))) AS html,
    (SELECT group_concat(CASE type WHEN 'text' THEN value
        ELSE substr(versions.text, json_extract(value, '$[0]'), json_extract(value, '$[1]')) END, '')
        FROM json_each(iif(json_valid(versions.markdown), versions.markdown, json_array(versions.text)))) AS markdown,
    versions.text, versions.content_hash, posts.revision, posts.first_seen_at, posts.last_seen_at, posts.gone_at,
    versions.derived, versions.front_matter, posts.draft, versions.image,
    (SELECT json_group_array(name) FROM (SELECT name FROM article_authors JOIN authors ON authors.id = author_id
        WHERE article_id = posts.id AND article_authors.revision = posts.revision ORDER BY position)) AS authors
FROM posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision;

-- The view is written to like a table. What the index says of a post follows with `finews check --repair`.
CREATE TRIGGER articles_update INSTEAD OF UPDATE ON articles BEGIN
    UPDATE posts SET
        site = NEW.site, post_id = NEW.post_id, url = coalesce(NEW.url, ''), share_url = NEW.share_url,
        source = NEW.source, category = NEW.category, published_ts = NEW.published_ts,
        first_seen_at = NEW.first_seen_at, last_seen_at = NEW.last_seen_at, gone_at = NEW.gone_at, draft = NEW.draft
    WHERE id = OLD.id;
    UPDATE versions SET
        title = NEW.title, published_at = NEW.published_at, content_hash = NEW.content_hash,
        summary = json_array(NEW.summary), markdown = json_array(NEW.markdown), html = json_array(NEW.html),
        text = NEW.text, derived = NEW.derived, front_matter = NEW.front_matter, draft = NEW.draft, image = NEW.image
    WHERE article_id = OLD.id AND revision = OLD.revision;
    UPDATE mentions SET published_ts = NEW.published_ts WHERE article_id = OLD.id;
    DELETE FROM article_categories
    WHERE article_id = OLD.id AND NEW.category IS NOT OLD.category AND category IN (OLD.category, NEW.category);
    INSERT INTO article_categories SELECT OLD.id, NEW.category, 0
    WHERE NEW.category IS NOT NULL AND NEW.category IS NOT OLD.category;
    DELETE FROM article_authors
    WHERE article_id = OLD.id AND revision = OLD.revision AND NEW.authors IS NOT OLD.authors;
    INSERT INTO authors (name) SELECT value FROM json_each(NEW.authors)
    WHERE NEW.authors IS NOT OLD.authors ON CONFLICT (name) DO NOTHING;
    INSERT INTO article_authors (article_id, revision, author_id, position)
    SELECT OLD.id, OLD.revision, authors.id, key FROM json_each(NEW.authors) JOIN authors ON name = value
    WHERE NEW.authors IS NOT OLD.authors ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER articles_delete INSTEAD OF DELETE ON articles BEGIN
    DELETE FROM posts WHERE id = OLD.id;
END;

-- Every version ever seen, the current one included.
CREATE VIEW revisions AS
SELECT
    article_id, revision, seen_at, run_id, via, title, published_at,
    (SELECT group_concat(CASE type WHEN 'text' THEN value
        ELSE substr(versions.text, json_extract(value, '$[0]'), json_extract(value, '$[1]')) END, '')
        FROM json_each(iif(json_valid(versions.html), versions.html, json_array(versions.text)))) AS html,
    content_hash,
    (SELECT group_concat(CASE type WHEN 'text' THEN value
        ELSE substr(versions.text, json_extract(value, '$[0]'), json_extract(value, '$[1]')) END, '')
        FROM json_each(iif(json_valid(versions.markdown), versions.markdown, json_array(versions.text)))) AS markdown,
    text, derived, front_matter, draft, image,
    (SELECT json_group_array(name) FROM (SELECT name FROM article_authors JOIN authors ON authors.id = author_id
        WHERE article_authors.article_id = versions.article_id AND article_authors.revision = versions.revision
        ORDER BY position)) AS authors
FROM versions;
