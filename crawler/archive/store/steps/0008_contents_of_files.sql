-- What was in a file when it was imported, so that one that has not changed need not be read again.

-- A hash of its bytes, and of the definition and the version of the program by which they were read. NULL: not known.
ALTER TABLE files ADD COLUMN content_hash TEXT;
