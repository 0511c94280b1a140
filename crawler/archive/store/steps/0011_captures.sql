-- Answers as they were served. Each is a record of a WARC file in the folder `captures` beside the archive; a row says
-- where. `finews check --repair` makes the rows anew from the files.
CREATE TABLE captures (
    id             INTEGER PRIMARY KEY,
    url            TEXT NOT NULL,     -- as it was requested; of a share link, the address of its text
    captured_at    TEXT NOT NULL,     -- in UTC
    status         INTEGER NOT NULL,
    record         TEXT NOT NULL CHECK (record IN ('response', 'revisit')),  -- a revisit has no page of its own
    digest         TEXT NOT NULL,     -- of the payload, as WARC writes it: sha1:…
    file           TEXT NOT NULL,     -- its name in the folder
    "offset"       INTEGER NOT NULL,  -- where the record begins
    length         INTEGER NOT NULL,  -- bytes of the record
    request_length INTEGER NOT NULL,  -- bytes of the record of its request, which follows
    fetch_id       INTEGER REFERENCES fetches (id) ON DELETE SET NULL,  -- NULL: of no address of the ledger
    UNIQUE (file, "offset")
);
CREATE INDEX captures_by_url ON captures (url, captured_at);
CREATE INDEX captures_by_fetch ON captures (fetch_id);

-- As the foreign key does, for a plain sqlite3 shell.
CREATE TRIGGER fetches_delete BEFORE DELETE ON fetches BEGIN
    UPDATE captures SET fetch_id = NULL WHERE fetch_id = OLD.id;
END;
