"""Following given share links: request the text behind each, and store it as a post.

Not here: finding share links.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy import Spider

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive.ledger import links
from crawler.archive.store.lock import writing
from crawler.errors import UsageError
from crawler.sites.addresses import address_of, post_id_named, share_address
from crawler.sites.loading import load_site_to_crawl
from crawler.spiders import arguments, wanted
from crawler.spiders.recovery import Recovery
from crawler.spiders.sentences import log_as_sentences
from crawler.spiders.shared_text import SharedTexts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.items import Address, Scope
    from crawler.sites.definition import Site


class ShareSpider(Spider):
    """Fetches the texts behind share links. The argument `code` holds info codes or addresses of posts."""

    name = "share"

    def __init__(self, site: Site, *, shares: Sequence[Address]) -> None:
        """Fetch the texts behind the links `shares` of `site`."""
        super().__init__()
        self.site = site
        self.scope: Scope = "share"
        self.shares = shares

    @classmethod
    def from_crawler(cls, crawler: Crawler, *, code: str | Sequence[str] = (), **others: Any) -> Self:
        """Read settings and arguments; text is split at commas."""
        log_as_sentences()
        arguments.refuse(others)
        site = load_site_to_crawl(crawler.settings["FINEWS_SITE"])
        codes = arguments.listed("code", code)
        if not codes:
            raise UsageError(
                "No share link was given: give info codes or addresses, as -a code=NW202204202350104915."
            )
        shares = dict.fromkeys(_share(site, code) for code in codes)
        spider = cls(site, shares=list(shares))
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Record the links, so that a later run can finish what this one does not, and request the text of each."""
        addon = RunAddon.of(self.crawler)
        db, run_id = addon.run.archive.db, addon.run.id
        texts = SharedTexts(self.site, db, Recovery(self.site))
        with addon.giving_up():
            wanted.named(db, self.site, self.shares)
            with writing(db):
                links.plan(db, self.site.name, self.shares, dates.now(), run_id=run_id)
            for share in self.shares:
                yield texts.ask(share)


def _share(site: Site, code: str) -> Address:
    """Return the share link of the post that an info code or an address stands for."""
    post_id = post_id_named(site, code)
    address = share_address(site, post_id) if post_id else None
    if address is None or address_of(site, address.url) != address:  # for example a code without digits
        raise UsageError(
            "{code} is not a share link of the site {name}: give an info code, or a link's address.",
            code=code,
            name=site.name,
        )
    return address
