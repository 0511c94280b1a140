"""The words of the search index: what a post is found by, and what a term is looked up by.

A row of the index holds, as words of its own, every token of a post's title and body, every two neighbouring tokens
and every three; so a term of up to three tokens is found by one look, and the whole index is smaller than one with
positions.

    江西5G应用   ->   江 西 5g_ 应 用 江西 西5g_ 5g_应 应用 江西5g_ 西5g_应 5g_应用

A run of letters or digits ends in `_`, which keeps `5g` + `vr` and `5` + `gvr` apart. Words that begin with `¶` are
the title's, those with `§` are filters: time, outlet, category, securities; `«` and `»` stand before two tokens that
come after, or before, different ones in this post. No token has these signs. Not here: the index itself
(`crawler.archive.search.index`), and how a query asks for words (`crawler.archive.search.expression`).
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

from crawler.text.words import CJK, runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

EVERY = "§"
"""The word every row has."""

NEVER = "§never"
"""A word no row has."""

TITLE = "¶"
"""What words of the title begin with."""

AFTER, BEFORE = "«", "»"
"""What stands before two tokens that come after, or before, different ones in one post."""

LONGEST = 3
"""The most tokens in a word."""

LONGEST_TOKEN = 64
"""Characters of a token that are kept; what is beyond them the text decides."""

# Seconds of the stretches that time is divided into: an hour, eight (days begin with one where it is eight hours
# later than in Greenwich), and then always four of the one before, up to 85 days: so any span takes few of them.
_LENGTHS = tuple(3_600 * hours for hours in (1, 8, 32, 128, 512, 2_048))
_MOST_STRETCHES = 100
_CJK_TOKEN = re.compile(f"[{CJK}]")


def words_of_time(published_ts: int) -> list[str]:
    """Return the words that a post published then has."""
    return [_time_word(length, published_ts // length) for length in _LENGTHS]


def filter_word(kind: str, value: str) -> str:
    """Return the word that posts of an outlet, a category or a security have."""
    return f"{EVERY}{kind}{value.encode(errors='surrogatepass').hex()}"


def time_words(first: int, last: int) -> list[str] | None:
    """Return words of which posts published from `first` to `last` (epoch seconds, included) have one, others none.

    `None` when the span does not begin and end with an hour, as days and months do where offsets are whole hours, or
    takes too many words. A span that ends before it begins has a word that no post has.
    """
    hour = _LENGTHS[0]
    if first % hour or (last + 1) % hour:
        return None
    words: list[str] = []
    at = first
    while at <= last:
        if len(words) == _MOST_STRETCHES:
            return None
        length = next(length for length in reversed(_LENGTHS) if at % length == 0 and at + length - 1 <= last)
        words.append(_time_word(length, at // length))
        at += length
    return words or [NEVER]


def around(first: int, last: int) -> tuple[int, int]:
    """Return a span around all posts from `first` to `last` that takes few words."""
    longest = _LENGTHS[-1]
    return first // longest * longest, (last // longest + 1) * longest - 1


def threes(marked: list[str]) -> list[str]:
    """Return the longest words that a term's tokens make."""
    if len(marked) <= LONGEST:
        return ["".join(marked)]
    return ["".join(marked[start : start + LONGEST]) for start in range(len(marked) - LONGEST + 1)]


class Grams:
    """The tokens of a title or a text, every two neighbouring ones, and every three."""

    def __init__(self, marked: list[str]) -> None:
        """Combine tokens as `marked` returns them."""
        self.ones = marked
        self.twos = list(map(operator.add, marked, marked[1:]))
        self.threes = list(map(operator.add, self.twos, marked[2:]))

    def words(self) -> list[str]:
        """Return them all."""
        return [*self.ones, *self.twos, *self.threes]


def forked(fields: list[Grams]) -> Iterator[str]:
    """Yield a word for every two tokens that come after different ones, and for those that come before such."""
    counts = Counter(chain.from_iterable(field.twos for field in fields))
    repeated = {two for two, count in counts.items() if count > 1}
    before: dict[str, set[str]] = {two: set() for two in repeated}
    after: dict[str, set[str]] = {two: set() for two in repeated}
    for field in fields:
        around = ["", *field.ones, ""]
        for at in [at for at, two in enumerate(field.twos) if two in repeated]:
            before[field.twos[at]].add(around[at])
            after[field.twos[at]].add(around[at + 3])
    yield from (AFTER + two for two, ones in before.items() if len(ones) > 1)
    yield from (BEFORE + two for two, ones in after.items() if len(ones) > 1)


def marked_in(text: str) -> list[str]:
    """Return the tokens of a text as they stand in the index."""
    found: list[str] = []
    for characters, word in runs(text):
        if characters:
            found += characters
        else:
            found.append(_run(word))
    return found


def marked(plain: Iterable[str]) -> list[str]:
    """Return tokens as they stand in the index: runs of letters or digits ended by `_`, and cut when very long."""
    return [token if "\u4e00" <= token <= "\u9fff" or _CJK_TOKEN.match(token) else _run(token) for token in plain]


def _run(token: str) -> str:
    return f"{token}_" if len(token) <= LONGEST_TOKEN else f"{token[:LONGEST_TOKEN]}__"


def _time_word(length: int, number: int) -> str:
    return f"{EVERY}{_LENGTHS.index(length)}_{number}".replace("-", "_")
