"""Searching for a post elsewhere than on its page: in the site's source, and behind its share link.

A `Search` tries one place after another until one has the post. The ledger records the result of each place under
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
from crawler.spiders.asking import Target, cb_kwargs_of, ended, failed, page_of, request_for, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Address
    from crawler.sites.definition import Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A search for the post `target`, which continues at `places`.

    `end` is its result if none of them has the post: that the page gave nothing, to which the `reasons` of each place
    are added, or the page's own post, which lacked a body.
    """

    target: Target
    end: Missed | Post
    places: tuple[Address, ...]
    reasons: tuple[str, ...] = ()


class Recovery:
    """Searches for posts of one site."""

    def __init__(self, site: Site) -> None:
        """Search in the places that the definition of `site` names."""
        self.site = site

    def of_gone(self, target: Target, end: Missed, *, share: bool) -> Iterator[Any]:
        """Search for a post whose page or share link gave nothing.

        It is searched for in the site's source and then, if `share`, behind its share link.
        """
        shared = share_address(self.site, target.address.key) if share else None
        days = days_of(target.address, self.site)
        places = [place for day in days if (place := expired_address(self.site, target.address.key, day))]
        yield self._next(Search(target=target, end=end, places=(*places, *([shared] if shared else []))))

    def of_bodiless(self, target: Target, post: Post) -> Iterator[Any]:
        """Search behind the share link for the body that a page lacks."""
        shared = share_address(self.site, target.address.key)
        yield self._next(Search(target=target, end=post, places=(shared,) if shared else ()))

    def found(self, response: Response, target: Target, search: Search) -> Iterator[Any]:
        """Read the answer of a place; a share text gets the category of the page that named the post."""
        page = page_of(response, target)
        with_category = replace(page, fetch=replace(page.fetch, found_on=search.target.found_on))
        read = (
            read_share(with_category, self.site) if target.address.kind == "share" else read_expired(page, self.site)
        )
        if isinstance(read, Post):
            yield self._as_searched(replace(read, fetch=page.fetch), search)
        else:
            yield replace(read, fetch=page.fetch)
            yield self._next(_without(search, read))

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Continue at the next place; if the request for an expired post was postponed, so is the whole search."""
        end = ended(failure)
        if end is None and target_of(failure).address.kind == "expired":
            return
        if not isinstance(end, Missed | Refused):
            end = failed(failure)
        yield end
        yield self._next(_without(cb_kwargs_of(failure)["search"], end))

    def _next(self, search: Search) -> Request | Missed | Post:
        """Request the next place, or end the search."""
        if search.places:
            place = search.places[0]
            target = Target(address=place, found_on=search.target.address.url, auxiliary=True)
            url = share_text_url(self.site, place.key) if place.kind == "share" else place.url
            request = request_for(target, self.found, self.missed, url=url)
            rest = replace(search, places=search.places[1:])
            return request.replace(cb_kwargs={**request.cb_kwargs, "search": rest})
        if isinstance(search.end, Post):
            return search.end
        return replace(search.end, reason="; ".join((search.end.reason, *search.reasons)))

    def _as_searched(self, read: Post, search: Search) -> Post:
        """Return what was read as the post that was searched for, completed by what its page said."""
        target, page = search.target, search.end
        if isinstance(page, Post):
            source, mentions = page.source or read.source, read.mentions
            return replace(
                page, via=read.via, html=read.html, source=source, mentions=mentions, actual_fetch=read.fetch
            )
        return replace(
            read,
            fetch=page.fetch,
            url=target.address.url if target.address.kind == "post" else read.url,
            title=read.title or target.title,
            share_url=read.share_url or share_link(self.site, target.address.key),
            actual_fetch=read.fetch,
        )


def _without(search: Search, end: Missed | Refused) -> Search:
    """Add the reason why a place gave nothing; if its failure may be temporary, the search counts as failed too.

    A failed search is repeated by a later run.
    """
    kind = end.fetch.address.kind
    name = "share link" if kind == "share" else kind
    search = replace(search, reasons=(*search.reasons, f"{name}: {end.reason.removeprefix(f'{name}: ')}"))
    is_temporary = kind == "expired" and isinstance(end, Missed) and end.state == "failed"
    if is_temporary and isinstance(search.end, Missed):
        return replace(search, end=replace(search.end, state="failed"))
    return search
