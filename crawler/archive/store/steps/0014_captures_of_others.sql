-- How far the captures of an archive that was merged have been copied.
ALTER TABLE archives ADD COLUMN captures_mark TEXT;  -- JSON, see crawler/archive/merging/captures.py; NULL: not at all
