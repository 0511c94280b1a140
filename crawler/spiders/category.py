"""Follow listings: home names categories and posts, posts name their categories, categories name more posts.

Not here: reading pages (`crawler.extraction`), and what is done with what was read (`crawler.pipelines`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapy import Spider

from crawler.archive import Archive, ledger
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.extraction.share import read_share
from crawler.items import Missed, Post, Unchanged
from crawler.sites.addresses import (
    address_of,
    all_hosts,
    category_address,
    share_link,
    share_text_url,
    start_addresses,
)
from crawler.sites.loading import load_site
from crawler.spiders import arguments
from crawler.spiders.asking import Asked, asked_by, cb_kwargs_of, ended, page_of, request_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.archive.ledger import Known
    from crawler.items import Address
    from crawler.sites.definition import Site

# Posts go before listings: what was found is in hand before more is found.
_POSTS_FIRST = 10


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

        `only`: these pages and the posts they name, nothing else. `full`: ask again for every known post, listed
        or not. `share`: look behind the share link of a post whose page is gone. `limit`: ask for so many posts.
        """
        super().__init__()
        self.site = site
        self.archive = archive
        self.only = only
        self.full = full
        self.share = share and site.share is not None
        self.limit = limit
        self.allowed_domains = sorted(all_hosts(site))
        self._asked_posts: set[str] = set()

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
        """Yield the first requests: for what was asked for, else for all the ledger and the definition know of."""
        for asked in [Asked(address=address) for address in self.only] or self._usual():
            for request in self._ask(asked):
                yield request

    def listing(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a listing and ask for what it names."""
        listing = read_listing(page_of(response, asked), self.site)
        yield listing
        for link in listing.links:
            if link.address.kind == "post" or not self.only:
                yield from self._ask(Asked(address=link.address, found_on=asked.address.url, title=link.text))

    def post(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read a post and ask for the category it names."""
        post = read_post(page_of(response, asked), self.site)
        yield post
        category = post.category if isinstance(post, Post) and not self.only else None
        address = category_address(self.site, category.slug) if category else None
        if category and address:
            yield from self._ask(Asked(address=address, found_on=asked.address.url, title=category.name))

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
            request = request_for(asked, self.shared, self.not_shared, url=url, priority=_POSTS_FIRST)
            yield request.replace(cb_kwargs={"asked": asked, "gone": end})
        else:
            yield end

    def not_shared(self, failure: Failure) -> Iterator[Missed]:
        """Say that a post's page is gone and that nothing came from behind its share link."""
        end = ended(failure)
        reason = "not modified" if isinstance(end, Unchanged) else end.reason
        yield _gone_altogether(cb_kwargs_of(failure)["gone"], f"share link: {reason}")

    def _usual(self) -> Iterator[Asked]:
        """Yield what every run asks for: what is pending, the start pages and the feed, the known categories."""
        with Archive(self.archive, create=True) as archive:
            posts = (ledger.posts if self.full else ledger.unsettled_posts)(archive.db, self.site.name)
            categories = ledger.categories(archive.db, self.site.name)
        yield from self._known(posts)
        yield from (Asked(address=address) for address in start_addresses(self.site))
        yield from self._known(categories)

    def _known(self, known: Iterable[Known]) -> Iterator[Asked]:
        for link in known:
            address = address_of(self.site, link.url)
            if address is not None:  # a site's definition may have changed since
                yield Asked(address=address, found_on=link.found_on, title=link.title)

    def _ask(self, asked: Asked) -> Iterator[Request]:
        """Yield the request for an address, unless it is a post beyond the limit."""
        if asked.address.kind != "post":
            yield request_for(asked, self.listing, self.missed)
        elif self._within_limit(asked.address):
            yield request_for(asked, self.post, self.missed, priority=_POSTS_FIRST)

    def _within_limit(self, post: Address) -> bool:
        if self.limit is None:
            return True
        if len(self._asked_posts) < self.limit:
            self._asked_posts.add(post.url)
        return post.url in self._asked_posts

    def _may_be_shared(self, post: Address) -> bool:
        """Tell whether the text behind a share link would be more than what is stored already."""
        if not self.share or post.kind != "post" or share_text_url(self.site, post.key) is None:
            return False
        with Archive(self.archive) as archive:
            return ledger.article_at(archive.db, post.url) is None


def _gone_altogether(gone: Missed, reason: str) -> Missed:
    return replace(gone, reason=f"{gone.reason}; {reason}")
