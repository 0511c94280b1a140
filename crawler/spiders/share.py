"""Follow share links: ask for the text behind each and take it in as a post.

Not here: finding the links; they are given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapy import Spider

from crawler import dates
from crawler.archive import Archive, runs
from crawler.errors import NoSuchPost, UsageError
from crawler.extraction.share import read_share
from crawler.items import Post, Unchanged
from crawler.sites.addresses import address_of, is_safe_id, share_address, share_text_url
from crawler.sites.loading import load_site
from crawler.spiders import arguments
from crawler.spiders.asking import Asked, ended, failed, page_of, request_for
from crawler.urls import canonical

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.sites.definition import Site


class ShareSpider(Spider):
    """Fetches what stands behind share links. The argument `code` holds info codes or addresses."""

    name = "share"

    def __init__(self, site: Site, archive: str, *, post_ids: Sequence[str]) -> None:
        """Fetch the posts `post_ids` of `site`; what the archive at `archive` knows of them stays."""
        super().__init__()
        self.site = site
        self.archive = archive
        self.post_ids = post_ids

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
        spider = cls(site, crawler.settings["FINEWS_ARCHIVE"], post_ids=[_post_id(site, code) for code in codes])
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield the request for each share link's text."""
        with Archive(self.archive, create=True) as archive:
            runs.set_scope(archive.db, runs.latest(archive.db), "share")
        for post_id in self.post_ids:
            address, url = share_address(self.site, post_id), share_text_url(self.site, post_id)
            assert address is not None, "only checked ids of a site with share links come here"
            yield request_for(Asked(address=address), self.shared, self.missed, url=url)

    def shared(self, response: Response, asked: Asked) -> Iterator[Any]:
        """Read the text behind a share link."""
        read = read_share(page_of(response, asked), self.site)
        yield self._with_known(read) if isinstance(read, Post) else read

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Say how a request ended that gave no text."""
        end = ended(failure)
        if isinstance(end, Unchanged):
            yield end
        else:
            end = end or failed(failure)  # nobody else would take it up
            yield replace(end, reason=f"share link: {end.reason}")

    def _with_known(self, post: Post) -> Post:
        """Give a post the address, title and time the archive knows it by: its share link tells none of them."""
        try:
            with Archive(self.archive) as archive:
                known = archive.post(post.post_id)
        except NoSuchPost:
            return replace(post, share_url=post.share_url or post.url)
        published_at = dates.parse(known["published_at"], self.site.timezone)
        return replace(post, url=known["url"], title=known["title"], published_at=published_at)


def _post_id(site: Site, code: str) -> str:
    """Return the post id an info code or an address stands for."""
    url = canonical(code)
    address = address_of(site, url) if url else None
    post_id = address.key if address else code
    if site.share is None or not is_safe_id(post_id) or (url and not address):
        raise UsageError(f"{code} is no share link of the site {site.name}: give an info code, or a link's address.")
    return post_id
