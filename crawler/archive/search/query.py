"""What a query means: the text of a search read into terms, and whether a post has them.

A query is folded and split into tokens as the texts are (`crawler.text.variants`); a term matches where its tokens
stand side by side in the title or in the body. Terms side by side must all match, `"…"` is one term, `-term`
excludes, `OR` stands between two terms, and `="…"` wants what is written just so, not folded. Any string is a query.
Not here: the index that finds posts fast.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.search.field import Field
from crawler.text.variants import unify
from crawler.text.words import CJK, tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTE = re.compile('["＂]')
# Between words these stand as a space does.
_PARTING = str.maketrans(dict.fromkeys("，、；。！？", " "))
# What may stand between the tokens of a term, and what a run of letters and digits is made of.
_GAP = re.compile(rf"(?:[^\w{CJK}]|_)*")
_LETTER = re.compile(rf"[^\W_{CJK}]")
# Ideographs join nothing: found in a text as it stands, what folds to itself is found in it folded.
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fa5]+")


@dataclass(frozen=True)
class Term:
    """A term: its folded tokens, side by side; of one that was asked for as `="…"`, how it must be `written`."""

    tokens: tuple[str, ...]
    written: str | None = None

    def stands_in(self, field: Field) -> bool:
        """Tell whether a title or a text has the term."""
        spans = self._spans(field.folded) if self.written is None else self.spans(field)
        return next(spans, None) is not None

    def count(self, field: Field) -> int:
        """Return how often the term stands in a title or a text."""
        return sum(1 for _ in (self._spans(field.folded) if self.written is None else self.spans(field)))

    def spans(self, field: Field) -> Iterator[tuple[int, int]]:
        """Yield where the term stands in the original, from each first character to behind the last."""
        folded, begins, ends = field.places
        for first, end in self._spans(folded):
            begin, behind = begins[first], ends[end - 1]
            if self.written is None or field.raw[begin:behind] == self.written:
                yield begin, behind

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
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
        return joined if self.written in {None, joined} and _IDEOGRAPHS.fullmatch(joined) else None


@dataclass(frozen=True)
class Query:
    """A query: every group of `wanted` must match by one of its terms, none of `unwanted` may."""

    wanted: tuple[tuple[Term, ...], ...]
    unwanted: tuple[Term, ...]

    def matches(self, title: str, text: str) -> bool:
        """Tell whether a post with this title and this plain text is found. A query for nothing finds nothing."""
        if not self.unwanted and self.wanted and all(_surely(group, title, text) for group in self.wanted):
            return True
        fields = (Field(title), Field(text))
        return (
            bool(self.wanted)
            and self._is_in(fields)
            and not any(term.stands_in(field) for term in self.unwanted for field in fields)
        )

    def is_in_title(self, title: str) -> bool:
        """Tell whether a title has all that is wanted."""
        return self._is_in((Field(title),))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Return every term that is wanted, in the order they were typed."""
        return tuple(term for group in self.wanted for term in group)

    def _is_in(self, fields: tuple[Field, ...]) -> bool:
        return all(any(term.stands_in(field) for term in group for field in fields) for group in self.wanted)


def parse(query: str) -> Query:
    """Read a query. One that asks for nothing, as "" or "-a", wants nothing."""
    wanted: list[list[Term]] = []
    unwanted: list[Term] = []
    joining = False
    for word in _words(query):
        if word.text == "OR" and not word.sign:
            joining = bool(wanted)
            continue
        term = _term(word)
        if not term.tokens:  # separators only
            continue
        if word.sign.startswith("-"):
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


class _Word(NamedTuple):
    """A word of a query, or what stands in quotes, with the sign before it: `-`, and before quotes `=`, `-=`, `"`."""

    text: str
    sign: str = ""


def _words(query: str) -> Iterator[_Word]:
    """Read a query into words. Its quotes come in pairs, but for the last: what follows it is one term, too."""
    sign = ""
    for number, stretch in enumerate(_QUOTE.split(query)):
        if number % 2:
            yield _Word(stretch, sign or '"')
            continue
        outside = unicodedata.normalize("NFKC", stretch.translate(_PARTING))
        words = outside.split()
        sign = words.pop() if words and words[-1] in {"-", "=", "-="} and outside.endswith(words[-1]) else ""
        yield from (_Word(word[1:], "-") if word.startswith("-") else _Word(word) for word in words)


def _term(word: _Word) -> Term:
    term = Term(tuple(tokens_in(unify(word.text))))
    if not term.tokens or not word.sign.endswith("="):
        return term
    # Just as written, from the first token to the last.
    return Term(term.tokens, next(word.text[begin:end] for begin, end in term.spans(Field(word.text))))


def _surely(group: tuple[Term, ...], title: str, text: str) -> bool:
    """Tell whether one of the terms stands in a title or a text as they are: folding is most of the work."""
    return any(term.literal is not None and (term.literal in text or term.literal in title) for term in group)
