"""Names that are near to one that is unknown, for "did you mean".

Pure functions. Not here: which names are known, and whether one that is near is taken instead.
"""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import reduce
from typing import TYPE_CHECKING

from crawler.language import Sentence
from crawler.text.variants import unify
from crawler.text.words import bare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NEAR = 0.7  # of 1; below that, codes of six digits look alike
_CONTAINED = 0.9  # a name with all that was typed in it
_BEGUN = 0.95  # of the likeness to the beginning of a longer name
_SHORTEST = 2  # characters; a single one is in too many names
_MOST = 3


def nearest(written: str, names: Iterable[str], most: int = _MOST) -> list[str]:
    """Return the `names` that are most like what was `written`, the nearest first, at most so many.

    Case, width, white space, and traditional or simplified forms make no difference.
    """
    return nearest_by_spelling(written, {name: (name,) for name in names}, most)


def nearest_by_spelling(written: str, spellings: Mapping[str, Iterable[str]], most: int = _MOST) -> list[str]:
    """Return what `nearest` does, of names that can be spelt in several ways: `spellings` has those of each."""
    typed = key(written)
    scored = [(_score(typed, map(key, of_name)), name) for name, of_name in spellings.items()]
    near = sorted((-score, name) for score, name in scored if score >= _NEAR)
    return [name for _, name in near[:most]]


def key(name: str) -> str:
    """Return a name as it is compared: folded as texts are for searching, without white space."""
    return bare(unify(name))


def did_you_mean(names: Iterable[str]) -> str:
    """Return `did you mean A or B?`; "" if there are no names."""
    listed = either(names)
    return Sentence("did you mean {names}?", names=listed) if listed else ""


def either(names: Iterable[str]) -> str:
    """Return `A or B`; "" if there are no names."""
    first, *others = [*names] or [""]
    return reduce(lambda one, other: Sentence("{first} or {second}", first=one, second=other), others, first)


def _score(typed: str, spellings: Iterable[str]) -> float:
    return max((_likeness(typed, spelling) for spelling in spellings if spelling), default=0.0) if typed else 0.0


def _likeness(typed: str, spelling: str) -> float:
    """Return how alike two spellings are, from 0 to 1: as wholes, one within the other, or to its beginning."""
    if min(len(typed), len(spelling)) < _SHORTEST:
        return 0.0
    if typed in spelling or spelling in typed:
        return max(_CONTAINED, _ratio(typed, spelling))
    return max(_ratio(typed, spelling), _BEGUN * _ratio(typed, spelling[: len(typed)]))


def _ratio(one: str, other: str) -> float:
    """Return difflib's ratio, or 0 where its upper bounds already say that it is too low."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _NEAR or matcher.quick_ratio() < _NEAR:
        return 0.0
    return matcher.ratio()
