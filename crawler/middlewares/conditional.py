"""Ask conditionally for what the archive has read: `If-None-Match`, `If-Modified-Since` from the ledger.

Asked in full is what was read by other rules than today's, what ended badly, and what a person asks for by name. Not
here: what a 304 means.
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

    from crawler.archive.ledger import Known


class AskConditionally:
    """Adds the validators of the last good answer to a request."""

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
        """Set the headers, if what is asked for is known and its last reading still counts."""
        asked = request.cb_kwargs.get("asked")
        if asked is None or asked.in_full or asked.besides or asked.address.kind == "share":
            return
        known = ledger.known(self.archive.db, asked.address.url)
        if known is None or known.rules != self.rules or not _was_read(known):
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified


def _was_read(known: Known) -> bool:
    """Tell whether the page was read to an end that an unchanged page would come to again."""
    if known.kind == "post":
        return known.state == "refused" or (known.state == "stored" and known.article_id is not None)
    return known.read_at is not None
