"""Reading which of the site's addresses a listing names: the home page, a category page or the feed.

The site's listings are broken in places: a title with `<` in it turns the markup after it into text. So links,
including escaped ones, are read from the source and not from a parsed tree. Not here: reading posts.
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

# `<a href="…">`, also with its brackets escaped as `&lt;`. The pattern never runs on into the next tag.
_INSIDE = r"(?:[^<>&]|&(?!lt;|gt;))"
_ANCHOR = re.compile(
    rf"""(?:<|&lt;)a\s{_INSIDE}{{0,500}}?href=(["'])(?P<href>(?:(?!["']){_INSIDE}){{1,2000}}+)\1[^<>&]{{0,500}}(?:>|&gt;)"""
)
# Atom's `<link href="…" … title="text"/>`, and its attributes.
_FEED_LINK = re.compile(r"""<link\s((?:[^<>"]++|"[^"<]{0,2000}+")*+)>""")
_ATTRIBUTE = re.compile(r'''(?<!\S)(\w++)="([^"]*+)"''')
_TEXT = re.compile(r"(.{0,300}?)(?:<|&lt;)/a(?:>|&gt;)", re.DOTALL)


def read_listing(page: Page, site: Site) -> Listing:
    """Return the posts and categories that `page` names, each address once and in order, and the groups of posts."""
    links: dict[str, Link] = {}
    groups: list[list[str]] = []
    headings = _headings(page, site)
    for position, href, text in _links(page):
        url = resolve(page.fetch.address.url, href)
        address = address_of(site, url) if url else None
        if address is None or address.kind not in {"post", "category"}:
            continue
        links.setdefault(address.url, Link(address=address, text=text))
        if address.kind == "post":
            group = bisect(headings, position)
            groups.extend([] for _ in range(len(groups), group + 1))
            groups[group].append(address.url)
    return Listing(
        fetch=page.fetch, links=tuple(links.values()), groups=tuple(tuple(group) for group in groups if group)
    )


def is_listing(page: Page, listing: Listing, site: Site) -> bool:
    """Return whether `page`, from which `listing` was read, really is the listing that its address promises.

    A home page names something. A category page names posts or contains the sign that the definition gives, because
    many outlets publish nothing for days.
    """
    if page.fetch.address.kind == "home":
        return bool(listing.links)
    if page.fetch.address.kind == "category" and site.category is not None:
        return bool(listing.groups) or site.category.sign in page.source
    return True


def posts_needing_category(listing: Listing, site: Site, unknown: Collection[str], *, missed: bool) -> set[str]:
    """Return the posts of a home page whose category's page must be visited, as it may list more unknown posts.

    These are the posts of groups in which all are `unknown`: a group is ordered by time, so below a known post there
    is nothing new. If a run was `missed`, any unknown post counts, since posts may have been added out of order.
    """
    full_group = site.home.newest if site.home else 1
    return {
        url
        for group in listing.groups
        for url in group
        if url in unknown and (missed or (len(group) >= full_group and all(other in unknown for other in group)))
    }


def _headings(page: Page, site: Site) -> list[int]:
    """Return the positions at which the groups of a home page begin."""
    if site.home is None or page.fetch.address.kind != "home":
        return []
    return [match.start() for match in re.finditer(site.home.heading, page.source)]


def _links(page: Page) -> Iterator[tuple[int, str, str]]:
    """Yield each link's position in the source, its target and its text."""
    if page.fetch.address.kind == "feed":
        for match in _FEED_LINK.finditer(page.source):
            # A feed's titles are HTML inside XML: escaped twice.
            attributes = dict(_ATTRIBUTE.findall(match[1]))
            title = squeeze(unescape(unescape(attributes.get("title", ""))))
            yield match.start(), unescape(attributes.get("href", "")), title
        return
    for match in _ANCHOR.finditer(page.source):
        text = _TEXT.match(page.source, match.end())
        yield match.start(), unescape(match["href"]), squeeze(unescape(text[1])) if text else ""
