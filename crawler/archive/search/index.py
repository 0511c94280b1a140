"""The search index: table `search`, derived from the words of posts and made anew at any time.

The row of a post's current version is `posts.id`, that of a former one `-versions.id`. Not here: which words a post
has (`crawler.archive.search.words`), and which posts a query finds.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from crawler.archive.search.words import EVERY, TITLE, Grams, filter_word, forked, marked_in, words_of_time

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


_MERGED_AT_ONCE = 16
_put_off: WeakKeyDictionary[Database, list[tuple[str, tuple[int, str]]]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a version of a post is found by: its words, its time, its outlet, its category's slug, the codes in it."""

    title: str
    text: str
    published_ts: int
    source: str | None
    category: str | None
    codes: tuple[str, ...]

    def words(self) -> str:
        """Return the words of the entry's row, parted by spaces."""
        title, text = (Grams(marked_in(field)) for field in (self.title, self.text))
        filters = [EVERY, *words_of_time(self.published_ts)]
        filters += [filter_word(kind, value) for kind, value in self._values()]
        of_title = title.words()
        return " ".join([*of_title, *text.words(), *map(TITLE.__add__, of_title), *forked([title, text]), *filters])

    def _values(self) -> Iterator[tuple[str, str]]:
        if self.source:
            yield "source", self.source
        if self.category:
            yield "category", self.category
        for code in self.codes:
            yield "stock", code


def add(db: Database, row: int, entry: Entry) -> None:
    """Add a row to the index."""
    add_words(db, row, entry.words())


def add_words(db: Database, row: int, words: str) -> None:
    """Add a row to the index, `words` being those of its entry."""
    _write(db, "INSERT INTO search (rowid, words) VALUES (?, ?)", row, words)


def remove(db: Database, row: int, entry: Entry) -> None:
    """Take a row out of the index; `entry` must be what it was added with."""
    _write(db, "INSERT INTO search (search, rowid, words) VALUES ('delete', ?, ?)", row, entry.words())


@contextmanager
def put_off(db: Database) -> Iterator[None]:
    """Have what the block writes into the index written at its end, in the same order; to be used in a transaction.

    FTS5 writes out all it holds whenever a statement opens a savepoint of its own, as an upsert does. So it would do
    that for every post of a transaction, and merge as many more pieces.
    """
    statements = _put_off[db] = []
    try:
        yield
    finally:
        del _put_off[db]
    for statement, values in statements:
        db.execute(statement, values)


def merge_seldom(db: Database) -> None:
    """Have the index merge sixteen pieces of it into one, where SQLite itself would merge four.

    So each word is written fewer times over. A look into more pieces is hardly longer.
    """
    if db.execute("SELECT v FROM search_config WHERE k = 'automerge'").fetchone() != (_MERGED_AT_ONCE,):
        db.execute("INSERT INTO search (search, rank) VALUES ('automerge', ?)", [_MERGED_AT_ONCE])


def current(db: Database, article_id: int) -> Entry:
    """Return the entry of a post's current version, from the tables."""
    return next(
        entry for _, entry in _entries(db, "posts.id = ? AND versions.revision = posts.revision", [article_id])
    )


def rebuild(db: Database) -> int:
    """Make the index anew from the tables and return how many rows it has.

    Outlet, category and securities of a former version are no longer known; its row has those of the post.
    """
    db.execute("INSERT INTO search (search) VALUES ('delete-all')")
    count = 0
    for row, entry in _entries(db, "1", []):
        add(db, row, entry)
        count += 1
    db.execute("INSERT INTO search (search) VALUES ('optimize')")
    return count


def _write(db: Database, statement: str, row: int, words: str) -> None:
    if db in _put_off:
        _put_off[db].append((statement, (row, words)))
    else:
        db.execute(statement, (row, words))


def _entries(db: Database, where: str, values: list[int]) -> Iterator[tuple[int, Entry]]:
    """Yield the rows of the index as the tables have them."""
    rows = db.execute(
        "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END,"  # noqa: S608
        " title, text, published_at, source, category,"
        " (SELECT group_concat(code, ' ') FROM"
        " (SELECT DISTINCT code FROM mentions WHERE article_id = posts.id ORDER BY code))"
        f" FROM posts JOIN versions ON article_id = posts.id WHERE {where}",  # a constant
        values,
    )
    for row, title, text, published_at, source, category, codes in rows:
        seconds = int(datetime.fromisoformat(published_at).timestamp())
        yield row, Entry(title, text, seconds, source, category, tuple((codes or "").split()))
