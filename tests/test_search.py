"""Search: which posts a query finds, in which order, under which filters, and what is shown of them.

What a query means is told in test_query.py; here every answer is held against a scan of all texts.
"""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_query import queries, sought, texts

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.search import index, results, search
from crawler.archive.store import posts
from crawler.errors import NoSuchTime
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.archive.search.results import EveryHit, Found
    from crawler.archive.search.search import Sort
    from crawler.items import Article

ALL = 10_000

# By name: title and body. The first is the newest.
CORPUS = {
    "江西": ("推进5G规模化应用！江西出台计划", "<p>推动5G+VR</p><p>融合消费，打造１－２个中心。</p>"),
    "海信": ("海信家电涨停", "<p>海信家电（600160）涨停，主力资金净流入，广告投放增加。</p>"),
    "十五": ("关于15G的谣言", "<p>网传15G即将商用。江苏与西藏辟谣。</p>"),
    "英文": ("NIO near a deal", "<p>Nio AND Geely: an offer of 5 G OR more, said not to be a rumour_mill.</p>"),
    "全角": ("ＡＢＣ公司", "<p>Ｎａｓｄａｑ：ＡＢＣ，股价ＡＢＣ。㈱東京、ｶﾀｶﾅ。</p>"),
}


def fill(archive: Archive, corpus: Mapping[str, tuple[str, str]]) -> None:
    runs.begin(archive.db, "finews", made.SEEN)
    for age, (name, (title, html)) in enumerate(corpus.items()):
        published_at = made.PUBLISHED - timedelta(days=age)
        posts.store(archive.db, made.article(name, title=title, html=html, published_at=published_at), 1)


def found(archive: Archive, query: str) -> list[str]:
    return [result["id"] for result in archive.search(query, sort="date", limit=ALL)["results"]]


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as opened:
        fill(opened, CORPUS)
        yield opened


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    """Return an archive in which a run has begun; what else is done to it is rolled back."""
    with Archive(":memory:", create=True) as empty:
        runs.begin(empty.db, "finews", made.SEEN)
        yield empty


@pytest.fixture
def empty(opened: Archive) -> Iterator[Archive]:
    opened.db.begin()
    yield opened
    opened.db.rollback()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        # A term is a row of tokens.
        ("江西", ["江西"]),
        ("江", ["江西", "十五"]),
        ("西江", []),
        ("5G+VR", ["江西"]),
        ("5G VR", ["江西"]),
        ("VR+5G", []),
        ("600160", ["海信"]),
        ("60016", []),
        ("5G", ["江西"]),
        ("15G", ["十五"]),
        ("G", ["英文"]),
        ("海信家电", ["海信"]),
        ("（600160）", ["海信"]),
        ("家电，（600160", ["海信"]),
        # Blocks follow one another, the title does not run on into the body.
        ("VR融合", ["江西"]),
        ("计划推动", []),
        # Folded.
        ("５Ｇ＋ＶＲ", ["江西"]),
        ("5g+vr", ["江西"]),
        ("1-2", ["江西"]),
        ("abc", ["全角"]),
        ("nasdaq", ["全角"]),
        ("(株)东京", ["全角"]),
        ("(株)東京", ["全角"]),
        ("カタカナ", ["全角"]),
        ("NIO", ["英文"]),
        # An underscore only separates.
        ("rumour", ["英文"]),
        ("rumour_mill", ["英文"]),
        ("江_西", ["江西"]),
        # All words must occur, in whatever order, in title or body.
        ("江西 VR", ["江西"]),
        ("VR　江西", ["江西"]),
        ("江西 涨停", []),
        ("涨停 海信 广告", ["海信"]),
        # A phrase is one term.
        ('"5G VR"', ["江西"]),
        ('"VR 5G"', []),
        ('"江西', ["江西"]),
        ('"江 西"', ["江西"]),
        ("江 西", ["江西", "十五"]),
        ('江西"VR"', ["江西"]),
        # Excluded.
        ("江 -西藏", ["江西"]),
        ("江 -十五 -15G", ["江西"]),
        ('涨停 -"广告 净流入"', ["海信"]),
        ('涨停 -"净流入，广告"', []),
        ("-广告 涨停", []),
        ("5-G", ["英文"]),
        ("江 --西藏", ["江西"]),
        # Alternatives.
        ("江西 OR 海信", ["江西", "海信"]),
        ("江西 OR 海信 OR 15G", ["江西", "海信", "十五"]),
        ("江西 OR 海信 广告", ["海信"]),
        ("广告 江西 OR 海信", ["海信"]),
        ('"5G VR" OR "15G 的"', ["江西", "十五"]),
        ("江 OR 海信 -西藏", ["江西", "海信"]),
        ("OR 江西", ["江西"]),
        ("江西 OR", ["江西"]),
        ("江西 OR OR 海信", ["江西", "海信"]),
        # OR is an operator in capitals and by itself only.
        ("or more", ["英文"]),
        ("江西 or 海信", []),
        ('"OR" more', ["英文"]),
        ("nio -OR", []),
        # Nothing else is one.
        ("nio AND geely", ["英文"]),
        ("江西 AND VR", []),
        ("NEAR", ["英文"]),
        ("NEAR(江西 VR)", []),
        ("NOT", ["英文"]),
        ("江西 NOT 广告", []),
        ("江*", ["江西", "十五"]),
        ("*江西*", ["江西"]),
        ("江西 *", ["江西"]),
        ("^江西", ["江西"]),
        ("title:江西", []),
        ("{江西}", ["江西"]),
        ("'江西'; DROP TABLE articles", []),
        # What asks for nothing finds nothing.
        ("", []),
        (" \t\n", []),
        ("-", []),
        ("*", []),
        ('"', []),
        ('""', []),
        ("OR", []),
        ("-江西", []),
        ("，。！", []),
        ("\x00", []),
        ("\udcff", []),
    ],
)
def test_a_query_finds(archive: Archive, query: str, names: list[str]):
    assert archive.search(query, limit=ALL)["total"] == len(names)
    assert found(archive, query) == names


def test_a_result_says_what_was_found_and_where(archive: Archive):
    assert archive.search("600160") == {
        "query": "600160",
        "total": 1,
        "results": [
            {
                "id": "海信",
                "title": "海信家电涨停",
                "published_at": "2022-04-19T16:44:59+08:00",
                "source": "大江网",
                "category": "dajiangwang",
                "categories": ["dajiangwang"],
                "authors": [],
                "url": "https://finews.withounder.com/dajiangwang/2022/04/20/海信.html",
                "snippet": "海信家电（[600160]）涨停，主力资金净流入，广告投放增加。",
                "text": "海信家电（600160）涨停，主力资金净流入，广告投放增加。",
                "highlights": [(5, 11)],
                "site": "finews",
            }
        ],
    }


def test_highlights_are_slices_of_the_text_that_is_shown(archive: Archive):
    (result,) = archive.search("600160 广告")["results"]
    assert [result["text"][first:last] for first, last in result["highlights"]] == ["600160", "广告"]


def test_a_text_with_brackets_of_its_own_keeps_them_apart_from_its_hits():
    with Archive(":memory:", create=True) as archive:
        fill(archive, {"NW1": ("标题", "<p>[注] 江西 [完]</p>")})
        (result,) = archive.search("江西")["results"]
    assert (result["text"], result["highlights"]) == ("[注] 江西 [完]", [(4, 6)])


def weighing(query: str, *texts: str) -> list[str]:
    """Return the posts with these texts, all else being equal, in the order a search shows them: A, B, …"""
    with Archive(":memory:", create=True) as archive:
        fill(archive, {chr(65 + at): ("标题", f"<p>{text}</p>") for at, text in enumerate(texts)})
        return [result["id"] for result in archive.search(query)["results"]]


def test_a_post_is_weighed_by_what_a_term_really_matches():
    filler = "字" * 200
    assert weighing("5G", f"5G，5G，5G。{filler}", f"5G。{'15G ' * 20}{filler}") == ["A", "B"]
    assert weighing("5G", f"５Ｇ，５Ｇ，５Ｇ。{filler}", f"5G，5G。{filler}") == ["A", "B"]
    assert weighing('"a b"', f"a b, a b. {filler}", f"a b {'ab ' * 20}{filler}") == ["A", "B"]


VARIANTS = {
    "NW1": ("臺灣的題目", "<p>萬科在臺灣。5\u200bG與VR。</p>"),
    "NW2": ("台湾的题目", "<p>万科在台湾。５Ｇ与VR。</p>"),
    "NW3": ("別的", "<p>萬，科。15G</p>"),
}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("臺灣", ["NW1", "NW2"]),
        ("台湾", ["NW1", "NW2"]),
        ("萬科", ["NW1", "NW2", "NW3"]),
        ("题目", ["NW1", "NW2"]),
        ("5G", ["NW1", "NW2"]),
        ("5G与VR", ["NW1", "NW2"]),
        ('="臺灣"', ["NW1"]),
        ('="万科"', ["NW2"]),
        ('="萬科"', ["NW1"]),
        ('="萬，科"', ["NW3"]),
        ('萬科 -="萬科"', ["NW2", "NW3"]),
        ('="万科" OR ="臺灣"', ["NW1", "NW2"]),
        ('="５Ｇ"', ["NW2"]),
        ("萬科，VR", ["NW1", "NW2"]),
        ("万科、台湾；VR", ["NW1", "NW2"]),
        ('"萬，科"', ["NW1", "NW2", "NW3"]),
    ],
)
def test_forms_of_a_character_are_one_unless_it_must_be_written_so(empty: Archive, query: str, names: list[str]):
    fill(empty, VARIANTS)
    assert found(empty, query) == names
    for few in (ALL, 0):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(search, "_FEW", few)
            assert sorted(hit["id"] for hit in empty.search(query)["results"]) == names


def test_what_is_shown_and_highlighted_is_as_it_is_written(empty: Archive):
    fill(empty, VARIANTS)
    first, second = empty.search("5g与vr 万科", sort="date")["results"]
    assert first["snippet"] == "[萬科]在臺灣。[5\u200bG與VR]。"
    assert second["snippet"] == "[万科]在台湾。[５Ｇ与VR]。"


def test_twenty_results_are_shown_unless_told_otherwise():
    with Archive(":memory:", create=True) as archive:
        fill(archive, {f"NW{number:02}": ("标题", "<p>江西</p>") for number in range(23)})
        every = [f"NW{number:02}" for number in range(23)]
        shown = archive.search("江西")
        assert (shown["total"], [result["id"] for result in shown["results"]]) == (23, every[:20])
        rest = archive.search("江西", offset=20)
        assert (rest["total"], [result["id"] for result in rest["results"]]) == (23, every[20:])
        beyond = archive.search("江西", offset=23)
        assert (beyond["total"], beyond["results"]) == (23, [])
        none = archive.search("江西", limit=0)
        assert (none["total"], none["results"]) == (23, [])


def test_posts_of_one_moment_keep_their_places():
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for number in range(6):
            posts.store(archive.db, made.article(f"NW{number}", html="<p>江西</p>"), 1)
        pages = [archive.search("江西", limit=2, offset=offset)["results"] for offset in range(0, 6, 2)]
        assert [result for page in pages for result in page] == archive.search("江西")["results"]


def test_a_changed_post_is_found_by_its_new_words_only():
    with Archive(":memory:", create=True) as archive:
        fill(archive, {"NW1": ("旧标题", "<p>江西</p>")})
        posts.store(archive.db, made.article("NW1", title="新标题", html="<p>湖北</p>"), 1)
        assert [found(archive, query) for query in ("江西", "旧标题", "湖北", "新标题")] == [[], [], ["NW1"], ["NW1"]]


def test_a_post_that_is_gone_is_still_found():
    with Archive(":memory:", create=True) as archive:
        fill(archive, {"NW1": ("标题", "<p>江西</p>")})
        posts.mark_gone(archive.db, made.post_address("NW1").url, made.LATER)
        assert found(archive, "江西") == ["NW1"]


# Any string is a query.


@given(st.text(max_size=60))
@example('"' * 50)
@example("-" * 50)
@example("OR " * 50)
@example("(" * 50)
@example("江 OR")
def test_any_string_is_a_query(archive: Archive, query: str):
    answer = archive.search(query, limit=ALL)
    assert answer["query"] == query
    assert answer["total"] == len(answer["results"]) <= len(CORPUS)


@given(st.text('江西5gG+-*" ORｖ（）', max_size=30), st.integers(0, 3), st.integers(0, 6))
def test_a_page_is_a_stretch_of_all_the_results(archive: Archive, query: str, limit: int, offset: int):
    every = archive.search(query, limit=ALL)
    page = archive.search(query, limit=limit, offset=offset)
    assert page == {**every, "results": every["results"][offset : offset + limit]}


def test_a_post_that_was_deleted_with_sql_is_found_no_longer(empty: Archive):
    for name in ("NW1", "NW2"):
        posts.store(empty.db, made.article(name), 1)
    empty.db.execute("DELETE FROM articles WHERE post_id = 'NW2'")
    assert [found(empty, query) for query in ("江西", "5G+VR融合")] == [["NW1"], ["NW1"]]
    assert [hit["id"] for hit in empty.search("江西出台5G行动计划")["results"]] == ["NW1"]


def test_a_new_post_is_not_found_by_the_words_of_one_that_was_deleted_with_sql(empty: Archive):
    posts.store(empty.db, made.article("NW1", title="湖北", html="<p>湖北</p>"), 1)
    empty.db.execute("DELETE FROM articles")
    posts.store(empty.db, made.article("NW2"), 1)
    assert [found(empty, query) for query in ("湖北", "江西")] == [[], ["NW2"]]


# Ordered.


def store(archive: Archive, name: str, title: str, text: str, *, day: int = 0, **changes: Any) -> None:
    article = made.article(name, title=title, published_at=made.PUBLISHED + timedelta(days=day), **changes)
    article = replace(article, text=text, markdown=text, content_hash=f"{title}\n{text}")
    posts.store(archive.db, article, 1)


def ranked(archive: Archive, query: str) -> list[str]:
    return [result["id"] for result in archive.search(query)["results"]]


def test_posts_with_all_of_it_in_the_title_stand_first(empty: Archive):
    store(empty, "neither", "别的", "江西5G江西5G江西5G", day=3)
    store(empty, "half", "江西", "5G江西5G", day=2)
    store(empty, "title", "江西的5G", "无", day=1)
    store(empty, "both", "5G在江西", "江西5G", day=0)
    assert set(ranked(empty, "江西 5G")[:2]) == {"title", "both"}
    assert set(ranked(empty, "江西 OR 5G")[:3]) == {"title", "both", "half"}


def test_a_title_that_holds_what_is_not_wanted_is_no_hit(empty: Archive):
    store(empty, "NW1", "江西5G", "江西")
    store(empty, "NW2", "别的", "江西")
    assert ranked(empty, "江西 -5G") == ["NW2"]


def test_a_post_that_says_more_of_it_stands_before_one_that_says_less(empty: Archive):
    store(empty, "often", "别的", "江西" * 10 + "的" * 80)
    store(empty, "once", "别的", "江西" + "的" * 98, day=1)
    store(empty, "long", "别的", "江西" + "的" * 9_998, day=2)
    assert ranked(empty, "江西") == ["often", "once", "long"]


def test_posts_that_say_as_much_stand_newest_first(empty: Archive):
    for number, day in enumerate([1, 3, 2, 3]):
        store(empty, f"NW{number}", "别的", "江西", day=day)
    assert ranked(empty, "江西") == ["NW3", "NW1", "NW2", "NW0"]
    assert ranked(empty, "江西 -5G+VR+江西") == ["NW3", "NW1", "NW2", "NW0"]


def test_only_the_newest_of_each_kind_are_weighed(empty: Archive, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(results, "WEIGHED", 2)
    for number, times in enumerate([9, 1, 2, 3]):
        store(empty, f"body{number}", "别的", "江西" * times + "的" * (100 - times), day=-number)
        store(empty, f"title{number}", "江西", "江西" * times + "的" * (100 - times), day=-number)
    assert ranked(empty, "江西") == [f"{kind}{number}" for kind in ("title", "body") for number in (0, 1, 2, 3)]
    monkeypatch.setattr(results, "WEIGHED", 3)
    assert ranked(empty, "江西") == [f"{kind}{number}" for kind in ("title", "body") for number in (0, 2, 1, 3)]


# Filtered.


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"source": "大江网"}, ["NW2", "NW0"]),
        ({"site": "finews"}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"site": "minima"}, []),
        ({"site": "\udcff"}, []),
        ({"source": "大江"}, []),
        ({"source": ""}, []),
        ({"source": "\udcff"}, []),
        ({"category": "dajiangwang"}, ["NW1", "NW0"]),
        ({"category": "大江网新闻"}, ["NW1", "NW0"]),
        ({"category": "大江网"}, ["NW1", "NW0"]),
        ({"category": "大江日报"}, []),
        ({"category": ["dajiangwang", "滚动"]}, ["NW2", "NW1", "NW0"]),
        ({"source": ["别处", "大江网"]}, ["NW3", "NW2", "NW0"]),
        ({"source": ["别处", "没有"]}, ["NW3"]),
        ({"source": "大江網"}, ["NW2", "NW0"]),
        ({"stock": ["000001.SZ", "600519"]}, ["NW3", "NW1", "NW0"]),
        ({"site": ["minima", "finews"]}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"category": "\udcff"}, []),
        ({"stock": "600519"}, ["NW3", "NW0"]),
        ({"stock": "贵州茅台"}, ["NW3", "NW0"]),
        ({"stock": "茅台"}, ["NW3", "NW0"]),
        ({"stock": "000001"}, ["NW1", "NW0"]),
        ({"stock": "000001.SZ"}, ["NW1"]),
        ({"stock": "600160"}, []),
        ({"stock": ""}, []),
        ({"stock": "\udcff"}, []),
        ({"source": "大江网", "category": "dajiangwang", "stock": "600519"}, ["NW0"]),
        ({"since": "2022-04-21"}, ["NW3", "NW2", "NW1"]),
        ({"since": "2022-04-21 16:44"}, ["NW3", "NW2", "NW1"]),
        ({"since": "2022-04-21 16:45"}, ["NW3", "NW2"]),
        ({"since": "2022-04-21 16:44:59"}, ["NW3", "NW2", "NW1"]),
        ({"since": "2022-04-21T08:44:59Z"}, ["NW3", "NW2", "NW1"]),
        ({"since": "2022-04-21 09:00 +0000"}, ["NW3", "NW2"]),
        ({"until": "2022-04-21"}, ["NW1", "NW0"]),
        ({"until": "2022-04-21 16:44"}, ["NW1", "NW0"]),
        ({"until": "2022-04-21 16:43"}, ["NW0"]),
        ({"until": "2022-04-21 16:44:58"}, ["NW0"]),
        ({"since": "2022-04-21", "until": "2022-04-22"}, ["NW2", "NW1"]),
        ({"since": "2022", "until": "2022-04"}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"since": "2022-05"}, []),
        ({"until": "2021"}, []),
        ({"since": "2022-04-23", "until": "2022-04-20"}, []),
        ({"since": "0001"}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"until": "9998"}, ["NW3", "NW2", "NW1", "NW0"]),
        ({"until": "9999"}, ["NW3", "NW2", "NW1", "NW0"]),
    ],
)
def test_a_search_is_filtered(empty: Archive, filters: dict[str, str], names: list[str]):
    other = Category(slug="emnews", name="滚动", url="")
    maotai, bank = Mention(code="1.600519", name="贵州茅台", count=1), Mention(code="0.000001", name="平安", count=1)
    shanghai = Mention(code="1.000001", name="上证", count=1)
    store(empty, "NW0", "题", "江西", mentions=(maotai, shanghai))
    store(empty, "NW1", "题", "江西", day=1, source=None, mentions=(bank,))
    store(empty, "NW2", "题", "江西", day=2, category=other, mentions=())
    store(empty, "NW3", "题", "江西", day=3, source="别处", category=None, mentions=(replace(maotai, name="茅台"),))
    answer = empty.search("江西", sort="date", **filters)
    assert (answer["total"], [hit["id"] for hit in answer["results"]]) == (len(names), names)


@pytest.mark.parametrize("name", ["since", "until", "as_of"])
@pytest.mark.parametrize(
    "written", ["", "gestern", "2022-13", "2022-04-31", "20220420", "2022-04-20 25:00", "\udcff", "99999"]
)
def test_a_time_that_is_none_is_a_sentence(archive: Archive, name: str, written: str):
    times: dict[str, Any] = {name: written}
    with pytest.raises(NoSuchTime) as refused:
        archive.search("江西", **times)
    assert str(refused.value) == f"{written!r} is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'."
    assert (refused.value.written, refused.value.exit_code) == (written, 2)


@pytest.mark.parametrize("as_of", ["0001-01-01 00:00", "0001", "9998", "9999"])
def test_the_archive_held_nothing_at_the_first_time_and_all_at_the_last(archive: Archive, as_of: str):
    assert archive.search("江西", as_of=as_of)["total"] == (1 if as_of > "5000" else 0)


def test_a_time_is_of_the_zone_of_the_site_whose_post_came_first(empty: Archive):
    new_york = timezone(timedelta(hours=-4))
    late = datetime(2022, 4, 20, 23, 30, tzinfo=new_york)
    posts.store(empty.db, made.article("NW1", published_at=datetime(2022, 4, 20, 23, 30, tzinfo=made.BEIJING)), 1)
    posts.store(empty.db, made.article("NW2", site="garden", category=None, published_at=late), 1)
    assert empty.zone() == made.SITE.timezone
    assert [empty.search("江西", since=since)["total"] for since in ("2022-04-21", "2022-04-22")] == [1, 0]
    assert [empty.search("江西", since=f"2022-04-20 22:00{zone}")["total"] for zone in ("", "-04:00", "+08:00")] == [
        2,
        1,
        2,
    ]


def test_a_time_is_of_the_newest_posts_offset_if_nothing_else_is_known_of_the_site(empty: Archive):
    for post_id, hours in (("NW1", -5), ("NW2", -4)):
        published_at = datetime(2022, 4, 20, 23, 30 + hours, tzinfo=timezone(timedelta(hours=hours)))
        posts.store(empty.db, made.article(post_id, site="garden", category=None, published_at=published_at), 1)
    assert empty.zone() == timezone(timedelta(hours=-5))


def test_times_of_an_archive_without_posts_are_those_of_its_first_run_or_in_utc(tmp_path: Path):
    with Archive(tmp_path / "a.db", create=True) as archive:
        assert archive.zone() == UTC
        with archive.db.atomic():
            runs.begin(archive.db, "finews", made.SEEN)
        assert archive.zone() == made.SITE.timezone


# As of a time.


def test_a_former_version_that_was_dated_long_ago_is_found_among_posts_of_that_time(empty: Archive):
    store(empty, "NW1", "题", "江西", seen_at=made.SEEN, day=-400)
    store(empty, "NW1", "题", "江西，改了", seen_at=made.LATER)
    then: dict[str, Any] = {"as_of": "2022-04-21 10:00"}
    assert [empty.search("江西", until="2021", **how)["total"] for how in (then, {})] == [1, 0]
    assert [empty.search("江西", since="2021-03", until="2021-03", **how)["total"] for how in (then, {})] == [1, 0]
    assert [empty.search("江西", since="2022", **how)["total"] for how in (then, {})] == [0, 1]


def test_a_former_version_is_found_as_of_its_time(empty: Archive):
    store(empty, "NW1", "旧标题", "江西", seen_at=made.SEEN)
    store(empty, "NW1", "新标题", "湖北", seen_at=made.LATER, day=1)
    asked = [
        [empty.search(query, as_of=as_of)["total"] for query in ("江西", "旧标题", "湖北", "新标题")]
        for as_of in ("2022-04-21 08:59", "2022-04-21 09:00", "2022-04-21 10:29", "2022-04-21 10:30", "2022-04-21")
    ]
    assert asked == [[0, 0, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]]


def test_of_several_versions_the_latest_that_was_known_is_found(empty: Archive):
    for hour, words in enumerate(["江西甲", "江西乙", "江西丙", "江西甲"]):
        store(empty, "NW1", "题", words, seen_at=made.SEEN + timedelta(hours=hour))
    asked = [
        [name for name in "甲乙丙" if empty.search(name, as_of=f"2022-04-21 {hour:02}:30")["total"]]
        for hour in (8, 9, 10, 11, 12)
    ]
    assert asked == [[], ["甲"], ["乙"], ["丙"], ["甲"]]


def test_what_is_shown_of_a_former_version_is_what_it_said(empty: Archive):
    store(empty, "NW1", "旧标题", "在江西", seen_at=made.SEEN)
    store(empty, "NW1", "新标题", "在湖北", seen_at=made.LATER, day=1)
    (result,) = empty.search("江西", as_of="2022-04-21 10:00")["results"]
    assert result == {
        "id": "NW1",
        "title": "旧标题",
        "published_at": "2022-04-20T16:44:59+08:00",
        "source": "大江网",
        "category": "dajiangwang",
        "categories": ["dajiangwang"],
        "authors": [],
        "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW1.html",
        "snippet": "在[江西]",
        "text": "在江西",
        "highlights": [(1, 3)],
        "site": "finews",
    }


def test_a_former_version_is_found_by_when_it_said_it_was_published(empty: Archive):
    store(empty, "NW1", "题", "江西", seen_at=made.SEEN)
    store(empty, "NW1", "题", "江西，改了", seen_at=made.LATER, day=1)
    then: dict[str, Any] = {"as_of": "2022-04-21 10:00"}
    assert [empty.search("江西", since="2022-04-21", **how)["total"] for how in (then, {})] == [0, 1]
    assert [empty.search("江西", until="2022-04-20", **how)["total"] for how in (then, {})] == [1, 0]


def test_a_former_version_is_found_by_the_outlet_and_the_securities_it_had(empty: Archive):
    maotai, other = Mention(code="1.600519", name="茅台", count=1), Mention(code="0.000001", name="平安", count=1)
    store(empty, "NW1", "题", "江西", seen_at=made.SEEN, source="旧", mentions=(maotai,))
    store(empty, "NW1", "题", "江西，改了", seen_at=made.LATER, source="新", mentions=(maotai, other))
    then = "2022-04-21 10:00"
    assert [empty.search("江西", as_of=then, source=source)["total"] for source in ("旧", "新")] == [1, 0]
    assert [empty.search("江西", as_of=then, stock=stock)["total"] for stock in ("茅台", "平安")] == [1, 0]


# Held against a scan of all texts.

SOURCES, SLUGS, CODES = (None, "大江网", "别处"), (None, "dajiangwang", "emnews"), ("1.600519", "0.000001")


class Seen(NamedTuple):
    """A page that was seen: of which post, what it said, what stood around it."""

    number: int
    title: str
    text: str
    content_hash: str
    day: int
    via: str = "page"
    source: str | None = None
    slug: str | None = None
    codes: tuple[str, ...] = ()

    def article(self, place: int) -> Article:
        """Return the article, seen so many hours after the first."""
        made_here = made.article(
            f"NW{self.number}",
            title=self.title,
            published_at=made.PUBLISHED + timedelta(days=self.day),
            seen_at=made.SEEN + timedelta(hours=place),
            via=self.via,
            source=self.source,
            category=Category(slug=self.slug, name=self.slug, url="") if self.slug else None,
            mentions=tuple(Mention(code=code, name="名", count=1) for code in self.codes),
        )
        return replace(made_here, text=self.text, markdown=self.text, content_hash=self.content_hash)


class Place(NamedTuple):
    """A post as a scan finds it."""

    published_ts: int
    row: int
    name: str
    in_title: bool


codes = st.lists(st.sampled_from(CODES), unique=True).map(tuple)
pages = st.builds(
    Seen,
    st.integers(0, 4),
    texts,
    texts,
    st.sampled_from("01"),
    st.sampled_from([0, 0, 1, 2, -70, -400]),
    st.sampled_from(["page", "page", "share"]),
    st.sampled_from(SOURCES),
    st.sampled_from(SLUGS),
    codes,
)
# Pages of posts whose outlet, category and securities never change, so that a scan knows them of former versions.
steady = pages.map(
    lambda page: page._replace(
        source=SOURCES[page.number % 3], slug=SLUGS[page.number % 2], codes=CODES[: 1 + page.number % 2]
    )
)
moments = st.sampled_from(
    [
        "2021",
        "2022",
        "2022-02",
        "2022-04",
        *(f"2022-04-{day}{time}" for day in (20, 21, 22) for time in ("", " 16:44", " 16:43", " 16:44:59")),
    ]
)
filters = st.fixed_dictionaries(
    {},
    optional={
        "since": moments,
        "until": moments,
        "source": st.sampled_from(["大江网", "别处", "没有"]),
        "category": st.sampled_from(["dajiangwang", "emnews"]),
        "stock": st.sampled_from([*CODES, "600160"]),
    },
)


@st.composite
def asked(draw: st.DrawFn, seen: st.SearchStrategy[Seen]) -> tuple[list[Seen], list[str]]:
    """Draw pages, and queries of which some are stretches of what these say."""
    of_pages = draw(st.lists(seen, min_size=1, max_size=7))
    said = "\n".join(part for page in of_pages for part in (page.title, page.text))
    stretches = st.tuples(st.integers(0, len(said)), st.integers(1, 12)).map(lambda at: said[at[0] : sum(at)])
    pasted = stretches.map(lambda stretch: f'"{stretch.replace(chr(34), "")}"')
    either = st.one_of(stretches, pasted, queries, stretches.map(lambda stretch: f"江 -{stretch}"))
    return of_pages, draw(st.lists(either, min_size=1, max_size=3))


def stored(archive: Archive, of_pages: Sequence[Seen]) -> None:
    for place, page in enumerate(of_pages):
        posts.store(archive.db, page.article(place), 1)


def scanned(archive: Archive, query: str, *, as_of: str | None = None, **filters: str) -> list[Place]:
    """Return what a query finds under filters, newest first: every text is looked at, the index is not."""
    by_hand = sought(query)
    places = []
    for post in archive.posts():
        versions = [post]
        if as_of is not None:
            rows = archive.db.query("SELECT * FROM revisions WHERE article_id = ? ORDER BY revision", [post["id"]])
            versions = [row for row in rows if local(row["seen_at"])[: len(as_of)] <= as_of][-1:]
        for version in versions:
            published = version["published_at"].replace("T", " ")
            kept = (
                published[: len(filters.get("since", ""))] >= filters.get("since", "")
                and published[: len(filters.get("until", ""))] <= filters.get("until", "")
                and filters.get("source", post["source"]) == post["source"]
                and filters.get("category", post["category"]) == post["category"]
                and ("stock" not in filters or filters["stock"] in [each["code"] for each in post["mentions"]])
                and by_hand.finds(version["title"], version["text"])
            )
            if kept:
                seconds = int(datetime.fromisoformat(version["published_at"]).timestamp())
                in_title = by_hand.finds_title(version["title"])
                places.append(Place(seconds, post["id"], post["post_id"], in_title))
    return sorted(places, reverse=True)


def local(moment: str) -> str:
    """Return a moment as a person at the site writes it."""
    return datetime.fromisoformat(moment).astimezone(made.BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def names(answer: Found) -> list[str]:
    return [hit["id"] for hit in answer["results"]]


def in_full(answer: EveryHit) -> Found:
    """Return an answer whose results have all been read."""
    return {**answer, "results": list(answer["results"])}


def check(archive: Archive, query: str, **filters: str) -> None:
    """Hold every way to ask for a query against a scan."""
    places = scanned(archive, query, **filters)
    answers, streamed = [], []
    for few in (ALL, 0, 1, 2):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(search, "_FEW", few)
            patched.setattr(search, "_STEP", 1 + few % 3)
            by_date = archive.search(query, sort="date", limit=ALL, **filters)
            patched.setattr(results, "WEIGHED", 0)
            unweighed = archive.search(query, limit=ALL, **filters)
            patched.setattr(results, "WEIGHED", 2)
            weighed = archive.search(query, limit=ALL, **filters)
            streamed.append(in_full(archive.search_all(query, **filters)))
        assert (by_date["total"], names(by_date)) == (len(places), [place.name for place in places])
        titled = sorted(places, key=lambda place: not place.in_title)
        assert (unweighed["total"], names(unweighed)) == (len(places), [place.name for place in titled])
        answers.append((by_date, unweighed, weighed))
    assert answers == answers[:1] * len(answers)
    assert in_full(archive.search_all(query, sort="date", **filters)) == by_date
    assert streamed == [weighed] * len(streamed)
    if "as_of" not in filters:
        selected = [post["post_id"] for post in archive.posts(query, **filters)]
        assert selected == [place.name for place in reversed(places)]
    assert sorted(names(weighed)) == sorted(names(by_date))
    count = sum(place.in_title for place in places)
    assert set(names(weighed)[:count]) == {place.name for place in places if place.in_title}


LONG = "江西省江西人"
APART = "省江西人，江西省江"  # every three of it, but not in a row


@settings(max_examples=examples(60), deadline=None)
@given(asked(pages))
@example(([Seen(0, "", "a" * 65, "0", 0)], ["a" * 64, "a" * 65, "a" * 66, '"a"']))
@example(([Seen(0, "江", "a" * 65, "0", 0), Seen(1, "江", "a" * 64, "0", 0)], ["江 -" + "a" * 64]))
@example(([Seen(0, "江西5G", "5 G", "0", 0), Seen(0, "江西5G", "5G", "0", 0)], ["5G", "5", "江西5G5"]))
@example(
    (
        [Seen(number, "江西", "江西5G VR", "0", number % 3) for number in range(5)],
        ["江西", "江西5G+VR", "江西 -5G VR"],
    )
)
@example(([Seen(number, LONG * (number % 2), (LONG, APART)[number == 4], "0", 0) for number in range(5)], [LONG]))
@example(([Seen(number, LONG * (number < 2), (APART, LONG)[number == 2], "0", 0) for number in range(4)], [LONG]))
def test_a_query_finds_what_a_scan_finds(opened: Archive, case: tuple[list[Seen], list[str]]):
    of_pages, of_queries = case
    opened.db.begin()
    try:
        stored(opened, of_pages)
        for query in of_queries:
            check(opened, query)
        index.rebuild(opened.db)
        for query in of_queries:
            check(opened, query)
    finally:
        opened.db.rollback()


@settings(max_examples=examples(60), deadline=None)
@given(asked(pages), filters)
def test_a_filtered_query_finds_what_a_scan_finds(
    opened: Archive, case: tuple[list[Seen], list[str]], filters: dict[str, str]
):
    of_pages, of_queries = case
    opened.db.begin()
    try:
        stored(opened, of_pages)
        for query in ("江 OR 西 OR 5g OR a", of_queries[0]):
            check(opened, query, **filters)
    finally:
        opened.db.rollback()


@settings(max_examples=examples(60), deadline=None)
@given(asked(steady), filters, st.integers(0, 6), st.sampled_from([10, 16, 19]), st.booleans())
def test_a_query_as_of_a_time_finds_what_a_scan_of_the_versions_finds(
    opened: Archive,
    case: tuple[list[Seen], list[str]],
    filters: dict[str, str],
    hour: int,
    length: int,
    anew: bool,
):
    of_pages, of_queries = case
    as_of = local((made.SEEN + timedelta(hours=hour)).isoformat())[:length]
    opened.db.begin()
    try:
        stored(opened, of_pages)
        if anew:
            index.rebuild(opened.db)
        for query in ("江 OR 西 OR 5g OR a", of_queries[0]):
            check(opened, query, as_of=as_of, **filters)
    finally:
        opened.db.rollback()


@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.integers(0, 2)), min_size=1, max_size=12),
    st.sampled_from(["江西", "江西 -省", "江西5G+VR", "江西 OR 省"]),
    st.integers(1, 5),
    st.sampled_from([0, 3, ALL]),
    st.sampled_from([0, 2, 100]),
    st.sampled_from(["relevance", "date"]),
)
def test_pages_are_stretches_of_one_list(
    opened: Archive,
    corpus: list[tuple[bool, int, int]],
    query: str,
    limit: int,
    few: int,
    weighed: int,
    sort: Sort,
):
    opened.db.begin()
    try:
        for number, (in_title, times, day) in enumerate(corpus):
            store(opened, f"NW{number}", "江西5G VR" if in_title else "题", "江西5G VR，" * times, day=day)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(search, "_FEW", few)
            patched.setattr(search, "_STEP", 2)
            patched.setattr(results, "WEIGHED", weighed)
            every = opened.search(query, sort=sort, limit=ALL)
            streamed = in_full(opened.search_all(query, sort=sort))
            shown = [
                opened.search(query, sort=sort, limit=limit, offset=offset)
                for offset in range(0, len(corpus) + limit, limit)
            ]
    finally:
        opened.db.rollback()
    assert [hit for page in shown for hit in page["results"]] == every["results"] == streamed["results"]
    assert [len(page["results"]) for page in shown[:-2]] == [limit] * len(shown[:-2])
    assert {page["total"] for page in shown} == {every["total"]} == {len(every["results"])} == {len(corpus)}


@settings(max_examples=examples(100), deadline=None)
@given(st.text(st.characters(), max_size=12), st.text(st.characters(codec="utf-8"), max_size=20), st.integers(0, 20))
@example("\u00b4", "\u00b4", 0)
@example("", "一\u30fb二", 0)
def test_any_string_finds_what_a_scan_finds(opened: Archive, query: str, text: str, start: int):
    opened.db.begin()
    try:
        stored(opened, [Seen(0, text, "江西", "0", 0), Seen(1, "江西", text, "0", 0)])
        for each in (query, text, text[start:], f'"{text[start : start + 3]}"'):
            places = scanned(opened, each)
            assert names(opened.search(each, sort="date")) == [place.name for place in places]
    finally:
        opened.db.rollback()


# Long queries.

FIGURES = [f"{number}" for number in range(1_000, 1_151)]


@pytest.mark.parametrize(
    ("query", "found_in"),
    [
        (" ".join(FIGURES), ["all"]),
        (" ".join(FIGURES[:-1]), ["all", "but the last"]),
        (" ".join(reversed(FIGURES)), ["all"]),
        (" OR ".join(f"x{figure}" for figure in FIGURES) + f" OR {FIGURES[-1]}", ["all", "last in title"]),
        (" OR ".join([*FIGURES[:-1], "x"]), ["all", "but the last"]),
        (" OR ".join(f"x{figure}" for figure in FIGURES), []),
        (f"江 {' '.join(f'-x{figure}' for figure in FIGURES)} -{FIGURES[-1]}", ["but the last"]),
        ('"' + " ".join(FIGURES) + '"', ["all"]),
        (",".join(FIGURES[:-1]), ["all", "but the last"]),
        ('"' + " ".join([*FIGURES, "1"]) + '"', []),
        ("江 " * 250 + FIGURES[-1], ["all", "last in title"]),
        ("江 OR " * 250 + "x", ["all", "but the last", "last in title"]),
        ("江 " + f"-{FIGURES[-1]} " * 250, ["but the last"]),
        ("江 " + f"{FIGURES[0]} OR x " * 150, ["all", "but the last"]),
        ("x" * 5_000, []),
        ("江西" * 2_000, []),
    ],
)
def test_a_long_query_finds_what_it_means(empty: Archive, query: str, found_in: list[str]):
    for day, (name, title, words) in enumerate(
        (("last in title", FIGURES[-1], []), ("but the last", "题", FIGURES[:-1]), ("all", "题", FIGURES))
    ):
        store(empty, name, title, f"江，{' '.join(words)}", day=day)
    for few in (ALL, 0):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(search, "_FEW", few)
            answer = empty.search(query, sort="date")
        assert (answer["total"], names(answer)) == (len(found_in), found_in)


def test_a_pasted_text_is_found(empty: Archive):
    sentence = "江西省出台5G+VR融合行动计划（2022年），到2025年将建成10万个基站；"
    article = sentence * 20
    store(empty, "NW1", "题", article)
    store(empty, "NW2", "题", article.replace("10万", "11万", 1))
    assert found(empty, f'"{article}"') == ["NW1"]
    assert sorted(found(empty, f'"{sentence * 19}"')) == ["NW1", "NW2"]
    assert sorted(found(empty, article)) == ["NW1", "NW2"]
    assert ranked(empty, f'题 "{article}"') == ["NW1"]


def test_a_query_that_says_one_word_often_asks_no_more_than_that_word(empty: Archive):
    store(empty, "NW1", "题", "江" * 500)
    answers, peaks = [], []
    for query in ("江", "江 " * 100):
        tracemalloc.start()
        answers.append(empty.search(query))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert answers[1] == {**answers[0], "query": "江 " * 100}
    assert peaks[1] < 3 * peaks[0]
