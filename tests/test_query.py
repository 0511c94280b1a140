"""Queries: what the text of a search means, held against a reading of its own that knows no pattern and no index."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

import crawler.text
from crawler.archive.search.query import Query, Term, parse
from crawler.text.words import CJK

# By hand: what the public surface says of a query, word for word.

_VARIANTS = {
    ord(form): line[0]
    for line in files(crawler.text).joinpath("variants.txt").read_text(encoding="utf-8").split()
    for form in line[1:]
}
_UNSEEN = {0xAD, 0x34F, 0x61C, 0xFEFF, *range(0x180B, 0x1810), *range(0x200B, 0x2010), *range(0x202A, 0x202F)}
_UNSEEN |= {*range(0x2060, 0x2070), *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)}


def by_hand(text: str) -> str:
    """Fold a text and set a space around each token: each CJK character, and each run of letters or digits."""
    seen = "".join(sign for sign in text if ord(sign) not in _UNSEEN)
    folded = unicodedata.normalize("NFKC", seen).lower().translate(_VARIANTS)
    return f" {' '.join(''.join(map(_spaced, folded)).split())} "


def _spaced(sign: str) -> str:
    if any(first <= sign <= last for first, last in RANGES):
        return f" {sign} "
    return sign if sign.isalnum() else " "


# The ranges of CJK characters, out of what stands in the brackets of a pattern.
_BOUNDS = CJK.encode("ascii").decode("unicode-escape")
RANGES = [(_BOUNDS[at], _BOUNDS[at + 2]) for at in range(0, len(_BOUNDS), 3)]


class Wanted(NamedTuple):
    """A term: its tokens, a space around each, and how it must be written if that matters."""

    tokens: str
    written: str | None = None

    def stands_in(self, text: str) -> bool:
        if self.written is None:
            return self.tokens in by_hand(text)
        starts = [at for at in range(len(text)) if text.startswith(self.written, at)]
        apart = [f"{text[:at]} {self.written} {text[at + len(self.written) :]}" for at in starts]
        return any(by_hand(parted) == by_hand(text) for parted in apart)


@dataclass(frozen=True)
class Sought:
    """A query read by hand: of each group of `wanted` one term must stand somewhere, of `unwanted` none may."""

    wanted: list[list[Wanted]]
    unwanted: list[Wanted]

    def finds(self, title: str, text: str) -> bool:
        return (
            bool(self.wanted)
            and self._stand((title, text))
            and not any(term.stands_in(field) for term in self.unwanted for field in (title, text))
        )

    def finds_title(self, title: str) -> bool:
        """Tell whether a title has all that is wanted."""
        return self._stand((title,))

    def _stand(self, fields: tuple[str, ...]) -> bool:
        return all(any(term.stands_in(field) for term in group for field in fields) for group in self.wanted)


def sought(query: str) -> Sought:
    """Read a query by hand: quotes first, then spaces and Chinese punctuation, then what a word begins with."""
    wanted: list[list[Wanted]] = []
    unwanted: list[Wanted] = []
    joining = False
    sign = ""
    for number, stretch in enumerate(query.replace("＂", '"').split('"')):
        quoted = bool(number % 2)
        outside = unicodedata.normalize("NFKC", stretch if quoted else re.sub("[，、；。！？]", " ", stretch))
        words = [stretch] if quoted else outside.split()
        for word in words:
            if not quoted and word == "OR":
                joining = bool(wanted)
                continue
            minus = sign.startswith("-") if quoted else word.startswith("-")
            term = Wanted(by_hand(word), _trimmed(word) if quoted and sign.endswith("=") else None)
            if not term.tokens.strip():
                continue
            if minus:
                unwanted.append(term)
            elif joining:
                wanted[-1].append(term)
            else:
                wanted.append([term])
            joining = False
        sign = words[-1] if not quoted and words and words[-1] in {"-", "=", "-="} else ""
        sign = sign if outside.endswith(sign) else ""
    return Sought(wanted, unwanted)


def _trimmed(written: str) -> str:
    """Leave out what stands before the first token and behind the last."""
    tokens = [at for at, sign in enumerate(written) if by_hand(sign).strip()]
    return written[tokens[0] : tokens[-1] + 1] if tokens else ""


def once(query: Sought) -> Sought:
    """Leave out what a query says twice."""
    groups = dict.fromkeys(tuple(dict.fromkeys(group)) for group in query.wanted)
    return Sought(list(map(list, groups)), list(dict.fromkeys(query.unwanted)))


def spelt(query: Query) -> Sought:
    """Return a query as one read by hand would be."""

    def term(read: Term) -> Wanted:
        return Wanted(f" {' '.join(read.tokens)} ", read.written)

    return Sought([[term(each) for each in group] for group in query.wanted], [term(each) for each in query.unwanted])


# What texts and queries are made of: all that a query knows, and all that folding knows.

LONG = ("a" * 63, "a" * 64, "a" * 65, "a" * 66, "a" * 64 + "b" * 64, "江" * 5)
WORDS = (
    *"江西 江 西 省 5G 5g 5 g 15G VR 5G+VR ABC ＡＢＣ ａｂｃ ５Ｇ 1-2 １－２ ５ ²".split(),
    *"江_西 a_b OR or AND NOT NEAR".split(),
    *"臺灣 台湾 萬科 万科 著 着 5\u200bG 5\u00adG".split(),
    *"é e\u0301 ﬁ fi ㈱ (株) ｶﾞ ガ 한국 Σ ς İ ß 𠮷 😀".split(),
    *LONG,
)
SIGNS = (
    "+",
    "-",
    "－",
    "_",
    ".",
    "。",
    "，",
    "（",
    "）",
    "*",
    "^",
    ":",
    "\n",
    "\u3000",
    "\u00a0",
    "\u200b",
    "、",
    "·",
    "\0",
    "§",
    "¶",
    "'",
    "´",
    "\\",
)
SPACES = (" ", " ", "", "")
words = st.sampled_from(WORDS)
texts = st.one_of(
    st.lists(st.sampled_from([*WORDS, *SIGNS, *SPACES, '"']), max_size=14).map("".join),
    st.text("江西省5gG+ＶR1１_-。 ", max_size=20),
)
operators = st.sampled_from([" ", " ", " OR ", " -", ' "', '" ', '"', ' -"', " ＯＲ ", "\n"])
queries = st.one_of(
    st.lists(st.one_of(words, operators, st.sampled_from(SIGNS), texts), max_size=8).map("".join),
    st.lists(words, min_size=1, max_size=3).map(" ".join),
    st.lists(words, min_size=1, max_size=3).map(" OR ".join),
    st.tuples(st.sampled_from(["", "江 -", "江 ", "江 OR "]), st.text("江西萬万5gG ５", max_size=4)).map(
        lambda term: f'{term[0]}="{term[1]}"'
    ),
    st.text('江西5gG+-*" ORｖ（）', max_size=20),
)


def query(*wanted: str, without: str = "") -> Query:
    """Return the query of terms as written: tokens parted by spaces, alternatives by `|`."""

    def terms(written: str) -> tuple[Term, ...]:
        return tuple(Term(tuple(term.split())) for term in written.split("|") if term)

    return Query(tuple(map(terms, wanted)), terms(without))


def exactly(tokens: str, written: str) -> Query:
    """Return the query for one term that must be written so."""
    return Query(((Term(tuple(tokens.split()), written),),), ())


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("江西", query("江 西")),
        ("江西 5G", query("江 西", "5g")),
        ("江西\u30005G\n+VR", query("江 西", "5g", "vr")),
        ("5G+VR", query("5g vr")),
        ('"江西 5G"', query("江 西 5g")),
        ('"江西 5G', query("江 西 5g")),
        ('江西"5G"VR', query("江 西", "5g", "vr")),
        ("江西 -5G", query("江 西", without="5g")),
        ("-5G 江西", query("江 西", without="5g")),
        ('江西 -"5G VR"', query("江 西", without="5g vr")),
        ('江西-"5G VR"', query("江 西", "5g vr")),
        ('江西 - "5G VR"', query("江 西", "5g vr")),
        ('江西 --"5G VR"', query("江 西", "5g vr")),
        ("江西 --5G", query("江 西", without="5g")),
        ("江-西", query("江 西")),
        ("江西 OR 5G", query("江 西|5g")),
        ("江 OR 西 OR 5G VR", query("江|西|5g", "vr")),
        ("VR 江 OR 西", query("vr", "江|西")),
        ('"江 西" OR "5G"', query("江 西|5g")),
        ('江西 OR"5G"', query("江 西|5g")),
        ("OR 江西 OR", query("江 西")),
        ("江 OR OR 西", query("江|西")),
        ("江 OR * 西", query("江|西")),
        ("江 OR -5G 西", query("江", "西", without="5g")),
        ("-江 OR 西", query("西", without="江")),
        ('"OR" 江', query("or", "江")),
        ("江 -OR 西", query("江", "西", without="or")),
        ("江 or 西", query("江", "or", "西")),
        ("江OR西", query("江 or 西")),
        # Said twice is meant once.
        ("江 西 江", query("江", "西")),
        ("江 OR 西 OR 江 -省 -省", query("江|西", without="省")),
        ("江 江 OR 西", query("江", "江|西")),
        ("江 AND 西 NOT NEAR", query("江", "and", "西", "not", "near")),
        # Folded before it is read.
        ("５Ｇ　－ＶＲ", query("5g", without="vr")),
        ("＂5G 江＂", query("5g 江")),
        ("江 ＯＲ 西", query("江|西")),
        ("ﬁ㈱", query("fi 株")),
        ("臺灣", query("台 湾")),
        ("5\u200bG 5\u00adG 萬\u2060科", query("5g", "万 科")),
        # Outside quotes Chinese punctuation parts words.
        ("江西，5G", query("江 西", "5g")),
        ("江西、5G；VR。省！人？西", query("江 西", "5g", "vr", "省", "人", "西")),
        ("江西,5G", query("江 西 5g")),
        ('"江西，5G"', query("江 西 5g")),
        ("江西，-5G，OR，VR", query("江 西|vr", without="5g")),
        # Just as written.
        ('="萬科"', exactly("万 科", "萬科")),
        ("＝＂萬科＂", exactly("万 科", "萬科")),
        ('="（ＡＢＣ，D）"', exactly("abc d", "ＡＢＣ，D")),
        ('江 -="萬科"', Query(query("江").wanted, exactly("万 科", "萬科").terms)),
        ('="萬科" OR ="万科"', Query((exactly("万 科", "萬科").terms + exactly("万 科", "万科").terms,), ())),
        ('="" ="，" 江', query("江")),
        ("=萬科", query("万 科")),
        ('江="萬科"', query("江", "万 科")),
        ('= "萬科"', query("万 科")),
        # Nothing is asked for.
        ("", query()),
        ('- * "" , OR', query()),
        ("-江", query(without="江")),
    ],
)  # fmt: skip
def test_a_query_means(written: str, meant: Query):
    assert parse(written) == meant


@settings(max_examples=examples(500), deadline=None)
@given(queries)
@example('-"江"-"西"')
@example('- "江" -"-西"')
@example('江 OR "" OR "西')
def test_a_query_is_read_as_by_hand(query: str):
    assert spelt(parse(query)) == once(sought(query))


@settings(max_examples=examples(200), deadline=None)
@given(st.text(st.characters(), max_size=40))
@example("\u00b4江\u00b4")
@example("\ufe63江 西")
@example("\u2033江 西\u2033")
@example("\udcff江 \ud800")
def test_any_string_is_read_as_by_hand(query: str):
    assert spelt(parse(query)) == once(sought(query))


@settings(max_examples=examples(500), deadline=None)
@given(queries, texts, texts)
@example("a" * 64, "a" * 65, "")
@example("5G江西VR", "5G 江_西，ＶＲ", "")
@example("a_b", "ab", "a\0b")
def test_a_query_finds_what_it_finds_by_hand(query: str, title: str, text: str):
    assert parse(query).matches(title, text) is sought(query).finds(title, text)


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_every_stretch_of_a_text_finds_it(data: st.DataObject):
    text = data.draw(st.one_of(texts, st.text(st.characters(), max_size=30)))
    tokens = by_hand(text).split()
    start = data.draw(st.integers(0, len(tokens)))
    stretch = tokens[start : data.draw(st.integers(start, len(tokens)))]
    assert parse(f'"{" ".join(stretch)}"').matches("", text) is bool(stretch)
    assert parse(f'"{" ".join(stretch)}"').matches(text, "") is bool(stretch)


@pytest.mark.parametrize(
    ("written", "title", "text"),
    [
        ("江西5G", "江西", "5G"),
        ("5G", "15G", "5GB 5Gé 5Gя"),
        ("江西", "西江", "江 5G 西"),
        ("5G VR", "5GVR", ""),
        ("é", "e", "ée"),
        ("江西", "江ー西", "江ア西"),
    ],
)
def test_a_query_does_not_find(written: str, title: str, text: str):
    assert not parse(written).matches(title, text)


@pytest.mark.parametrize(
    ("written", "text", "is_found"),
    [
        ('="萬科"', "萬科", True),
        ('="萬科"', "万科", False),
        ('="萬科"', "万科，萬科", True),
        ('="萬科"', "萬，科", False),
        ('="5G"', "５Ｇ", False),
        ('="5G"', "5G", True),
        ('="5G"', "15G 5GB 5g", False),
        ('="Ａ"', "A，Ａ", True),
        ('江 -="萬科"', "江，万科", True),
        ('江 -="萬科"', "江，萬科", False),
        ('="江…西"', "江…西", True),
        ('="江…西"', "江...西", False),
    ],
)
def test_what_must_be_written_so_is_found_only_so(written: str, text: str, is_found: bool):
    assert parse(written).matches("", text) is is_found
    assert parse(written).matches(text, "") is is_found


def test_a_query_for_nothing_finds_nothing():
    assert not parse("").matches("", "")
    assert not parse("-江西").matches("北京", "北京")


@pytest.mark.parametrize("count", [99, 100, 101, 250])
def test_the_last_of_many_terms_counts_as_the_first(count: int):
    many = [f"{number}" for number in range(count)]
    text = "，".join(["江西", *many])
    assert parse(" ".join([*many, "江西"])).matches("", text)
    assert not parse(" ".join([*many, "湖北"])).matches("", text)
    assert parse(" OR ".join([*(f"x{word}" for word in many), "江西"])).matches("", text)
    assert not parse(" OR ".join([*(f"x{word}" for word in many), "湖北"])).matches("", text)
    assert parse("江西 -x" + " -x".join(many)).matches("", text)
    assert not parse("江西 -x" + " -x".join(many) + " -0").matches("", text)
    assert parse(f'"{" ".join(many)}"').matches("", text)
    assert not parse(f'"{" ".join(many)} 湖"').matches("", text)


def test_the_terms_of_a_query_are_those_that_are_wanted_in_their_order():
    assert parse("江 OR 西 -省 5G").terms == (Term(("江",)), Term(("西",)), Term(("5g",)))
