"""What there is most of: outlets, categories, securities, days and sites, by their number of posts."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click
import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.care.top import KINDS
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.cli import main
from crawler.errors import NoSuchTime
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = timedelta(days=1)
SHARES = Category(slug="gupiao", name="股票", url="https://finews.withounder.com/category/gupiao.html")
TEN = Category(slug="xinwen", name="新闻", url="")
MAOTAI, TENCENT = (
    Mention(code="1.600519", name="贵州茅台", count=2),
    Mention(code="116.00700", name="腾讯控股", count=1),
)


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        yield archive


@pytest.fixture
def archive(opened: Archive) -> Iterator[Archive]:
    """Return an archive in which a run has begun; what else is done to it is rolled back."""
    opened.db.begin()
    yield opened
    opened.db.rollback()


def store(archive: Archive, post_id: str, *, day: int = 0, **changes: Any) -> None:
    """Store a post of so many days after the first."""
    posts.store(archive.db, made.article(post_id, published_at=made.PUBLISHED + day * DAY, **changes), 1)


@pytest.fixture
def filled(archive: Archive) -> Archive:
    """Return an archive of five posts in three days, one of them a draft."""
    store(archive, "NW1", source="大江网", category=SHARES, other_categories=(TEN,), mentions=(MAOTAI,))
    store(archive, "NW2", source="财联社", category=SHARES, mentions=(MAOTAI, TENCENT), day=1)
    store(archive, "NW3", source="财联社", category=TEN, mentions=(), day=1)
    store(archive, "NW4", source=None, category=None, mentions=(TENCENT,), day=2)
    store(archive, "NW5", source="草稿", category=None, mentions=(), day=2, draft=True)
    return archive


def ranked(archive: Archive, kind: Any, **options: Any) -> list[tuple[str, str, int]]:
    return [(each["key"], each["name"], each["posts"]) for each in archive.top(kind, **options)["results"]]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("outlets", [("财联社", "财联社", 2), ("大江网", "大江网", 1)]),
        ("categories", [("gupiao", "股票", 2), ("xinwen", "新闻", 2)]),
        ("securities", [("1.600519", "贵州茅台", 2), ("116.00700", "腾讯控股", 2)]),
        (
            "days",
            [
                ("2022-04-21", "2022-04-21", 2),
                ("2022-04-20", "2022-04-20", 1),
                ("2022-04-22", "2022-04-22", 1),
            ],
        ),
        ("sites", [("finews", "finews", 4)]),
    ],
)
def test_posts_are_counted_by_kind(filled: Archive, kind: str, expected: list[tuple[str, str, int]]) -> None:
    assert ranked(filled, kind) == expected


def test_only_as_many_as_wanted_are_shown_and_the_others_counted(filled: Archive) -> None:
    assert filled.top("days", limit=1) == {
        "kind": "days",
        "total": 3,
        "results": [{"key": "2022-04-21", "name": "2022-04-21", "posts": 2}],
    }
    assert len(filled.top("days", limit=None)["results"]) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_counted_in_an_empty_archive(archive: Archive, kind: Any) -> None:
    assert archive.top(kind) == {"kind": kind, "total": 0, "results": []}


def test_drafts_count_if_they_are_wanted(filled: Archive) -> None:
    assert ranked(filled, "outlets", drafts=True, limit=None)[-1] == ("草稿", "草稿", 1)


@pytest.mark.parametrize(
    ("span", "outlets"),
    [
        ({"since": "2022-04-21"}, [("财联社", "财联社", 2)]),
        ({"until": "2022-04-20"}, [("大江网", "大江网", 1)]),
        ({"since": "2022-04-20", "until": "2022-04-20"}, [("大江网", "大江网", 1)]),
        ({"since": "2022-05"}, []),
    ],
)
def test_a_span_of_time_includes_the_days_at_its_ends(
    filled: Archive, span: dict[str, str], outlets: list[tuple[str, str, int]]
) -> None:
    assert ranked(filled, "outlets", **span) == outlets


def test_a_security_counts_once_for_a_post_that_prints_two_names(archive: Archive) -> None:
    store(archive, "NW1", mentions=(MAOTAI, Mention(code="1.600519", name="茅台", count=1)))
    assert [posts for _, _, posts in ranked(archive, "securities")] == [1]


def test_the_command_takes_every_kind() -> None:
    (kind,) = [parameter.type for parameter in main.commands["top"].params if parameter.name == "kind"]
    assert isinstance(kind, click.Choice)
    assert tuple(kind.choices) == KINDS


def test_a_time_that_cannot_be_read_is_said(filled: Archive) -> None:
    with pytest.raises(NoSuchTime):
        filled.top("days", since="gestern")


@settings(max_examples=examples(30), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["甲", "乙", None]), st.integers(0, 3), st.booleans()), max_size=12),
    st.integers(0, 3),
    st.integers(0, 3),
)
def test_whatever_is_stored_counts_agree_with_the_posts(
    opened: Archive, stored: list[tuple[str | None, int, bool]], first: int, last: int
) -> None:
    opened.db.begin()
    try:
        for number, (source, day, draft) in enumerate(stored):
            store(opened, f"NW{number}", source=source, day=day, draft=draft)
        days = [(made.PUBLISHED + day * DAY).date().isoformat() for day in (first, last)]
        span = {"since": days[0], "until": days[1]}
        outlets = {key: posts for key, _, posts in ranked(opened, "outlets", limit=None, **span)}
        by_day = {key: posts for key, _, posts in ranked(opened, "days", limit=None, **span)}
    finally:
        opened.db.rollback()
    within = [(source, day) for source, day, draft in stored if first <= day <= last and not draft]
    assert outlets == Counter(source for source, _ in within if source)
    assert by_day == Counter((made.PUBLISHED + day * DAY).date().isoformat() for _, day in within)
