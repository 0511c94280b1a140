"""Follow share links: ask for the text behind each and take it in as a post.

Not here: finding the links; they are given.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals

from crawler import dates
from crawler.archive import Archive, ledger, runs
from crawler.errors import UsageError
from crawler.sites.addresses import post_id_named, share_address
from crawler.sites.loading import load_site
from crawler.spiders import arguments
from crawler.spiders.asking import end_for
from crawler.spiders.recovery import Recovery
from crawler.spiders.shared_text import SharedTexts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.items import Address
    from crawler.sites.definition import Site


class ShareSpider(Spider):
    """Fetches what stands behind share links. The argument `code` holds info codes or addresses of posts."""

    name = "share"

    def __init__(self, site: Site, archive: str, *, shares: Sequence[Address]) -> None:
        """Fetch the texts behind the links `shares` of `site`; what the archive at `archive` knows of them stays."""
        super().__init__()
        self.site = site
        self.archive = archive
        self.shares = shares

    @classmethod
    def from_crawler(cls, crawler: Crawler, *, code: str | Sequence[str] = (), **others: Any) -> Self:
        """Read settings and arguments; text is split at commas."""
        arguments.refuse(others)
        site = load_site(crawler.settings["FINEWS_SITE"])
        codes = arguments.listed(code)
        if not codes:
            raise UsageError(
                "No share link was given: give info codes or addresses, as -a code=NW202204202350104915."
            )
        shares = dict.fromkeys(_share(site, code) for code in codes)
        spider = cls(site, crawler.settings["FINEWS_ARCHIVE"], shares=list(shares))
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Note the links, so that another run goes on where this one may end, and ask for the text of each."""
        archive = Archive(self.archive, create=True)
        self.crawler.signals.connect(archive.close, signals.spider_closed, weak=False)
        run_id = runs.latest(archive.db)
        try:
            runs.set_scope(archive.db, run_id, "share")
            with archive.db.atomic():
                ledger.planned(archive.db, self.site.name, self.shares, dates.now(), run_id=run_id)
        except sqlite3.OperationalError as error:  # a full disk
            end_for(error, self)
            return
        texts = SharedTexts(self.site, archive.db, Recovery(self.site))
        for share in self.shares:
            yield texts.ask(share)


def _share(site: Site, code: str) -> Address:
    """Return the share link of the post that an info code or an address stands for."""
    post_id = post_id_named(site, code)
    address = share_address(site, post_id) if post_id else None
    if address is None:
        raise UsageError(f"{code} is no share link of the site {site.name}: give an info code, or a link's address.")
    return address
