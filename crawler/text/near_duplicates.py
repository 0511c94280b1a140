"""Deciding whether two posts tell the same story in the same words.

A story appears under many ids: copied whole, under another outlet's header, with its paragraphs in another order, cut
short, with a few words changed. Posts that share a key (`crawler.text.minhash`) are candidates, and `same_story`
decides on a pair of them.

Thousands of posts made from one template share keys. So callers should take only the newest few hundred posts per
key from the days in question, count how many keys each of them shares, and compare only the twenty or so that share
the most. `tests/benchmarks/likeness.py` measures how many duplicates that finds.

Not here: the index of keys, how pairs become stories, publication times (an item that says the same every day differs
from yesterday's only in its date), and the same news in other words.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from crawler.text.boilerplate import article_of
from crawler.text.minhash import letters_of, ngrams

# Only the beginning of a longer title is looked at, as with texts.
_LONGEST_TITLE = 200

# The numbers below were tuned on the pairs of tests/benchmarks/story_pairs.py. Letters are what is left of a text
# without punctuation and white space. What two texts have in common is given as a share of the shorter one.

# The shorter of two texts has at least this share of the other's letters: a digest is not a copy of its items.
_LEAST_LENGTH = 0.5
# With fewer letters than this, as in rolling news, every word must be the same; the second number applies to posts
# with the same title.
_EVERY_WORD = 150
_EVERY_WORD_UNDER_ONE_TITLE = 80
# With fewer letters every figure must be the same. With more, one figure or this share of them may differ.
_EVERY_FIGURE = 200
_OTHER_FIGURES = 0.2
# A text with less than this share of the other's letters was cut short, perhaps in the middle of a figure.
_CUT = 0.95
# Texts whose words may differ must have this much in common. Texts with every twentieth word replaced have 0.86 or
# more, texts that share 40 % of their sentences 0.57 or less. Reports from one template reach 0.73, but their figures
# differ.
_LEAST_COMMON = 0.7

# Two titles that share this much of their letter pairs may come from one template, with another name filled in. The
# name comes first, and most companies' names have four letters.
_TITLES_ALIKE = 0.5
_NAME = 4
# A title that shares less with the text does not say what the text is about.
_ABOUT = 0.3
# A title of fewer letters, such as 港股午评 or 早间公告, is used for a new text every day.
_OWN_TITLE = 8

# Size of the caches: posts are compared with the same contemporaries again and again.
_CACHE_SIZE = 64

_BRACKETED = re.compile(r"\s*+【([^】\n]{1,60})】")
_SIGNS = re.compile(r"[\W_]+")
# 0.5%, 12亿, 10:30; 三 as in 三成.
_FIGURE = re.compile(r"\d+(?:[.,:]\d+)*[%万亿]*|[〇一二三四五六七八九十百千两]+")
_OF_FIGURES = "0123456789.,:%万亿〇一二三四五六七八九十百千两"
_INSIDE_FIGURE = re.compile(r"[\d.,:][\d.,:%]")
# White space and quotation marks, which outlets use differently, do not end a clause; nor do the signs in a figure.
_LOOSE = re.compile(r"[^\S\n]+|[\"'“”‘’「」『』《》<>]+")
_CLAUSE_END = re.compile(r"(?:(?!(?<=\d)[.,:](?=\d)|[%+-])[\W_])+")


@dataclass(frozen=True, slots=True)
class TitledText:
    """What a post says: its title, which may be empty, and its plain text."""

    title: str
    text: str


def same_story(one: TitledText, other: TitledText) -> bool:
    """Return whether two posts tell the same story in the same words; the order of the two does not matter.

    Short texts must agree clause by clause, as far as the shorter one goes: a different figure, company or verb makes
    a different story, and so do titles that do not fit together. Long texts may differ in some words and in a figure,
    but not in the company that the title names. In between, and for short texts under the same title, words may
    differ but figures may not. A text without letters tells no story, whatever its title.
    """
    shorter, longer = sorted((_folded(one), _folded(other)), key=lambda post: len(post.letters))
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
class _Folded:
    """A post's folded title and text, without header and footer, and the letters of the text."""

    title: str
    text: str
    letters: str


@lru_cache(_CACHE_SIZE)
def _folded(post: TitledText) -> _Folded:
    bracketed = _BRACKETED.match(post.text)
    title = post.title or (bracketed[1] if bracketed else "")
    text = article_of(post.text)
    return _Folded(article_of(title[:_LONGEST_TITLE]), text, letters_of(text))


@lru_cache(_CACHE_SIZE)
def _gram_set(letters: str) -> frozenset[int]:
    return frozenset(ngrams(letters))


def _mostly_common(one: str, other: str) -> bool:
    if one == other:
        return True
    fewer, more = sorted((_gram_set(one), _gram_set(other)), key=len)
    return len(fewer & more) >= _LEAST_COMMON * len(fewer)


def _figures_agree(shorter: _Folded, longer: _Folded) -> bool:
    cut = len(shorter.letters) < _CUT * len(longer.letters)
    text = shorter.text.rstrip(_OF_FIGURES) if cut else shorter.text
    fewer, more = sorted((_figures(text), _figures(longer.text)), key=Counter.total)
    allowed = 0 if len(shorter.letters) < _EVERY_FIGURE else max(1, _OTHER_FIGURES * fewer.total())
    return (fewer - more).total() <= allowed


def _figures(folded: str) -> Counter[str]:
    return Counter(_FIGURE.findall(folded))


def _same_words(one: str, other: str) -> bool:
    """Return whether one of two folded texts contains every clause of the other."""
    return _says_all(_clauses(one), _clauses(other)) or _says_all(_clauses(other), _clauses(one))


def _says_all(more: list[str], fewer: list[str]) -> bool:
    """Return whether each clause of `fewer` is in `more`; the last may be cut short."""
    missing = Counter(fewer) - Counter(more)
    return not missing or (list(missing.elements()) == fewer[-1:] and _is_cut_from(more, fewer[-1]))


def _is_cut_from(clauses: list[str], cut: str) -> bool:
    # 3 may be a cut 3.5 only if more text follows: if one item ends in 3 and the other in 3.5, a figure differs.
    begun = [clause.startswith(cut) and clause != cut for clause in clauses]
    return any(begun[:-1]) or (any(begun) and not _INSIDE_FIGURE.match(clauses[-1], len(cut) - 1))


def _clauses(folded: str) -> list[str]:
    return [clause for clause in _CLAUSE_END.split(_LOOSE.sub("", folded)) if clause]


def _one_title(one: _Folded, other: _Folded) -> bool:
    """Return whether two posts share a title that fits both texts, and both contain figures to compare."""
    return (
        min(len(_SIGNS.sub("", post.title)) for post in (one, other)) >= _OWN_TITLE
        and _same_words(one.title, other.title)
        and _about(one.title, other.letters)
        and _about(other.title, one.letters)
        and bool(_figures(one.text) and _figures(other.text))
    )


def _titles_fit(one: _Folded, other: _Folded) -> bool:
    """Return whether two titles can belong to the same short text, even if that is only a stock phrase."""
    if not one.title or not other.title or _same_words(one.title, other.title):
        return True
    if _alike(one.title, other.title):
        return not _renamed(one, other) and not _figures_clash(one, other)
    return _about(one.title, other.letters) and _about(other.title, one.letters)


def _renamed(one: _Folded, other: _Folded) -> bool:
    """Return whether two similar titles begin with different names, neither of which is in the other's text."""
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


def _figures_clash(one: _Folded, other: _Folded) -> bool:
    """Return whether each title has a figure that is in neither the other's title nor the other's text."""
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
