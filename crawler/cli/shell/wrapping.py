"""Wrapping text by the columns that its characters take on a terminal, and where Chinese may be broken.

Chinese has no spaces between its words, its characters take two columns each, and a line must not begin with a comma.
Not here: what is wrapped.
"""

from __future__ import annotations

import re
from unicodedata import east_asian_width

_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff01-\uff60"
_OPENING, _CLOSING = "（「『《〈【“‘", "，、。；：！？）」』》〉】”’…"
# What is kept on one line: a word of other letters, or a single wide character, with the signs that belong to it.
_PIECE = re.compile(rf"\s+|[{_OPENING}]*(?:[^\s{_WIDE}{_OPENING}{_CLOSING}]+|[{_WIDE}])?[{_CLOSING}]*")

_LINE_END = re.compile(r"\s*\n\s*")


def columns(text: str) -> int:
    """Return how many columns of a terminal a text without control characters takes."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a paragraph, none wider than `width` unless a single word is; spaces at their ends go."""
    lines, line, taken = [], "", 0
    for piece in _PIECE.findall(_LINE_END.sub(" ", text.strip())):
        needed = columns(piece)
        if line and taken + needed > width and not piece.isspace():
            lines.append(line.rstrip())
            line, taken = "", 0
        if line or not piece.isspace():
            line, taken = line + piece, taken + needed
    return [*lines, line.rstrip()] if line else lines
