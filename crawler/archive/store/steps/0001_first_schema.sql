-- The first schema. Times named …_at are ISO 8601; those the program takes itself are in UTC.

-- One row a run: its report.
CREATE TABLE runs (
    id           INTEGER PRIMARY KEY,
    site         TEXT NOT NULL,
    outcome      TEXT NOT NULL CHECK (outcome IN ('running', 'finished', 'interrupted', 'failed')),
    started_at   TEXT NOT NULL,
    finished_at  TEXT,
    seconds      REAL NOT NULL DEFAULT 0,
    requests     INTEGER NOT NULL DEFAULT 0,
    not_modified INTEGER NOT NULL DEFAULT 0,
    retries      INTEGER NOT NULL DEFAULT 0,
    bytes        INTEGER NOT NULL DEFAULT 0,
    listings     INTEGER NOT NULL DEFAULT 0,  -- home, category and feed pages read
    listings_failed INTEGER NOT NULL DEFAULT 0,
    listing_reasons TEXT NOT NULL DEFAULT '{}',  -- JSON: why listings were not read
    pending      INTEGER NOT NULL DEFAULT 0,
    new          INTEGER NOT NULL DEFAULT 0,
    changed      INTEGER NOT NULL DEFAULT 0,
    unchanged    INTEGER NOT NULL DEFAULT 0,
    refused      INTEGER NOT NULL DEFAULT 0,
    failed       INTEGER NOT NULL DEFAULT 0,
    gone         INTEGER NOT NULL DEFAULT 0,
    reasons      TEXT NOT NULL DEFAULT '{}'  -- JSON: how often each post was refused, failed or gone for which reason
);

-- Categories as posts name them.
CREATE TABLE categories (
    site TEXT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,  -- as the site prints it: 大江网新闻
    url  TEXT NOT NULL,  -- its page; '' when categories have none
    PRIMARY KEY (site, slug)
) WITHOUT ROWID;

-- The current state of every post.
CREATE TABLE articles (
    id            INTEGER PRIMARY KEY,
    site          TEXT NOT NULL,
    post_id       TEXT NOT NULL,     -- the site's own id: NW202204202350104915
    url           TEXT NOT NULL,
    share_url     TEXT,
    title         TEXT NOT NULL,
    source        TEXT,              -- the outlet: 大江网
    category      TEXT,              -- a slug of categories
    summary       TEXT NOT NULL,
    published_at  TEXT NOT NULL,     -- with the site's offset: 2022-04-20T16:44:59+08:00
    published_ts  INTEGER NOT NULL,  -- the same in epoch seconds
    html          TEXT NOT NULL,     -- the body as published: not safe to show as it is
    markdown      TEXT NOT NULL,     -- the body, normalised and safe
    text          TEXT NOT NULL,     -- the body, plain
    content_hash  TEXT NOT NULL,     -- of what matters: title, time, words
    revision      INTEGER NOT NULL,  -- the current one, from 1
    first_seen_at TEXT NOT NULL,
    last_seen_at  TEXT NOT NULL,
    gone_at       TEXT,              -- when the site was first found to have forgotten it
    UNIQUE (site, post_id),
    FOREIGN KEY (site, category) REFERENCES categories (site, slug)
);
CREATE INDEX articles_by_time ON articles (published_ts);
CREATE INDEX articles_by_category ON articles (site, category, published_ts);
CREATE INDEX articles_by_source ON articles (source, published_ts);
CREATE INDEX articles_by_post_id ON articles (post_id);
CREATE INDEX articles_by_url ON articles (url);

-- Every version ever seen, the current one included.
CREATE TABLE revisions (
    article_id   INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    revision     INTEGER NOT NULL,
    seen_at      TEXT NOT NULL,
    run_id       INTEGER NOT NULL REFERENCES runs (id),
    via          TEXT NOT NULL CHECK (via IN ('page', 'share', 'expired', 'import')),
    title        TEXT NOT NULL,
    published_at TEXT NOT NULL,
    html         TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    PRIMARY KEY (article_id, revision)
);
CREATE INDEX revisions_by_run ON revisions (run_id);

CREATE TABLE tags (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE article_tags (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id     INTEGER NOT NULL REFERENCES tags (id),
    position   INTEGER NOT NULL,  -- the order the site gives them in
    PRIMARY KEY (article_id, tag_id)
) WITHOUT ROWID;
CREATE INDEX article_tags_by_tag ON article_tags (tag_id);

-- Securities, boards included, that any post marks.
CREATE TABLE securities (
    code     TEXT PRIMARY KEY,      -- as the site writes it: 1.600160
    symbol   TEXT NOT NULL,         -- 600160
    market   TEXT NOT NULL,         -- SH, SZ, BJ, HK, US, BOARD, or the site's number where it is not known
    name     TEXT NOT NULL,         -- as the latest post prints it
    named_ts INTEGER NOT NULL       -- when that post was published, in epoch seconds
) WITHOUT ROWID;
CREATE INDEX securities_by_symbol ON securities (symbol);

-- Which post marks which security, under which name, how often.
CREATE TABLE mentions (
    article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    code       TEXT NOT NULL REFERENCES securities (code),
    name       TEXT NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (article_id, code, name)
) WITHOUT ROWID;
CREATE INDEX mentions_by_code ON mentions (code, article_id);

-- The ledger of every address met: the frontier's memory.
CREATE TABLE links (
    url           TEXT PRIMARY KEY,  -- canonical
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
    article_id    INTEGER REFERENCES articles (id) ON DELETE SET NULL,
    met_run_id    INTEGER REFERENCES runs (id),  -- the last run that met it
    run_id        INTEGER REFERENCES runs (id),  -- the last run it came to an outcome in
    outcome       TEXT CHECK (outcome IN ('new', 'changed', 'unchanged', 'refused', 'failed', 'gone'))
) WITHOUT ROWID;
CREATE INDEX links_by_state ON links (site, kind, state);
CREATE INDEX links_by_article ON links (article_id);
CREATE INDEX links_by_run ON links (run_id, kind, outcome);
CREATE INDEX links_by_met_run ON links (met_run_id, kind);
