"""A stretch of a text around what was searched for, and where in it the hits stand.

Not here: which posts are found, and how a hit is shown.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING
from unicodedata import is_normalized

from crawler.text.words import fold, half_width, marked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.archive.search.query import Query

_BEFORE, _LENGTH = 20, 80
_WORD = re.compile(r"\S+")
# A sign with the marks that join it, or a syllable of Hangul written letter by letter.
_SIGN = re.compile(
    r"[\u1100-\u11ff]+|.[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f]*",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of a text on one line, and its `highlights`: each hit from its first character to behind its last."""

    text: str
    highlights: tuple[tuple[int, int], ...] = ()

    def marked(self, begin: str, end: str) -> str:
        """Return the text with `begin` and `end` around every hit."""
        return marked(self.text, self.highlights, begin, end)


def snippet(text: str, query: Query) -> Snippet:
    """Return the stretch of `text` around the first hit; without one, how the text begins: the title may have it."""
    spans = _spans(text, query)
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    end = start + _LENGTH
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = [(first + shift, last + shift) for first, last in spans if start <= first and last <= end]
    return _on_one_line(f"{before}{text[start:end]}{after}", inside)


def _on_one_line(text: str, spans: list[tuple[int, int]]) -> Snippet:
    """Return a text with a single space for each stretch of white space, and `spans` as they stand there."""
    words = [found.span() for found in _WORD.finditer(text)]
    begins = [begin for begin, _ in words]
    shown_at = list(accumulate((end - begin + 1 for begin, end in words), initial=0))

    def shown(at: int) -> int:
        word = bisect(begins, at) - 1
        return shown_at[word] + at - begins[word]

    line = " ".join(text[begin:end] for begin, end in words)
    return Snippet(line, tuple((shown(first), shown(last - 1) + 1) for first, last in spans))


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where the wanted terms stand in `text`, in order, none within another."""
    folded, begins, ends = _folded(text)
    found = sorted((begins[first], ends[end - 1]) for term in query.terms for first, end in term.spans(folded))
    spans: list[tuple[int, int]] = []
    for first, last in found:
        if not spans or first >= spans[-1][1]:
            spans.append((first, last))
    return spans


def _folded(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """Fold a text, and return of each character of it where what it comes from begins and ends."""
    folded = fold(text)
    if len(folded) == len(text) and is_normalized("NFKC", half_width(text)):
        return folded, range(len(text)), range(1, len(text) + 1)
    # Some signs fold to several, `…` to three dots, and some to one with those behind them, `ｶﾞ` to `ガ`.
    signs = [(sign.span(), fold(sign[0])) for sign in _SIGN.finditer(text)]
    by_sign = "".join(piece for _, piece in signs)
    places = [place for place, piece in signs for _ in piece]
    # Only in its word a sigma shows which one it is in lower case: `ΟΣ` becomes `ος`.
    folded = folded if len(folded) == len(by_sign) else by_sign
    return folded, [begin for begin, _ in places], [end for _, end in places]
