"""Which pages as they were served go into a WACZ file: those of the posts that are asked for, or all that is kept.

Not here: the file (`crawler.ops.exporting.wacz`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.archive import captures
from crawler.archive.ledger import lookup
from crawler.captures.files import folder_of
from crawler.drafts import replacing
from crawler.items import PAGES
from crawler.ops.exporting.destination import destination
from crawler.ops.exporting.wacz import NAME, WantedPage, write_wacz
from crawler.ops.served import addresses_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive import Archive
    from crawler.items import Capture


def export_pages(
    archive: Archive, posts: Iterable[Mapping[str, Any]], directory: Path, at: datetime, *, every: bool
) -> dict[str, Any]:
    """Write what was served of `posts` into `captures.wacz` in a folder, made if need be, `at` a time (UTC).

    `every`: all that is kept, whatever it is of; the posts are then only listed as its pages. Returns `format`,
    `directory`, the number of `posts` with a page, how many files were `written`, of `captures` in it, and of those
    `missing`, whose records cannot be read. Raises `UsageError` if the file cannot be written.
    """
    kept: dict[tuple[str, int], Capture] = {}
    pages: list[WantedPage] = []
    for post in posts:
        of_post = list(lookup.captures_of(archive.db, post["id"], addresses_of(archive.db, post)))
        pages += _last_page(of_post, post["title"])
        if not every:
            kept |= {(each.file, each.offset): each for each in _with_payloads(archive.db, of_post)}
    chosen = (kept[key] for key in sorted(kept))
    wanted = captures.where(archive.db, '1 ORDER BY file, "offset"', {}) if every else chosen
    with destination(directory), replacing(directory / NAME) as draft:
        written = write_wacz(draft, folder_of(archive.path), wanted, pages, at)
    return {
        "format": "wacz",
        "directory": str(directory),
        "posts": len(pages),
        "written": 1,
        "captures": written.captures,
        "missing": written.missing,
    }


def _last_page(kept: Iterable[Capture], title: str) -> list[WantedPage]:
    """Return the last page among the answers of a post, which come latest first; nothing if there is none."""
    return [WantedPage(each.url, each.captured_at, title) for each in kept if each.status in PAGES][:1]


def _with_payloads(db: Database, kept: Iterable[Capture]) -> Iterator[Capture]:
    """Yield answers, and those that their revisits refer to."""
    for capture in kept:
        yield capture
        payload = captures.with_payload(db, capture)
        if payload is not None:
            yield payload
