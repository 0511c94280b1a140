"""Snapshots: archives with what is new in another one since it had some state.

Merging is a join of facts. So merging the new ones first into an empty archive, and that into others, comes to the
same as merging the archive itself. A snapshot has its archive's UUID and numbers of runs, and one row in the table
`snapshot`. Whoever has the state `base` has the state `state` once the snapshot is merged; whoever has not takes what
there is, and has some of the archive without being as far as any state. Captures, whose files stay where they are,
are not in it.

Not here: the folder in which snapshots lie (`crawler.snapshots`), and merging (`crawler.archive.merging.merge`).
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from sqlite_utils import Database

from crawler.archive.care import archives
from crawler.archive.merging import marks, posts
from crawler.archive.merging.merge import Follow, Merge
from crawler.archive.store.connection import open_database
from crawler.archive.store.lock import RunLock, writing
from crawler.dates import iso
from crawler.errors import NotAsExpected

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from crawler.archive.merging.marks import Mark, Since

_PAGE = 1024  # bytes, for what is small: of a hundred tables and indexes each has a page of its own
UNFOLLOWED = Follow(
    written=lambda _row: None,
    unchanged=lambda _row: None,
    doomed=lambda _row: None,
    progress=lambda _done, _of: None,
)
_RUN_COLUMNS = """
SELECT tables.name, keys."from" FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys
WHERE tables.type = 'table' AND keys."table" = 'runs'
"""


class Span(NamedTuple):
    """From which state to which a snapshot goes; a `base` of `None` is the beginning of the archive."""

    base: Mark | None
    state: Mark


class News(NamedTuple):
    """What is known of an archive before it is merged: its UUID, and what is `since` it was last, see `marks`."""

    archive_id: str
    is_new: bool
    since: Since | None


class Made(NamedTuple):
    """A snapshot that was made: from where to where, and how many posts are in it."""

    span: Span
    posts: int


def span_of(db: Database) -> Span | None:
    """Return from where to where an archive goes that is a snapshot; `None` if it is none.

    Raises `NotAsExpected` for one that no program of this kind has made.
    """
    row = db.execute("SELECT base_mark, state_mark FROM snapshot").fetchone()
    if row is None:
        return None
    try:
        base, state = None if row[0] is None else json.loads(row[0]), json.loads(row[1])
    except (ValueError, TypeError, RecursionError) as error:
        raise NotAsExpected("the row of snapshot") from error
    if not marks.is_mark(state) or not (base is None or marks.is_mark(base)):
        raise NotAsExpected("the row of snapshot")
    return Span(base, state)


def news(source: Database, target: Database) -> News:
    """Return what an archive or a snapshot has that `target` may lack."""
    archive_id, span = archives.own_id(source), span_of(source)
    if span is not None:
        return News(archive_id, not marks.has_state(target, archive_id, marks.digest(span.state)), None)
    before = archives.mark_of(target, archive_id)
    return News(archive_id, marks.mark_of(source) != before, marks.since(source, before))


def mark_after(source: Database, target: Database) -> Mark | None:
    """Return how far `target` has taken the archive in once `source`, which may be a snapshot of it, is merged.

    `None`: as far as it had before, as there is a gap between that and the snapshot.
    """
    span = span_of(source)
    if span is None:
        return marks.mark_of(source)
    is_whole = span.base is None or marks.has_state(target, archives.own_id(source), marks.digest(span.base))
    return span.state if is_whole else None


def make(source: Database, draft: Path, base: Mark | None, at: datetime) -> Made:
    """Make a snapshot of an archive at `draft`, a path without a file or with an empty one; `at` is now, in UTC.

    It has what is new since the archive had the mark `base`; all of it if that is `None`, or if what is new cannot be
    told. The caller holds the archive's lock, so that nobody writes to it. Raises `sqlite3.DatabaseError`, for
    example if the disk is full, and `NotAsExpected`.
    """
    since = marks.since(source, base, at_rest=True)  # as the caller held the lock then, too
    span = Span(None if since is None else base, marks.mark_of(source))
    if since is None:
        _copy(source, draft)
    else:
        _take_new(source, draft, since, at)
    with closing(sqlite3.connect(draft, isolation_level=None)) as opened:
        db = Database(opened)
        opened.execute("PRAGMA journal_mode = DELETE")  # without a log it is a single file that can be moved
        with writing(db):
            db.execute("DELETE FROM captures")
            marked = [None if mark is None else json.dumps(mark, sort_keys=True) for mark in span]
            db.execute(
                "INSERT INTO snapshot (id, base_mark, state_mark, made_at) VALUES (1, ?, ?, ?)", [*marked, iso(at)]
            )
        if since is not None:
            opened.execute(f"PRAGMA page_size = {_PAGE}")
            opened.execute("VACUUM")
        return Made(span, posts.count(db))


def _copy(source: Database, draft: Path) -> None:
    """Copy an archive page by page, which is a hundred times as fast as storing its posts anew."""
    with closing(sqlite3.connect(draft)) as copy:
        source.conn.backup(copy)


def _take_new(source: Database, draft: Path, since: Since, at: datetime) -> None:
    own = archives.own_id(source)
    with closing(open_database(draft, create=True, lock=RunLock(draft))) as db:
        db.execute("PRAGMA synchronous = OFF")  # if it is cut off, it is made anew
        with writing(db):
            db.execute("UPDATE archives SET id = ? WHERE own", [own])
            _copy_rows(source, db, "archives", "NOT own")
            _copy_rows(source, db, "runs")
        Merge(source, db, since, UNFOLLOWED).run("", at, mark=None)
        with writing(db):
            archives.forget_reading(db, own)
            if not since.has_deletions:  # with the versions of a deleted post, the counts of old runs change
                _drop_runs(db, since.run - 1)  # of the last one before, a report may follow: it may have been killed


def _copy_rows(source: Database, target: Database, table: str, where: str = "1") -> None:
    rows = source.execute(f"SELECT * FROM {table} WHERE {where}")  # noqa: S608  # constants
    marks = ", ".join("?" * len(rows.description))
    target.conn.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  # a constant


def _drop_runs(db: Database, before: int) -> None:
    """Delete the earlier runs that nothing refers to: an archive may have a hundred thousand."""
    used = " UNION ".join(
        f'SELECT "{column}" FROM "{table}" WHERE "{column}" IS NOT NULL'  # noqa: S608  # of the schema
        for table, column in db.execute(_RUN_COLUMNS).fetchall()
    )
    db.execute(f"DELETE FROM runs WHERE id < ? AND id NOT IN ({used})", [before])  # noqa: S608  # of the schema
