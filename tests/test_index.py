"""The search index: what stands in it, that it is kept up with the tables, and that it narrows a query down rightly."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_query import queries, sought, texts

from crawler.archive import Archive, index, posts, runs
from crawler.archive.index import Entry
from crawler.archive.query import parse
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Article


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """Return an archive in which a run has begun and all else is rolled back."""
    with Archive(":memory:", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        opened.db.execute("CREATE VIRTUAL TABLE temp.indexed USING fts5vocab(main, search, instance)")
        yield opened


def indexed(archive: Archive) -> dict[int, set[str]]:
    """Return the words of every row of the index."""
    rows: dict[int, set[str]] = {}
    for word, row in archive.db.execute("SELECT term, doc FROM temp.indexed"):
        rows.setdefault(row, set()).add(word)
    return rows


def matched(archive: Archive, expression: str) -> list[int]:
    return [row for (row,) in archive.db.execute("SELECT rowid FROM search WHERE search MATCH ?", [expression])]


def entry(title: str, text: str) -> Entry:
    return Entry(title, text, None, None, ())


# What stands in it.


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ""),
        ("江", "江"),
        ("江西", "江 西 江西"),
        ("江西5G应用", "江 西 5g_ 应 用 江西 西5g_ 5g_应 应用 江西5g_ 西5g_应 5g_应用"),
        ("5 G VR", "5_ g_ vr_ 5_g_ g_vr_ 5_g_vr_"),
        ("ＡＢ_c\n。D", "ab_ c_ d_ ab_c_ c_d_ ab_c_d_"),
        ("江，江", "江 江 江江"),
    ],
)
def test_a_text_is_found_by_its_tokens_alone_in_twos_and_in_threes(text: str, words: str):
    assert entry("", text).words().split() == [*words.split(), "§"]


def test_a_title_is_found_as_a_text_and_as_a_title():
    assert set(entry("江5G", "西").words().split()) == set("西 江 5g_ 江5g_ ¶江 ¶5g_ ¶江5g_ §".split())


def test_a_title_does_not_run_on_into_the_text():
    assert set(entry("江", "西").words().split()) == {"江", "西", "¶江", "§"}


def test_a_post_is_found_by_its_outlet_its_category_and_its_securities():
    words = Entry("", "", "大江网", "dajiangwang", ("1.600519", "116.00700")).words()
    assert words.split() == [
        "§",
        "§sourcee5a4a7e6b19fe7bd91",
        "§category64616a69616e6777616e67",
        "§stock312e363030353139",
        "§stock3131362e3030373030",
    ]


@pytest.mark.parametrize("value", [None, ""])
def test_there_is_no_word_for_no_outlet(value: str | None):
    assert index.filter_word("source", value) == ""


@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8"), min_size=1))
def test_two_outlets_have_two_words(one: str, other: str):
    words = {index.filter_word("source", one), index.filter_word("source", other), index.filter_word("category", one)}
    assert len(words) == 2 + (one != other)
    assert not any(map(str.isspace, "".join(words)))


@given(st.text(st.characters()))
@example("§¶")
@example("¶江 §source")
def test_no_text_has_the_words_of_a_title_or_a_filter(text: str):
    *words, every = entry("", text).words().split()
    assert every == "§"
    assert not any(word.startswith(("¶", "§")) for word in words)


# Added, taken out, made anew.


def test_a_row_is_added_and_taken_out_again(archive: Archive):
    archive.db.begin()
    index.add(archive.db, 1, entry("江", "西"))
    index.add(archive.db, -7, entry("", "西"))
    assert indexed(archive) == {1: {"江", "西", "¶江", "§"}, -7: {"西", "§"}}
    index.remove(archive.db, 1, entry("江", "西"))
    assert indexed(archive) == {-7: {"西", "§"}}
    archive.db.rollback()


def test_a_new_post_has_a_row_and_a_former_version_keeps_one_of_its_own(archive: Archive):
    archive.db.begin()
    posts.store(archive.db, worded("NW1", "旧", "文"), 1)
    filters = {"§", "§sourcee5a4a7e6b19fe7bd91", "§category64616a69616e6777616e67"}
    filters |= {"§stock312e363030353139", "§stock3131362e3030373030"}
    assert indexed(archive) == {1: {"旧", "文", "¶旧", *filters}}
    posts.store(archive.db, replace(worded("NW1", "新", "文"), content_hash="1"), 1)
    assert indexed(archive) == {1: {"新", "文", "¶新", *filters}, -1: {"旧", "文", "¶旧", *filters}}
    archive.db.rollback()


def test_the_index_of_an_empty_archive_is_made_anew(archive: Archive):
    archive.db.begin()
    index.add(archive.db, 5, entry("江", "西"))
    assert index.rebuild(archive.db) == 0
    assert indexed(archive) == {}
    archive.db.rollback()


def test_what_is_written_with_sql_is_found_once_the_index_is_made_anew(archive: Archive):
    archive.db.begin()
    posts.store(archive.db, worded("NW1", "江", "西"), 1)
    posts.store(archive.db, worded("NW2", "江", "西"), 1)
    archive.db.execute("UPDATE articles SET title = '湖', text = '北' WHERE post_id = 'NW1'")
    archive.db.execute("DELETE FROM articles WHERE post_id = 'NW2'")
    assert index.rebuild(archive.db) == 1
    assert [archive.search(term)["total"] for term in ("江", "西", "湖", "北")] == [0, 0, 1, 1]
    archive.db.rollback()


def worded(post_id: str, title: str, text: str, content_hash: str = "0", **changes: object) -> Article:
    article = made.article(post_id, title=title, **changes)
    return replace(article, text=text, markdown=text, summary="。", content_hash=content_hash)


sources = st.sampled_from([None, "大江网", "别处"])
categories = st.sampled_from([None, made.DAJIANGWANG, Category(slug="emnews", name="滚动", url="")])
mentions = st.lists(
    st.builds(Mention, code=st.sampled_from(["1.600519", "0.000001"]), name=st.sampled_from("甲乙"), count=st.just(1)),
    unique_by=lambda mention: (mention.code, mention.name),
    max_size=3,
).map(tuple)
seen = st.builds(
    worded,
    st.sampled_from(["NW1", "NW2", "NW3"]),
    texts,
    texts,
    st.sampled_from("01"),
    via=st.sampled_from(["page", "page", "share"]),
    source=sources,
    category=categories,
    mentions=mentions,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(seen, max_size=8))
def test_the_index_that_is_kept_up_is_the_index_made_anew(archive: Archive, articles: list[Article]):
    archive.db.begin()
    try:
        for article in articles:
            posts.store(archive.db, article, 1)
        kept = indexed(archive)
        count = index.rebuild(archive.db)
        anew = indexed(archive)
    finally:
        archive.db.rollback()
    assert count == len(kept)
    assert kept.keys() == anew.keys()
    # Of a former version it is no longer known what else it was found by: the post's own stand in.
    for row, words in kept.items():
        assert [word for word in words ^ anew[row] if row > 0 or not word.startswith("§")] == []


# Asked.


def found_by_index(archive: Archive, query: str, entries: list[Entry]) -> tuple[list[int], bool, list[int], bool]:
    """Return which entries the index finds for a query, which by their title, and whether it vouches for them."""
    archive.db.begin()
    try:
        for row, one in enumerate(entries, start=1):
            index.add(archive.db, row, one)
        match, exact = index.expression(parse(query))
        title_match, title_exact = index.expression(parse(query), title_only=True)
        return matched(archive, match), exact, matched(archive, title_match), title_exact
    finally:
        archive.db.rollback()


@settings(max_examples=200, deadline=None)
@given(queries, st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
@example("a" * 64, [("", "a" * 65)])
@example("a" * 65, [("", "a" * 64)])
@example("江 -" + "a" * 64, [("江", "a" * 65)])
@example("江西5G", [("江西5GV", "江西 5G")])
@example("-江西5G+VR 江", [("江西5G VR", ""), ("江西5G", "江西 VR")])
@example('""', [("江", "西")])
def test_the_index_finds_all_that_is_meant_and_says_when_that_is_all(
    archive: Archive, query: str, worded: list[tuple[str, str]]
):
    found, exact, titled, title_exact = found_by_index(archive, query, [entry(*one) for one in worded])
    by_hand = sought(query)
    meant = [row for row, one in enumerate(worded, start=1) if by_hand.finds(*one)]
    in_title = [row for row, (title, _) in enumerate(worded, start=1) if by_hand.wanted and by_hand.finds_title(title)]
    assert set(meant) <= set(found)
    assert found == meant or not exact
    assert set(in_title) <= set(titled)
    assert titled == in_title or not title_exact


@pytest.mark.parametrize("query", ["江", "江西", "江西5G", "江 西", "江 OR 西", "江 -西省", '"江 5g 西" VR OR 5', "a" * 63])
def test_the_index_vouches_for_terms_of_up_to_three_tokens(query: str):
    assert index.expression(parse(query))[1]


@pytest.mark.parametrize(
    "query",
    [
        "江西5G+VR",
        "江 -江西5G+AR",
        "a" * 65,
        "江 " * 101,
        " OR ".join(["江"] * 101),
        "江 " + "-省 " * 101,
    ],
    ids=["four tokens", "four unwanted", "a long token", "many words", "many alternatives", "many unwanted"],
)
def test_the_index_does_not_vouch_for_more(archive: Archive, query: str):
    found, exact, _, _ = found_by_index(archive, query, [entry("江西5G VR", "a" * 65), entry("湖", "北")])
    assert not exact
    assert 1 in found


def test_filters_must_be_met_as_well(archive: Archive):
    words = [f'"{index.filter_word("source", source)}"' for source in ("大江网", "别处")]
    archive.db.begin()
    index.add(archive.db, 1, Entry("江", "", "大江网", None, ()))
    index.add(archive.db, 2, Entry("江", "", "别处", None, ()))
    index.add(archive.db, 3, Entry("江", "", None, None, ()))
    found = [matched(archive, index.expression(parse("江 -西"), filters=one)[0]) for one in ([], *map(list, zip(words)), words)]
    archive.db.rollback()
    assert found == [[1, 2, 3], [1], [2], []]
