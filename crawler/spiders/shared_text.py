"""Request the texts behind share links, and read them as versions of the posts they belong to.

Such a text has a body and perhaps an outlet; the rest is taken from what the archive knows of the post. Not here:
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
from crawler.spiders.asking import Asked, asked_by, ended, failed, page_of, request_for

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
    """The share links of one site, for an archive open as `db`; if one gives nothing, `recovery` continues."""

    def __init__(self, site: Site, db: Database, recovery: Recovery) -> None:
        """Prepare; nothing is requested yet."""
        self.site, self.db, self.recovery = site, db, recovery

    def ask(
        self, share: Address, *, found_on: str | None = None, title: str = "", auxiliary: bool = False
    ) -> Request:
        """Return the request for the text behind the link `share`; `auxiliary` if its post was requested itself."""
        asked = Asked(address=share, found_on=found_on, title=title, auxiliary=auxiliary)
        return request_for(asked, self.shared, self.missed, url=share_text_url(self.site, share.key))

    def shared(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a text; if its post is not stored, it becomes a post by itself, unless the post's page was refused."""
        read = read_share(page_of(response, asked), self.site)
        if isinstance(read, Missed | Refused):
            yield from self._nothing(asked, read)
            return
        known = self._known(asked.address)
        if known is not None:
            published_at = dates.parse(known["published_at"], self.site.timezone)
            yield replace(read, url=known["url"], title=known["title"], published_at=published_at)
        elif asked.auxiliary:
            yield Missed(fetch=read.fetch, state="failed", reason="share link: the post itself was refused")
        else:
            yield replace(read, title=asked.title, share_url=read.share_url or read.url)

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Yield how a request without a text ended."""
        asked, end = asked_by(failure), ended(failure)
        if not isinstance(end, Missed | Refused):
            end = failed(failure)  # nothing else would retry it
        yield from self._nothing(asked, replace(end, reason=f"share link: {end.reason}"))

    def _nothing(self, asked: Asked, end: Missed | Refused) -> Iterator[Any]:
        """End a request; if nothing is stored of its post, look among the expired posts."""
        if isinstance(end, Missed) and not asked.auxiliary and self._known(asked.address) is None:
            yield from self.recovery.of_gone(asked, end, share=False)
        else:
            yield end

    def _known(self, share: Address) -> Article | None:
        """Return what the archive has of the post a share link belongs to."""
        row = posts.row_of(self.db, self.site.name, share.key)
        return None if row is None else articles.get(self.db, row)
