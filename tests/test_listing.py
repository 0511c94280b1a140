"""Listings: which posts stand together on a start page, and which of them lead on to their category's page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.extraction.listing import is_listing, posts_needing_category, read_listing
from crawler.items import Page
from crawler.sites.definition import Home

if TYPE_CHECKING:
    from crawler.items import Address
    from crawler.sites.definition import Site


def anchor(number: int) -> str:
    return f'<li><a href="/a/2022/04/20/NW{number}.html">x</a></li>'


def url(number: int) -> str:
    return f"https://finews.withounder.com/a/2022/04/20/NW{number}.html"


def groups(source: str, by: Address = made.HOME, site: Site = made.SITE) -> list[list[int]]:
    """Return the groups of a page by the numbers of their posts."""
    listing = read_listing(Page(fetch=made.fetch(by), source=source), site)
    return [[int(post.rpartition("NW")[2].removesuffix(".html")) for post in group] for group in listing.groups]


def is_one(source: str, by: Address, site: Site = made.SITE) -> bool:
    page = Page(fetch=made.fetch(by), source=source)
    return is_listing(page, read_listing(page, site), site)


HEADING = '<h2 id="x">x</h2>'
TWO_GROUPS = f"{HEADING}{anchor(1)}{anchor(2)}{HEADING}{anchor(3)}"


# What is one.


@pytest.mark.parametrize(
    ("source", "by", "expected"),
    [
        (anchor(1), made.HOME, True),
        (HEADING, made.HOME, False),
        (anchor(1), made.CATEGORY, True),
        (f"<h1>x</h1>{HEADING}<ul></ul>", made.CATEGORY, True),
        ("<h1>404</h1>", made.CATEGORY, False),
        ("", made.CATEGORY, False),
        ('<a href="/">x</a>', made.CATEGORY, False),
        ("<feed/>", made.FEED, True),
    ],
)
def test_a_category_page_may_be_empty_but_must_have_its_sign(source: str, by: Address, expected: bool):
    assert is_one(source, by) is expected


def test_without_a_sign_any_page_at_a_category_s_address_counts():
    assert is_one("<h1>404</h1>", made.CATEGORY, replace(made.SITE, category=None))


# Groups.


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (TWO_GROUPS, [[1, 2], [3]]),
        (anchor(1) + TWO_GROUPS, [[1], [1, 2], [3]]),
        (f"{HEADING}{HEADING}{anchor(1)}{HEADING}", [[1]]),
        # A post of two tags stands in both groups.
        (f"{HEADING}{anchor(1)}{anchor(2)}{HEADING}{anchor(1)}", [[1, 2], [1]]),
        # What is no post is in no group.
        (f'{HEADING}{anchor(1)}<a href="/category/dajiangwang.html">x</a><a href="/">x</a>', [[1]]),
        # A title with a tag in it turns the markup behind it into text.
        (TWO_GROUPS.replace("</a></li>", "&lt;/a&gt;&lt;/li&gt;"), [[1, 2], [3]]),
        (HEADING, []),
        ("", []),
    ],
)
def test_posts_under_one_heading_of_the_home_page_are_a_group(source: str, expected: list[list[int]]):
    assert groups(source) == expected


def test_all_posts_of_other_listings_and_of_an_undescribed_home_page_are_one_group():
    assert groups(TWO_GROUPS, made.CATEGORY) == [[1, 2, 3]]
    assert groups(TWO_GROUPS, site=replace(made.SITE, home=None)) == [[1, 2, 3]]


# Leading on.


def led(shown: list[list[int]], unknown: set[int], *, missed: bool = False, newest: int | None = 3) -> set[int]:
    """Return the numbers of the posts that lead on, of a start page that shows the `newest` of each group."""
    site = replace(made.SITE, home=None if newest is None else Home(heading="<h2", newest=newest))
    listing = replace(made.listing(), groups=tuple(tuple(map(url, group)) for group in shown))
    leads = posts_needing_category(listing, site, {url(number) for number in unknown}, missed=missed)
    return {number for number in range(100) if url(number) in leads}


@pytest.mark.parametrize(
    ("shown", "unknown", "expected"),
    [
        # Below a post that is known stands nothing new.
        ([[1, 2, 3]], {1, 2}, set()),
        ([[1, 2, 3]], {1, 2, 3}, {1, 2, 3}),
        ([[1, 2, 3]], set(), set()),
        # A group that is not full shows all there is.
        ([[1, 2]], {1, 2}, set()),
        ([[1, 2, 3, 4]], {1, 2, 3, 4}, {1, 2, 3, 4}),
        ([[1, 2, 3], [4, 5, 6]], {1, 2, 3, 4, 5}, {1, 2, 3}),
        # Of a post in two groups one is enough.
        ([[1, 2, 3], [3, 4, 5]], {1, 2, 3}, {1, 2, 3}),
        ([], {1}, set()),
    ],
)
def test_a_full_group_of_unknown_posts_needs_a_visit_to_its_category(
    shown: list[list[int]], unknown: set[int], expected: set[int]
):
    assert led(shown, unknown) == expected


@pytest.mark.parametrize(("unknown", "expected"), [({1, 2}, {1, 2}), (set(), set()), ({1, 2, 3, 9}, {1, 2, 3})])
def test_after_a_missed_run_every_unknown_post_needs_a_visit_to_its_category(unknown: set[int], expected: set[int]):
    assert led([[1, 2], [3]], unknown, missed=True) == expected


@pytest.mark.parametrize(("unknown", "expected"), [({1, 2}, {1, 2}), ({1}, set()), (set(), set())])
def test_without_a_known_group_size_a_page_of_unknown_posts_needs_visits(unknown: set[int], expected: set[int]):
    assert led([[1, 2]], unknown, newest=None) == expected


numbers = st.integers(0, 12)
pages = st.lists(st.lists(numbers, min_size=1, max_size=6, unique=True), max_size=4)


@given(pages, st.sets(numbers), st.integers(1, 6))
def test_only_unknown_posts_need_visits_and_after_a_missed_run_all_of_them_do(
    shown: list[list[int]], unknown: set[int], newest: int
):
    usual, missed = (led(shown, unknown, missed=missed, newest=newest) for missed in (False, True))
    assert usual <= missed == unknown & {number for group in shown for number in group}
