"""The search index: which words a post has, that they are kept up with the tables, and how a query asks for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_query import queries, sought, texts

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.search import index
from crawler.archive.search.lookup import expression, lookup
from crawler.archive.search.query import parse
from crawler.archive.search.words import Words, words_of
from crawler.archive.store import posts
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Article

Row = tuple[list[str], list[str], set[str]]


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """Return an archive in which a run has begun and all else is rolled back."""
    with Archive(":memory:", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        opened.db.execute("CREATE VIRTUAL TABLE temp.pairs USING fts5vocab(main, search, instance)")
        opened.db.execute("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, search_tokens, instance)")
        yield opened


def indexed(archive: Archive) -> dict[int, Row]:
    """Return of every row of the index the pairs of the title and of the text in their order, and the tokens."""
    rows: dict[int, Row] = {}
    for token, row in archive.db.execute("SELECT term, doc FROM temp.tokens"):
        rows.setdefault(row, ([], [], set()))[2].add(token)
    pairs = archive.db.execute('SELECT term, doc, col FROM temp.pairs ORDER BY doc, col, "offset"')
    for pair, row, column in pairs:
        rows.setdefault(row, ([], [], set()))[column == "text_pairs"].append(pair)
    return rows


def row(title: str, text: str) -> Row:
    words = words_of(title, text)
    return words.title.split(), words.text.split(), set(words.tokens.split())


# Which words a post has.


@pytest.mark.parametrize(
    ("text", "pairs", "tokens"),
    [
        ("", "", ""),
        ("江", "江。", "江"),
        ("江西", "江西 西。", "江 西"),
        ("江西5G应用", "江西 西5g_ 5g_应 应用 用。", "江 西 5g_ 应 用"),
        ("5 G VR", "5_g_ g_vr_ vr_。", "5_ g_ vr_"),
        ("ＡＢ_c\n。D", "ab_c_ c_d_ d_。", "ab_ c_ d_"),
        ("江，江", "江江 江。", "江"),
        ("臺灣5\u200bG", "台湾 湾5g_ 5g_。", "台 湾 5g_"),
    ],
)
def test_a_text_has_every_two_neighbouring_tokens_in_their_order_and_every_token_once(
    text: str, pairs: str, tokens: str
):
    assert words_of("", text) == Words("", f"{pairs} §".strip(), f"§ {tokens}".strip())


def test_a_title_has_words_of_its_own_and_does_not_run_on_into_the_text():
    assert words_of("江5G", "西江") == Words("江5g_ 5g_。", "西江 江。 §", "§ 江 5g_ 西 ¶江 ¶5g_")


def test_a_token_of_any_length_has_one_word_of_its_own():
    tokens = ["a" * length for length in (64, 65, 66, 40_000)]
    words = [words_of("", token).tokens.split()[1] for token in tokens]
    assert words[0] == "a" * 64 + "_"
    assert len({*words}) == 4
    assert {len(word) for word in words[1:]} == {34}


@given(st.text(st.characters(codec="utf-8")))
@example("§¶")
@example("¶江 §never。")
@example("_a_b__c_§never")
def test_no_text_has_the_words_of_a_title_or_of_every_row(text: str):
    words = words_of("", text)
    assert words.tokens.split()[0] == "§"
    assert not any(word.startswith(("¶", "§")) for word in words.tokens.split()[1:])
    assert words.text.endswith("§")
    assert not any(sign in words.text[:-1] for sign in "§¶")


@given(st.text("a_b§江萬万 ", max_size=9), st.text("a_b§江萬万 ", max_size=9))
def test_texts_of_other_tokens_have_other_words(one: str, other: str):
    same = parse(f'"{one}"').wanted == parse(f'"{other}"').wanted
    assert (words_of("", one) == words_of("", other)) is same


# Added, taken out, made anew.


def test_a_row_is_added_and_taken_out_again(archive: Archive):
    archive.db.begin()
    index.add(archive.db, 1, words_of("江", "西"))
    index.add(archive.db, -7, words_of("", "西"))
    both = indexed(archive)
    index.remove(archive.db, 1, words_of("江", "西"))
    one = indexed(archive)
    archive.db.rollback()
    assert both == {1: (["江。"], ["西。", "§"], {"§", "江", "西", "¶江"}), -7: ([], ["西。", "§"], {"§", "西"})}
    assert one == {-7: ([], ["西。", "§"], {"§", "西"})}


def test_what_is_put_off_is_written_in_its_order(archive: Archive):
    archive.db.begin()
    with index.put_off(archive.db):
        index.add(archive.db, 1, words_of("江", "西"))
        index.remove(archive.db, 1, words_of("江", "西"))
        index.add(archive.db, 1, words_of("东", ""))
        meanwhile = indexed(archive)
    at_the_end = indexed(archive)
    archive.db.rollback()
    assert meanwhile == {}
    assert at_the_end == {1: row("东", "")}


def test_a_new_post_has_a_row_and_a_former_version_keeps_one_of_its_own(archive: Archive):
    archive.db.begin()
    posts.store(archive.db, worded("NW1", "旧", "文"), 1)
    first = indexed(archive)
    posts.store(archive.db, worded("NW1", "新", "文", "1"), 1)
    second = indexed(archive)
    archive.db.rollback()
    assert first == {1: row("旧", "文")}
    assert second == {1: row("新", "文"), -1: row("旧", "文")}


def test_the_index_of_an_empty_archive_is_made_anew(archive: Archive):
    archive.db.begin()
    index.add(archive.db, 5, words_of("江", "西"))
    count, left = index.rebuild(archive.db), indexed(archive)
    archive.db.rollback()
    assert (count, left) == (0, {})


def test_what_is_written_with_sql_is_found_once_the_index_is_made_anew(archive: Archive):
    archive.db.begin()
    posts.store(archive.db, worded("NW1", "江", "西"), 1)
    posts.store(archive.db, worded("NW2", "江", "西"), 1)
    archive.db.execute("UPDATE articles SET title = '湖', text = '北' WHERE post_id = 'NW1'")
    archive.db.execute("DELETE FROM articles WHERE post_id = 'NW2'")
    count = index.rebuild(archive.db)
    totals = [archive.search(term)["total"] for term in ("江", "西", "湖", "北")]
    archive.db.rollback()
    assert (count, totals) == (1, [0, 0, 1, 1])


def worded(post_id: str, title: str, text: str, content_hash: str = "0", **changes: object) -> Article:
    article = made.article(post_id, title=title, **changes)
    return replace(article, text=text, markdown=text, summary="。", content_hash=content_hash)


seen = st.builds(
    worded,
    st.sampled_from(["NW1", "NW2", "NW3"]),
    texts,
    texts,
    st.sampled_from("01"),
    via=st.sampled_from(["page", "page", "share"]),
    published_at=st.sampled_from([made.PUBLISHED, made.PUBLISHED - timedelta(days=99)]),
    source=st.sampled_from([None, "大江网", "别处"]),
    category=st.sampled_from([None, made.DAJIANGWANG, Category(slug="emnews", name="滚动", url="")]),
    mentions=st.lists(
        st.builds(
            Mention, code=st.sampled_from(["1.600519", "0.000001"]), name=st.sampled_from("甲乙"), count=st.just(1)
        ),
        unique_by=lambda mention: (mention.code, mention.name),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=examples(60), deadline=None)
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
    assert kept == anew


def test_an_index_is_made_a_few_versions_at_a_time(archive: Archive, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(index, "_AT_ONCE", 2)
    archive.db.begin()
    for number in range(5):
        posts.store(archive.db, worded(f"NW{number}", f"{number}", "文"), 1)
    kept = indexed(archive)
    archive.db.execute("PRAGMA user_version = 0")
    steps = []
    while not index.is_complete(archive.db):
        steps.append((index.go_on(archive.db), len(indexed(archive))))
    anew = indexed(archive)
    archive.db.rollback()
    assert steps == [(2, 2), (4, 4), (4, 5)]
    assert anew == kept


# Asked.

# Texts of two or three tokens, in which all that a term is found by occurs without the term.
repetitive = st.one_of(st.text("江西", max_size=14), st.text("江西省 ", max_size=14), st.text("a b", max_size=14))
stretches = st.one_of(
    st.text("江西", min_size=1, max_size=7),
    st.text("江西省", min_size=3, max_size=6),
    st.text("a b", min_size=1, max_size=9),
)
long_terms = st.lists(
    st.tuples(st.sampled_from(["", "", "", "-"]), stretches).map(lambda term: f'{term[0]}"{term[1]}"'),
    min_size=1,
    max_size=3,
).map(" ".join)


def check(archive: Archive, query: str, entries: list[tuple[str, str]]) -> None:
    """Hold what the index finds for a query against what the query means."""
    meaning, by_hand = parse(query), sought(query)
    if not meaning.wanted:
        return
    asked, titled = lookup(meaning), lookup(meaning, in_title=True)
    archive.db.begin()
    try:
        for number, one in enumerate(entries, start=1):
            index.add(archive.db, number, words_of(*one))
        found, in_title = rows(archive, asked.sql, asked.values), rows(archive, titled.sql, titled.values)
        first = rows(archive, asked.within(1, 1), asked.values)
        alone = rows(archive, "SELECT rowid FROM search WHERE search MATCH ?", (expression(meaning),))
    finally:
        archive.db.rollback()
    meant = {number for number, one in enumerate(entries, start=1) if by_hand.finds(*one)}
    meant_in_title = {number for number in meant if by_hand.finds_title(entries[number - 1][0])}
    assert first == found & {1}
    assert meant <= found
    assert meant <= alone
    assert meant_in_title <= in_title
    if asked.decides:
        assert (found, alone) == (meant, meant)
        assert meant_in_title == in_title & meant


def rows(archive: Archive, sql: str, values: tuple[str, ...]) -> set[int]:
    return {row for (row,) in archive.db.execute(sql, values)}


@settings(max_examples=examples(200), deadline=None)
@given(queries, st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
@example("a" * 64, [("", "a" * 65)])
@example("a" * 65, [("", "a" * 64), ("", "a" * 66)])
@example("江 -" + "a" * 64, [("江", "a" * 65)])
@example("江西5G", [("江西5GV", "江西 5G")])
@example("-江西5G+VR 江", [("江西5G VR", ""), ("江西5G", "江西 VR")])
def test_the_index_finds_what_is_meant(archive: Archive, query: str, entries: list[tuple[str, str]]):
    check(archive, query, entries)


@settings(max_examples=examples(400), deadline=None)
@given(long_terms, st.lists(st.tuples(repetitive, repetitive), min_size=1, max_size=3))
@example("江西江西江", [("江西江", "西江西"), ("", "江西江西")])
@example("江西省人", [("西省人", "江西省")])
@example("江西省江西人", [("", "省江西人江西省江"), ("江西省江", "省江西人")])
def test_the_index_finds_no_term_whose_pairs_stand_apart(
    archive: Archive, query: str, entries: list[tuple[str, str]]
):
    check(archive, query, entries)


@pytest.mark.parametrize(
    ("query", "decides"),
    [
        ("江", True),
        ("江西 5G OR 省 -人", True),
        ("江西省出台计划 -江西", True),
        ("江" * 100, True),
        ("江" * 101, False),
        ("江 -" + "西" * 101, False),
        (" ".join(f"{number}" for number in range(1_000)), True),
        (" ".join(f"{number}" for number in range(1_001)), False),
        ("江 -x" + " -x".join(f"{number}" for number in range(101)), False),
        ('="江西"', False),
        ('江 -="江西"', False),
    ],
)
def test_the_index_decides_but_on_very_long_queries_and_on_what_must_be_written_so(query: str, decides: bool):
    assert lookup(parse(query)).decides is decides


@pytest.mark.parametrize("in_title", [False, True])
def test_a_query_of_thousands_of_alternatives_is_asked_for_as_well_as_can_be(archive: Archive, in_title: bool):
    many = parse(" OR ".join(f"{number}" for number in range(3_000)))
    archive.db.begin()
    index.add(archive.db, 1, words_of("2999", "2999"))
    asked = lookup(many, in_title=in_title)
    found = rows(archive, asked.sql, asked.values)
    alone = rows(archive, "SELECT rowid FROM search WHERE search MATCH ?", (expression(many),))
    archive.db.rollback()
    assert (found, alone) == ({1}, {1})
