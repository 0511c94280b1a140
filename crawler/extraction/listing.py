"""Read which of the site's addresses a page names: home, a category, the feed.

The served listings break in the middle: a title with `<` in it turns the markup after it into text. So links
are read from the source, escaped ones too, and not from the tree a parser makes of it. Not here: the posts.
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from crawler.items import Link, Listing
from crawler.sites.addresses import address_of
from crawler.text import squeeze
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Page
    from crawler.sites.definition import Site

# `<a href="…">`, also where its brackets came out as `&lt;`, and Atom's `<link href="…" … title="text"`.
_ANCHOR = re.compile(r"""(?:<|&lt;)a\s[^<>]{0,500}?href=(["'])(?P<href>[^"'<>]{1,2000})\1[^<>&]{0,500}(?:>|&gt;)""")
_FEED_LINK = re.compile(
    r"""<link\s[^<>]{0,500}?href="(?P<href>[^"<>]{1,2000})"[^<>]{0,500}?(?:\stitle="(?P<text>[^"]{0,500})")?\s*/?>"""
)
_TEXT = re.compile(r"(.{0,300}?)(?:<|&lt;)/a(?:>|&gt;)", re.DOTALL)


def read_listing(page: Page, site: Site) -> Listing:
    """Return the posts and categories `page` names, in its order, each address once."""
    found: dict[str, Link] = {}
    for href, text in _links(page):
        url = resolve(page.fetch.address.url, href)
        address = address_of(site, url) if url else None
        if address is not None and address.kind in {"post", "category"}:
            found.setdefault(address.url, Link(address=address, text=text))
    return Listing(fetch=page.fetch, links=tuple(found.values()))


def _links(page: Page) -> Iterator[tuple[str, str]]:
    if page.fetch.address.kind == "feed":
        for found in _FEED_LINK.finditer(page.source):
            # A feed's titles are HTML inside XML: escaped twice.
            yield unescape(found["href"]), squeeze(unescape(unescape(found["text"] or "")))
        return
    for found in _ANCHOR.finditer(page.source):
        text = _TEXT.match(page.source, found.end())
        yield unescape(found["href"]), squeeze(unescape(text[1])) if text else ""
