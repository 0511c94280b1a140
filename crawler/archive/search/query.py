"""What a query means: the text of a search read into terms, and whether a post has them.

A query is folded and split into tokens as the texts are (`crawler.text.words`); a term matches where its tokens stand
side by side in the title or in the body. Terms side by side must all match, `"…"` is one term, `-term` excludes,
`OR` stands between two terms. Any string is a query. Not here: the index that finds posts fast.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from crawler.text.words import CJK, fold, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

# A term in quotes, closed or not, or a word; a minus before either excludes it.
_WORD = re.compile(r'(?P<minus>-?)(?:"(?P<phrase>[^"]*)"?|(?P<word>[^\s"]+))')
# What may stand between the tokens of a term, and what a run of letters and digits is made of.
_GAP = re.compile(rf"(?:[^\w{CJK}]|_)*")
_LETTER = re.compile(rf"[^\W_{CJK}]")
# Ideographs fold to themselves and nothing joins them: found in a text as it stands, they are found in it folded.
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fa5]+")


@dataclass(frozen=True)
class Term:
    """A term: its folded tokens, side by side."""

    tokens: tuple[str, ...]

    def spans(self, folded: str) -> Iterator[tuple[int, int]]:
        """Yield where the term stands in a folded text, from each first character to behind the last."""
        at = folded.find(self.tokens[0])
        while at >= 0:
            end = self._end(folded, at)
            if end is not None:
                yield at, end
            at = folded.find(self.tokens[0], at + 1)

    def _end(self, folded: str, start: int) -> int | None:
        """Return where the term ends if it stands at `start`."""
        if self._runs[0] and start and _LETTER.match(folded, start - 1):
            return None
        at = start
        for token, is_run in zip(self.tokens, self._runs, strict=True):
            gap = _GAP.match(folded, at) if at > start else None
            at = at if gap is None else gap.end()
            if not folded.startswith(token, at):
                return None
            at += len(token)
            if is_run and _LETTER.match(folded, at):
                return None
        return at

    @cached_property
    def _runs(self) -> tuple[bool, ...]:
        """Tell of each token whether it is a run of letters or digits, not to go on at either end."""
        return tuple(_LETTER.match(token) is not None for token in self.tokens)

    @cached_property
    def literal(self) -> str | None:
        """Return the term as it may stand in a text that is not folded; `None` when that says nothing."""
        joined = "".join(self.tokens)
        return joined if _IDEOGRAPHS.fullmatch(joined) else None


@dataclass(frozen=True)
class Query:
    """A query: every group of `wanted` must match by one of its terms, none of `unwanted` may."""

    wanted: tuple[tuple[Term, ...], ...]
    unwanted: tuple[Term, ...]

    def matches(self, title: str, text: str) -> bool:
        """Tell whether a post with this title and this plain text is found. A query for nothing finds nothing."""
        if not self.unwanted and self.wanted and all(_surely(group, title, text) for group in self.wanted):
            return True
        fields = (_Field(title), _Field(text))
        return (
            bool(self.wanted)
            and all(any(_stands_in(term, fields) for term in group) for group in self.wanted)
            and not any(_stands_in(term, fields) for term in self.unwanted)
        )

    @property
    def terms(self) -> tuple[Term, ...]:
        """Return every term that is wanted, in the order they were typed."""
        return tuple(term for group in self.wanted for term in group)


def parse(query: str) -> Query:
    """Read a query. One that asks for nothing, as "" or "-a", wants nothing."""
    wanted: list[list[Term]] = []
    unwanted: list[Term] = []
    joining = False
    for found in _WORD.finditer(unicodedata.normalize("NFKC", query)):
        if found["word"] == "OR" and not found["minus"]:
            joining = bool(wanted)
            continue
        term = Term(tuple(tokens(found["word"] or found["phrase"] or "")))
        if not term.tokens:  # separators only
            continue
        if found["minus"]:
            unwanted.append(term)
        elif joining:
            wanted[-1].append(term)
        else:
            wanted.append([term])
        joining = False
    # Said twice is meant once.
    return Query(
        tuple(dict.fromkeys(tuple(dict.fromkeys(group)) for group in wanted)), tuple(dict.fromkeys(unwanted))
    )


class _Field:
    """A title or a body, folded when that is first needed."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def folded(self) -> str:
        return fold(self.raw)


def _surely(group: tuple[Term, ...], title: str, text: str) -> bool:
    """Tell whether one of the terms stands in a title or a text as they are: folding is most of the work."""
    return any(term.literal is not None and (term.literal in text or term.literal in title) for term in group)


def _stands_in(term: Term, fields: tuple[_Field, ...]) -> bool:
    return any(next(term.spans(field.folded), None) for field in fields)
