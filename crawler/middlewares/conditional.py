"""Conditional requests for pages the archive has read: `If-None-Match` and `If-Modified-Since` from the ledger.

A request stays unconditional if the page was last read by another version of the rules, if that did not end well, or
if the request does not carry what the ledger knows. Not here: what a 304 means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.addon import RunAddon
from crawler.sites.loading import rules_version

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.archive.ledger.links import KnownAddress


class AskConditionally:
    """Adds the validators of the last good answer to a request."""

    def __init__(self, rules: str) -> None:
        """Make requests conditional only for pages read by this version of the `rules`."""
        self.rules = rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Use the rules of the run's site."""
        return cls(rules_version(RunAddon.of(crawler).run.site))

    def process_request(self, request: Request) -> None:
        """Set the headers if the page is known and what was read of it is still valid."""
        target = request.cb_kwargs.get("target")
        known = target.known if target is not None else None
        if known is None or known.kind == "share" or known.rules != self.rules or not _was_read(known):
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag.encode("latin-1")  # the same bytes as in the answer
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified.encode("latin-1")


def _was_read(known: KnownAddress) -> bool:
    """Return whether the page was read with a result that is still right if the page has not changed."""
    if known.kind == "post":
        return known.state == "refused" or (known.state == "stored" and known.article_id is not None)
    return known.read_at is not None
