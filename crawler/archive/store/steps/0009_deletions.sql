-- Posts can be deleted, by any program; imports can be undone; and posts need no address.

-- When the post at an address was deleted from the archive, in UTC. Such an address is requested only by name.
ALTER TABLE links ADD COLUMN deleted_at TEXT;

-- Posts that were deleted and must not come back by themselves.
CREATE TABLE deletions (
    site       TEXT NOT NULL,
    post_id    TEXT NOT NULL,
    url        TEXT NOT NULL,  -- of its page; '' if it had none
    deleted_at TEXT NOT NULL,  -- in UTC
    PRIMARY KEY (site, post_id)
) WITHOUT ROWID;

-- What a post was before an import changed it, as JSON, so that the import can be undone.
CREATE TABLE before_imports (
    article_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    post       TEXT NOT NULL,
    PRIMARY KEY (article_id, run_id)
) WITHOUT ROWID;
CREATE INDEX before_imports_by_run ON before_imports (run_id);

-- The triggers below do what foreign keys do, because a plain sqlite3 shell does not enforce these.

-- Everything that belongs to a post goes with it, and its addresses are not requested again. What is left are its rows
-- in the search index and its Markdown file, which `finews check --repair` removes. This comes before what foreign keys
-- do, which would take the post out of `links`.
CREATE TRIGGER posts_delete BEFORE DELETE ON posts BEGIN
    INSERT INTO deletions (site, post_id, url, deleted_at)
    VALUES (OLD.site, OLD.post_id, OLD.url, strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now'))
    ON CONFLICT (site, post_id) DO UPDATE SET url = excluded.url, deleted_at = excluded.deleted_at;
    DELETE FROM fetches WHERE link_id IN (SELECT id FROM links WHERE article_id = OLD.id);
    UPDATE links SET
        state = 'refused', reason = 'deleted on ' || date('now') || '; not asked for again', status = NULL,
        attempts = 0, title = NULL, etag = NULL, last_modified = NULL, rules = NULL, read_at = NULL,
        next_try_at = NULL, leads_on = 0, article_id = NULL,
        deleted_at = strftime('%Y-%m-%dT%H:%M:%S+00:00', 'now')
    WHERE article_id = OLD.id;
    DELETE FROM files WHERE article_id = OLD.id;
END;
CREATE TRIGGER posts_end AFTER DELETE ON posts BEGIN
    DELETE FROM before_imports WHERE article_id = OLD.id;
    DELETE FROM story_keys WHERE article_id = OLD.id;
    DELETE FROM stories WHERE article_id = OLD.id;
    DELETE FROM mentions WHERE article_id = OLD.id;
    DELETE FROM article_tags WHERE article_id = OLD.id;
    DELETE FROM article_categories WHERE article_id = OLD.id;
    DELETE FROM versions WHERE article_id = OLD.id;
END;
CREATE TRIGGER article_tags_end AFTER DELETE ON article_tags
WHEN NOT EXISTS (SELECT 1 FROM article_tags WHERE tag_id = OLD.tag_id) BEGIN
    DELETE FROM tags WHERE id = OLD.tag_id;
END;
CREATE TRIGGER links_delete BEFORE DELETE ON links BEGIN
    DELETE FROM fetches WHERE link_id = OLD.id;
END;

-- What other rows refer to cannot be deleted, nor a version out of the middle of a post's history.
CREATE TRIGGER versions_delete BEFORE DELETE ON versions
WHEN EXISTS (SELECT 1 FROM posts WHERE id = OLD.article_id AND revision >= OLD.revision) BEGIN
    SELECT RAISE(ABORT, 'a post keeps all of its versions: delete the post');
END;
CREATE TRIGGER categories_delete BEFORE DELETE ON categories
WHEN EXISTS (SELECT 1 FROM posts WHERE category = OLD.slug AND site = OLD.site) BEGIN
    SELECT RAISE(ABORT, 'posts are filed under this category');
END;
CREATE TRIGGER tags_delete BEFORE DELETE ON tags
WHEN EXISTS (SELECT 1 FROM article_tags WHERE tag_id = OLD.id) BEGIN
    SELECT RAISE(ABORT, 'posts have this tag');
END;
CREATE TRIGGER securities_delete BEFORE DELETE ON securities
WHEN EXISTS (SELECT 1 FROM mentions WHERE code = OLD.code) BEGIN
    SELECT RAISE(ABORT, 'posts mention this security');
END;
CREATE TRIGGER runs_delete BEFORE DELETE ON runs
WHEN EXISTS (SELECT 1 FROM versions WHERE run_id = OLD.id)
    OR EXISTS (SELECT 1 FROM links WHERE OLD.id IN (run_id, met_run_id, asked_run_id))
    OR EXISTS (SELECT 1 FROM files WHERE run_id = OLD.id)
    OR EXISTS (SELECT 1 FROM before_imports WHERE run_id = OLD.id)
    OR EXISTS (SELECT 1 FROM fetches WHERE OLD.id IN (run_id, last_run_id))
    OR EXISTS (SELECT 1 FROM sites WHERE run_id = OLD.id)
    OR EXISTS (SELECT 1 FROM hosts WHERE given_up_run_id = OLD.id) BEGIN
    SELECT RAISE(ABORT, 'versions, addresses, files or sites refer to this run');
END;

DROP VIEW articles;

-- The current state of every post. A body that cannot be put together is its plain text. `url` is NULL if the post
-- has no address; posts.url is '' then.
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
    versions.derived, versions.front_matter, posts.draft
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
