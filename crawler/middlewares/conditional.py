"""Ask conditionally for posts the archive holds: `If-None-Match`, `If-Modified-Since` from the ledger.

Listings are asked for in full, since what they name must be met. Not here: what a 304 means for a post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals

from crawler.archive import Archive, ledger

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class AskConditionally:
    """Adds the validators of the last good answer to the request for a stored post."""

    def __init__(self, archive: str) -> None:
        """Open the archive at `archive` for reading on; a run has made it by then."""
        self.archive = Archive(archive, create=True)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the archive's path from the settings."""
        middleware = cls(crawler.settings["FINEWS_ARCHIVE"])
        crawler.signals.connect(middleware.archive.close, signals.spider_closed)
        return middleware

    def process_request(self, request: Request) -> None:
        """Set the headers, if the request asks for a post the ledger knows as stored."""
        asked = request.cb_kwargs.get("asked")
        if asked is None or asked.address.kind != "post":
            return
        known = ledger.known(self.archive.db, asked.address.url)
        if known is None or not known.stored:
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified
