"""A title or text as it is searched: folded, and for each folded character where it comes from in the original.

Not here: what is looked for (`crawler.archive.search.query`).
"""

from __future__ import annotations

import re
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import is_normalized

from crawler.text.variants import NO_WIDTH, unify
from crawler.text.words import half_width

if TYPE_CHECKING:
    from collections.abc import Sequence

# A character with its combining marks and zero-width characters, or a syllable of Hangul written letter by letter.
_SIGN = re.compile(
    r"[\u1100-\u11ff]+|.[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u0900-\u0903\u093a-\u094f"
    rf"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\u3099\u309a\ufe20-\ufe2f\uff9e\uff9f{NO_WIDTH}]*",
    re.DOTALL,
)

_UNSEEN = re.compile(f"[{NO_WIDTH}]")


class _Places(NamedTuple):
    """A folded text, and where the original of each of its characters begins and ends."""

    folded: str
    begins: Sequence[int]
    ends: Sequence[int]


class Field:
    """A title or text that is folded when first needed."""

    def __init__(self, raw: str) -> None:
        """Take a text as it is stored."""
        self.raw = raw

    @cached_property
    def folded(self) -> str:
        """The text in the form that searches compare."""
        return unify(self.raw)

    @cached_property
    def places(self) -> _Places:
        """The folded text with the way back to the original. Nearly always both have the same length."""
        raw, folded = self.raw, self.folded
        # Zero-width characters are dropped and `İ` becomes two characters. Together they may keep the length and yet
        # shift what follows, so the length alone proves nothing.
        if len(folded) == len(raw) and is_normalized("NFKC", half_width(raw)) and not _UNSEEN.search(raw):
            return _Places(folded, range(len(raw)), range(1, len(raw) + 1))
        # One character may fold to several, as `…` to three dots, and several to one, as `ｶﾞ` to `ガ`.
        signs = [(sign.span(), unify(sign[0])) for sign in _SIGN.finditer(raw)]
        by_sign = "".join(piece for _, piece in signs)
        spans = [span for span, piece in signs for _ in piece]
        # The lower case of a sigma depends on its word (`ΟΣ` becomes `ος`), which folding by sign does not see.
        folded = folded if len(folded) == len(by_sign) else by_sign
        return _Places(folded, [begin for begin, _ in spans], [end for _, end in spans])


@lru_cache(maxsize=64)
def field_of(text: str) -> Field:
    """Return the field of a text. The cache keeps a text that was just weighed from being folded again."""
    return Field(text)
