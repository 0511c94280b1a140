"""Articles that go on on further pages: requesting these one by one, and passing on the article as a whole.

If one of them cannot be read, nothing of the article is stored: half of it would look like a whole one. Not here:
finding the next page (`crawler.extraction.post`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from crawler.extraction.post import read_part
from crawler.items import Address, Missed, Refused, Unchanged
from crawler.spiders.asking import Target, cb_kwargs_of, ended, page_of, request_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Page
    from crawler.sites.definition import Site

_MOST = 100  # pages of one article
_IN_FRONT = "further page: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article of which some pages were read: its `target`, its `first` page, the `parts` of its body so far.

    `asked` are the addresses of its pages, none of which is requested twice.
    """

    target: Target
    first: Page
    parts: tuple[str, ...]
    asked: frozenset[str]


class FurtherPages:
    """Reads the further pages of one site's articles."""

    def __init__(self, site: Site, whole: Callable[[Target, Page, tuple[str, ...]], Iterator[Any]]) -> None:
        """Pass each article on to `whole`: its target, its first page and the bodies of all pages, if it has several.

        What `whole` yields is passed on to Scrapy.
        """
        self.site, self._whole = site, whole

    def begin(self, target: Target, page: Page) -> Iterator[Any]:
        """Request the further pages of the article on its first `page`; if there are none, it is whole."""
        begun = Article(target=target, first=page, parts=(), asked=frozenset({page.fetch.address.url}))
        if any(layout.next for layout in self.site.layouts):
            yield from self._go_on(begun, page)
        else:
            yield from self._whole(target, page, ())

    def further(self, response: Response, target: Target, article: Article) -> Iterator[Any]:
        """Add a further page to an article."""
        yield from self._go_on(article, page_of(response, target))

    def missed(self, failure: Failure) -> Iterator[Any]:
        """End an article of which a page was not served; if that page was postponed, so is the article."""
        end = ended(failure)
        if end is not None:
            yield from self._ended(cb_kwargs_of(failure)["article"], end)

    def _go_on(self, article: Article, page: Page) -> Iterator[Any]:
        part = read_part(page, self.site)
        if isinstance(part, Refused):
            # What is wrong with the first page is said by whoever reads it.
            is_first = page is article.first
            yield from self._whole(article.target, page, ()) if is_first else self._ended(article, part)
            return
        article = replace(article, parts=(*article.parts, part.html))
        if part.next_url is not None and part.next_url not in article.asked and len(article.parts) < _MOST:
            yield self._request(replace(article, asked=article.asked | {part.next_url}), part.next_url)
        else:
            parts = article.parts if len(article.parts) > 1 else ()
            yield from self._whole(article.target, article.first, parts)

    def _request(self, article: Article, url: str) -> Request:
        address = Address(url=url, kind="post", key=article.target.address.key)
        target = Target(address=address, found_on=article.target.address.url, auxiliary=True)
        request = request_for(target, self.further, self.missed)
        return request.replace(cb_kwargs={**request.cb_kwargs, "article": article})

    def _ended(self, article: Article, end: Unchanged | Missed | Refused) -> Iterator[Any]:
        """Yield that an article could not be read, as the page ended at which that happened."""
        # That the first page has not changed would not say that the others have not.
        fetch = replace(article.first.fetch, etag=None, last_modified=None)
        if isinstance(end, Refused):
            yield replace(end, fetch=fetch, reason=_IN_FRONT + end.reason)
        else:
            reason = end.reason if isinstance(end, Missed) else "HTTP 304 to a request without conditions"
            yield Missed(fetch=fetch, state="failed", reason=_IN_FRONT + reason)
