"""Extraction and normalisation, page by page: every folder of `pages/` is a case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import made
import pytest
from fixture_pages import actual, cases, expected

from crawler.extraction.post import read_post
from crawler.items import Address, Page, Post, Refused
from crawler.sites.definition import Rule
from crawler.sites.loading import load_site


@pytest.mark.parametrize("case", cases())
def test_a_page_gives_what_its_case_says(case: str) -> None:
    assert actual(case) == expected(case)


def test_both_definitions_have_cases() -> None:
    assert {case.partition("/")[0] for case in cases()} == {"finews", "minima"}


# A date that is there and cannot be read.

SITE = load_site("minima")


def dated(inside: str) -> Post | Refused:
    url = "https://blog.example/garden/2022/04/20/moss.html"
    head = '<article class="post h-entry"><h1 class="post-title p-name">Moss</h1>'
    source = f'<p>{inside}</p>{head}<div class="post-content e-content"><p>Words.</p></div></article>'
    page = Page(fetch=made.fetch(Address(url=url, kind="post", key="moss")), source=source)
    layout = replace(
        SITE.layouts[0],
        sign="<article",
        date=(Rule(css="time", attribute="datetime"), Rule(css="b"), Rule(of="address", pattern=r"/(\d{4}/.{5})/")),
    )
    return read_post(page, replace(SITE, layouts=(layout,)))


@pytest.mark.parametrize("written", ["2022-04-20 25:00", "昨天", "5/4/2022", "2022-04-20 来源：大江网 16:44"])
def test_a_date_that_cannot_be_read_is_no_other_time_on_the_page(written: str) -> None:
    for inside in (
        f'<time datetime="{written}"></time><time datetime="2022-04-21"></time><b>2022-04-22</b>',
        f'<time datetime=""></time><b>{written}</b>',
    ):
        refused = dated(inside)
        assert isinstance(refused, Refused)
        assert (refused.reason, refused.rule) == (f"date cannot be read: {written}", "layouts[post].date")


def test_a_reason_shows_no_more_of_a_date_than_a_person_reads() -> None:
    refused = dated(f"<b>{'x' * 10_000}</b>")
    assert isinstance(refused, Refused)
    assert refused.reason == f"date cannot be read: {'x' * 59}…"


def test_a_date_that_is_not_there_is_the_one_in_the_address() -> None:
    post = dated("<time></time><b> </b>")
    assert isinstance(post, Post)
    assert post.published_at == datetime(2022, 4, 20, tzinfo=UTC)
