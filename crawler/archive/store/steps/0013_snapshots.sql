-- An archive can be a snapshot: what is new in another archive, whose UUID it has, since a state of that; see
-- crawler/archive/merging/snapshots.py.

-- One row in a snapshot, none in any other archive. How far an archive had come is JSON, see
-- crawler/archive/merging/marks.py.
CREATE TABLE snapshot (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    base_mark  TEXT,           -- since which state this holds everything; NULL: since the beginning
    state_mark TEXT NOT NULL,  -- which state this brings to whoever has the one before
    made_at    TEXT NOT NULL   -- in UTC
);

-- Digests of earlier marks, the latest first, with blanks between: states that this archive has as well.
ALTER TABLE archives ADD COLUMN earlier_states TEXT NOT NULL DEFAULT '';
