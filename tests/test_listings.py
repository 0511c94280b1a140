"""Lists of posts a page at a time, counts by day, facets: against a plain list of the same posts."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import browsing
import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive.browsing import BrowsableArchive, Place, listings
from crawler.archive.browsing.archive import days_up_to
from crawler.errors import ArchiveError, NoSuchPost, TookTooLong
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.archive.browsing.listings import By, ListedPost
    from crawler.items import Article

CATEGORIES = [
    made.DAJIANGWANG,
    Category(slug="other", name="", url="https://finews.withounder.com/category/other.html"),
]
OUTLETS = ["大江网", "上海证券报", None]
CODES = [(), (Mention(code="1.600519", name="贵州茅台", count=1), Mention(code="1.600519", name="茅台", count=1))]


def article(
    number: int, hours: int, outlet: str | None, category: Category | None, *, named: bool, draft: bool
) -> Article:
    return made.article(
        f"NW{number}",
        title=f"标题{number}",
        html=f"<p>江西第{number}条</p>",
        published_at=made.PUBLISHED + timedelta(hours=hours),
        source=outlet,
        category=category,
        mentions=CODES[named],
        authors=("Ann Moss",) if outlet == OUTLETS[0] else (),
        draft=draft,
        share_url=None,
    )


POSTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(OUTLETS),
        st.sampled_from([*CATEGORIES, None]),
        st.booleans(),
        st.booleans(),
    ),
    max_size=12,
)
COMMON: list[tuple[By | None, str | None]] = [
    (None, None),
    ("source", "大江网"),
    ("author", "Ann Moss"),
    ("category", "dajiangwang"),
    ("code", "1.600519"),
]


def _has(post: Article, by: By | None) -> bool:
    return (
        by is None
        or (by == "source" and post.post.source == "大江网")
        or (by == "author" and post.post.authors == ("Ann Moss",))
        or (by == "category" and post.post.category == made.DAJIANGWANG)
        or (by == "code" and bool(post.post.mentions))
    )


def _pages(archive: BrowsableArchive, by: By | None, value: str | None, limit: int) -> Iterator[list[ListedPost]]:
    """Yield the pages of a list from the newest on."""
    page = archive.listing(by, value, limit=limit)
    while page:
        yield page
        page = archive.listing(by, value, before=Place(page[-1]["at"], page[-1]["post"]), limit=limit)


@pytest.mark.parametrize("few", [0, 1_000])
@given(POSTS, st.sampled_from(COMMON), st.integers(1, 5))
@settings(max_examples=examples(40))
def test_the_pages_of_a_list_are_the_posts_that_have_it_in_common_newest_first(
    few: int,
    drawn: list[tuple[int, str | None, Category | None, bool, bool]],
    common: tuple[By | None, str | None],
    limit: int,
) -> None:
    articles = [
        article(number, hours, outlet, category, named=named, draft=draft)
        for number, (hours, outlet, category, named, draft) in enumerate(drawn)
    ]
    by, value = common
    wanted = [post for post in articles if _has(post, by) and not post.post.draft]
    # Posts of the same second are in the order in which they were stored.
    expected = [
        post.post.post_id
        for post in sorted(
            wanted, key=lambda post: (post.post.published_at, int(post.post.post_id[2:])), reverse=True
        )
    ]
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(listings, "_FEW", few)  # so many are sorted, of more they are found by walking back
        browsing.fill(Path(folder) / "archive.db", *articles)
        with BrowsableArchive(Path(folder) / "archive.db") as archive:
            pages = list(_pages(archive, by, value, limit))
            assert [post["id"] for page in pages for post in page] == expected
            for newer, older in pairwise(pages):
                assert archive.listing(by, value, after=Place(older[0]["at"], older[0]["post"]), limit=limit) == newer
            days = days_up_to(date(2022, 4, 24), 6)
            counted = Counter(post.post.published_at.date().isoformat() for post in wanted)
            assert archive.per_day(days, by, value) == [counted[day] for day in days]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[BrowsableArchive]:
    browsing.fill(
        tmp_path / "archive.db",
        article(1, 0, "大江网", made.DAJIANGWANG, named=True, draft=False),
        article(2, 1, "大江网", CATEGORIES[1], named=False, draft=False),
        article(3, 24, "上海证券报", made.DAJIANGWANG, named=False, draft=False),
        article(4, 24, "上海证券报", made.DAJIANGWANG, named=False, draft=True),
    )
    with BrowsableArchive(tmp_path / "archive.db") as opened:
        yield opened


def test_hits_are_counted_by_day_outlet_category_and_security(archive: BrowsableArchive) -> None:
    day = (date(2022, 4, 20) - date(1970, 1, 1)).days
    found = archive.facets("江西")
    assert found == (
        [(day, 2), (day + 1, 1)],
        [("大江网", 2), ("上海证券报", 1)],
        [("dajiangwang", 2), ("other", 1)],
        [("1.600519", 1)],
        [("Ann Moss", 2)],
    )
    assert archive.facets("江西", source="上海证券报").days == [(day + 1, 1)]
    assert archive.facets("江西", as_of="2030") == archive.facets("") == ([], [], [], [], [])


def test_the_neighbours_of_a_post_are_those_of_its_category_in_time(archive: BrowsableArchive) -> None:
    post = archive.post("NW1")
    before, after = archive.beside(post["id"], "dajiangwang")
    assert (before, after and after["id"]) == (None, "NW3")
    before, after = archive.beside(post["id"], None)
    assert (before, after and after["id"]) == (None, "NW2")


def test_ids_that_look_alike_are_near(archive: BrowsableArchive) -> None:
    assert [post["id"] for post in archive.near("NW1x")] == ["NW1", "NW2", "NW3"]


def test_a_story_needs_two_posts(archive: BrowsableArchive) -> None:
    with pytest.raises(NoSuchPost):
        archive.story_named("NW1")


def test_nothing_can_be_written(archive: BrowsableArchive) -> None:
    with pytest.raises(ArchiveError), archive.within(10):
        archive.db.execute("DELETE FROM posts")


def test_a_question_that_takes_too_long_is_given_up_and_the_next_one_answered(archive: BrowsableArchive) -> None:
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(TookTooLong), archive.within(0.05):
        archive.db.execute(endless).fetchone()
    with archive.within(10):
        assert len(archive.listing()) == 3


def test_the_state_changes_when_another_program_writes(archive: BrowsableArchive) -> None:
    before = archive.state()
    assert archive.state() == before
    browsing.fill(archive.path, article(9, 9, None, None, named=False, draft=False))
    assert archive.state() != before


def test_the_last_days_end_at_the_edge_of_the_calendar() -> None:
    assert days_up_to(date(2022, 3, 1), 3) == ["2022-02-27", "2022-02-28", "2022-03-01"]
    assert days_up_to(date.min, 3) == ["0001-01-01"]


def test_runs_are_listed_from_the_latest_on(archive: BrowsableArchive) -> None:
    browsing.fill(archive.path)
    assert [run["run"] for run in archive.latest_runs(1)] == [2]
    assert [run["run"] for run in archive.latest_runs(5, before=2)] == [1]
    assert archive.zone().utcoffset(datetime(2022, 4, 20, tzinfo=UTC)) == timedelta(hours=8)
