"""Search: what a query means, and that any string is one."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crawler.archive import Archive, posts, runs, search

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
    return [result["id"] for result in archive.search(query, limit=ALL)["results"]]


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as opened:
        fill(opened, CORPUS)
        yield opened


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
        ("(株)东京", []),
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
                "url": "https://finews.withounder.com/dajiangwang/2022/04/20/海信.html",
                "snippet": "海信家电（600160）涨停，主力资金净流入，广告投放增加。",
            }
        ],
    }


def test_a_snippet_of_a_long_post_shows_where_it_was_found():
    body = f"{'前' * 500}江西{'后' * 500}"
    with Archive(":memory:", create=True) as archive:
        fill(archive, {"NW1": ("标题", f"<p>{body}</p>")})
        (result,) = archive.search("江西")["results"]
    assert "江西" in result["snippet"]
    assert len(result["snippet"]) < 200
    assert result["snippet"].strip("…") in body


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
        posts.gone(archive.db, made.post_address("NW1").url, made.LATER)
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


# Against a search done by hand.

words = st.text("江西茅5gGｖV１+-_．，", min_size=1, max_size=5)
bodies = st.text("江西茅5gGｖV１+-_．， \n", max_size=15)


def by_hand(text: str) -> list[str]:
    """Split as the public surface says: folded; one token each CJK character, and each run of letters or digits."""
    spaced = "".join(
        f" {letter} " if "\u4e00" <= letter <= "\u9fff" else letter if letter.isalnum() else " "
        for letter in unicodedata.normalize("NFKC", text).lower()
    )
    return spaced.split()


@dataclass(frozen=True)
class Asked:
    """A query as it is meant: of each group one term, of the unwanted none."""

    groups: list[list[str]]
    unwanted: list[str]

    def written(self) -> str:
        return " ".join([" OR ".join(map(self._quoted, group)) for group in self.groups] + self._excluded())

    def finds(self, title: str, text: str) -> bool:
        def stands(term: str) -> bool:
            tokens = by_hand(term)
            return any(
                whole[start : start + len(tokens)] == tokens
                for whole in (by_hand(title), by_hand(text))
                for start in range(len(whole))
            )

        return all(any(map(stands, group)) for group in self.groups) and not any(map(stands, self.unwanted))

    def _excluded(self) -> list[str]:
        return [f"-{self._quoted(term)}" for term in self.unwanted]

    def _quoted(self, term: str) -> str:
        return f'"{term}"' if term.startswith("-") or term[0] in "5G" else term


terms = words.filter(by_hand)
queries = st.builds(
    Asked,
    st.lists(st.lists(terms, min_size=1, max_size=3), min_size=1, max_size=3),
    st.lists(terms, max_size=2),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(bodies, bodies), max_size=6), st.lists(queries, min_size=1, max_size=8))
def test_a_query_finds_what_a_search_by_hand_finds(corpus: list[tuple[str, str]], asked: list[Asked]):
    with Archive(":memory:", create=True) as archive:
        fill(archive, {f"NW{number}": (title, f"<p>{body}</p>") for number, (title, body) in enumerate(corpus)})
        rows = list(archive.posts())
        for query in asked:
            expected = {row["post_id"] for row in rows if query.finds(row["title"], row["text"])}
            assert set(found(archive, query.written())) == expected


@pytest.mark.parametrize(
    ("written", "plain"),
    [("江西 －广告", "江西 -广告"), ("＂5G 应用＂", '"5G 应用"'), ("江西 ＯＲ 茅台", "江西 OR 茅台"), ("５Ｇ", "5G")],
)
def test_full_width_operators_are_operators(written: str, plain: str) -> None:
    assert search.parse(written) == search.parse(plain)


def test_a_separator_between_or_and_a_term_is_none() -> None:
    assert search.parse("江西 OR * 茅台") == search.parse("江西 OR 茅台")
