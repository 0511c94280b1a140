-- All categories of a post, and posts that were not published.

-- What posts are filed under. The first, at position 0, is posts.category.
CREATE TABLE article_categories (
    article_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    category   TEXT NOT NULL,     -- a slug of categories
    position   INTEGER NOT NULL,  -- the order its source names them in
    PRIMARY KEY (article_id, category)
) WITHOUT ROWID;
CREATE INDEX article_categories_by_category ON article_categories (category, article_id);
INSERT INTO article_categories SELECT id, category, 0 FROM posts WHERE category IS NOT NULL;

-- 1 if its source says that it is not to be published.
ALTER TABLE versions ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;
ALTER TABLE posts ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;  -- whether the current version is one
CREATE INDEX posts_drafts ON posts (id) WHERE draft;

DROP VIEW articles;
DROP VIEW revisions;
DROP VIEW articles_by_day;
DROP VIEW mentions_by_day;

-- The current state of every post. A body that cannot be put together is its plain text.
CREATE VIEW articles AS
SELECT
    posts.id, posts.site, posts.post_id, posts.url, posts.share_url, versions.title, posts.source, posts.category,
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
    versions.derived, versions.front_matter, posts.draft
FROM posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision;

-- The view is written to like a table. What the index says of a post follows with `finews check --repair`.
CREATE TRIGGER articles_update INSTEAD OF UPDATE ON articles BEGIN
    UPDATE posts SET
        site = NEW.site, post_id = NEW.post_id, url = NEW.url, share_url = NEW.share_url, source = NEW.source,
        category = NEW.category, published_ts = NEW.published_ts, first_seen_at = NEW.first_seen_at,
        last_seen_at = NEW.last_seen_at, gone_at = NEW.gone_at, draft = NEW.draft
    WHERE id = OLD.id;
    UPDATE versions SET
        title = NEW.title, published_at = NEW.published_at, content_hash = NEW.content_hash,
        summary = json_array(NEW.summary), markdown = json_array(NEW.markdown), html = json_array(NEW.html),
        text = NEW.text, derived = NEW.derived, front_matter = NEW.front_matter, draft = NEW.draft
    WHERE article_id = OLD.id AND revision = OLD.revision;
    UPDATE mentions SET published_ts = NEW.published_ts WHERE article_id = OLD.id;
    DELETE FROM article_categories
    WHERE article_id = OLD.id AND NEW.category IS NOT OLD.category AND category IN (OLD.category, NEW.category);
    INSERT INTO article_categories SELECT OLD.id, NEW.category, 0
    WHERE NEW.category IS NOT NULL AND NEW.category IS NOT OLD.category;
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
    text, derived, front_matter, draft
FROM versions;

-- How many posts of which outlet and category were published on which day, by the site's own
-- calendar. `category` is the first of a post; drafts do not count.
CREATE VIEW articles_by_day AS
SELECT
    substr(versions.published_at, 1, 10) AS day, posts.site, posts.source, posts.category, count(*) AS posts,
    sum(posts.gone_at IS NOT NULL) AS gone
FROM posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision
WHERE NOT posts.draft
GROUP BY day, posts.site, posts.source, posts.category;

-- How many posts of a day mention which security, and how often; drafts do not count.
CREATE VIEW mentions_by_day AS
SELECT
    substr(versions.published_at, 1, 10) AS day, securities.code, securities.symbol, securities.market,
    securities.name, count(DISTINCT mentions.article_id) AS posts, sum(mentions.count) AS mentions
FROM mentions
JOIN securities ON securities.code = mentions.code
JOIN posts ON posts.id = mentions.article_id
JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision
WHERE NOT posts.draft
GROUP BY day, securities.code;
