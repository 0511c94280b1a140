"""Which answers as they were served one archive has, and another lacks. Table `captures`.

A capture is the same in every archive if its address, time, status and content are; in which file it is, is each
archive's own. What was served of deleted posts is not taken. Functions that write run inside the caller's
transaction. Not here: copying the records (`crawler.captures.copying`).
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler import dates
from crawler.archive import captures
from crawler.archive.ledger import sites
from crawler.archive.merging.checking import check_capture
from crawler.items import Capture
from crawler.sites.addresses import address_of, share_text_url

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from sqlite_utils import Database

    from crawler.archive.merging.marks import Mark

_COLUMNS = ", ".join(f'captures."{field.name}"' for field in fields(Capture))
_SAME = ("url", "captured_at", "record", "status", "digest")
_IS_SAME = " AND ".join(f"{name} = ?" for name in _SAME)
_FETCH = ("outcome", "status", "reason", "rule", "fetched_at")
_IS_FETCH = " AND ".join(f"fetches.{name} IS ?" for name in _FETCH)
_THE_FETCH = f"SELECT fetches.id FROM fetches JOIN links ON links.id = link_id WHERE url = ? AND {_IS_FETCH}"  # noqa: S608  # constants


class Kept(NamedTuple):
    """An answer that an archive has kept, by row, with the address and the columns of the fetch that it is of."""

    row: int
    capture: Capture
    fetch: tuple[Any, ...] | None


def mark_of(db: Database) -> Mark | None:
    """Return how far an archive has come with its captures; `None` if it has none."""
    rows = db.query(f"SELECT id, {', '.join(_SAME)} FROM captures ORDER BY id DESC LIMIT 1")  # noqa: S608  # constants
    last = next(rows, None)
    return last and {"last": [*last.values()], "count": _count(db, last["id"])}


def since(db: Database, before: Mapping[str, Any] | None) -> int:
    """Return the row behind which everything is new since an archive had the mark `before`; 0 if all may be."""
    if before is None:
        return 0
    row, *same = before["last"]
    found = db.execute(f"SELECT {', '.join(_SAME)} FROM captures WHERE id = ?", [row]).fetchone()  # noqa: S608  # constants
    return row if found is not None and [*found] == same and _count(db, row) == before["count"] else 0


def count_after(db: Database, row: int) -> int:
    """Return how many captures are behind a row."""
    return int(db.execute("SELECT count(*) FROM captures WHERE id > ?", [row]).fetchone()[0])


def after(db: Database, row: int, count: int) -> list[Kept]:
    """Return the next so many captures behind a row. Raises `NotAsExpected` for what no run would have stored."""
    names = ", ".join(f"fetches.{name} AS fetch_{name}" for name in _FETCH)
    rows = db.query(
        f"SELECT captures.id, links.url AS link, {names}, {_COLUMNS} FROM captures"  # noqa: S608  # constants
        " LEFT JOIN fetches ON fetches.id = fetch_id LEFT JOIN links ON links.id = link_id"
        " WHERE captures.id > ? ORDER BY captures.id LIMIT ?",
        [row, count],
    )
    return [_kept(each) for each in rows]


def addresses_of_deleted_posts(db: Database) -> set[str]:
    """Return the addresses of posts that were deleted, and those of the texts behind their share links."""
    known, addresses = sites.known(db), set[str]()
    for url, name, kind in db.execute("SELECT url, site, kind FROM links WHERE deleted_at IS NOT NULL").fetchall():
        site = known.get(name)
        address = address_of(site, url) if site is not None and kind == "share" else None
        text = share_text_url(site, address.key) if site is not None and address is not None else None
        addresses |= {url, text or url}
    return addresses


def lacking(target: Database, kept: Iterable[Kept], deleted: Container[str]) -> list[Capture]:
    """Return those captures that `target` lacks, each once, without those of the addresses of `deleted` posts."""
    lacked = {_same(each.capture): each.capture for each in kept if not _is_of(each, deleted)}
    return [
        capture
        for same, capture in lacked.items()
        if target.execute(f"SELECT 1 FROM captures WHERE {_IS_SAME}", [*same]).fetchone() is None  # noqa: S608  # constants
    ]


def record(target: Database, copied: Iterable[Capture], kept: Iterable[Kept]) -> None:
    """Write rows about captures that were `copied`, and the fetches of all of the `kept` that have none here."""
    captures.record(target, copied, None)
    target.conn.executemany(
        f"UPDATE captures SET fetch_id = ({_THE_FETCH}) WHERE fetch_id IS NULL AND {_IS_SAME}",  # noqa: S608  # constants
        [(*each.fetch, *_same(each.capture)) for each in kept if each.fetch is not None],
    )


def _kept(row: dict[str, Any]) -> Kept:
    number, link, *fetch = (row.pop(name) for name in ("id", "link", *(f"fetch_{name}" for name in _FETCH)))
    check_capture(row)
    row["captured_at"] = dates.utc(datetime.fromisoformat(row["captured_at"]))
    return Kept(number, Capture(**row), None if link is None else (link, *fetch))


def _same(capture: Capture) -> tuple[Any, ...]:
    return capture.url, dates.iso(capture.captured_at), capture.record, capture.status, capture.digest


def _is_of(kept: Kept, addresses: Container[str]) -> bool:
    return kept.capture.url in addresses or (kept.fetch is not None and kept.fetch[0] in addresses)


def _count(db: Database, row: int) -> int:
    # The plus has SQLite count in an index, a tenth of the size of the table.
    return int(db.execute("SELECT count(*) FROM captures WHERE +id <= ?", [row]).fetchone()[0])
