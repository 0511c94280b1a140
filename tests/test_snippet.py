"""Snippets: a stretch of a text around the first hit, every hit in it marked, whatever folding does to the text."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_query import by_hand, queries, sought, texts

from crawler.archive.search.query import parse
from crawler.archive.search.snippet import snippet

# Marks that stand in no text, so that what is marked can be told.
BEGIN, END = "\ue000", "\ue001"


def shown(text: str, query: str) -> str:
    return snippet(text, parse(query)).marked("[", "]")


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("江西省", "江西", "[江西]省"),
        ("江西省江西", "江西", "[江西]省[江西]"),
        ("江江江", "江", "[江][江][江]"),
        ("15G与5G，5g", "5G", "15G与[5G]，[5g]"),
        ("推动５Ｇ＋ＶＲ融合", "5g+vr", "推动[５Ｇ＋ＶＲ]融合"),
        ("推动5G VR融合", "5g+vr", "推动[5G VR]融合"),
        ("江西与5G", "5G 江西", "[江西]与[5G]"),
        ("江西与5G", "5G OR 湖北", "江西与[5G]"),
        ("江西与湖北", "江西 -湖北", "[江西]与湖北"),
        ("㈱東京…江西", "東京 江西", "㈱[東京]…[江西]"),
        ("℃℃℃江西ｶﾞ", "江西", "℃℃℃[江西]ｶﾞ"),
        ("㈱東京", "株", "[㈱]東京"),
        # Without a hit, the beginning.
        ("江西", "湖北", "江西"),
        ("江西", "", "江西"),
        ("", "江西", ""),
        # On one line.
        ("  江西\n\n省\u3000人 民", "人", "江西 省 [人] 民"),
    ],
)
def test_a_snippet_of_a_short_text_is_all_of_it_with_its_hits_marked(text: str, query: str, expected: str):
    assert shown(text, query) == expected


def test_a_snippet_of_a_long_text_begins_before_the_first_hit_and_says_what_it_leaves_out():
    text = "前" * 100 + "江西" + "后" * 100
    assert shown(text, "江西") == "…" + "前" * 20 + "[江西]" + "后" * 58 + "…"


def test_a_snippet_of_a_long_text_without_a_hit_is_how_it_begins():
    assert shown("前" * 100, "江西") == "前" * 80 + "…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("江西" + "后" * 78, "[江西]" + "后" * 78),
        ("江西" + "后" * 79, "[江西]" + "后" * 78 + "…"),
        ("前" * 20 + "江西", "前" * 20 + "[江西]"),
        ("前" * 21 + "江西", "…" + "前" * 20 + "[江西]"),
    ],
)
def test_what_is_left_out_is_shown_to_the_character(text: str, expected: str):
    assert shown(text, "江西") == expected


def test_hits_beyond_the_stretch_are_not_shown_nor_half_of_one():
    text = "江西" + "中" * 77 + "江西" + "江西"
    assert shown(text, "江西") == "[江西]" + "中" * 77 + "江…"


def test_of_hits_within_one_another_one_is_marked():
    assert shown("江西省人民政府", "江西 江西省人民") in {"[江西]省人民政府", "[江西省人民]政府"}
    assert shown("江西省人民政府", "江西省 西省人民") in {"[江西省]人民政府", "江[西省人民]政府"}


def test_a_hit_that_is_longer_than_a_snippet_is_shown_from_its_beginning():
    phrase = "江西省推进规模化应用" * 20
    assert shown("前" * 100 + phrase, phrase).replace("[", "").replace("]", "") == f"…{'前' * 20}{phrase[:60]}…"


@pytest.mark.parametrize(("begin", "end"), [("<mark>", "</mark>"), ("", ""), ("[", "]"), ("\x1b[1m", "\x1b[0m")])
def test_marks_are_as_asked_for(begin: str, end: str):
    assert snippet("在江西省", parse("江西")).marked(begin, end) == f"在{begin}江西{end}省"


def plain(marked: str) -> str:
    return marked.replace(BEGIN, "").replace(END, "")


@settings(max_examples=examples(400), deadline=None)
@given(st.one_of(texts, st.lists(texts, min_size=3, max_size=8).map("。".join)), queries)
@example("e\u0301江西ﬁ", "江西")
@example("ｶﾞ江西℃", "江西")
@example("ΑΣ'Α江西ﬁ ΑΣ", "ας")
@example("İ江西", "江西")
@example("\u200bA江西İ", "江西")
@example("\u200b江西İ", "江西")
@example("e\u0301", "é")
def test_a_snippet_is_a_stretch_of_the_text_and_only_what_was_asked_for_is_marked(text: str, query: str):
    found = snippet(text, parse(query)).marked(BEGIN, END)
    flat = " ".join(text.split())
    assert plain(found).removeprefix("…").removesuffix("…").strip() in flat
    terms = [term for group in sought(query).wanted for term in group]
    for number, piece in enumerate(found.split(BEGIN)):
        marked, end, _ = piece.partition(END)
        assert bool(end) is bool(number)
        assert not number or any(term.stands_in(marked) for term in terms)


@settings(max_examples=examples(300), deadline=None)
@given(texts, st.data())
def test_a_term_of_a_short_text_is_marked(text: str, data: st.DataObject):
    tokens = by_hand(text).split()
    start = data.draw(st.integers(0, max(0, len(tokens) - 1)))
    term = tokens[start : start + data.draw(st.integers(1, 3))]
    found = snippet(text[:60], parse(f'"{" ".join(term)}"')).marked(BEGIN, END)
    assert (BEGIN in found) is (bool(term) and f" {' '.join(term)} " in by_hand(text[:60]))
