"""Where the links of the web app's pages lead on a published site.

Pure. Not here: which file holds a page (`crawler.web.published.places`), and changing the pages
(`crawler.web.published.pages`).
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import quote, urljoin

from crawler.web.addresses import FORMS, LANGUAGES, split_language
from crawler.web.published.places import link, place_of
from crawler.web.published.requests import SERVER

_SEARCH = "/search"
# These answer questions, and a file answers none.
_UNPUBLISHED = re.compile(r"/(?:why|api)(?:[/?.].*)?|/search\.\w+.*|/coverage\?.*|/runs\?.*", re.DOTALL)
_HAS_FORM = re.compile(rf"[^?]*\.(?:{'|'.join(FORMS)})(?:\?.*)?", re.DOTALL)


class Link(NamedTuple):
    """What a link leads to: an `address` of the web app that is published, what stands behind the `?` and the `#`.

    The `query` is one that the page itself reads, as that of searches does.
    """

    address: str
    query: str = ""
    fragment: str = ""


def parse(href: str) -> Link | None:
    """Read the address of a link, a path on the server or a whole address; `None` if it leads away from the app."""
    href = href.removeprefix(SERVER) or "/"
    if not href.startswith("/") or href.startswith("//"):
        return None
    path, _, fragment = href.partition("#")
    language, rest = split_language(path)
    # Other forms are the same in every language.
    address = rest if not language or _HAS_FORM.fullmatch(rest) else in_language(rest, language)
    if rest.partition("?")[0] == _SEARCH:
        address, _, query = address.partition("?")
        return Link(address, query, fragment)
    return Link(address, "", fragment)


def is_published(address: str) -> bool:
    """Tell whether what is at an address of the web app has a file on the site."""
    return not _UNPUBLISHED.fullmatch(split_language(address)[1])


def is_search(address: str) -> bool:
    """Tell whether an address is that of the page that searches, which on a published site is another."""
    return split_language(address)[1] == _SEARCH


def in_language(path: str, language: str) -> str:
    """Return the address of a page in a language; the pages at the root are in the first."""
    return path if language == LANGUAGES[0] else f"/{language}{path}"


class Site(NamedTuple):
    """A published site: the public address of its folder, with a slash at its end, or "" if that is not known."""

    base: str

    def place(self, address: str) -> str:
        """Return the file that holds what is at an address."""
        return place_of(address)

    def relative(self, here: str, target: Link) -> str:
        """Return the relative link from the file at `here`."""
        query = f"?{target.query}" if target.query else ""
        fragment = f"#{target.fragment}" if target.fragment else ""
        return link(here, self.place(target.address)) + query + fragment

    def whole(self, here: str, target: Link) -> str:
        """Return a link for what is read elsewhere: a whole address if the site's own is known."""
        return (
            urljoin(self.base, quote(self.place(target.address), safe="/="))
            if self.base
            else self.relative(here, target)
        )


class ShownAnywhere(Site):
    """The site for a page that is shown at any address, as that of what is not there: its links are whole paths.

    Where the site's address is not known, they begin at the root of its host.
    """

    def relative(self, here: str, target: Link) -> str:  # noqa: ARG002  # it may be shown anywhere
        """Return the link, whatever address the page is shown at."""
        return urljoin(self.base or "/", super().relative("index.html", target))
