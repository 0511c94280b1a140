"""The stretch of a text around the first occurrence of a term, and where the terms stand in it.

Not here: which posts are found, and how highlights are printed.
"""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from crawler.archive.search.field import field_of
from crawler.text.words import marked

if TYPE_CHECKING:
    from crawler.archive.search.query import Query

_BEFORE, _LENGTH = 20, 80
_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A stretch of text on one line, with its `highlights` as slices: start, and end behind the last character."""

    text: str
    highlights: tuple[tuple[int, int], ...] = ()

    def marked(self, begin: str, end: str) -> str:
        """Return the text with `begin` and `end` around every highlight."""
        return marked(self.text, self.highlights, begin, end)


def snippet(text: str, query: Query) -> Snippet:
    """Return the stretch around the first occurrence of a term, or the beginning of a text where none occurs."""
    spans = _spans(text, query)
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    end = start + _LENGTH
    before, after = "…" if start else "", "…" if end < len(text) else ""
    shift = len(before) - start
    inside = [(first + shift, last + shift) for first, last in spans if start <= first and last <= end]
    return _on_one_line(f"{before}{text[start:end]}{after}", inside)


def _on_one_line(text: str, spans: list[tuple[int, int]]) -> Snippet:
    """Return a text with single spaces for white space, and `spans` moved accordingly."""
    words = [found.span() for found in _WORD.finditer(text)]
    begins = [begin for begin, _ in words]
    shown_at = list(accumulate((end - begin + 1 for begin, end in words), initial=0))

    def shown(at: int) -> int:
        word = bisect(begins, at) - 1
        return shown_at[word] + at - begins[word]

    line = " ".join(text[begin:end] for begin, end in words)
    return Snippet(line, tuple((shown(first), shown(last - 1) + 1) for first, last in spans))


def _spans(text: str, query: Query) -> list[tuple[int, int]]:
    """Return where the wanted terms stand in `text`, in order and without overlaps."""
    field = field_of(text)
    spans: list[tuple[int, int]] = []
    for first, last in sorted(span for term in query.terms for span in term.spans(field)):
        if not spans or first >= spans[-1][1]:
            spans.append((first, last))
    return spans
