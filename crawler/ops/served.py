"""The page of a post as it was served, from what a run kept of the answer.

Not here: keeping answers (`crawler.captures`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.archive import captures
from crawler.archive.ledger import links, lookup, sites
from crawler.archive.store import versions
from crawler.captures.files import folder_of, read_at
from crawler.captures.records import LARGEST, NoRecord
from crawler.errors import FinewsError
from crawler.items import PAGES
from crawler.middlewares.unpacking import NotUnpacked, codings_of, unpacked
from crawler.sites.addresses import address_of, share_text_url

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlite_utils import Database

    from crawler.archive import Archive
    from crawler.captures.records import Record


def page_of(archive: Archive, post: Mapping[str, Any], *, of_revision: bool) -> bytes:
    """Return the last page that was served of a post, decompressed; `of_revision`: that which made its revision.

    `post` is what `Archive.post` returns. Raises `FinewsError` if none is kept.
    """
    until = _seen_at(archive.db, post) if of_revision else None
    for capture in lookup.captures_of(archive.db, post["id"], addresses_of(archive.db, post)):
        is_late = until is not None and capture.captured_at.isoformat() > until
        kept = None if is_late or capture.status not in {*PAGES, 304} else captures.with_payload(archive.db, capture)
        if kept is not None and kept.status in PAGES:
            try:
                return payload_of(read_at(folder_of(archive.path), kept))
            except (NoRecord, NotUnpacked) as error:
                raise FinewsError(
                    "The page of {post_id} cannot be read from {file} ({error}): see `finews check`.",
                    post_id=post["post_id"],
                    file=folder_of(archive.path) / kept.file,
                    error=error,
                ) from error
    raise FinewsError(
        "No page of {post_id} is kept as it was served: the post was imported, or crawled without captures.",
        post_id=post["post_id"],
    )


def payload_of(record: Record) -> bytes:
    """Return the payload of an answer, decompressed; raise `NotUnpacked` if it cannot be."""
    encodings = [value for name, value in record.headers if name.lower() == "content-encoding"]
    return unpacked(record.payload, codings_of(encodings), LARGEST)


def _seen_at(db: Database, post: Mapping[str, Any]) -> str:
    """Return when a version was first seen, in UTC."""
    history = versions.history(db, post["id"])
    return next(each["seen_at"] for each in history if each["revision"] == post["revision"])


def addresses_of(db: Database, post: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was requested for a post: its addresses, and those of the texts behind its share links."""
    site = sites.known(db).get(post["site"])
    for url in {post["url"], *links.addresses_of(db, post["id"])} - {None}:
        address = address_of(site, url) if site is not None else None
        text = share_text_url(site, address.key) if site and address and address.kind == "share" else None
        yield text or url
