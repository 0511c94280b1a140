"""The identity of an archive, and the archives that were merged into it. Table `archives`.

Functions that write run inside the caller's transaction. Not here: merging (`crawler.archive.merging`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlite_utils import Database


class MergedArchive(TypedDict):
    """An archive that was merged into this one: its UUID, where it was, when (UTC), and how many runs are its."""

    id: str
    path: str | None
    merged_at: str | None
    runs: int


def own_id(db: Database) -> str:
    """Return the UUID of an archive. A copy of its file has the same."""
    return str(db.execute("SELECT id FROM archives WHERE own").fetchone()[0])


def merged(db: Database) -> list[MergedArchive]:
    """Return the archives that were merged into this one, and those that had been merged into them."""
    rows = db.query(
        "SELECT archives.id, path, merged_at, count(runs.id) AS runs"
        " FROM archives LEFT JOIN runs ON archive_id = archives.id WHERE NOT own OR merged_at IS NOT NULL"
        " GROUP BY archives.id ORDER BY path, archives.id"
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def know(db: Database, ids: Iterable[str]) -> None:
    """Note archives that others came from, so that runs can refer to them."""
    db.conn.executemany("INSERT INTO archives (id) VALUES (?) ON CONFLICT DO NOTHING", [(each,) for each in ids])


def begin(db: Database, archive_id: str, path: str, at: str) -> None:
    """Note that an archive is being read: from now on, no report up to the latest run here is recounted."""
    know(db, [archive_id])
    db.execute(
        "UPDATE archives SET path = ?, began_at = ?, last_run = (SELECT max(id) FROM runs) WHERE id = ?",
        [path, at, archive_id],
    )


def forget_reading(db: Database, archive_id: str) -> None:
    """Forget that an archive was read, but not that reports up to the latest run are not recounted."""
    db.execute("UPDATE archives SET path = NULL, began_at = NULL WHERE id = ?", [archive_id])


def finish(
    db: Database, archive_id: str, at: str, mark: Mapping[str, object], earlier_states: Iterable[str] = ()
) -> None:
    """Note that an archive was taken in whole, as far as it had come: its `mark`. For `earlier_states`, see there."""
    db.execute(
        "UPDATE archives SET merged_at = ?, mark = ?, earlier_states = ?,"
        " last_run = (SELECT max(id) FROM runs) WHERE id = ?",
        [at, json.dumps(mark, sort_keys=True), " ".join(earlier_states), archive_id],
    )


def earlier_states(db: Database, archive_id: str) -> list[str]:
    """Return the states as far as which an archive was taken in before it had its mark: digests, the latest first."""
    row = db.execute("SELECT earlier_states FROM archives WHERE id = ?", [archive_id]).fetchone()
    return [] if row is None else str(row[0]).split()


def mark_of(db: Database, archive_id: str) -> dict[str, object] | None:
    """Return how far an archive had come when it was last taken in whole; `None` if it never was."""
    row = db.execute("SELECT mark FROM archives WHERE id = ?", [archive_id]).fetchone()
    return None if row is None or row[0] is None else json.loads(row[0])


def marks(db: Database) -> dict[str, dict[str, object]]:
    """Return how far each archive had come when it was last taken in whole, by its UUID."""
    rows = db.execute("SELECT id, mark FROM archives WHERE mark IS NOT NULL ORDER BY id")
    return {archive_id: json.loads(mark) for archive_id, mark in rows}


def captures_mark(db: Database, archive_id: str) -> dict[str, object] | None:
    """Return how far an archive had come when its captures were last taken; `None` if they never were."""
    row = db.execute("SELECT captures_mark FROM archives WHERE id = ?", [archive_id]).fetchone()
    return None if row is None or row[0] is None else json.loads(row[0])


def took_captures(db: Database, archive_id: str, mark: dict[str, object] | None) -> None:
    """Note that the captures of an archive were taken, as far as it had come: their `mark`."""
    kept = None if mark is None else json.dumps(mark, sort_keys=True)
    db.execute("UPDATE archives SET captures_mark = ? WHERE id = ?", [kept, archive_id])
