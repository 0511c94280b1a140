-- Every word is kept once. `versions` holds a post's plain text, and of its summary, its Markdown and its HTML only
-- what these add to the text; the views `articles` and `revisions` put them together. Here too: the search index, the
-- stories that several outlets carry, and the views by day. The functions frame(), plain() and markdown() are
-- this step's own.

CREATE TEMP TABLE old_articles AS SELECT * FROM articles;
CREATE TEMP TABLE old_revisions AS SELECT * FROM revisions;
CREATE TEMP TABLE old_tags AS SELECT * FROM article_tags;
CREATE TEMP TABLE old_securities AS SELECT * FROM securities;
CREATE TEMP TABLE old_mentions AS SELECT * FROM mentions;
CREATE TEMP TABLE old_links AS SELECT * FROM links;
DROP TABLE links;
DROP TABLE mentions;
DROP TABLE securities;
DROP TABLE article_tags;
DROP TABLE revisions;
DROP TABLE articles;

-- Every post: what does not belong to one version of it. Read it through the view `articles`.
CREATE TABLE posts (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: the index may still have its row
    site          TEXT NOT NULL,
    post_id       TEXT NOT NULL,     -- the site's own id: NW202204202350104915
    url           TEXT NOT NULL,
    share_url     TEXT,
    source        TEXT,              -- the outlet: 大江网
    category      TEXT,              -- a slug of categories
    published_ts  INTEGER NOT NULL,  -- when the current version says it was published, in epoch seconds
    revision      INTEGER NOT NULL,  -- the current version
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,
    gone_at       TEXT,              -- when the site was first found to have forgotten it
    UNIQUE (post_id, site),
    FOREIGN KEY (site, category) REFERENCES categories (site, slug)
);
CREATE INDEX posts_by_time ON posts (published_ts);
CREATE INDEX posts_by_category ON posts (category, published_ts);
CREATE INDEX posts_by_source ON posts (source, published_ts);
CREATE INDEX posts_by_url ON posts (url);

-- Every version of a post, the current one included. Read it through `articles` and `revisions`.
-- summary, markdown and html are JSON: a list of strings, and of [start, length] where the text's own characters
-- stand, counted from 1.
CREATE TABLE versions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- likewise
    article_id   INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    revision     INTEGER NOT NULL,   -- from 1
    seen_at      TEXT NOT NULL,      -- in UTC
    run_id       INTEGER NOT NULL REFERENCES runs (id),
    via          TEXT NOT NULL CHECK (via IN ('page', 'share', 'expired', 'import')),
    title        TEXT NOT NULL,
    published_at TEXT NOT NULL,      -- with the site's offset: 2022-04-20T16:44:59+08:00
    content_hash TEXT NOT NULL,      -- of what matters: title, time, words
    summary      TEXT NOT NULL,
    markdown     TEXT NOT NULL,      -- the body, normalised and safe
    html         TEXT NOT NULL,      -- the body as published: not safe to show as it is
    text         TEXT NOT NULL,      -- the body, plain
    UNIQUE (article_id, revision)
);
CREATE INDEX versions_by_seen ON versions (seen_at, article_id);
CREATE INDEX versions_by_run ON versions (run_id);

CREATE TABLE article_tags (
    article_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    tag_id     INTEGER NOT NULL REFERENCES tags (id),
    position   INTEGER NOT NULL,  -- the order the site gives them in
    PRIMARY KEY (article_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id);

-- Securities, boards included, that any post marks.
CREATE TABLE securities (
    code   TEXT PRIMARY KEY,  -- as the site writes it: 1.600160
    symbol TEXT NOT NULL,     -- 600160
    market TEXT NOT NULL,     -- SH, SZ, BJ, HK, US, BOARD, or the site's number where it is not known
    name   TEXT NOT NULL      -- the usual one: what most of the latest posts that mention it print
) WITHOUT ROWID;
CREATE INDEX securities_by_symbol ON securities (symbol);

-- Which post marks which security, under which name, how often.
CREATE TABLE mentions (
    article_id   INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    code         TEXT NOT NULL REFERENCES securities (code),
    name         TEXT NOT NULL,     -- as printed
    count        INTEGER NOT NULL,
    published_ts INTEGER NOT NULL,  -- of the post, so that a security's posts are found in order of time
    PRIMARY KEY (article_id, code, name)
) WITHOUT ROWID;
CREATE INDEX mentions_by_code ON mentions (code, published_ts);

-- The ledger of every address met: the frontier's memory.
CREATE TABLE links (
    id            INTEGER PRIMARY KEY,
    url           TEXT NOT NULL UNIQUE,  -- canonical
    site          TEXT NOT NULL,
    kind          TEXT NOT NULL CHECK (kind IN ('home', 'category', 'feed', 'post', 'share', 'expired')),
    state         TEXT NOT NULL CHECK (state IN ('found', 'fetched', 'stored', 'refused', 'failed', 'gone')),
    status        INTEGER,           -- of the last answer
    reason        TEXT,              -- why it was refused, failed or is gone
    attempts      INTEGER NOT NULL DEFAULT 0,
    found_on      TEXT,              -- the page that first named it
    title         TEXT,              -- the text of the link that named it
    etag          TEXT,
    last_modified TEXT,
    rules         TEXT,              -- which definition and version the page was last read by
    found_at      TEXT NOT NULL,
    fetched_at    TEXT,
    next_try_at   TEXT,
    article_id    INTEGER REFERENCES posts (id) ON DELETE SET NULL,
    met_run_id    INTEGER REFERENCES runs (id),  -- the last run that met it
    run_id        INTEGER REFERENCES runs (id),  -- the last run it came to an outcome in
    outcome       TEXT CHECK (outcome IN ('new', 'changed', 'unchanged', 'refused', 'failed', 'gone'))
);
CREATE INDEX links_by_state ON links (site, kind, state);
CREATE INDEX links_by_article ON links (article_id);
CREATE INDEX links_by_run ON links (run_id, kind, outcome);
CREATE INDEX links_by_met_run ON links (met_run_id, kind);

-- One story under several ids: posts of the same story_id tell the same. Most posts are in none.
CREATE TABLE stories (
    article_id INTEGER PRIMARY KEY REFERENCES posts (id) ON DELETE CASCADE,
    story_id   INTEGER NOT NULL
);
CREATE INDEX stories_by_story ON stories (story_id);
CREATE TRIGGER stories_end AFTER DELETE ON stories
WHEN (SELECT count(*) FROM stories WHERE story_id = OLD.story_id) = 1 BEGIN
    DELETE FROM stories WHERE story_id = OLD.story_id;
END;

-- Where posts that read alike meet: keys made from their words, see crawler/likeness.py.
CREATE TABLE story_keys (
    key        INTEGER NOT NULL,
    article_id INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    PRIMARY KEY (key, article_id)
) WITHOUT ROWID;

-- By which method a derived table was made.
CREATE TABLE derived (
    name    TEXT PRIMARY KEY,
    made_by TEXT NOT NULL
) WITHOUT ROWID;

-- The search index, derived from the words: every one, two and three neighbouring tokens of a post are a word of it,
-- see docs/sql.md. The row of a post's current version is posts.id, that of a former one is -versions.id.
CREATE VIRTUAL TABLE search USING fts5(
    words, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '_'"
);

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
    versions.text, versions.content_hash, posts.revision, posts.first_seen_at, posts.last_seen_at, posts.gone_at
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
        text = NEW.text
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
    text
FROM versions;

-- How many posts of which outlet and category were published on which day, by the site's own calendar.
CREATE VIEW articles_by_day AS
SELECT
    substr(versions.published_at, 1, 10) AS day, posts.site, posts.source, posts.category, count(*) AS posts,
    sum(posts.gone_at IS NOT NULL) AS gone
FROM posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision
GROUP BY day, posts.site, posts.source, posts.category;

-- How many posts of a day mention which security, and how often.
CREATE VIEW mentions_by_day AS
SELECT
    substr(versions.published_at, 1, 10) AS day, securities.code, securities.symbol, securities.market,
    securities.name, count(DISTINCT mentions.article_id) AS posts, sum(mentions.count) AS mentions
FROM mentions
JOIN securities ON securities.code = mentions.code
JOIN posts ON posts.id = mentions.article_id
JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision
GROUP BY day, securities.code;

INSERT INTO posts SELECT
    id, site, post_id, url, share_url, source, category, published_ts, revision, first_seen_at, last_seen_at, gone_at
FROM old_articles;
INSERT INTO versions (
    article_id, revision, seen_at, run_id, via, title, published_at, content_hash, summary, markdown, html, text
) SELECT
    r.article_id, r.revision, r.seen_at, r.run_id, r.via, r.title, r.published_at, r.content_hash,
    frame(iif(r.revision = a.revision, a.summary, ''), iif(r.revision = a.revision, a.text, plain(r.html))),
    frame(
        iif(r.revision = a.revision, a.markdown, markdown(plain(r.html))),
        iif(r.revision = a.revision, a.text, plain(r.html))
    ),
    frame(iif(r.revision = a.revision, a.html, r.html), iif(r.revision = a.revision, a.text, plain(r.html))),
    iif(r.revision = a.revision, a.text, plain(r.html))
FROM old_revisions AS r JOIN old_articles AS a ON a.id = r.article_id
ORDER BY r.seen_at, r.article_id, r.revision;
INSERT INTO article_tags SELECT article_id, tag_id, position FROM old_tags;
INSERT INTO securities SELECT code, symbol, market, name FROM old_securities;
INSERT INTO mentions
SELECT m.article_id, m.code, m.name, m.count, a.published_ts FROM old_mentions AS m
JOIN old_articles AS a ON a.id = m.article_id;
INSERT INTO links (
    url, site, kind, state, status, reason, attempts, found_on, title, etag, last_modified, rules, found_at,
    fetched_at, next_try_at, article_id, met_run_id, run_id, outcome
) SELECT
    url, site, kind, state, status, reason, attempts, found_on, title, etag, last_modified, rules, found_at,
    fetched_at, next_try_at, article_id, met_run_id, run_id, outcome
FROM old_links ORDER BY found_at, url;

DROP TABLE temp.old_articles;
DROP TABLE temp.old_revisions;
DROP TABLE temp.old_tags;
DROP TABLE temp.old_securities;
DROP TABLE temp.old_mentions;
DROP TABLE temp.old_links;
