"""What would take long to read is refused in a moment, and the rest of a run goes on."""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import replace
from itertools import repeat
from typing import TYPE_CHECKING

import costly
import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.errors import SiteError
from crawler.extraction.budget import TooCostlyError, budget, within_budget
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.extraction.structure import check_structure
from crawler.items import Article, Listing, Refused
from crawler.sites.addresses import address_of, id_in_name, post_id_named
from crawler.sites.definition import AddressForm, Body

if TYPE_CHECKING:
    from collections.abc import Callable

LARGE = 2_000_000
PIECES = (*"<>/=\"' !-?a", "<a", "<p", "</a>", "<script>", "</script", "<!--", "-->", "b=", "中")


@pytest.mark.parametrize("name", costly.BODIES)
def test_no_body_takes_longer_than_the_budget(name: str) -> None:
    body = costly.BODIES[name](LARGE)

    took = costly.seconds(costly.read_body, body)

    assert took < 5


@pytest.mark.parametrize("name", ["lists in lists", "attributes", "an address without end", "ampersands"])
def test_share_texts_have_the_same_budget(name: str) -> None:
    assert costly.seconds(costly.read_text, costly.BODIES[name](LARGE)) < 5


@pytest.mark.parametrize("name", costly.LISTINGS)
def test_a_home_page_of_two_megabytes_is_read_quickly(name: str) -> None:
    assert costly.seconds(costly.read_home, costly.LISTINGS[name](LARGE)) < 5


@pytest.mark.parametrize("name", costly.FEEDS)
def test_a_feed_of_two_megabytes_is_read_quickly(name: str) -> None:
    assert costly.seconds(costly.read_feed, costly.FEEDS[name](LARGE)) < 5


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("elements in elements", "more than 256 elements in one another", id="divisions"),
        pytest.param("elements that close others", "more than 256 elements in one another", id="false closing tags"),
        pytest.param("elements after text in quotes", "more than 256 elements in one another", id="odd quotes"),
        pytest.param("elements after a script", "more than 256 elements in one another", id="script with a quote"),
        pytest.param("elements in a drawing", "more than 256 elements in one another", id="cells in a drawing"),
        pytest.param("attributes", "an element with more than 256 attributes", id="attributes"),
        pytest.param("attributes with brackets", "an element with more than 256 attributes", id="brackets in values"),
        pytest.param("attributes without space", "an element with more than 256 attributes", id="no space between"),
        pytest.param("elements in a noscript", "more than 256 elements in one another", id="noscript"),
        pytest.param("ampersands", "more than 50000 entities", id="ampersands"),
        pytest.param("table cells", "more than 100000 tags", id="table cells"),
        pytest.param("angle brackets", "more than 100000 tags", id="angle brackets"),
        pytest.param("sentences", "a text of more than 1000000 characters", id="a text without end"),
    ],
)
def test_a_body_whose_structure_is_too_costly_is_refused_with_the_reason(name: str, reason: str) -> None:
    read = costly.read_body(costly.BODIES[name](LARGE))

    assert isinstance(read, Refused)
    assert (read.reason, read.rule) == (f"too costly to read: {reason}", "budget")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("<p>一</p>" * 20_000, id="many paragraphs"),
        pytest.param("<p>一<li>二<tr><td>三" * 5_000, id="elements that end with the next one"),
        pytest.param("<div>" * 200 + "一" + "</div>" * 200, id="some depth"),
        pytest.param("<p>一<br><img src=/1>" * 5_000, id="elements without content"),
        pytest.param("<script>for(a=0;a<b;a<c)</script>" * 300 + "<p>一</p>", id="script"),
        pytest.param("<!-- <div> -->" * 300 + "<p>一</p>", id="comments"),
        pytest.param(f"<p {' '.join(f'a{n}=1' for n in range(200))}>一</p>", id="some attributes"),
        pytest.param("<p>1 < 2 <3 >4</p>" * 1_000, id="signs"),
    ],
)
def test_a_large_body_of_usual_structure_is_read(body: str) -> None:
    assert isinstance(costly.read_body(body), Article)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.lists(
        st.sampled_from([*"<>/=\"' !-?a", "<a", "<p", "</a>", "<script>", "<!--", "-->", "b=", "中"]), max_size=40
    )
)
def test_any_source_can_be_checked(pieces: list[str]) -> None:
    check_structure("".join(pieces))


def test_a_pattern_that_backtracks_exponentially_only_costs_its_page() -> None:
    site = replace(costly.SITE, body=Body(tail=("(a+)+b",)))
    page = costly.page(f"{costly.HEAD}<p>{'a' * 60}</p>{costly.END}")

    read = read_post(page, site)

    assert read == Refused(fetch=page.fetch, reason="too costly to read", rule="budget")


EXPLOSIVE = "(a+)+b"


def test_a_pattern_for_addresses_that_explodes_is_stopped_outside_of_pages() -> None:
    site = replace(
        costly.SITE,
        addresses=replace(costly.SITE.addresses, post=(AddressForm(match=f"/{EXPLOSIVE}(?P<id>x)"),)),
        files=replace(costly.SITE.files, named=f"{EXPLOSIVE}(?P<id>x)"),
        capitals=EXPLOSIVE,
    )
    long = "a" * 60
    for ask in (
        lambda: address_of(site, f"https://finews.withounder.com/{long}"),
        lambda: id_in_name(site, f"{long}.md"),
        lambda: post_id_named(site, long),
    ):
        with pytest.raises(SiteError) as stopped:
            ask()
        assert str(stopped.value).startswith("The site's definition: the pattern ")
        assert str(stopped.value).endswith(": simplify it")


def test_a_listing_whose_addresses_explode_is_refused_within_its_budget() -> None:
    post = (AddressForm(match=f"/{EXPLOSIVE}(?P<id>x)"),)
    site = replace(costly.SITE, addresses=replace(costly.SITE.addresses, post=post))
    home = address_of(costly.SITE, "https://finews.withounder.com/")
    page = costly.page("".join(f'<a href="/{"a" * 60}{number}">' for number in range(100)), home)

    read = within_budget(lambda: read_listing(page, site), page.fetch)

    assert read == Refused(fetch=page.fetch, reason="too costly to read", rule="budget")


def test_a_result_within_the_budget_is_returned() -> None:
    assert within_budget(lambda: Listing(fetch=made.fetch(), links=(), groups=()), made.fetch()) == Listing(
        fetch=made.fetch(), links=(), groups=()
    )


def test_a_budget_interrupts_the_block_and_leaves_no_timer() -> None:
    before = signal.getsignal(signal.SIGVTALRM)

    with pytest.raises(TooCostlyError, match="too costly to read"), budget(0.05):
        sum(1 for _ in repeat(1))

    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGVTALRM) is before


def test_waiting_costs_nothing() -> None:
    with budget(0.05):
        time.sleep(0.2)


def test_in_another_thread_there_is_no_limit() -> None:
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(_within(0.01, lambda: sum(range(3_000_000)))))
    thread.start()
    thread.join()

    assert done == [4499998500000]


def _within(seconds: float, work: Callable[[], int]) -> int:
    with budget(seconds):
        return work()
