"""The search index: which words a post has, that they are kept up with the tables, and how a query asks for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta, timezone
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_query import queries, sought, texts

from crawler import dates
from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.search import index, words
from crawler.archive.search.expression import expressions
from crawler.archive.search.index import Entry
from crawler.archive.search.query import parse
from crawler.archive.store import posts
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Article

PUBLISHED_TS = int(made.PUBLISHED.timestamp())
TIME = words.words_of_time(PUBLISHED_TS)


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


def matched(archive: Archive, expression: str) -> set[int]:
    return {row for (row,) in archive.db.execute("SELECT rowid FROM search WHERE search MATCH ?", [expression])}


def entry(title: str, text: str) -> Entry:
    return Entry(title, text, PUBLISHED_TS, None, None, ())


def words_of(title: str, text: str) -> set[str]:
    """Return the words of an entry but those that every entry of these tests has."""
    return set(entry(title, text).words().split()) - {"§", *TIME}


# Which words a post has.


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("江", "江"),
        ("江西", "江 西 江西"),
        ("江西5G应用", "江 西 5g_ 应 用 江西 西5g_ 5g_应 应用 江西5g_ 西5g_应 5g_应用"),
        ("5 G VR", "5_ g_ vr_ 5_g_ g_vr_ 5_g_vr_"),
        ("ＡＢ_c\n。D", "ab_ c_ d_ ab_c_ c_d_ ab_c_d_"),
        ("江，江", "江 江江"),
    ],
)
def test_a_text_has_its_tokens_alone_in_twos_and_in_threes(text: str, expected: str):
    assert words_of("", text) == set(expected.split())


def test_a_title_has_the_words_of_a_text_and_of_a_title():
    assert words_of("江5G", "西") == set("西 江 5g_ 江5g_ ¶江 ¶5g_ ¶江5g_".split())


def test_a_title_does_not_run_on_into_the_text():
    assert words_of("江", "西") == {"江", "西", "¶江"}


@pytest.mark.parametrize(
    ("title", "text", "forks"),
    [
        ("江西省", "江西省", set()),
        ("江西省", "江西人", {"»江西"}),
        ("省江西", "人江西", {"«江西"}),
        ("", "江西省，江西人", {"«江西", "»江西"}),
        ("江西", "江西省", {"»江西"}),
        ("江西", "省江西", {"«江西"}),
        ("", "江江江", {"«江江", "»江江"}),
    ],
)
def test_two_tokens_that_lead_on_in_two_ways_are_marked(title: str, text: str, forks: set[str]):
    assert {word for word in words_of(title, text) if word.startswith(("«", "»"))} == forks


def test_tokens_as_long_as_a_word_may_be_are_told_from_longer_ones():
    assert words_of("", "a" * 64) == {"a" * 64 + "_"}
    assert words_of("", "a" * 65) == words_of("", "a" * 66) == {"a" * 64 + "__"}


def test_a_post_has_a_word_for_its_outlet_its_category_and_each_of_its_securities():
    found = Entry("", "", PUBLISHED_TS, "大江网", "dajiangwang", ("1.600519", "116.00700")).words()
    assert set(found.split()) - set(TIME) == {
        "§",
        "§sourcee5a4a7e6b19fe7bd91",
        "§category64616a69616e6777616e67",
        "§stock312e363030353139",
        "§stock3131362e3030373030",
    }


@given(st.text(st.characters(), min_size=1), st.text(st.characters(), min_size=1))
def test_two_outlets_have_two_words(one: str, other: str):
    found = {words.filter_word("source", one), words.filter_word("source", other), words.filter_word("category", one)}
    assert len(found) == 2 + (one != other)
    assert not any(map(str.isspace, "".join(found)))


@given(st.text(st.characters(codec="utf-8")))
@example("§¶«»")
@example("¶江 §source «江西 »江西")
@example("_a_b__c_§never")
def test_no_text_has_the_words_of_a_title_or_a_filter(text: str):
    assert not any(word.startswith(("¶", "§")) for word in words_of("", text))
    assert "§never" not in words_of(text, text)


@given(st.text("a_b§江 ", max_size=9), st.text("a_b§江 ", max_size=9))
def test_texts_of_other_tokens_have_other_words(one: str, other: str):
    same = parse(f'"{one}"').wanted == parse(f'"{other}"').wanted
    assert not same or words_of("", one) == words_of("", other)
    assert same or words_of("", one) != words_of("", other) or len(one) > 4


# Times.

hours = st.integers(-600_000, 900_000)


@settings(max_examples=examples(300), deadline=None)
@given(
    hours,
    st.one_of(st.integers(0, 60), st.integers(0, 30_000)),
    st.integers(-4_000_000_000, 4_000_000_000),
    st.integers(-2, 2),
)
def test_a_post_has_one_of_the_words_of_a_span_exactly_if_it_was_published_in_it(
    begin: int, length: int, anywhere: int, beside: int
):
    first, last = begin * 3_600, (begin + length) * 3_600 - 1
    span = words.time_words(first, last)
    assume(span is not None)
    for published_ts in (anywhere, first + beside, last + beside, (first + last) // 2):
        within = first <= published_ts <= last
        assert bool(set(words.words_of_time(published_ts)) & set(span or [])) is within


@pytest.mark.parametrize(
    "named", ["2022", "2022-04", "2022-02", "2022-04-20", "1969-12", "1970-01-01", "2022-04-20 08:00 +0000"]
)
@pytest.mark.parametrize("offset", [8, 0, -5])
def test_a_day_a_month_and_a_year_are_spans_of_few_words(named: str, offset: int):
    first, last = (int(end.timestamp()) for end in dates.span(named, timezone(timedelta(hours=offset))))
    if ":" in named:
        assert words.time_words(first, last) is None
    else:
        assert len(words.time_words(first, last) or []) in range(1, 61)


@pytest.mark.parametrize(("first", "last"), [(1, 3_599), (0, 3_600), (0, 10**12 - 1), (1_800, 5_399)])
def test_a_span_that_does_not_begin_and_end_with_an_hour_or_is_too_long_has_no_words(first: int, last: int):
    assert words.time_words(first, last) is None


def test_a_span_that_ends_before_it_begins_has_a_word_that_no_post_has():
    assert words.time_words(7_200, 3_599) == ["§never"]


@given(st.integers(-4_000_000_000, 4_000_000_000), st.integers(0, 4_000_000_000))
def test_a_span_around_posts_holds_them_all(first: int, length: int):
    begin, end = words.around(first, first + length)
    assert begin <= first <= first + length <= end
    assert words.time_words(begin, end) is None or len(words.time_words(begin, end) or []) <= 100


# Added, taken out, made anew.


def test_a_row_is_added_and_taken_out_again(archive: Archive):
    every = {"§", *TIME}
    archive.db.begin()
    index.add(archive.db, 1, entry("江", "西"))
    index.add(archive.db, -7, entry("", "西"))
    both = indexed(archive)
    index.remove(archive.db, 1, entry("江", "西"))
    one = indexed(archive)
    archive.db.rollback()
    assert both == {1: {"江", "西", "¶江", *every}, -7: {"西", *every}}
    assert one == {-7: {"西", *every}}


def test_what_is_put_off_is_written_in_its_order(archive: Archive):
    archive.db.begin()
    with index.put_off(archive.db):
        index.add(archive.db, 1, entry("江", "西"))
        index.remove(archive.db, 1, entry("江", "西"))
        index.add(archive.db, 1, entry("东", ""))
        meanwhile = indexed(archive)
    at_the_end = indexed(archive)
    archive.db.rollback()
    assert meanwhile == {}
    assert at_the_end == {1: {"东", "¶东", "§", *TIME}}


def test_a_new_post_has_a_row_and_a_former_version_keeps_one_of_its_own(archive: Archive):
    every = {"§", *TIME, "§sourcee5a4a7e6b19fe7bd91", "§category64616a69616e6777616e67"}
    every |= {"§stock312e363030353139", "§stock3131362e3030373030"}
    archive.db.begin()
    posts.store(archive.db, worded("NW1", "旧", "文"), 1)
    first = indexed(archive)
    posts.store(archive.db, worded("NW1", "新", "文", "1"), 1)
    second = indexed(archive)
    archive.db.rollback()
    assert first == {1: {"旧", "文", "¶旧", *every}}
    assert second == {1: {"新", "文", "¶新", *every}, -1: {"旧", "文", "¶旧", *every}}


def test_the_index_of_an_empty_archive_is_made_anew(archive: Archive):
    archive.db.begin()
    index.add(archive.db, 5, entry("江", "西"))
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
    assert kept.keys() == anew.keys()
    # Of a former version it is no longer known what else it was found by: the post's own stand in.
    kinds = ("§source", "§category", "§stock")
    for row, found in kept.items():
        assert [word for word in found ^ anew[row] if row > 0 or not word.startswith(kinds)] == []


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
    asked = expressions(meaning)
    archive.db.begin()
    try:
        for row, one in enumerate(entries, start=1):
            index.add(archive.db, row, entry(*one))
        maybe, in_title = matched(archive, asked.maybe), matched(archive, asked.in_title)
        surely = maybe if asked.surely is None else matched(archive, f"({asked.maybe}) AND ({asked.surely})")
    finally:
        archive.db.rollback()
    meant = {row for row, one in enumerate(entries, start=1) if by_hand.finds(*one)}
    assert surely <= meant <= maybe
    assert {row for row, (title, _) in enumerate(entries, start=1) if by_hand.finds_title(title)} <= in_title


@settings(max_examples=examples(200), deadline=None)
@given(queries, st.lists(st.tuples(texts, texts), min_size=1, max_size=3))
@example("a" * 64, [("", "a" * 65)])
@example("a" * 65, [("", "a" * 64), ("", "a" * 66)])
@example("江 -" + "a" * 64, [("江", "a" * 65)])
@example("江西5G", [("江西5GV", "江西 5G")])
@example("-江西5G+VR 江", [("江西5G VR", ""), ("江西5G", "江西 VR")])
def test_the_index_finds_all_that_is_meant_and_what_it_vouches_for_is(
    archive: Archive, query: str, entries: list[tuple[str, str]]
):
    check(archive, query, entries)


@settings(max_examples=examples(400), deadline=None)
@given(long_terms, st.lists(st.tuples(repetitive, repetitive), min_size=1, max_size=3))
@example("江西江西江", [("江西江", "西江西"), ("", "江西江西")])
@example("江西省人", [("西省人", "江西省")])
@example("江西省江西人", [("", "省江西人江西省江"), ("江西省江", "省江西人")])
def test_the_index_vouches_for_no_term_whose_threes_stand_apart(
    archive: Archive, query: str, entries: list[tuple[str, str]]
):
    check(archive, query, entries)


@pytest.mark.parametrize(
    "query", ["江", "江西", "江西5G", "江 西", "江 OR 西", "江 -西省", '"江 5g 西" VR OR 5', "a" * 64]
)
def test_the_index_vouches_for_all_it_finds_of_terms_of_up_to_three_tokens(query: str):
    assert expressions(parse(query)).surely is None


def vouched(archive: Archive, query: str, text: str) -> bool:
    """Tell whether the index is sure that a text is meant."""
    asked = expressions(parse(query))
    archive.db.begin()
    index.add(archive.db, 1, entry("", text))
    found = matched(archive, asked.maybe if asked.surely is None else asked.surely)
    archive.db.rollback()
    return found == {1}


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("江西省出台计划", "日前江西省出台计划，江西省将"),
        ("江西省人民政府", "江西省人民政府，湖北省人民政府"),
        ("江 -江西省出台计划", "江西"),
        ("西藏四川云南 OR 江西省出台", "江西省出台计划"),
        ("ABCDE FGH 1 2 3 4 5 6", "abcde fgh 1 2 3 4 5 6"),
    ],
)
def test_the_index_vouches_for_a_long_term_in_a_text_that_repeats_little(archive: Archive, query: str, text: str):
    assert vouched(archive, query, text)


MANY = [f"{number}" for number in range(1001)]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("a" * 65, "a" * 65),
        (" ".join(MANY), " ".join(MANY)),
        (" OR ".join(MANY), MANY[50]),
        ("江 -" + " -".join(MANY), "江"),
        ("江 -江西省人", "江西省，西省人，江"),
        ("一二三四五六七八九十百千万", "一二三四五六七八九十百千万"),
    ],
    ids=["long token", "many words", "many alternatives", "many unwanted", "all of what is unwanted", "long term"],
)
def test_the_index_leaves_to_the_text_what_it_cannot_tell(archive: Archive, query: str, text: str):
    assert not vouched(archive, query, text)
    check(archive, query, [("", text)])


def test_filters_must_match_as_well(archive: Archive):
    filters = [f'"{words.filter_word("source", source)}"' for source in ("大江网", "别处")]
    archive.db.begin()
    for row, source in ((1, "大江网"), (2, "别处"), (3, None)):
        index.add(archive.db, row, replace(entry("江", "西"), source=source))
    for query in ("江 -省", "江西西江 OR 江"):
        asked = [
            expressions(parse(query), each)
            for each in ([], filters[:1], filters[1:], filters, [" OR ".join(filters)])
        ]
        found = [matched(archive, one.maybe if one.surely is None else one.surely) for one in asked]
        assert found == [{1, 2, 3}, {1}, {2}, set(), {1, 2}]
    archive.db.rollback()


def test_a_post_has_the_words_of_its_moment_whatever_zone_it_is_dated_in(archive: Archive):
    moments = [made.PUBLISHED, made.PUBLISHED.astimezone(UTC), made.PUBLISHED + timedelta(hours=1)]
    archive.db.begin()
    for number, moment in enumerate(moments):
        posts.store(archive.db, worded(f"NW{number}", "江", "西", published_at=moment), 1)
    one, same, other = indexed(archive).values()
    archive.db.rollback()
    assert set(TIME) <= one == same != other
