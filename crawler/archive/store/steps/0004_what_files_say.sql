-- What files say, and what they do not: posts taken in from folders and git histories.

ALTER TABLE versions ADD COLUMN derived TEXT NOT NULL DEFAULT '';  -- what its source does not say: `title`, `date`
ALTER TABLE versions ADD COLUMN front_matter TEXT NOT NULL DEFAULT '{}';  -- JSON: keys that nothing here knows

ALTER TABLE runs ADD COLUMN elsewhere TEXT NOT NULL DEFAULT '{}';  -- JSON: how share links and expired copies ended

-- Each file that was imported, every version of it that a git history holds, and what became of it the last time.
CREATE TABLE files (
    id          INTEGER PRIMARY KEY,
    path        TEXT NOT NULL,             -- as it was given; of a history, the repository and the path inside
    "commit"    TEXT NOT NULL DEFAULT '',  -- that wrote this version, of a history
    site        TEXT NOT NULL,
    outcome     TEXT NOT NULL CHECK (outcome IN ('new', 'changed', 'unchanged', 'refused')),
    reason      TEXT,                      -- why it was refused
    imported_at TEXT NOT NULL,
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    article_id  INTEGER REFERENCES posts (id) ON DELETE SET NULL,
    UNIQUE (path, "commit", site)
);
CREATE INDEX files_by_article ON files (article_id);
CREATE INDEX files_by_run ON files (run_id, outcome);

DROP VIEW articles;
DROP VIEW revisions;

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
    versions.derived, versions.front_matter
FROM posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision;

-- The view is written to like a table. What the index says of a post follows with `finews check --repair`.
CREATE TRIGGER articles_update INSTEAD OF UPDATE ON articles BEGIN
    UPDATE posts SET
        site = NEW.site, post_id = NEW.post_id, url = NEW.url, share_url = NEW.share_url, source = NEW.source,
        category = NEW.category, published_ts = NEW.published_ts, first_seen_at = NEW.first_seen_at,
        last_seen_at = NEW.last_seen_at, gone_at = NEW.gone_at
    WHERE id = OLD.id;
    UPDATE versions SET
        title = NEW.title, published_at = NEW.published_at, content_hash = NEW.content_hash,
        summary = json_array(NEW.summary), markdown = json_array(NEW.markdown), html = json_array(NEW.html),
        text = NEW.text, derived = NEW.derived, front_matter = NEW.front_matter
    WHERE article_id = OLD.id AND revision = OLD.revision;
    UPDATE mentions SET published_ts = NEW.published_ts WHERE article_id = OLD.id;
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
    text, derived, front_matter
FROM versions;

-- Posts that were gone before anything of them could be kept are asked for once more: there is a second place to look.
UPDATE links SET next_try_at = fetched_at WHERE kind = 'post' AND state = 'gone' AND article_id IS NULL;
