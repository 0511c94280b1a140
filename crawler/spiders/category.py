"""Crawling a whole site by its listings: home names posts, posts name their categories, categories name more posts.

The frontier decides which addresses to request (`crawler.archive.ledger.frontier`); links found on pages get into the
ledger through the pipelines. Not here: reading pages (`crawler.extraction`), and storing what was read.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive import Archive
from crawler.archive.ledger import links, names
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.store import posts
from crawler.archive.store.connection import holds_archive
from crawler.extraction.listing import judged_listing
from crawler.extraction.post import judged_post
from crawler.items import Missed, Post, Unchanged
from crawler.network.not_requested import REDIRECTED_TO, RedirectedAway
from crawler.sites.addresses import address_of, share_address, sitemap_address, start_addresses
from crawler.sites.loading import load_site_to_crawl, rules_version
from crawler.spiders import arguments, wanted
from crawler.spiders.asking import Target, ended, page_of, request_for, target_of
from crawler.spiders.further_pages import FurtherPages
from crawler.spiders.recovery import Recovery
from crawler.spiders.sentences import log_as_sentences
from crawler.spiders.shared_text import SharedTexts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger.links import KnownAddress
    from crawler.archive.ledger.names import KnownCategories
    from crawler.items import Address, Page, Scope
    from crawler.sites.definition import Site
    from crawler.spiders.arguments import ShareUse

# Pages requested but not yet stored are requested again after a kill. This many are enough to keep the network,
# reading and writing busy at the same time; the ledger is queried for several at once.
_IN_PROGRESS, _AT_A_TIME = 24, 8


class CategorySpider(Spider):
    """Crawls a site by its listings. `from_crawler` reads the arguments given with `-a`."""

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

        `only`: crawl just these pages and the posts they name. `full`: visit every listing, and request every known
        post again, listed or not. `share`: request the share links of posts whose page is gone or lacks something
        (`missing`), `always`, or `never`. `limit`: request at most this many posts.
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
        """Read settings and arguments. Text is split at commas for `category` (slugs, names) and `page` (addresses).

        A `category` is held against those that the archive knows.
        """
        log_as_sentences()
        arguments.refuse(others)
        site = load_site_to_crawl(crawler.settings["FINEWS_SITE"])
        categories = arguments.listed("category", category)
        known = _known_categories(Path(crawler.settings["FINEWS_ARCHIVE"]), site) if categories else None
        spider = cls(
            site,
            only=[
                *(arguments.category_page(site, each, known) for each in categories),
                *(arguments.page_of_site(site, url) for url in arguments.listed("page", page)),
            ],
            full=arguments.flag("full", full),
            share=arguments.share_use(share),
            limit=arguments.number(limit),
        )
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield the first requests; `go_on` makes more whenever Scrapy has nothing left to do."""
        addon = RunAddon.of(self.crawler)
        self._db, run_id = addon.run.archive.db, addon.run.id
        self._recovery = Recovery(self.site)
        self._texts = SharedTexts(self.site, self._db, self._recovery)
        self._frontier = Frontier(
            self._db, self.site.name, run_id, scope=self.scope, limit=self.limit, patience=addon.run.patience
        )
        starts = start_addresses(self.site)
        homes = [address for address in starts if address.kind == "home"] or starts
        with addon.giving_up():
            wanted.named(self._db, self.site, self.only)
            self._frontier.begin(self.only or homes, dates.now(), rules=rules_version(self.site))
            self.crawler.signals.connect(self.go_on, signals.scheduler_empty)
            for request in self._take():
                yield request

    def go_on(self) -> None:
        """Request what the frontier gives out; if that and all else is done, Scrapy ends the run."""
        with RunAddon.of(self.crawler).giving_up():
            for request in self._take():
                self.crawler.engine.crawl(request)

    def listing(self, response: Response, target: Target) -> Iterator[Any]:
        """Read a listing; anything else served instead is refused for a home page, else requested again later."""
        yield judged_listing(page_of(response, target), self.site)

    def post(self, response: Response, target: Target) -> Iterator[Any]:
        """Read a post, with its further pages."""
        yield from FurtherPages(self.site, self._whole_post).begin(target, page_of(response, target))

    def _whole_post(self, target: Target, page: Page, parts: tuple[str, ...]) -> Iterator[Any]:
        """Read a post; if its page lacks something, request its share link."""
        read = judged_post(page, self.site, parts=parts)
        if isinstance(read, Missed):
            yield from self._gone(target, read)
            return
        if isinstance(read, Post) and not read.html and self.share != "never":
            yield from self._recovery.of_bodiless(target, read)
            return
        yield read
        if isinstance(read, Post) and (self.share == "always" or not read.source):
            yield from self._request_share_text(target, again=self.share == "always")

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Yield how a request without a page ended; a post that is gone is first searched for elsewhere."""
        target, end, error = target_of(failure), ended(failure), failure.value
        if (
            isinstance(error, RedirectedAway)
            and end is not None
            and self._is_redirected_again(target.address, error.target)
        ):
            end = Missed(fetch=end.fetch, state="gone", reason=str(error))
        if isinstance(end, Missed) and end.state == "gone":
            yield from self._gone(target, end)
        elif end is not None:
            yield end
        if isinstance(end, Unchanged) and self.share == "always":
            yield from self._request_share_text(target, again=False)

    def _gone(self, target: Target, end: Missed) -> Iterator[Any]:
        """Yield that something is gone; a post of which nothing is stored is first searched for elsewhere."""
        if self._is_lost(target.address):
            yield from self._recovery.of_gone(target, end, share=self.share != "never")
        else:
            yield end

    def _is_redirected_again(self, post: Address, redirect_target: str | None) -> bool:
        """Return whether a post's address redirects to another page of the site, as it did last time."""
        before = links.known(self._db, post.url)
        again = before is not None and (before.reason or "").startswith(REDIRECTED_TO)
        is_of_site = redirect_target is not None and address_of(self.site, redirect_target) is not None
        return post.kind == "post" and again and is_of_site

    def _request_share_text(self, target: Target, *, again: bool) -> Iterator[Request]:
        """Request the text behind a post's share link; unless `again`, only if that has not succeeded before."""
        share = share_address(self.site, target.address.key) if target.address.kind == "post" else None
        if share is None or self.share == "never":
            return
        known = links.known(self._db, share.url)
        if again or known is None or known.state == "failed":
            yield self._texts.ask(share, found_on=target.address.url, auxiliary=True)

    def _take(self) -> list[Request]:
        """Return the next requests; none only if there is no room for any, or nothing is left to request."""
        room = self._room()
        while room and (taken := self._frontier.take(room, dates.now(), host=self.site.hosts[0])):
            requests = [request for link in taken if (request := self._request_for(link))]
            if requests:
                return requests
        return []

    def _request_for(self, link: KnownAddress) -> Request | None:
        address = address_of(self.site, link.url)
        if address is None and link.kind == "feed" and link.found_on:
            address = sitemap_address(self.site, link.url)
        if address is None:  # the site's definition may have changed since the address was recorded
            return None
        is_wanted = wanted.is_wanted(self._db, self.site, address, self._frontier.run_id)
        return self._request(address, link) if is_wanted else None

    def _room(self) -> int:
        """Return how many addresses to request now: one at a time until there has been an answer, then several."""
        if not self.crawler.stats.get_value("downloader/response_count"):
            return 0 if self._in_progress() else 1  # without a network, no others are to wait for their turn to fail
        room = _IN_PROGRESS - self._in_progress()
        return room if room >= _AT_A_TIME else 0

    def _in_progress(self) -> int:
        """Return the number of pages that were requested but not yet stored."""
        downloader, scraper = self.crawler.engine.downloader, self.crawler.engine.scraper.slot
        assert scraper is not None, "it exists as long as a spider is open"
        return len(downloader.active) + len(scraper.queue) + len(scraper.active)

    def _request(self, address: Address, link: KnownAddress) -> Request:
        if address.kind == "share":
            return self._texts.ask(address, found_on=link.found_on, title=link.title or "")
        known = None if address in self.only else link  # pages named by a person are requested unconditionally
        target = Target(address=address, found_on=link.found_on, title=link.title or "", known=known)
        return request_for(target, self.post if address.kind == "post" else self.listing, self.missed)

    def _is_lost(self, post: Address) -> bool:
        """Return whether nothing is stored of a post; if anything is, searching elsewhere would add nothing."""
        return post.kind == "post" and posts.row_of(self._db, self.site.name, post.key) is None


def _known_categories(path: Path, site: Site) -> KnownCategories | None:
    """Return what the archive at `path` knows of a site's categories; the run, which has not begun, opens it anew."""
    if not holds_archive(path):
        return None
    with Archive(path) as archive:
        return names.categories_of(archive.db, site)
