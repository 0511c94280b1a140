"""Follow listings: home names posts, posts name their categories, categories name more posts.

Which addresses there are to ask for is the ledger's to say (`crawler.archive.frontier`); what a page names gets there
by way of the pipelines. Not here: reading pages (`crawler.extraction`), and what is done with what was read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapy import Spider, signals

from crawler import dates
from crawler.archive import Archive, ledger, runs
from crawler.archive.frontier import Frontier
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.extraction.share import read_share
from crawler.items import Missed, Refused, Unchanged
from crawler.sites.addresses import address_of, share_link, share_text_url, start_addresses
from crawler.sites.loading import load_site
from crawler.spiders import arguments
from crawler.spiders.asking import Asked, asked_by, cb_kwargs_of, ended, page_of, request_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger import Known
    from crawler.items import Address, Scope
    from crawler.sites.definition import Site

_AT_A_TIME = 32  # addresses taken from the ledger: enough to keep Scrapy busy while it asks for more


class CategorySpider(Spider):
    """Crawls a site by its listings. Arguments, as `-a` gives them, are read by `from_crawler`."""

    name = "category"

    def __init__(
        self,
        site: Site,
        archive: str,
        *,
        only: Sequence[Address] = (),
        full: bool = False,
        share: bool = True,
        limit: int | None = None,
    ) -> None:
        """Crawl `site` into the archive at `archive`.

        `only`: these pages and the posts they name, nothing else. `full`: visit every listing and ask again for every
        known post, listed or not. `share`: look behind the share link of a post whose page is gone. `limit`: ask for
        so many posts.
        """
        super().__init__()
        self.site = site
        self.path = archive
        self.only = only
        self.scope: Scope = "part" if only else "full" if full else "usual"
        self.share = share and site.share is not None
        self.limit = limit

    @classmethod
    def from_crawler(
        cls,
        crawler: Crawler,
        *,
        category: str | Sequence[str] = (),
        page: str | Sequence[str] = (),
        full: str | bool = False,
        share: str | bool = True,
        limit: str | int | None = None,
        **others: Any,
    ) -> Self:
        """Read settings and arguments. Text is split at commas for `category` (slugs) and `page` (addresses)."""
        arguments.refuse(others)
        site = load_site(crawler.settings["FINEWS_SITE"])
        spider = cls(
            site,
            crawler.settings["FINEWS_ARCHIVE"],
            only=[
                *(arguments.category_page(site, slug) for slug in arguments.listed(category)),
                *(arguments.page_of_site(site, url) for url in arguments.listed(page)),
            ],
            full=arguments.flag(value=full),
            share=arguments.flag(value=share),
            limit=arguments.number(limit),
        )
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Set out, and from now on go on whenever Scrapy has nothing left to do."""
        self._archive = Archive(self.path, create=True)
        self._frontier = Frontier(
            self._archive.db, self.site.name, runs.latest(self._archive.db), scope=self.scope, limit=self.limit
        )
        homes = [address for address in start_addresses(self.site) if address.kind == "home"]
        self._frontier.begin(self.only or homes, dates.now())
        self.crawler.signals.connect(self.go_on, signals.scheduler_empty)
        self.crawler.signals.connect(self._archive.close, signals.spider_closed)
        for request in self._take():
            yield request

    def go_on(self) -> None:
        """Ask for what the ledger has; when that is nothing and nothing is on its way, Scrapy ends the run."""
        for request in self._take():
            self.crawler.engine.crawl(request)

    def listing(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a listing; a start page that names nothing is none."""
        listing = read_listing(page_of(response, asked), self.site)
        if asked.address.kind == "home" and not listing.links:
            yield Refused(fetch=listing.fetch, reason="names no post", rule="addresses.post")
        else:
            yield listing

    def post(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a post."""
        yield read_post(page_of(response, asked), self.site)

    def shared(self, response: Response, asked: Asked, gone: Missed) -> Iterator[Any]:
        """Read the text behind the share link of a post whose page is `gone`."""
        read = read_share(page_of(response, asked), self.site)
        if isinstance(read, Missed):
            yield _gone_altogether(gone, read.reason)
        else:
            # The validators are those of the text, and would stand for the page.
            fetch = replace(read.fetch, etag=None, last_modified=None)
            share_url = share_link(self.site, asked.address.key)
            yield replace(read, fetch=fetch, title=asked.title, share_url=share_url)

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Say how a request ended that gave no page; for a post that is gone, look behind its share link first."""
        asked, end = asked_by(failure), ended(failure)
        if isinstance(end, Missed) and end.state == "gone" and self._may_be_shared(asked.address):
            url = share_text_url(self.site, asked.address.key)
            request = request_for(replace(asked, in_full=True), self.shared, self.not_shared, url=url)
            yield request.replace(cb_kwargs={**request.cb_kwargs, "gone": end})
        elif end is not None:
            yield end

    def not_shared(self, failure: Failure) -> Iterator[Missed]:
        """Say that a post's page is gone and that nothing came from behind its share link."""
        match ended(failure):
            case None:
                reason = str(failure.value)
            case Unchanged():
                reason = "not modified"
            case end:
                reason = end.reason
        yield _gone_altogether(cb_kwargs_of(failure)["gone"], f"share link: {reason}")

    def _take(self) -> Iterator[Request]:
        for link in self._frontier.take(_AT_A_TIME, dates.now(), host=self.site.hosts[0]):
            address = address_of(self.site, link.url)
            if address is not None:  # a site's definition may have changed since
                yield self._request(address, link)

    def _request(self, address: Address, link: Known) -> Request:
        asked = Asked(address=address, found_on=link.found_on, title=link.title or "", in_full=address in self.only)
        return request_for(asked, self.post if address.kind == "post" else self.listing, self.missed)

    def _may_be_shared(self, post: Address) -> bool:
        """Tell whether the text behind a share link would be more than what is stored already."""
        if not self.share or post.kind != "post" or share_text_url(self.site, post.key) is None:
            return False
        return ledger.article_at(self._archive.db, post.url) is None


def _gone_altogether(gone: Missed, reason: str) -> Missed:
    return replace(gone, reason=f"{gone.reason}; {reason}")
