"""What a query means: its terms, and whether a post matches them.

A query is folded and split into tokens as the texts are (`crawler.text.variants`). A term matches where its tokens
stand side by side in the title or in the text. All terms must match; `"…"` is one term, `-term` excludes, `OR`
between two terms means either, and `="…"` matches only what is written exactly so. Any string is a query. Not here:
the index that finds posts fast.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.search.field import Field
from crawler.text.variants import NO_WIDTH, unify
from crawler.text.words import CJK, tokens_in

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTE = re.compile('["＂]')
# Between words these signs separate as a space does.
_PARTING = str.maketrans(dict.fromkeys("，、；。！？", " "))
# What may stand between two tokens of a term, and what a run of letters and digits consists of.
_GAP = re.compile(rf"(?:[^\w{CJK}]|_)*")
_LETTER = re.compile(rf"[^\W_{CJK}]")
# Ideographs do not merge with their neighbours, so a term that folds to itself can be found without folding a text.
_IDEOGRAPHS = re.compile(r"[\u4e00-\u9fa5]+")

_UNSEEN_END = re.compile(rf"[{NO_WIDTH}]+\Z")


@dataclass(frozen=True)
class Term:
    """A term: its folded tokens, side by side, and how it must be `written` if it was asked for as `="…"`."""

    tokens: tuple[str, ...]
    written: str | None = None

    def stands_in(self, field: Field) -> bool:
        """Tell whether the term stands in a title or text."""
        spans = self._spans(field.folded) if self.written is None else self.spans(field)
        return next(spans, None) is not None

    def count(self, field: Field) -> int:
        """Return how often the term stands in a title or text."""
        return sum(1 for _ in (self._spans(field.folded) if self.written is None else self.spans(field)))

    def spans(self, field: Field) -> Iterator[tuple[int, int]]:
        """Yield where the term stands in the original: start, and end behind the last character."""
        folded, begins, ends = field.places
        for first, end in self._spans(folded):
            begin, behind = begins[first], ends[end - 1]
            if self.written is None or _as_written(field.raw[begin:behind]) == self.written:
                yield begin, behind

    def _spans(self, folded: str) -> Iterator[tuple[int, int]]:
        at = folded.find(self.tokens[0])
        while at >= 0:
            end = self._end(folded, at)
            if end is not None:
                yield at, end
            at = folded.find(self.tokens[0], at + 1)

    def _end(self, folded: str, start: int) -> int | None:
        """Return where the term ends if it stands at `start`, otherwise `None`."""
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
        """Tell of each token whether it is a run of letters or digits, which must match whole."""
        return tuple(_LETTER.match(token) is not None for token in self.tokens)

    @cached_property
    def literal(self) -> str | None:
        """The term as a string to look for in a text that is not folded; `None` if that would prove nothing."""
        joined = "".join(self.tokens)
        return joined if self.written in {None, joined} and _IDEOGRAPHS.fullmatch(joined) else None


@dataclass(frozen=True)
class Query:
    """A query: every group of `wanted` must match by one of its terms, none of `unwanted` may."""

    wanted: tuple[tuple[Term, ...], ...]
    unwanted: tuple[Term, ...]

    def matches(self, title: str, text: str) -> bool:
        """Tell whether a post with this title and plain text matches. A query without wanted terms matches none."""
        if not self.unwanted and self.wanted and all(_surely(group, title, text) for group in self.wanted):
            return True
        fields = (Field(title), Field(text))
        return (
            bool(self.wanted)
            and self._is_in(fields)
            and not any(term.stands_in(field) for term in self.unwanted for field in fields)
        )

    def is_in_title(self, title: str) -> bool:
        """Tell whether a title has every wanted term."""
        return self._is_in((Field(title),))

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every wanted term, in the order in which they were typed."""
        return tuple(term for group in self.wanted for term in group)

    def _is_in(self, fields: tuple[Field, ...]) -> bool:
        return all(any(term.stands_in(field) for term in group for field in fields) for group in self.wanted)


def parse(query: str) -> Query:
    """Read a query. One without a term, such as "", or with excluded ones alone, such as "-a", wants nothing."""
    wanted: list[list[Term]] = []
    unwanted: list[Term] = []
    joining = False
    for word in words(query):
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
    # A term that is repeated counts once.
    return Query(
        tuple(dict.fromkeys(tuple(dict.fromkeys(group)) for group in wanted)), tuple(dict.fromkeys(unwanted))
    )


class Word(NamedTuple):
    """A word or a quotation of a query, with its sign: `-`, and for a quotation also `=`, `-=` or `"`."""

    text: str
    sign: str = ""


def words(query: str) -> Iterator[Word]:
    """Split a query into words and quotations. A last quote without a partner encloses the rest."""
    sign = ""
    for number, stretch in enumerate(_QUOTE.split(query)):
        if number % 2:
            yield Word(stretch, sign or '"')
            continue
        outside = unicodedata.normalize("NFKC", stretch.translate(_PARTING))
        parts = outside.split()
        sign = parts.pop() if parts and parts[-1] in {"-", "=", "-="} and outside.endswith(parts[-1]) else ""
        yield from (Word(part[1:], "-") if part.startswith("-") else Word(part) for part in parts)


def _term(word: Word) -> Term:
    term = Term(tuple(tokens_in(unify(word.text))))
    if not term.tokens or not word.sign.endswith("="):
        return term
    # As written, from the first token to the last.
    return Term(term.tokens, next(_as_written(word.text[begin:end]) for begin, end in term.spans(Field(word.text))))


def _as_written(stretch: str) -> str:
    """Return a stretch without what nobody sees behind its last character."""
    return _UNSEEN_END.sub("", stretch)


def _surely(group: tuple[Term, ...], title: str, text: str) -> bool:
    """Tell whether one of the terms already stands in the unfolded title or text; folding is most of the work."""
    return any(term.literal is not None and (term.literal in text or term.literal in title) for term in group)
