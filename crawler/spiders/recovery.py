"""Look for a post elsewhere than on its page: in the site's source, and behind its share link.

A `Search` tries one place after another until one gives the post. The ledger records the result of each place under
its own address; the outcome goes to the address that the search is for. Not here: which posts to search for (the
spiders decide), and whether what was found is new (`crawler.archive.store.revisions`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crawler.extraction.post import days_of
from crawler.extraction.share import read_share
from crawler.items import Missed, Post, Refused
from crawler.jekyll.expired import read_expired
from crawler.sites.addresses import expired_address, share_address, share_link, share_text_url
from crawler.spiders.asking import Asked, asked_by, cb_kwargs_of, ended, failed, page_of, request_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Address
    from crawler.sites.definition import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search for the post that `asked` is for, which continues at `places`.

    `end` is how it ends if none of them has the post: either the page gave nothing, with a reason for each place, or
    the page's own post, which lacked a body.
    """

    asked: Asked
    end: Missed | Post
    places: tuple[Address, ...]
    reasons: tuple[str, ...] = ()


class Recovery:
    """Searches for posts of one site."""

    def __init__(self, site: Site) -> None:
        """Keep the site; its definition says where its posts may be found."""
        self.site = site

    def of_gone(self, asked: Asked, end: Missed, *, share: bool) -> Iterator[Any]:
        """Search for a post whose page, or share link, gave nothing: first in the site's source."""
        shared = share_address(self.site, asked.address.key) if share else None
        days = days_of(asked.address, self.site)
        places = [place for day in days if (place := expired_address(self.site, asked.address.key, day))]
        yield self._next(Search(asked=asked, end=end, places=(*places, *([shared] if shared else []))))

    def of_bodiless(self, asked: Asked, post: Post) -> Iterator[Any]:
        """Search behind the share link for the body that a page lacks."""
        shared = share_address(self.site, asked.address.key)
        yield self._next(Search(asked=asked, end=post, places=(shared,) if shared else ()))

    def found(self, response: Response, asked: Asked, search: Search) -> Iterator[Any]:
        """Read the answer of a place; a share text gets the category of the page that named the post."""
        page = page_of(response, asked)
        named = replace(page, fetch=replace(page.fetch, found_on=search.asked.found_on))
        read = read_share(named, self.site) if asked.address.kind == "share" else read_expired(page, self.site)
        if isinstance(read, Post):
            yield self._as_searched(replace(read, fetch=page.fetch), search)
        else:
            yield replace(read, fetch=page.fetch)
            yield self._next(_without(search, read))

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Continue at the next place; if the request for an expired post was put off, so is the whole search."""
        end = ended(failure)
        if end is None and asked_by(failure).address.kind == "expired":
            return
        if not isinstance(end, Missed | Refused):
            end = failed(failure)
        yield end
        yield self._next(_without(cb_kwargs_of(failure)["search"], end))

    def _next(self, search: Search) -> Request | Missed | Post:
        """Request the next place, or end the search."""
        if search.places:
            place = search.places[0]
            asked = Asked(address=place, found_on=search.asked.address.url, auxiliary=True)
            url = share_text_url(self.site, place.key) if place.kind == "share" else place.url
            request = request_for(asked, self.found, self.missed, url=url)
            rest = replace(search, places=search.places[1:])
            return request.replace(cb_kwargs={**request.cb_kwargs, "search": rest})
        if isinstance(search.end, Post):
            return search.end
        return replace(search.end, reason="; ".join((search.end.reason, *search.reasons)))

    def _as_searched(self, read: Post, search: Search) -> Post:
        """Return what was found as the post that was searched for, completed by what its page said."""
        asked, page = search.asked, search.end
        if isinstance(page, Post):
            source, mentions = page.source or read.source, read.mentions
            return replace(
                page, via=read.via, html=read.html, source=source, mentions=mentions, actual_fetch=read.fetch
            )
        return replace(
            read,
            fetch=page.fetch,
            url=asked.address.url if asked.address.kind == "post" else read.url,
            title=read.title or asked.title,
            share_url=read.share_url or share_link(self.site, asked.address.key),
            actual_fetch=read.fetch,
        )


def _without(search: Search, end: Missed | Refused) -> Search:
    """Add why a place gave nothing; if an expired post may be there another time, the search is to be repeated."""
    kind = end.fetch.address.kind
    name = "share link" if kind == "share" else kind
    search = replace(search, reasons=(*search.reasons, f"{name}: {end.reason.removeprefix(f'{name}: ')}"))
    may_come = kind == "expired" and isinstance(end, Missed) and end.state == "failed"
    if may_come and isinstance(search.end, Missed):
        return replace(search, end=replace(search.end, state="failed"))
    return search
