"""Requesting the texts behind share links, and reading them as versions of the posts they belong to.

Such a text has a body and perhaps an outlet; the rest comes from what the archive knows of the post. Not here:
whether it says anything new (`crawler.archive.store.revisions`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.archive.store import articles, posts
from crawler.extraction.share import read_share
from crawler.items import Missed, Refused
from crawler.sites.addresses import share_text_url
from crawler.spiders.asking import Target, ended, failed, page_of, request_for, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response
    from sqlite_utils import Database
    from twisted.python.failure import Failure

    from crawler.archive.store.articles import Article
    from crawler.items import Address
    from crawler.sites.definition import Site
    from crawler.spiders.recovery import Recovery


class SharedTexts:
    """Requests share links of one site and reads the answers; if one gives nothing, `recovery` continues."""

    def __init__(self, site: Site, db: Database, recovery: Recovery) -> None:
        """Look posts up in the archive open as `db`."""
        self.site, self.db, self.recovery = site, db, recovery

    def ask(
        self, share: Address, *, found_on: str | None = None, title: str = "", auxiliary: bool = False
    ) -> Request:
        """Return a request for the text behind the link `share`; `auxiliary` if its post was requested itself."""
        target = Target(address=share, found_on=found_on, title=title, auxiliary=auxiliary)
        return request_for(target, self.shared, self.missed, url=share_text_url(self.site, share.key))

    def shared(self, response: Response, target: Target) -> Iterator[Any]:
        """Read a text; if its post is not stored, it becomes a post itself, unless the post's page was refused."""
        read = read_share(page_of(response, target), self.site)
        if isinstance(read, Missed | Refused):
            yield from self._nothing(target, read)
            return
        known = self._known(target.address)
        if known is not None:
            published_at = dates.parse(known["published_at"], self.site.timezone)
            yield replace(read, url=known["url"], title=known["title"], published_at=published_at)
        elif target.auxiliary:
            yield Missed(fetch=read.fetch, state="failed", reason="share link: the post itself was refused")
        else:
            yield replace(read, title=target.title, share_url=read.share_url or read.url)

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Yield how a request without a text ended."""
        target, end = target_of(failure), ended(failure)
        if not isinstance(end, Missed | Refused):
            end = failed(failure)  # a postponed request must be recorded to be retried
        yield from self._nothing(target, replace(end, reason=f"share link: {end.reason}"))

    def _nothing(self, target: Target, end: Missed | Refused) -> Iterator[Any]:
        """End a request; if nothing is stored of its post, search the expired posts first."""
        if isinstance(end, Missed) and not target.auxiliary and self._known(target.address) is None:
            yield from self.recovery.of_gone(target, end, share=False)
        else:
            yield end

    def _known(self, share: Address) -> Article | None:
        """Return the stored post that a share link belongs to, if any."""
        row = posts.row_of(self.db, self.site.name, share.key)
        return None if row is None else articles.get(self.db, row)
