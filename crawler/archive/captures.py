"""Where each answer is kept that was served. Table `captures`; the answers themselves are in WARC files.

Not here: writing and reading these files (`crawler.captures`).
"""

from __future__ import annotations

from dataclasses import astuple, fields
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from crawler.dates import iso
from crawler.items import Capture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlite_utils import Database

_NAMES = [field.name for field in fields(Capture)]
_COLUMNS = ", ".join(f'"{name}"' for name in _NAMES)
_VALUES = ", ".join("?" for _ in _NAMES)


class Original(NamedTuple):
    """An earlier answer that a revisit refers to: the digest of its payload, and when it was served (UTC)."""

    digest: str
    captured_at: datetime


class Hole(NamedTuple):
    """Bytes of a file that no row is about, from `start` to before `until`; `None` is the end of the file."""

    start: int
    until: int | None


class CaptureFile(NamedTuple):
    """A file as the rows have it: how many answers it holds, their size, and when the first and last came (UTC)."""

    file: str
    records: int
    bytes: int
    first: datetime
    last: datetime


def record(db: Database, captures: Iterable[Capture], fetch_id: int | None) -> None:
    """Record where answers are kept, inside the caller's transaction; `fetch_id` is the fetch that they are of."""
    rows = [(*astuple(each), fetch_id) for each in captures]
    if rows:
        db.conn.executemany(
            f"INSERT OR IGNORE INTO captures ({_COLUMNS}, fetch_id) VALUES ({_VALUES}, ?)",  # noqa: S608  # constants
            [tuple(iso(value) if isinstance(value, datetime) else value for value in row) for row in rows],
        )


def original(db: Database, url: str, digest: str | None = None) -> Original | None:
    """Return the last page kept of an address, or the last answer with this `digest`; `None` if there is none."""
    matching = "status IN (200, 203)" if digest is None else "digest = :digest"
    row = db.execute(
        f"SELECT digest, captured_at FROM captures WHERE url = :url AND record = 'response' AND {matching}"  # noqa: S608
        " ORDER BY captured_at DESC, id DESC LIMIT 1",
        {"url": url, "digest": digest},
    ).fetchone()
    return None if row is None else Original(row[0], datetime.fromisoformat(row[1]))


def holes(db: Database, file: str) -> list[Hole]:
    """Return the parts of a file that no row is about: what is at its end, what a kill left, and records of runs."""
    rows = db.execute(
        'SELECT "offset", "offset" + length + request_length FROM captures WHERE file = ? ORDER BY "offset"', [file]
    )
    result, reached = [], 0
    for offset, end in rows:
        if offset > reached:
            result.append(Hole(reached, offset))
        reached = max(reached, end)
    return [*result, Hole(reached, None)]


def files(db: Database, since: str = "") -> list[CaptureFile]:
    """Return what the rows say of each file, by name, of all answers or of those `since` a time (ISO 8601, UTC)."""
    rows = db.execute(
        "SELECT file, count(*), sum(length + request_length), min(captured_at), max(captured_at)"
        " FROM captures WHERE captured_at >= ? GROUP BY file ORDER BY file",
        [since],
    )
    return [
        CaptureFile(file, records, size, datetime.fromisoformat(first), datetime.fromisoformat(last))
        for file, records, size, first, last in rows
    ]


def is_listed(db: Database, file: str) -> bool:
    """Return whether any row is about a file."""
    return db.execute("SELECT 1 FROM captures WHERE file = ? LIMIT 1", [file]).fetchone() is not None


def of_file(db: Database, file: str) -> Iterator[Capture]:
    """Yield the answers kept in a file, in the order in which they stand there."""
    yield from where(db, 'file = :file ORDER BY "offset"', {"file": file})


def with_payload(db: Database, capture: Capture) -> Capture | None:
    """Return the answer that has the payload of a revisit, or the capture itself if it has its own."""
    if capture.record == "response":
        return capture
    matching = "url = :url AND digest = :digest AND record = 'response' ORDER BY captured_at DESC, id DESC LIMIT 1"
    return next(where(db, matching, {"url": capture.url, "digest": capture.digest}), None)


def where(db: Database, where: str, values: Mapping[str, object]) -> Iterator[Capture]:
    """Yield the answers selected by `where`, the SQL after WHERE."""
    for url, captured_at, *rest in db.execute(f"SELECT {_COLUMNS} FROM captures WHERE {where}", dict(values)):  # noqa: S608
        yield Capture(**dict(zip(_NAMES, (url, datetime.fromisoformat(captured_at), *rest), strict=True)))


def forget(db: Database, file: str, offset: int | None = None) -> None:
    """Remove the rows about a file, or the one about a record in it, inside the caller's transaction."""
    db.execute('DELETE FROM captures WHERE file = :file AND coalesce("offset" = :offset, 1)', {
        "file": file, "offset": offset,
    })  # fmt: skip
