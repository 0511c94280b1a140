"""Code in a line, as every reader of Markdown takes it for code.

kramdown takes a backtick with white space on both sides as it stands, closes a span at the first backticks that are
as many, and reads `|` in one as the edge of a table's cell. What may be taken otherwise than it is meant is therefore
written as an element, whose content is the same to readers that look into it and to readers that do not.
Not here: blocks of code, which are fenced (`crawler.markdown.body`).
"""

from __future__ import annotations

import re
from html import unescape

_SPACE = re.compile(r"\s+")
# Begins and ends with no backtick, and holds nothing that would be live outside of code.
_TAME = re.compile(r"[^\s`<|\\{}\[\]](?:[^<|\\{}\[\]]*[^\s`<|\\{}\[\]])?")
_BACKTICKS = re.compile(r"`+")
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")


def code_span(text: str, *, beside_another: bool) -> str:
    """Return HTML text that becomes the Markdown of a code span; white space at its ends stands outside of it.

    `text` is HTML text; two spans would run together where one stands `beside_another` without a word between.
    """
    words = _SPACE.sub(" ", unescape(text))
    code = words.strip()
    if not code:
        return words
    span = _element(code) if beside_another or not _TAME.fullmatch(code) else _between_backticks(code)
    before, after = " " * words.startswith(" "), " " * words.endswith(" ")
    return f"{before}{span}{after}"


def _between_backticks(code: str) -> str:
    fence = "`" * (max(map(len, _BACKTICKS.findall(code)), default=0) + 1)
    return f"{fence}{code.replace('&', '&amp;')}{fence}"


def _element(code: str) -> str:
    """Write an element, as text: the converter to Markdown turns its signs into what they stand for."""
    return f"&lt;code&gt;{_SIGN.sub(_entity, code)}&lt;/code&gt;"


def _entity(sign: re.Match[str]) -> str:
    return f"&amp;#{ord(sign[0])};"
