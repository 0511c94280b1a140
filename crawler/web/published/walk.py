"""Which pages are published: those of every post, and what is linked from them and from the front page.

A list of several pages is published from its oldest post on, fifty posts a page, so that new posts change its last
page and its first, and no others. Not here: changing pages (`crawler.web.published.pages`), and writing them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.errors import FinewsError
from crawler.web.addresses import LANGUAGES, path_to, split_language
from crawler.web.published.addresses import in_language
from crawler.web.published.pages import Neighbours, neighbours_in, published, published_data

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.web.published.addresses import Site
    from crawler.web.published.requests import Answer

_HTML = "text/html"
_WITH_LINKS = {"application/atom+xml", "application/json"}  # besides pages, these hold addresses of the app
_OLDEST = "after=-9999999999999.1"  # the place before every post, as `crawler.web.pages.paging` writes places
_FOUND = 200
_GONE = 404


class File(NamedTuple):
    """A file of the site: its path, and what it holds."""

    path: str
    content: bytes


def files_of(get: Callable[[str], Answer], posts: Iterable[str], site: Site) -> Iterator[File]:
    """Yield every file of the site that `get` answers for; `posts` are the ids of the posts that are published.

    No page is held longer than it takes to write it.
    """
    walk = _Walk(get, site)
    for post in posts:
        for language in LANGUAGES:
            yield from walk.post(in_language(path_to("post", post), language))
    for language in LANGUAGES:
        walk.meet(in_language("/", language))
    yield from walk.others()


class _Walk:
    """A walk through the app: what is still to be written, and what was met already."""

    def __init__(self, get: Callable[[str], Answer], site: Site) -> None:
        self._get, self._site = get, site
        self._met: set[str] = set()
        self._to_come: list[str] = []

    def meet(self, address: str) -> None:
        """Note an address that is to be written, unless it has been met before."""
        if address not in self._met and not _is_within_a_list(address):
            self._met.add(address)
            self._to_come.append(address)

    def post(self, address: str) -> Iterator[File]:
        """Yield the files of a post: its page, its other forms, and its revisions."""
        own = [address]
        for here in own:  # grows
            for file, links in self._files(here):
                yield file
                for link in links:
                    if _is_below(link, address) and link not in own:
                        own.append(link)
                    elif not _is_of_a_post(link):
                        self.meet(link)

    def others(self) -> Iterator[File]:
        """Yield the files of everything that was met, and of what is met on the way."""
        while self._to_come:
            for file, links in self._files(self._to_come.pop()):
                yield file
                for link in links:
                    if not _is_of_a_post(link):
                        self.meet(link)

    def _files(self, address: str) -> Iterator[tuple[File, list[str]]]:
        """Yield the files at an address, several if it is a list of several pages, each with what it links to."""
        answer = self._get(address)
        if answer.status == _GONE:  # taken out of the archive since it was linked
            return
        if answer.status != _FOUND:
            raise FinewsError(
                "The page {address} cannot be made ({status}): see what `finews serve` shows there.",
                address=address,
                status=answer.status,
            )
        if answer.kind != _HTML:
            yield self._data(address, answer), []
            return
        html = answer.body.decode()
        older = neighbours_in(html).older
        if older is None or not _is_within_a_list(older):
            yield self._page(address, html, None)
        else:
            yield from self._list(address, html)

    def _data(self, address: str, answer: Answer) -> File:
        place = self._site.place(address)
        has_links = answer.kind in _WITH_LINKS
        return File(place, published_data(answer.body, place, self._site) if has_links else answer.body)

    def _list(self, first: str, html: str) -> Iterator[tuple[File, list[str]]]:
        """Yield the pages of a list, whose first page is given, from the oldest to that one."""
        here, older = f"{first}?{_OLDEST}", None
        page = self._get(here).body.decode()
        while (newer := neighbours_in(page).newer) is not None:
            following = self._get(newer).body.decode()
            is_last = neighbours_in(following).newer is None  # what comes next is the first page of the list
            yield self._page(here, page, Neighbours(first if is_last else newer, older))
            here, older, page = newer, here, following
        yield self._page(first, html, Neighbours(None, older))

    def _page(self, address: str, html: str, neighbours: Neighbours | None) -> tuple[File, list[str]]:
        place = self._site.place(address)
        page = published(html, place, self._site, neighbours)
        return File(place, page.html.encode()), page.links


def _is_below(address: str, post: str) -> bool:
    """Tell whether an address is of a form or a revision of a post."""
    path, own = split_language(address)[1], split_language(post)[1]
    return path.startswith(own) and path.removeprefix(own)[:1] in {".", "/", "?"}


def _is_within_a_list(address: str) -> bool:
    """Tell whether an address is of a further page of a list, all of which are written with the first."""
    return address.partition("?")[2].startswith(("before=", "after="))


def _is_of_a_post(address: str) -> bool:
    return split_language(address)[1].startswith("/post/")
