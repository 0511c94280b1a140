"""Whether two posts tell one story in the same words: keys to find candidates by, and the decision on a pair.

A story appears under many ids: copied whole, under another outlet's header, with its paragraphs in another order,
with its end cut, with a few words changed. Posts with a key in common (`crawler.text.minhash`) are candidates, and
`same_story` decides on them.

Items of one template share keys by the thousand. Whoever looks up candidates therefore takes for each key only the
newest few hundred posts of the days in question, counts how many keys each of these shares, and decides only on the
twenty or so that share most. `tests/benchmarks/likeness.py` measures what that finds.

Not here: the index of keys, how pairs become stories, when a post was published (an item that says the same every day
is told from yesterday's by its day alone), and the same news told in other words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from crawler.text.boilerplate import article_of
from crawler.text.minhash import letters_of, ngrams

# Longer titles are known by their beginning, as texts are.
_LONGEST_TITLE = 200

# The numbers below were tried out on the pairs of tests/benchmarks/story_pairs.py. Letters are what is left of a
# text without signs and spaces; what two texts have in common is a share of the one that has less, unless their
# Jaccard likeness is named, a share of both together.

# The shorter of two texts has at least this share of the other's letters: a digest is no copy of its items.
_LEAST_LENGTH = 0.5
# With fewer letters every word has to be the same; under one title, with fewer than the second. Rolling news is
# that short.
_EVERY_WORD = 150
_EVERY_WORD_UNDER_ONE_TITLE = 80
# With fewer letters every figure has to be the same. With more, this share of them may be others, or one may.
_EVERY_FIGURE = 200
_OTHER_FIGURES = 0.2
# With fewer than this share of the other's letters a text is cut, and the figure it ends in may be cut with it.
_CUT = 0.95
# Texts that may differ in words have so much in common: 0.86 and more with every twentieth word replaced, 0.57 and
# less with 40 % of the sentences shared. Reports of one template reach 0.73, but with other figures.
_LEAST_COMMON = 0.7

# Two titles with half of their pairs of letters in common may come from one template, with another name filled in.
# The name stands first, and that of most companies has four letters.
_TITLES_ALIKE = 0.5
_NAME = 4
# A title that has less in common with the text does not say what the text is about.
_ABOUT = 0.3
# A title of fewer letters, 港股午评 or 早间公告, stands over a text every day.
_OWN_TITLE = 8

# Texts that are kept taken apart: a post is held against others of its time, over and over.
_REMEMBERED = 64

_BRACKETED = re.compile(r"\s*+【([^】\n]{1,60})】")
_SIGNS = re.compile(r"[\W_]+")
# 0.5%, 12亿, 10:30; 三 as in 三成.
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*[%万亿]*|[〇一二三四五六七八九十百千两]+")
_OF_FIGURES = "0123456789.,:%万亿〇一二三四五六七八九十百千两"
_INSIDE_FIGURE = re.compile(r"[\d.,:][\d.,:%]")
# Spaces and quotation marks, which outlets set as they like, end no clause; nor do the signs of a figure.
_LOOSE = re.compile(r"[^\S\n]+|[\"'“”‘’「」『』《》<>]+")
_CLAUSE_END = re.compile(r"(?:(?!(?<=\d)[.,:](?=\d)|[%+-])[\W_])+")


@dataclass(frozen=True, slots=True)
class Wording:
    """What a post says: its title, which may be empty, and its plain text."""

    title: str
    text: str


def same_story(one: Wording, other: Wording) -> bool:
    """Decide whether two posts tell one story in the same words; it does not matter which is named first.

    A short text is told again only word for word, clause by clause, as far as it goes: another figure, another
    company, another verb make another story, and so do titles that do not go together. A long one may differ in
    some words and in a figure, but not in the company its title names. Between the two, and where a short text
    stands under one title, words may differ and figures may not. A text without a letter tells no story, whatever
    its title.
    """
    shorter, longer = sorted((_read(one), _read(other)), key=lambda read: len(read.letters))
    length = len(shorter.letters)
    if not length or length < _LEAST_LENGTH * len(longer.letters):
        return False
    if length < (_EVERY_WORD_UNDER_ONE_TITLE if _one_title(shorter, longer) else _EVERY_WORD):
        return _same_words(shorter.text, longer.text) and _titles_fit(shorter, longer)
    return (
        _mostly_common(shorter.letters, longer.letters)
        and _figures_agree(shorter, longer)
        and not _renamed(shorter, longer)
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A wording without header and footer, folded, and the letters of its text."""

    title: str
    text: str
    letters: str


@lru_cache(_REMEMBERED)
def _read(wording: Wording) -> _Read:
    bracketed = _BRACKETED.match(wording.text)
    title = wording.title or (bracketed[1] if bracketed else "")
    text = article_of(wording.text)
    return _Read(article_of(title[:_LONGEST_TITLE]), text, letters_of(text))


@lru_cache(_REMEMBERED)
def _gram_set(letters: str) -> frozenset[int]:
    return frozenset(ngrams(letters))


def _mostly_common(one: str, other: str) -> bool:
    if one == other:
        return True
    fewer, more = sorted((_gram_set(one), _gram_set(other)), key=len)
    return len(fewer & more) >= _LEAST_COMMON * len(fewer)


def _figures_agree(shorter: _Read, longer: _Read) -> bool:
    cut = len(shorter.letters) < _CUT * len(longer.letters)
    text = shorter.text.rstrip(_OF_FIGURES) if cut else shorter.text
    fewer, more = sorted((_figures(text), _figures(longer.text)), key=Counter.total)
    allowed = 0 if len(shorter.letters) < _EVERY_FIGURE else max(1, _OTHER_FIGURES * fewer.total())
    return (fewer - more).total() <= allowed


def _figures(folded: str) -> Counter[str]:
    return Counter(_FIGURE.findall(folded))


def _same_words(one: str, other: str) -> bool:
    """Tell whether one of two folded texts says every clause of the other."""
    return _says_all(_clauses(one), _clauses(other)) or _says_all(_clauses(other), _clauses(one))


def _says_all(more: list[str], fewer: list[str]) -> bool:
    """Tell whether each clause of `fewer` is one of `more`, or the last one, being cut, the beginning of one."""
    missing = Counter(fewer) - Counter(more)
    return not missing or (list(missing.elements()) == fewer[-1:] and _cut_from(more, fewer[-1]))


def _cut_from(clauses: list[str], cut: str) -> bool:
    # 3 is a cut 3.5 only where more follows: two items of which one ends in 3 and one in 3.5 differ in a figure.
    begun = [clause.startswith(cut) and clause != cut for clause in clauses]
    return any(begun[:-1]) or (any(begun) and not _INSIDE_FIGURE.match(clauses[-1], len(cut) - 1))


def _clauses(folded: str) -> list[str]:
    return [clause for clause in _CLAUSE_END.split(_LOOSE.sub("", folded)) if clause]


def _one_title(one: _Read, other: _Read) -> bool:
    """Tell whether both texts stand under one title, which is about them, and have figures that can agree."""
    return (
        min(len(_SIGNS.sub("", read.title)) for read in (one, other)) >= _OWN_TITLE
        and _same_words(one.title, other.title)
        and _about(one.title, other.letters)
        and _about(other.title, one.letters)
        and bool(_figures(one.text) and _figures(other.text))
    )


def _titles_fit(one: _Read, other: _Read) -> bool:
    """Tell whether two titles can stand over one short text, which may be a mere form of words."""
    if not one.title or not other.title or _same_words(one.title, other.title):
        return True
    if _alike(one.title, other.title):
        return not _renamed(one, other) and not _figures_clash(one, other)
    return _about(one.title, other.letters) and _about(other.title, one.letters)


def _renamed(one: _Read, other: _Read) -> bool:
    """Tell whether two titles are alike but for the names they begin with, which the other's text does not know."""
    names = _name(one.title), _name(other.title)
    return (
        all(names)
        and names[0] != names[1]
        and names[0] not in other.letters
        and names[1] not in one.letters
        and _alike(one.title, other.title)
    )


def _name(title: str) -> str:
    clauses = _clauses(title)
    return _SIGNS.sub("", clauses[0])[:_NAME] if clauses else ""


def _figures_clash(one: _Read, other: _Read) -> bool:
    """Tell whether each title has a figure that neither the other title nor the text has."""
    ours, theirs = _figures(one.title), _figures(other.title)
    return bool(ours - theirs - _figures(other.text)) and bool(theirs - ours - _figures(one.text))


def _alike(title: str, other: str) -> bool:
    fewer, more = sorted((_pairs(title), _pairs(other)), key=len)
    return len(fewer & more) >= _TITLES_ALIKE * len(fewer)


def _about(title: str, letters: str) -> bool:
    pairs = _pairs(title)
    return sum(pair in letters for pair in pairs) >= _ABOUT * len(pairs)


def _pairs(title: str) -> set[str]:
    letters = _SIGNS.sub("", title)
    return {letters[start : start + 2] for start in range(len(letters) - 1)}
