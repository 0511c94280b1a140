"""The search index: tables `search` and `search_tokens`, derived from the words of posts and made anew at any time.

The row of a post's current version is `posts.id`, that of a former one `-versions.id`. A version that takes the text
away has the words of the one before it (`crawler.text.substance`), so that the post stays findable. Not here: which
words a post has (`crawler.archive.search.words`), and which posts a query finds.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

from crawler.archive.search.words import EVERY, words_of
from crawler.text.substance import LOOKED_BACK, SHORT, last_with_substance

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.search.words import Words

# Which words an index holds, kept as `PRAGMA user_version`. Count it up when `crawler.archive.search.words` or the
# folding changes: an index with another number, as the 0 of a new archive, is made anew.
_SCHEME = 2
_NAME = "search"  # in `derived`, while the index is being made
_AT_ONCE = 500  # versions that are indexed in one transaction when the index is made anew
# How many segments are merged into one, where SQLite would merge four: words are rewritten less often, and reading
# more segments is hardly slower.
_MERGED_AT_ONCE = 16
_put_off: WeakKeyDictionary[Database, list[tuple[str, tuple[int | str, ...]]]] = WeakKeyDictionary()


_AND_THOSE_BEFORE = (
    "SELECT revision, title, text FROM versions WHERE article_id = ? AND revision BETWEEN ? - ? AND ?"
    " ORDER BY revision DESC"
)


class Entry(NamedTuple):
    """The part of a version that is searched."""

    title: str
    text: str

    def words(self) -> Words:
        """Return the words of the entry's row."""
        return words_of(self.title, self.text)


def add(db: Database, row: int, words: Words) -> None:
    """Add a row to the index."""
    _write(db, "INSERT INTO search (rowid, title_pairs, text_pairs) VALUES (?, ?, ?)", row, words.title, words.text)
    _write(db, "INSERT INTO search_tokens (rowid, tokens) VALUES (?, ?)", row, words.tokens)


def remove(db: Database, row: int, words: Words) -> None:
    """Take a row out of the index; `words` must be those it was added with."""
    pairs, tokens = "(search, rowid, title_pairs, text_pairs)", "(search_tokens, rowid, tokens)"
    _write(db, f"INSERT INTO search {pairs} VALUES ('delete', ?, ?, ?)", row, words.title, words.text)  # noqa: S608  # constants
    _write(db, f"INSERT INTO search_tokens {tokens} VALUES ('delete', ?, ?)", row, words.tokens)  # noqa: S608  # likewise


@contextmanager
def put_off(db: Database) -> Iterator[None]:
    """Collect what the block writes to the index, and write it in the same order at the end; use in a transaction.

    FTS5 flushes all it holds whenever a statement opens a savepoint, as an upsert does. It would do so for every post
    of a transaction, and then have that many more segments to merge.
    """
    statements = _put_off[db] = []
    try:
        yield
    finally:
        del _put_off[db]
    for statement, values in statements:
        db.conn.execute(statement, values)


def rows(db: Database) -> tuple[set[int], set[int]]:
    """Return the rows that are in the table of pairs, and those in that of tokens."""
    pairs = db.execute("SELECT rowid FROM search WHERE search MATCH ?", [f'"{EVERY}"'])
    tokens = db.execute("SELECT rowid FROM search_tokens WHERE search_tokens MATCH ?", [f'"{EVERY}"'])
    return {row for (row,) in pairs}, {row for (row,) in tokens}


def current(db: Database, article_id: int) -> Entry:
    """Return the entry of a post's current version."""
    row = db.conn.execute(
        "SELECT versions.revision, title, text FROM posts"
        " JOIN versions ON article_id = posts.id AND versions.revision = posts.revision WHERE posts.id = ?",
        [article_id],
    ).fetchone()
    return found_by(db, article_id, *row)[1]


def found_by(db: Database, article_id: int, revision: int, title: str, text: str) -> tuple[int, Entry]:
    """Return by which revision's words a version of a post is found, and these: its own if they have substance."""
    if revision == 1 or len(text) >= SHORT:
        return revision, Entry(title, text)
    rows = db.conn.execute(_AND_THOSE_BEFORE, [article_id, revision, LOOKED_BACK, revision]).fetchall()
    found, *entry = rows[last_with_substance([text for _, _, text in rows])]
    return found, Entry(*entry)


def hollow_above(db: Database, article_id: int, revision: int) -> dict[int, Entry]:
    """Return, by row, the entries of versions above a revision that may not be found by their own words."""
    rows = db.conn.execute(
        "SELECT iif(versions.revision = posts.revision, posts.id, -versions.id), versions.revision, title, text"
        " FROM versions JOIN posts ON posts.id = article_id WHERE article_id = ? AND versions.revision > ?"
        " AND versions.revision <= ? AND length(text) < ?",
        [article_id, revision, revision + LOOKED_BACK, SHORT],
    ).fetchall()
    return {row: found_by(db, article_id, *version)[1] for row, *version in rows}


def rebuild(db: Database) -> int:
    """Make the index anew, in the caller's transaction, and return how many rows it has."""
    db.execute("PRAGMA user_version = 0")
    db.execute("DELETE FROM derived WHERE name = ?", [_NAME])
    while not is_complete(db):
        go_on(db)
    (count,) = db.execute("SELECT count(*) FROM versions").fetchone()
    return int(count)


def is_complete(db: Database) -> bool:
    """Tell whether the index holds every version, with the words this version of the program looks for."""
    return bool(db.execute("PRAGMA user_version").fetchone() == (_SCHEME,))


def go_on(db: Database) -> int:
    """Index the next versions, in the caller's transaction, and return the last row of `versions` that was indexed.

    A kill between two calls loses nothing: the table `derived` says how far they came.
    """
    begun = db.execute("SELECT made_by FROM derived WHERE name = ?", [_NAME]).fetchone()
    if begun is None:
        for table in ("search", "search_tokens"):
            db.execute(f"INSERT INTO {table} ({table}) VALUES ('delete-all')")  # noqa: S608  # constants
            db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('automerge', ?)", [_MERGED_AT_ONCE])  # noqa: S608
    last = 0 if begun is None else int(begun[0])
    rows = db.execute(
        "SELECT versions.id, CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END,"
        " article_id, versions.revision, title, text FROM versions JOIN posts ON posts.id = article_id"
        " WHERE versions.id > ? ORDER BY versions.id LIMIT ?",
        [last, _AT_ONCE],
    ).fetchall()
    for _, row, *version in rows:
        add(db, row, found_by(db, *version)[1].words())
    if len(rows) < _AT_ONCE:
        db.execute("DELETE FROM derived WHERE name = ?", [_NAME])
        db.execute(f"PRAGMA user_version = {_SCHEME:d}")
    else:
        last = int(rows[-1][0])
        db.execute("INSERT OR REPLACE INTO derived (name, made_by) VALUES (?, ?)", [_NAME, str(last)])
    return last


def _write(db: Database, statement: str, *values: int | str) -> None:
    if db in _put_off:
        _put_off[db].append((statement, values))
    else:
        db.conn.execute(statement, values)
