-- A search index of pairs and tokens, and what a search as of a time asks former versions for.

-- What a post was filed under when this version was superseded, as JSON: `source`, `category`, `codes` (of securities).
ALTER TABLE versions ADD COLUMN filed TEXT;  -- NULL: the version is the current one, or it is not known

-- How the name is read: syllables in pinyin, parted by spaces, readings of one by `/`; letters and digits as they are.
ALTER TABLE securities ADD COLUMN pinyin TEXT NOT NULL DEFAULT '';

DROP TABLE search;

-- The search index, derived from the words, see docs/sql.md: every two neighbouring tokens of a post as one word, in
-- their order. The row of a post's current version is posts.id, that of a former one is -versions.id.
CREATE VIRTUAL TABLE search USING fts5(
    title_pairs, text_pairs, content = '', columnsize = 0, tokenize = "ascii tokenchars '_'"
);

-- Beside it every token of a post once, for terms of one.
CREATE VIRTUAL TABLE search_tokens USING fts5(
    tokens, content = '', columnsize = 0, detail = none, tokenize = "ascii tokenchars '_'"
);
