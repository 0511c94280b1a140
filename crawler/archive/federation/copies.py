"""Leaving posts that others speak for out of an archive, as it is seen through one connection.

SQLite looks for a table without a schema's name in the schema `temp` first (https://www.sqlite.org/lang_naming.html).
So views of the same names there, which lack the rows of such posts, narrow whatever is asked, and no query need know
of them. They exist only once there are such posts. The tables of the search index cannot be views: see `is_shared` in
`crawler.archive.search.filters`. Nothing is written to the file. Not here: who speaks for a post (`speakers`).
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING

from crawler.archive.federation.speakers import Key, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.federation.speakers import Span
    from crawler.archive.ledger.deletions import Deletion

_POST_OF = {
    "posts": "id",
    "articles": "id",
    "versions": "article_id",
    "revisions": "article_id",
    "mentions": "article_id",
    "article_categories": "article_id",
    "article_authors": "article_id",
    "article_tags": "article_id",
    "stories": "article_id",
    "story_keys": "article_id",
}
_ALWAYS = "9999"  # is later than all times
_VIEW = (
    "CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {column} NOT IN (SELECT id FROM temp.superseded)"
)


def span(db: Database) -> Span | None:
    """Return the first and the last id of an archive's posts; `None` if it has none."""
    first, last = db.execute("SELECT min(post_id), max(post_id) FROM main.posts").fetchone()
    return None if first is None else (first, last)


def keys(db: Database, within: Span) -> Iterator[Key]:
    """Yield the posts whose ids lie within a span, in the order of their keys; read from an index."""
    rows = db.execute(
        "SELECT post_id, site, id FROM main.posts WHERE post_id BETWEEN ? AND ? ORDER BY post_id, site", within
    )
    return (Key(*row) for row in rows)


def sightings(db: Database, rows: Iterable[int], as_of: str | None = None) -> dict[int, Sighting]:
    """Return when posts were seen, up to a time (ISO 8601, UTC), by row; without those that were not."""
    found = db.execute(
        "SELECT posts.id, min(last_seen_at, :as_of), max(seen_at), content_hash FROM main.posts AS posts"
        " JOIN main.versions ON article_id = posts.id WHERE seen_at <= :as_of"
        " AND posts.id IN (SELECT value FROM json_each(:rows)) GROUP BY posts.id",
        {"as_of": as_of or _ALWAYS, "rows": json.dumps(list(rows))},
    )
    return {row: Sighting(*seen) for row, *seen in found}


def rows_of(db: Database, deletions: Iterable[Deletion]) -> list[int]:
    """Return the rows of the posts that were deleted elsewhere."""
    deleted = json.dumps([[each.post_id, each.site] for each in deletions])
    rows = db.execute(
        "SELECT posts.id FROM json_each(?) AS deleted JOIN main.posts AS posts"
        " ON post_id = json_extract(deleted.value, '$[0]') AND site = json_extract(deleted.value, '$[1]')",
        [deleted],
    )
    return [row for (row,) in rows]


def key_of(db: Database, row: int) -> Key:
    """Return the key of a post, whoever speaks for it."""
    return Key(*db.execute("SELECT post_id, site, id FROM main.posts WHERE id = ?", [row]).fetchone())


def row_of(db: Database, post_id: str, site: str) -> int | None:
    """Return the row of a post, whoever speaks for it; `None` if the archive does not have it."""
    row = db.execute("SELECT id FROM main.posts WHERE post_id = ? AND site = ?", [post_id, site]).fetchone()
    return None if row is None else int(row[0])


def leave_out(db: Database, rows: Iterable[int]) -> None:
    """Have a connection see none of these posts, and all others."""
    wanted = [(row,) for row in rows]
    if not wanted and not is_narrowed(db):
        return
    with _able_to_write(db):
        if not is_narrowed(db):
            db.execute("CREATE TEMP TABLE superseded (id INTEGER PRIMARY KEY)")
            for table, column in _POST_OF.items():
                db.execute(_VIEW.format(table=table, column=column))
        db.execute("DELETE FROM temp.superseded")
        db.conn.executemany("INSERT OR IGNORE INTO temp.superseded VALUES (?)", wanted)


@contextmanager
def _able_to_write(db: Database) -> Iterator[None]:
    """Let the block write to `temp`, which a connection that only reads may not either."""
    (only_reads,) = db.execute("PRAGMA query_only").fetchone()
    db.execute("PRAGMA query_only = OFF")
    yield
    db.execute(f"PRAGMA query_only = {only_reads:d}")


def is_narrowed(db: Database) -> bool:
    """Return whether posts were ever left out of what a connection sees."""
    return db.execute("SELECT 1 FROM sqlite_temp_master WHERE name = 'superseded'").fetchone() is not None


def count_left_out(db: Database) -> int:
    """Return the number of posts that are left out of what a connection sees."""
    return int(db.execute("SELECT count(*) FROM temp.superseded").fetchone()[0]) if is_narrowed(db) else 0
