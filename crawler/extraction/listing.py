"""Read which of the site's addresses a page names: home, a category, the feed.

The served listings break in the middle: a title with `<` in it turns the markup after it into text. So links
are read from the source, escaped ones too, and not from the tree a parser makes of it. Not here: the posts.
"""

from __future__ import annotations

import re
from bisect import bisect
from html import unescape
from typing import TYPE_CHECKING

from crawler.items import Link, Listing
from crawler.sites.addresses import address_of
from crawler.text.words import squeeze
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from crawler.items import Page
    from crawler.sites.definition import Site

# `<a href="…">`, also where its brackets came out as `&lt;`. No tag reaches into the next one.
_INSIDE = r"(?:[^<>&]|&(?!lt;|gt;))"
_ANCHOR = re.compile(
    rf"""(?:<|&lt;)a\s{_INSIDE}{{0,500}}?href=(["'])(?P<href>(?:(?!["']){_INSIDE}){{1,2000}}+)\1[^<>&]{{0,500}}(?:>|&gt;)"""
)
# Atom's `<link href="…" … title="text"/>`, and its attributes.
_FEED_LINK = re.compile(r"""<link\s((?:[^<>"]++|"[^"<]{0,2000}+")*+)>""")
_ATTRIBUTE = re.compile(r'''(?<!\S)(\w++)="([^"]*+)"''')
_TEXT = re.compile(r"(.{0,300}?)(?:<|&lt;)/a(?:>|&gt;)", re.DOTALL)


def read_listing(page: Page, site: Site) -> Listing:
    """Return the posts and categories `page` names, in its order, each address once, and which stand together."""
    found: dict[str, Link] = {}
    groups: list[list[str]] = []
    headings = _headings(page, site)
    for position, href, text in _links(page):
        url = resolve(page.fetch.address.url, href)
        address = address_of(site, url) if url else None
        if address is None or address.kind not in {"post", "category"}:
            continue
        found.setdefault(address.url, Link(address=address, text=text))
        if address.kind == "post":
            group = bisect(headings, position)
            groups.extend([] for _ in range(len(groups), group + 1))
            groups[group].append(address.url)
    return Listing(
        fetch=page.fetch, links=tuple(found.values()), groups=tuple(tuple(group) for group in groups if group)
    )


def is_listing(page: Page, listing: Listing, site: Site) -> bool:
    """Tell whether `page`, of which `listing` was read, is what its address says.

    A start page names something. A category's page names posts, or bears the category's sign: most outlets publish
    nothing in days.
    """
    if page.fetch.address.kind == "home":
        return bool(listing.links)
    if page.fetch.address.kind == "category" and site.category is not None:
        return bool(listing.groups) or site.category.sign in page.source
    return True


def leading(listing: Listing, site: Site, unknown: Collection[str], *, missed: bool) -> set[str]:
    """Return the posts of a start page whose categories may hold more that nobody has seen.

    These are whole groups of `unknown` posts: below one that is known stands nothing new. After a run was `missed`
    any unknown post is enough, since what lies below may have been put in out of order.
    """
    shown = site.home.newest if site.home else 1
    return {
        url
        for group in listing.groups
        for url in group
        if url in unknown and (missed or (len(group) >= shown and all(other in unknown for other in group)))
    }


def _headings(page: Page, site: Site) -> list[int]:
    """Return where the groups of a start page begin."""
    if site.home is None or page.fetch.address.kind != "home":
        return []
    return [found.start() for found in re.finditer(site.home.heading, page.source)]


def _links(page: Page) -> Iterator[tuple[int, str, str]]:
    """Yield where each link stands, where it leads and its text."""
    if page.fetch.address.kind == "feed":
        for found in _FEED_LINK.finditer(page.source):
            # A feed's titles are HTML inside XML: escaped twice.
            attributes = dict(_ATTRIBUTE.findall(found[1]))
            title = squeeze(unescape(unescape(attributes.get("title", ""))))
            yield found.start(), unescape(attributes.get("href", "")), title
        return
    for found in _ANCHOR.finditer(page.source):
        text = _TEXT.match(page.source, found.end())
        yield found.start(), unescape(found["href"]), squeeze(unescape(text[1])) if text else ""
