"""Which post, category and day an address belongs to, by its site's definition if that is known.

Fast enough to be called a million times. Not here: what became of an address (`crawler.archive.watch.coverage`).
"""

from __future__ import annotations

import re
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.archive.ledger import links, sites, zones
from crawler.sites.addresses import address_of, category_address, is_safe_id
from crawler.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

_DAY = re.compile(r"/(\d{4}/\d{2}/\d{2})/")
_QUARTER = 900  # seconds; in every time zone a day begins on the quarter hour
_CACHE_SIZE = 20_000  # pages, days, categories


class Attribution:
    """What the archive in `db` and the site definitions it knows say about addresses."""

    def __init__(self, db: Database) -> None:
        """Read the categories from the archive."""
        self._db = db
        self._sites = sites.known(db)
        self._zones: dict[str, tzinfo] = {name: site.timezone for name, site in self._sites.items()}
        self._named = db.execute("SELECT site, slug, url FROM categories").fetchall()
        self._pages = {(site, url): slug for site, slug, url in self._named if url}
        self._slugs: dict[str, dict[str, str]] = {}
        self.slug_of_page = lru_cache(_CACHE_SIZE)(self._slug_of_page)
        self.has_page = lru_cache(_CACHE_SIZE)(self._has_page)
        self._day_at = lru_cache(_CACHE_SIZE)(self._day_of_quarter)

    def key(self, site: str, kind: str, url: str) -> str:
        """Return the id of the post an address leads to; if that is unknown, the address itself.

        This is the part of `address_of` that is still needed when the `kind` is known.
        """
        known = self._sites.get(site)
        if known is not None:
            path = _path(url)
            for form in known.addresses.share if kind == "share" else known.addresses.post:
                match = re.search(form.match, path)
                if match is not None:
                    return match["id"]
        return url

    def category(self, site: str, url: str, found_on: str | None) -> str | None:
        """Return an address's category: that of the page that named it, or else the first part of its path."""
        slug = self.slug_of_page(site, found_on) if found_on else None
        return slug or self._slug_in(site, _path(url))

    def day(self, site: str, url: str, found_at: str) -> str:
        """Return the day in an address, or else the day on which it was found."""
        match = _DAY.search(url)
        return (match and _as_day(match[1])) or self.day_found(site, found_at)

    def day_found(self, site: str, found_at: str) -> str:
        """Return the day of an ISO 8601 time in the site's time zone."""
        return datetime.fromisoformat(found_at).astimezone(self.zone(site)).date().isoformat()

    def day_at(self, site: str, seconds: int) -> str:
        """Return the day of a time (epoch seconds) in the site's time zone."""
        return self._day_at(site, seconds // _QUARTER)

    def zone(self, site: str) -> tzinfo:
        """Return a site's time zone, as `crawler.archive.ledger.zones` does."""
        if site not in self._zones:
            self._zones[site] = zones.of_site(self._db, site)
        return self._zones[site]

    def is_shared(self, site: str, post_id: str) -> bool:
        """Return whether a post with this id can be fetched through a share link."""
        known = self._sites.get(site)
        return known is not None and known.share is not None and is_safe_id(post_id)

    def _has_page(self, site: str, slug: str) -> bool:
        known = self._sites.get(site)
        return known is not None and category_address(known, slug) is not None

    def _slug_of_page(self, site: str, url: str) -> str | None:
        known = self._sites.get(site)
        address = address_of(known, url) if known else None
        return address.key if address and address.kind == "category" else self._pages.get((site, url))

    def _slug_in(self, site: str, path: str) -> str | None:
        """Return the category a path begins with: a known one, or one that has a page by the definition: /emnews/."""
        part = path.split("/", 2)[1]
        if site not in self._slugs:
            self._slugs[site] = {slug.lower(): slug for slug in self._slugs_of(site)}
        slug, known = self._slugs[site].get(part.lower()), self._sites.get(site)
        if slug is None and known is not None and part:
            return self.slug_of_page(site, f"{known.scheme}://{known.hosts[0]}/{part}/")
        return slug

    def _slugs_of(self, site: str) -> Iterator[str]:
        """Yield the categories of a site whose pages are in the ledger, and those that posts name."""
        pages = links.categories(self._db, site)
        yield from filter(None, [self.slug_of_page(site, page.url) for page in pages])
        yield from (slug for of_site, slug, _ in self._named if of_site == site)

    def _day_of_quarter(self, site: str, quarter: int) -> str:
        try:
            return datetime.fromtimestamp(quarter * _QUARTER, self.zone(site)).date().isoformat()
        except (ValueError, OverflowError):  # a post dated at an edge of the calendar
            return (date.min if quarter < 0 else date.max).isoformat()


def _path(url: str) -> str:
    """Return the same as `path_of` for a canonical address, but faster if nothing is percent-encoded."""
    return path_of(url) if "%" in url else "/" + url.split("/", 3)[3]


@lru_cache(_CACHE_SIZE)
def _as_day(path: str) -> str | None:
    """Return `2022/04/20` in ISO 8601; `None` for a day that does not exist."""
    try:
        return date(*map(int, path.split("/"))).isoformat()
    except ValueError:
        return None
