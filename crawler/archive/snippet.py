"""A stretch of a text around what was searched for, with the hits marked. Not here: which posts are found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.text import fold

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.archive.query import Query

_BEFORE, _LENGTH = 20, 80


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
    folded = fold(text)
    if len(folded) == len(text):
        origin: Sequence[int] = range(len(text))
    else:  # some signs fold to several, `…` to three dots
        pieces = [fold(sign) for sign in text]
        folded = "".join(pieces)
        origin = [at for at, piece in enumerate(pieces) for _ in piece]
    found = sorted((origin[first], origin[end - 1] + 1) for term in query.terms for first, end in term.spans(folded))
    spans: list[tuple[int, int]] = []
    for first, last in found:
        if not spans or first >= spans[-1][1]:
            spans.append((first, last))
    return spans
