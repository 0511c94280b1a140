"""How far an archive had come when it was merged, so that next time only what is new since then is read.

A mark is a JSON object of numbers and times. If an archive has the same mark again, it has nothing new. If it has
not, but still has the run that was its latest then, only what runs since then can have touched is read. What somebody
changes by SQL is not told by a mark; `finews merge --again` reads everything. Not here: reading it.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from crawler.archive.care import archives

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlite_utils import Database

Mark = dict[str, Any]

_NEVER = "9999-12-31T23:59:59+00:00"
_EARLIER = 100  # states that are remembered beside the last one, so that old snapshots need not be read again

_COUNTS = {
    "runs": "SELECT max(id), count(*), max(finished_at) FROM runs",
    "posts": "SELECT count(*), max(last_seen_at), count(gone_at) FROM posts",
    "versions": "SELECT max(id), count(*), max(read_at) FROM versions",
    "links": "SELECT count(*), max(fetched_at), total(attempts) FROM links",
    "fetches": "SELECT max(id), count(*), total(times) FROM fetches",
    "files": "SELECT max(id), count(*), max(imported_at) FROM files",
    "deletions": "SELECT count(*), max(deleted_at), total(strftime('%s', deleted_at)) FROM deletions",
    "archives": "SELECT count(*), max(began_at), max(merged_at) FROM archives",
}
_POSTS = (
    "SELECT id FROM posts WHERE id > :after AND (last_seen_at >= :since OR gone_at >= :since"
    " OR id IN (SELECT article_id FROM versions WHERE run_id >= :run OR read_at >= :since)"
    " OR id IN (SELECT article_id FROM links WHERE run_id >= :run OR asked_run_id >= :run)"
    " OR id IN (SELECT article_id FROM files WHERE run_id >= :run)) ORDER BY id LIMIT :count"
)
_LINKS = "run_id >= ? OR met_run_id >= ? OR asked_run_id >= ?"


class Selection(Protocol):
    """Some of an archive's posts and addresses."""

    def posts(self, db: Database, after: int, count: int) -> list[int]:
        """Return the rows of the next so many posts behind `after`."""
        ...

    @property
    def links(self) -> tuple[str, Sequence[object]]:
        """The addresses, as an SQL condition with its values."""
        ...


class Since(NamedTuple):
    """What is new: everything that run `run`, which began at `started_at` (UTC), and later ones can have touched.

    `has_deletions`: posts were deleted since, or come back.
    """

    run: int
    started_at: str
    has_deletions: bool

    def posts(self, db: Database, after: int, count: int) -> list[int]:
        """Return the rows of the next so many posts behind `after` that may have something new."""
        values = {"after": after, "since": self.started_at, "run": self.run, "count": count}
        return [row for (row,) in db.execute(_POSTS, values)]

    @property
    def links(self) -> tuple[str, list[int]]:
        """The same of addresses, as an SQL condition with its values."""
        return f"{_LINKS} OR deleted_at IS NOT NULL" if self.has_deletions else _LINKS, [self.run] * 3


def mark_of(db: Database) -> Mark:
    """Return how far an archive has come."""
    last = db.execute("SELECT id, started_at FROM runs ORDER BY id DESC LIMIT 1").fetchone()
    return {"last": last and list(last), **{name: list(db.execute(sql).fetchone()) for name, sql in _COUNTS.items()}}


def digest(mark: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a mark in hexadecimal: a state of an archive in a form that travels easily."""
    canonical = json.dumps(mark, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode(errors="surrogatepass")).hexdigest()


def is_mark(value: object) -> bool:
    """Tell whether a value read from outside is a mark."""
    if not isinstance(value, dict) or not {"last", *_COUNTS} <= value.keys():
        return False
    numbers = all(isinstance(each, list) and all(map(_is_plain, each)) for each in value.values() if each is not None)
    match value["last"]:
        case None | [int(), str()]:
            return numbers and all(value[name] is not None for name in _COUNTS)
    return False


def _is_plain(value: object) -> bool:
    return value is None or isinstance(value, int | float | str)


def state_of(db: Database, archive_id: str) -> str | None:
    """Return the digest of the mark that an archive had when it was last taken into this one; `None` if it never was.

    `archive_id` is its UUID.
    """
    mark = archives.mark_of(db, archive_id)
    return None if mark is None else digest(mark)


def has_state(db: Database, archive_id: str, state: str) -> bool:
    """Tell whether an archive was taken into this one as far as a state, by its digest; perhaps further by now."""
    return state in {state_of(db, archive_id), *archives.earlier_states(db, archive_id)}


def reach(db: Database, archive_id: str, mark: Mark, at: datetime) -> None:
    """Note that an archive was taken in whole as far as `mark`; runs inside the caller's transaction."""
    before = state_of(db, archive_id)
    earlier = dict.fromkeys([*([before] if before else []), *archives.earlier_states(db, archive_id)])
    earlier.pop(digest(mark), None)
    archives.finish(db, archive_id, at.isoformat(timespec="seconds"), mark, [*earlier][:_EARLIER])


def since(db: Database, before: Mapping[str, Any] | None, *, at_rest: bool = False) -> Since | None:
    """Return what is new in an archive since it had the mark `before`; `None` if all of it has to be read.

    That is so if it is not the same archive gone on: a copy may have gone its own way. Or if others were merged into
    it since, which brings old posts. `at_rest`: no run was at work then, so what was the last run by then has brought
    nothing since.
    """
    now = mark_of(db)
    if before is None or not before["last"] or now["archives"] != before["archives"]:
        return None
    run, started_at = before["last"]
    found = db.execute("SELECT started_at FROM runs WHERE id = ?", [run]).fetchone()
    if found != (started_at,):
        return None
    if at_rest:
        first = db.execute("SELECT min(id), min(started_at) FROM runs WHERE id > ?", [run]).fetchone()
        run, started_at = (run + 1, _NEVER) if first == (None, None) else first
    return Since(run, started_at, now["deletions"] != before["deletions"])
