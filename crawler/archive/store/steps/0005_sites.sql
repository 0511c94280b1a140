-- The definitions of sites as runs have used them: by these the archive knows what an address of its own leads to.
CREATE TABLE sites (
    name       TEXT NOT NULL,  -- posts.site
    rules      TEXT NOT NULL,  -- links.rules: tells this definition, as one version of the program reads it, from others
    definition TEXT NOT NULL,  -- JSON, with every key
    run_id     INTEGER NOT NULL REFERENCES runs (id),  -- the first that used it
    PRIMARY KEY (name, rules)
);
