-- What one run leaves for the next to know: when to ask again, how each fetch ended, what hosts ask of whoever comes.

ALTER TABLE links ADD COLUMN asked_run_id INTEGER REFERENCES runs (id);  -- the last run that asked for it
ALTER TABLE links ADD COLUMN read_at TEXT;  -- when it was last read, or found to be as it was
ALTER TABLE links ADD COLUMN leads_on INTEGER NOT NULL DEFAULT 0;  -- 1: once it is stored, its category's page is due
CREATE INDEX links_by_next_try ON links (site, next_try_at) WHERE next_try_at IS NOT NULL;

-- Each fetch of an address and how it ended. What happens again and again is one row, with the first and the last time.
CREATE TABLE fetches (
    id              INTEGER PRIMARY KEY,
    link_id         INTEGER NOT NULL REFERENCES links (id) ON DELETE CASCADE,
    outcome         TEXT NOT NULL
        CHECK (outcome IN ('read', 'new', 'changed', 'unchanged', 'refused', 'failed', 'gone')),  -- listings are `read`
    status          INTEGER,           -- of the answer
    reason          TEXT,              -- why it was refused, failed or is gone
    rule            TEXT,              -- what refused it: a key of the site's definition, robots.txt, …
    run_id          INTEGER NOT NULL REFERENCES runs (id),
    fetched_at      TEXT NOT NULL,
    last_run_id     INTEGER NOT NULL REFERENCES runs (id),
    last_fetched_at TEXT NOT NULL,
    times           INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX fetches_by_link ON fetches (link_id);

-- Hosts: their robots.txt, how they answer, and how much has been asked of them.
CREATE TABLE hosts (
    host            TEXT PRIMARY KEY,
    robots          TEXT,              -- robots.txt as it was last answered; '' when there is none
    robots_at       TEXT,              -- when that was
    wait_until      TEXT,              -- not to be asked before
    wait_reason     TEXT,              -- why, when it is not by its own Retry-After
    failures        INTEGER NOT NULL DEFAULT 0,  -- in a row; an answer ends the row
    failure         TEXT,              -- the last one
    given_up_run_id INTEGER REFERENCES runs (id),  -- the last run that gave up on it
    day             TEXT,              -- the day, in UTC, that `requests` are of
    requests        INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- `usual`: what is new since the last one; `full`: everything again; `part`: certain pages; `share`: certain share links.
ALTER TABLE runs ADD COLUMN scope TEXT NOT NULL DEFAULT 'usual';
ALTER TABLE runs ADD COLUMN hosts TEXT NOT NULL DEFAULT '{}';  -- JSON: hosts that were not asked any more, and why

-- What a site published last, beside a larger one.
CREATE INDEX posts_by_site ON posts (site, published_ts);

-- Known posts of the last days are looked at again, and what is known of fetches is kept.
UPDATE links SET read_at = fetched_at WHERE state IN ('fetched', 'stored');
UPDATE links SET next_try_at = fetched_at
WHERE kind = 'post' AND (state = 'failed' OR julianday(fetched_at) > julianday('now') - 3);
INSERT INTO fetches (link_id, outcome, status, reason, run_id, fetched_at, last_run_id, last_fetched_at)
SELECT
    id, coalesce(outcome, iif(state = 'fetched', 'read', state)), status, reason, run_id, fetched_at, run_id, fetched_at
FROM links WHERE fetched_at IS NOT NULL AND run_id IS NOT NULL AND state <> 'found' ORDER BY fetched_at, id;
