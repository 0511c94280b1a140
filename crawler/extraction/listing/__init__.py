"""Reading which of the site's addresses a listing names: a home page, a category's page, a feed or a sitemap.

Links are found in HTML by `links`, in XML by `feeds`. Not here: posts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.extraction.budget import LISTING_SECONDS, within_budget
from crawler.extraction.listing.feeds import NotAFeedError, read_feed
from crawler.extraction.listing.links import html_links
from crawler.items import NAMES_NO_POST, Link, Listing, Missed, Refused
from crawler.sites.addresses import address_of, sitemap_address

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from crawler.extraction.listing.links import FoundLink
    from crawler.items import Address, Page
    from crawler.sites.definition import Site

    Watch = Callable[[FoundLink, Address | None], None]


def judged_listing(page: Page, site: Site, watch: Watch | None = None) -> Listing | Missed | Refused:
    """Read a listing within the time it may take; refuse or miss what is none, see `is_listing`.

    What was served at a home page's address is refused, and a run goes on; other pages are requested again later.
    """
    try:
        listing = within_budget(lambda: read_listing(page, site, watch), page.fetch, seconds=LISTING_SECONDS)
    except NotAFeedError as error:
        return Missed(fetch=page.fetch, state="failed", reason=str(error))
    if isinstance(listing, Refused) or is_listing(page, listing, site):
        return listing
    if page.fetch.address.kind == "home":
        return Refused(fetch=page.fetch, reason=NAMES_NO_POST, rule="addresses.post")
    return Missed(fetch=page.fetch, state="failed", reason=NAMES_NO_POST)


def read_listing(page: Page, site: Site, watch: Watch | None = None) -> Listing:
    """Return the posts and categories that `page` names, each address once and in order, and the groups of posts.

    A sitemap index names other sitemaps. `watch` is called with every link, and with what it leads to on the site.
    Raises `NotAFeedError` if a feed or sitemap is neither.
    """
    if page.fetch.address.kind != "feed":
        return _listing(page, site, _html_links(page, site), watch)
    feed = read_feed(page.source, page.fetch.address.url)
    sitemaps = []
    for found in feed.sitemaps:
        address = sitemap_address(site, found.url)
        if watch is not None:
            watch(found, address)
        if address is not None:
            sitemaps.append(Link(address=address, text="", changed_at=found.changed_at))
    listing = _listing(page, site, feed.links, watch)
    return replace(listing, links=(*sitemaps, *listing.links))


def _html_links(page: Page, site: Site) -> Iterable[FoundLink]:
    is_home = site.home is not None and page.fetch.address.kind == "home"
    group = site.home.heading if site.home and is_home else None
    return html_links(page.source, page.fetch.address.url, group=group, raw_titles=site.raw_titles)


def _listing(page: Page, site: Site, found: Iterable[FoundLink], watch: Watch | None) -> Listing:
    links: dict[str, Link] = {}
    groups: dict[int, list[str]] = {}
    for each in found:
        address = address_of(site, each.url)
        if watch is not None:
            watch(each, address)
        if address is None or address.kind not in {"post", "category"}:
            continue
        if address.url not in links or not links[address.url].text:  # a picture's link often comes before the title's
            links[address.url] = Link(address=address, text=each.text)
        if address.kind == "post":
            groups.setdefault(each.group, []).append(address.url)
    return Listing(
        fetch=page.fetch, links=tuple(links.values()), groups=tuple(tuple(group) for group in groups.values())
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
