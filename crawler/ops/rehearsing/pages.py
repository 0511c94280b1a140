"""Which captured pages are read: the last of each post's address, or all, with what is stored of the post.

Not here: reading them (`crawler.ops.rehearsing.reading`).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.archive import captures
from crawler.archive.ledger import lookup
from crawler.archive.store import articles, versions
from crawler.items import PAGES, Address
from crawler.ops.rehearsing.comparing import values_stored
from crawler.sites.addresses import address_of
from crawler.sites.loading import rules_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.archive.ledger.lookup import CapturedLink
    from crawler.items import Capture
    from crawler.ops.rehearsing.comparing import Values
    from crawler.sites.definition import Site

_OF_PAGES = {"page", "rules", "capture"}  # the ways of versions that were read of a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which pages are wanted: `every` of an address or the last, `since` a time (UTC), of a `sample` of posts.

    `outdated`: only of addresses that were last read by other rules.
    """

    since: datetime | None = None
    every: bool = False
    sample: int | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True)
class CapturedPage:
    """A page to be read: where it is kept, its address, when it was served, and what is `stored` of its post.

    `link` is its row in the ledger, `article` that of the post; `stored` is `None` if the post is not stored, or if
    what stands in the archive is not what was read of a page.
    """

    kept: Capture
    at: datetime
    address: Address
    site: str
    found_on: str | None
    link: int
    article: int | None
    stored: Values | None
    is_last: bool = True


def pages(db: Database, sites: Mapping[str, Site], choice: Choice) -> Iterator[CapturedPage]:
    """Yield the captured pages of posts of these `sites`, in the order of their addresses."""
    for link in _sampled(lookup.captured_links(db, list(sites)), choice):
        site = sites[link.site]
        address = address_of(site, link.url)
        if address is None or (choice.outdated and link.rules == rules_version(site)):
            continue
        kept = list(_pages_of(db, link, choice))
        for number, (capture, at) in enumerate(kept):
            stored, is_of_page = _stored(db, link, at, is_last=number == 0)
            if not is_of_page:
                continue
            yield CapturedPage(
                capture, at, address, link.site, link.found_on, link.id, link.article_id, stored, is_last=number == 0
            )


def _sampled(links: Iterable[CapturedLink], choice: Choice) -> Iterable[CapturedLink]:
    """Return these links, or as many of them as are wanted, always the same."""
    if choice.sample is None:
        return links
    found = list(links)
    chance = random.Random(0)  # noqa: S311  # a sample, no secret
    return sorted(chance.sample(found, min(choice.sample, len(found))))


def _pages_of(db: Database, link: CapturedLink, choice: Choice) -> Iterator[tuple[Capture, datetime]]:
    """Yield where a link's pages are kept, and when each was served, the latest first."""
    for capture in lookup.captures_at(db, link):
        if choice.since is not None and capture.captured_at < choice.since:
            return
        if choice.every and capture.record == "revisit":  # the same page once more
            continue
        kept = captures.with_payload(db, capture)
        if kept is not None and kept.status in PAGES:
            yield kept, capture.captured_at
            if not choice.every:
                return


def _stored(db: Database, link: CapturedLink, at: datetime, *, is_last: bool) -> tuple[Values | None, bool]:
    """Return what is stored of a post, and whether that was read of a page, as it stood `at` a time."""
    if link.article_id is None:
        return None, True
    post = articles.get(db, link.article_id)
    current = versions.standing(db, link.article_id)
    if is_last:
        return values_stored(post), current.via in _OF_PAGES
    known = [each for each in versions.history(db, link.article_id) if each["via"] in _OF_PAGES]
    then = [each for each in known if each["seen_at"] <= (at + lookup.READ_WITHIN).isoformat()] or known
    if not then:
        return None, False
    return values_stored({**post, **versions.version(db, link.article_id, then[-1]["revision"])}), True
