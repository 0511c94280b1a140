"""Ask conditionally for posts the archive holds: `If-None-Match`, `If-Modified-Since` from the ledger.

Listings are asked for in full, since what they name must be met, and so are posts that were read by other rules
than today's. Not here: what a 304 means for a post.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy import signals

from crawler.archive import Archive, ledger
from crawler.sites.loading import fingerprint, load_site

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler


class AskConditionally:
    """Adds the validators of the last good answer to the request for a stored post."""

    def __init__(self, archive: str, rules: str) -> None:
        """Open the archive at `archive`; only what was read by `rules` is asked for conditionally."""
        self.archive = Archive(archive, create=True)
        self.rules = rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read archive and site from the settings."""
        middleware = cls(crawler.settings["FINEWS_ARCHIVE"], fingerprint(load_site(crawler.settings["FINEWS_SITE"])))
        crawler.signals.connect(middleware.archive.close, signals.spider_closed)
        return middleware

    def process_request(self, request: Request) -> None:
        """Set the headers, if the request asks for a post the ledger knows as stored."""
        asked = request.cb_kwargs.get("asked")
        if asked is None or asked.address.kind != "post":
            return
        known = ledger.known(self.archive.db, asked.address.url)
        if known is None or not known.stored or known.rules != self.rules:
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified
