"""Follow listings: home names posts, posts name their categories, categories name more posts.

Which addresses there are to ask for is for the ledger to say (`crawler.archive.ledger.frontier`); what a page names
gets there by way of the pipelines. Not here: reading pages (`crawler.extraction`), and what becomes of what was read.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive.ledger import links
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.store import posts
from crawler.extraction.budget import affordable
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.items import NAMES_NO_POST, Missed, Post, Refused, Unchanged
from crawler.sites.addresses import address_of, share_address, start_addresses
from crawler.sites.loading import load_site
from crawler.spiders import arguments
from crawler.spiders.asking import Asked, asked_by, ended, page_of, request_for
from crawler.spiders.recovery import Recovery
from crawler.spiders.shared_text import SharedTexts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger.links import Known
    from crawler.items import Address, Scope
    from crawler.sites.definition import Site
    from crawler.spiders.arguments import ShareUse

# Pages asked for and not yet stored are asked for again after a kill. So many keep reading, writing and the network
# busy side by side; the ledger is looked into for several at a time.
_ON_THEIR_WAY, _AT_A_TIME = 24, 8


class CategorySpider(Spider):
    """Crawls a site by its listings. Arguments, as `-a` gives them, are read by `from_crawler`."""

    name = "category"

    def __init__(
        self,
        site: Site,
        *,
        only: Sequence[Address] = (),
        full: bool = False,
        share: ShareUse = "missing",
        limit: int | None = None,
    ) -> None:
        """Crawl `site`.

        `only`: these pages and the posts they name, nothing else. `full`: visit every listing and ask again for every
        known post, listed or not. `share`: which posts' share links to look behind: those whose page is gone or lacks
        something (`missing`), `always`, or `never`. `limit`: ask for so many posts.
        """
        super().__init__()
        self.site = site
        self.only = only
        self.scope: Scope = "part" if only else "full" if full else "usual"
        self.share = share
        self.limit = limit

    @classmethod
    def from_crawler(
        cls,
        crawler: Crawler,
        *,
        category: str | Sequence[str] = (),
        page: str | Sequence[str] = (),
        full: str | bool = False,
        share: str | bool = "missing",
        limit: str | int | None = None,
        **others: Any,
    ) -> Self:
        """Read settings and arguments. Text is split at commas for `category` (slugs) and `page` (addresses)."""
        arguments.refuse(others)
        site = load_site(crawler.settings["FINEWS_SITE"])
        spider = cls(
            site,
            only=[
                *(arguments.category_page(site, slug) for slug in arguments.listed(category)),
                *(arguments.page_of_site(site, url) for url in arguments.listed(page)),
            ],
            full=arguments.flag(value=full),
            share=arguments.share_use(share),
            limit=arguments.number(limit),
        )
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Set out, and from now on go on whenever Scrapy has nothing left to do."""
        addon = RunAddon.of(self.crawler)
        self._db, run_id = addon.run.archive.db, addon.run.id
        self._recovery = Recovery(self.site)
        self._texts = SharedTexts(self.site, self._db, self._recovery)
        self._frontier = Frontier(
            self._db, self.site.name, run_id, scope=self.scope, limit=self.limit, patience=addon.run.patience
        )
        homes = [address for address in start_addresses(self.site) if address.kind == "home"]
        try:
            self._frontier.begin(self.only or homes, dates.now())
        except sqlite3.OperationalError as error:
            addon.give_up(str(error))
            return
        self.crawler.signals.connect(self.go_on, signals.scheduler_empty)
        for request in self._take():
            yield request

    def go_on(self) -> None:
        """Ask for what the ledger has; when that is nothing and nothing is on its way, Scrapy ends the run."""
        for request in self._take():
            self.crawler.engine.crawl(request)

    def listing(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a listing; a start page that names nothing is none."""
        page = page_of(response, asked)
        listing = affordable(lambda: read_listing(page, self.site), page.fetch)
        if isinstance(listing, Refused):
            yield listing
        elif asked.address.kind == "home" and not listing.links:
            yield Refused(fetch=listing.fetch, reason=NAMES_NO_POST, rule="addresses.post")
        else:
            yield listing

    def post(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a post; what its page lacks is asked for behind its share link."""
        read = read_post(page_of(response, asked), self.site)
        if isinstance(read, Post) and not read.html and self.share != "never":
            yield from self._recovery.of_bodiless(asked, read)
            return
        yield read
        if isinstance(read, Post) and (self.share == "always" or not read.source):
            yield from self._ask_auxiliary(asked, again=self.share == "always")

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Say how a request ended that gave no page; a post that is gone is looked for elsewhere first."""
        asked, end = asked_by(failure), ended(failure)
        if isinstance(end, Missed) and end.state == "gone" and self._is_lost(asked.address):
            yield from self._recovery.of_gone(asked, end, share=self.share != "never")
        elif end is not None:
            yield end
        if isinstance(end, Unchanged) and self.share == "always":
            yield from self._ask_auxiliary(asked, again=False)

    def _ask_auxiliary(self, asked: Asked, *, again: bool) -> Iterator[Request]:
        """Ask for the text behind a post's share link, once or `again`, if it has not been had."""
        share = share_address(self.site, asked.address.key) if asked.address.kind == "post" else None
        if share is None or self.share == "never":
            return
        known = links.known(self._db, share.url)
        if again or known is None or known.state == "failed":
            yield self._texts.ask(share, found_on=asked.address.url, auxiliary=True)

    def _take(self) -> Iterator[Request]:
        room = _ON_THEIR_WAY - self._on_their_way()
        if room < _AT_A_TIME:
            return
        for link in self._frontier.take(room, dates.now(), host=self.site.hosts[0]):
            address = address_of(self.site, link.url)
            if address is not None:  # a site's definition may have changed since
                yield self._request(address, link)

    def _on_their_way(self) -> int:
        """Count the pages that were asked for and are not stored yet."""
        downloader, scraper = self.crawler.engine.downloader, self.crawler.engine.scraper.slot
        assert scraper is not None, "there is one as long as a spider is open"
        return len(downloader.active) + len(scraper.queue) + len(scraper.active)

    def _request(self, address: Address, link: Known) -> Request:
        if address.kind == "share":
            return self._texts.ask(address, found_on=link.found_on, title=link.title or "")
        known = None if address in self.only else link  # what a person asks for by name is asked for in full
        asked = Asked(address=address, found_on=link.found_on, title=link.title or "", known=known)
        return request_for(asked, self.post if address.kind == "post" else self.listing, self.missed)

    def _is_lost(self, post: Address) -> bool:
        """Tell whether nothing is stored of a post: else what is found elsewhere would be no more than that."""
        return post.kind == "post" and posts.row_of(self._db, self.site.name, post.key) is None
