"""A post whose text was taken away is found by what it said, as of any time, in a kept index and in one made anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.care import integrity
from crawler.archive.ledger import runs
from crawler.archive.search import index
from crawler.archive.store import posts
from crawler.cli import main
from crawler.text.substance import last_with_substance

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.items import Article

LONG = "江西将实现5G与工业互联网的融合应用，全省建成十万个基站，投资超过三百亿元，覆盖全部乡镇。" * 4
OTHER = LONG.replace("江西", "北京")
NOTICES = [
    "删",
    "刪除",
    "该文已删除",
    "該文已刪除",
    "本文已被作者撤回",
    "内容已下架",
    "文章不存在",
    "您访问的页面找不到了",
    "404 Not Found",
    "This post has been removed.",
]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        yield opened


def seen(text: str, hour: int = 0, **changes: Any) -> Article:
    at = made.SEEN + timedelta(hours=hour)
    changes = {
        "title": "题目",
        "html": f"<p>{text}</p>",
        "seen_at": at,
        "fetch": made.fetch(fetched_at=at),
        **changes,
    }
    return made.article(**changes)


def imported(text: str, hour: int) -> Article:
    article = seen(text, hour, via="import")
    return replace(article, post=replace(article.post, seen_at=article.post.fetch.fetched_at))


def store(archive: Archive, *articles: Article) -> None:
    for article in articles:
        posts.store(archive.db, article, 1)


def found(archive: Archive, query: str, **options: Any) -> list[tuple[int | None, str]]:
    """Return of each hit in which revision it was found, if that is told, and its text's first characters."""
    return [(hit.get("found_in"), hit["text"][:2]) for hit in archive.search(query, **options)["results"]]


@pytest.mark.parametrize("before", [LONG, "江西将实现5G+VR融合。贵州茅台上涨。"], ids=["long", "short"])
@pytest.mark.parametrize("notice", NOTICES)
def test_a_notice_of_removal_is_a_revision_and_the_post_is_found_by_what_it_said(
    archive: Archive, before: str, notice: str
) -> None:
    store(archive, seen(before), seen(notice, 1))

    assert found(archive, "江西") == [(1, "江西")]
    (hit,) = archive.search("江西")["results"]
    assert hit["now"] == notice
    assert found(archive, f'"{notice}"') == []
    post = archive.post(made.ID)
    assert (post["text"], post["revision"], post["found_in"]) == (notice, 2, 1)
    assert [row["revision"] for row in archive.history(made.ID)] == [1, 2]
    assert list(integrity.staleness(archive.db)) == []


@pytest.mark.parametrize("rest", ["-", "。", "无", "test", "暂无内容", "\u3000"])
def test_a_text_of_which_next_to_nothing_is_left_is_found_by_what_it_said(archive: Archive, rest: str) -> None:
    store(archive, seen(LONG), seen(rest, 1, html=f"<p>{rest}</p><p><img src='https://a.example/1.png'></p>"))

    assert found(archive, "江西") == [(1, "江西")]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("江西将实现5G融合。", "江西将实现5G融合，明年完成。", id="a short text that grows"),
        pytest.param("江西将实现5G融合，明年完成。", "江西将实现5G融合。", id="a short text that is shortened"),
        pytest.param(LONG, LONG[:80], id="a long one that is shortened"),
        pytest.param(LONG, LONG[:44], id="to a sentence"),
        pytest.param("公司将删除条款。", "公司不会删除条款。", id="a text about removal"),
    ],
)
def test_a_text_that_changes_is_found_by_what_it_says_now(archive: Archive, before: str, after: str) -> None:
    store(archive, seen(before), seen(f"{after}今", 1))

    (hit,) = archive.search("今")["results"]
    assert "found_in" not in hit
    assert "found_in" not in archive.post(made.ID)


def test_a_text_that_comes_back_is_found_by_itself(archive: Archive) -> None:
    store(archive, seen(LONG), seen("删", 1), seen(f"{LONG}又", 2))

    assert found(archive, "江西") == [(None, "江西")]
    assert found(archive, "江西", as_of="2022-04-21 10:30") == [(1, "江西")]


def test_as_of_a_time_a_post_is_found_by_what_it_had_said_until_then(archive: Archive) -> None:
    store(archive, seen(LONG), seen("该文已删除", 1), seen("删", 2), seen(OTHER, 3))

    times = ["2022-04-21 09:30", "2022-04-21 10:30", "2022-04-21 11:30", "2022-04-21 12:30"]
    assert [found(archive, "江西", as_of=time) for time in times] == [
        [(None, "江西")], [(1, "江西")], [(1, "江西")], [],
    ]  # fmt: skip


def test_what_is_imported_below_a_notice_is_what_the_post_is_found_by(archive: Archive) -> None:
    store(archive, seen("该文已删除", 3), seen("删", 4), imported(LONG, 1), imported(OTHER, 2))

    assert found(archive, "北京") == [(2, "北京")]
    assert found(archive, "江西") == []
    assert found(archive, "江西", as_of="2022-04-21 10:30") == [(None, "江西")]
    assert found(archive, "北京", as_of="2022-04-21 12:30") == [(2, "北京")]
    assert list(integrity.staleness(archive.db)) == []


def test_what_a_post_was_about_it_stays_filed_under(archive: Archive) -> None:
    store(archive, seen(LONG), seen("删", 1, mentions=(), tags=()))

    assert found(archive, "江西", stock="600519") == [(1, "江西")]


def test_a_text_that_was_taken_away_is_told_of_by_search_and_show(archive: Archive, tmp_path: Path) -> None:
    store(archive, seen(LONG), seen("该文已删除", 1))
    option = ["--archive", str(tmp_path / "archive.db")]

    searched = CliRunner().invoke(main, ["search", "江西", *option])
    shown = CliRunner().invoke(main, ["show", made.ID, *option])
    before = CliRunner().invoke(main, ["show", made.ID, "--revision", "1", *option])

    assert searched.stdout.endswith("\n  found in revision 1; it says now: 该文已删除\n")
    assert shown.stdout.endswith("\n\n该文已删除\n")
    assert shown.stderr == (
        f"Its text was taken away since revision 1: `finews show {made.ID} --revision 1` shows it.\n"
    )
    assert (before.stdout.endswith("覆盖全部乡镇。\n"), before.stderr) == (True, "")


TEXTS = st.sampled_from([LONG, OTHER, "江西", "江西将实现", "删", "该文已删除", "404", "-", LONG[:70]])


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(TEXTS, st.integers(0, 9), st.booleans()), max_size=8))
def test_an_index_that_is_kept_up_finds_what_one_made_anew_does(
    versions: list[tuple[str, int, bool]],
) -> None:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        store(archive, *(imported(text, hour) if old else seen(text, hour) for text, hour, old in versions))
        kept = _all_found(archive)
        faults = list(integrity.staleness(archive.db))
        archive.db.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        index.rebuild(archive.db)

        assert (kept, faults) == (_all_found(archive), [])


def _all_found(archive: Archive) -> list[object]:
    queries, times = ("江西", "北京", "删", "404", "实现", "题目"), (None, "2022-04-21 09:30", "2022-04-21 12:30")
    return [found(archive, query, as_of=time) for query in queries for time in times]


@given(st.lists(st.sampled_from(["", "删", "a" * 70, "江" * 120, "江" * 30, "b"]), min_size=1, max_size=8))
def test_what_stands_for_a_text_is_it_or_an_earlier_one_with_more_to_say(texts: list[str]) -> None:
    place = last_with_substance(texts)

    assert len(texts[place]) >= len(texts[0])
    assert last_with_substance(texts[place:]) == 0
