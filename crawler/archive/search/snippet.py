"""A stretch of a text around what was searched for, with the hits marked. Not here: which posts are found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import is_normalized

from crawler.text.words import fold, half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.archive.search.query import Query

_BEFORE, _LENGTH = 20, 80
# A sign with the marks that join it, or a syllable of Hangul written letter by letter.
_SIGN = re.compile(
    r"[\u1100-\u11ff]+|.[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f]*",
    re.DOTALL,
)


def snippet(text: str, query: Query, marks: tuple[str, str]) -> str:
    """Return the stretch of `text` around the first hit on one line, `marks` around every hit in it.

    Without a hit, one in the title only, it is how the text begins.
    """
    spans = _spans(text, query)
    start = max(0, spans[0][0] - _BEFORE) if spans else 0
    end = start + _LENGTH
    pieces, at = ["…" if start else ""], start
    for first, last in spans:
        if start <= first and last <= end:
            pieces += [text[at:first], marks[0], text[first:last], marks[1]]
            at = last
    pieces += [text[at:end], "…" if end < len(text) else ""]
    return " ".join("".join(pieces).split())


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
