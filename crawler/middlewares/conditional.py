"""Ask conditionally for what the archive has read: `If-None-Match`, `If-Modified-Since` from the ledger.

Asked in full is what was read by other rules than today's, what ended badly, and what a request says nothing is known
of. Not here: what a 304 means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.addon import RunAddon
from crawler.sites.loading import rules_version

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.archive.ledger.links import Known


class AskConditionally:
    """Adds the validators of the last good answer to a request."""

    def __init__(self, rules: str) -> None:
        """Only what was read by `rules` is asked for conditionally."""
        self.rules = rules

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Go by the rules of the run's site."""
        return cls(rules_version(RunAddon.of(crawler).run.site))

    def process_request(self, request: Request) -> None:
        """Set the headers, if what is asked for is known and its last reading still counts."""
        asked = request.cb_kwargs.get("asked")
        known = asked.known if asked is not None else None
        if known is None or known.kind == "share" or known.rules != self.rules or not _was_read(known):
            return
        if known.etag:
            request.headers["If-None-Match"] = known.etag.encode("latin-1")  # byte for byte as it came
        if known.last_modified:
            request.headers["If-Modified-Since"] = known.last_modified.encode("latin-1")


def _was_read(known: Known) -> bool:
    """Tell whether the page was read to an end that an unchanged page would come to again."""
    if known.kind == "post":
        return known.state == "refused" or (known.state == "stored" and known.article_id is not None)
    return known.read_at is not None
