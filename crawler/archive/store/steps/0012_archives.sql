-- Archives can be merged: each has an identity, and says of its runs and versions which archive they came from.

-- This archive (`own` is 1), and those that were merged into it.
CREATE TABLE archives (
    id         TEXT PRIMARY KEY,  -- a UUID; a copy of the file has the same
    own        INTEGER NOT NULL DEFAULT 0,
    path       TEXT,     -- where it was when it was last merged
    began_at   TEXT,     -- when it was last read, in UTC
    merged_at  TEXT,     -- when it was last taken in whole, in UTC
    mark       TEXT,     -- JSON: how far it had come then, see crawler/archive/merging/marks.py
    last_run   INTEGER   -- the latest run of this archive at that time; reports up to it are no longer recounted
) WITHOUT ROWID;

-- Where a run was made if not here, and its number there.
ALTER TABLE runs ADD COLUMN archive_id TEXT REFERENCES archives (id);
ALTER TABLE runs ADD COLUMN number INTEGER;
CREATE UNIQUE INDEX runs_elsewhere ON runs (archive_id, number, started_at) WHERE archive_id IS NOT NULL;

-- When the site was last found to say this, as far as its markup was stored anew. NULL: not since `seen_at`.
ALTER TABLE versions ADD COLUMN read_at TEXT;

-- JSON: which details of a post are not as old as the current version, because another archive knew them; see
-- crawler/archive/merging/as_of.py.
ALTER TABLE posts ADD COLUMN as_of TEXT NOT NULL DEFAULT '{}';

-- That another archive has seen a version by itself, at another time. Once merged, equal versions are one.
CREATE TABLE sightings (
    version_id INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,
    seen_at    TEXT NOT NULL,
    run_id     INTEGER NOT NULL REFERENCES runs (id),
    via        TEXT NOT NULL,  -- as in `versions`
    filed      TEXT,           -- what the post was filed under there, as in `versions`
    said       TEXT NOT NULL,  -- JSON: those columns of the version that were different there, such as its markup
    PRIMARY KEY (version_id, seen_at)
) WITHOUT ROWID;
CREATE INDEX sightings_by_run ON sightings (run_id);

-- As the foreign keys do, for a plain sqlite3 shell.
CREATE TRIGGER versions_sightings_end AFTER DELETE ON versions BEGIN
    DELETE FROM sightings WHERE version_id = OLD.id;
END;
CREATE TRIGGER runs_sightings_delete BEFORE DELETE ON runs
WHEN EXISTS (SELECT 1 FROM sightings WHERE run_id = OLD.id) BEGIN
    SELECT RAISE(ABORT, 'sightings refer to this run');
END;
CREATE TRIGGER archives_delete BEFORE DELETE ON archives
WHEN OLD.own OR EXISTS (SELECT 1 FROM runs WHERE archive_id = OLD.id) BEGIN
    SELECT RAISE(ABORT, 'runs refer to this archive');
END;
