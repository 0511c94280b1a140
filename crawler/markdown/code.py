"""Code, as every reader of Markdown takes it for code.

kramdown takes a backtick with white space on both sides as it stands, closes a span at the first backticks that are
as many, and reads `|` in one as the edge of a table's cell. What may be taken otherwise than it is meant is therefore
written as an element, whose content is the same to readers that look into it and to readers that do not.
Not here: text (`crawler.markdown.escaping`).
"""

from __future__ import annotations

import re

# Begins and ends with no backtick, holds nothing that would be live outside of code, and does not look like a fence,
# which for kramdown is any row of three backticks and tildes.
_TAME = re.compile(r"(?!.*``)[^\s`~<|\\{}\[\]](?:[^<|\\{}\[\]]*[^\s`<|\\{}\[\]])?")
_TILDES = re.compile(r"~{3,}")
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_LIQUID = re.compile(r"\{(?=[{%])")


def code_span(code: str, *, beside_another: bool) -> str:
    """Return the Markdown of code on a line, which begins and ends with no white space.

    Two spans would run together where one stands `beside_another` without a word between.
    """
    return _element(code) if beside_another or not _TAME.fullmatch(code) else _between_backticks(code)


def code_block(text: str, language: str) -> str:
    """Return a block of code between fences of tildes, which kramdown's plain parser knows too."""
    fence = "~" * (max(map(len, _TILDES.findall(text)), default=2) + 1)
    # Nothing can be escaped within, so an invisible space parts what Liquid would read.
    written = _LIQUID.sub("{\u200b", text)
    return f"{fence}{' ' * bool(language)}{language}\n{written}\n{fence}"


def _between_backticks(code: str) -> str:
    fence = "``" if "`" in code else "`"
    return f"{fence}{code}{fence}"


def _element(code: str) -> str:
    return f"<code>{_SIGN.sub(_entity, code)}</code>"


def _entity(sign: re.Match[str]) -> str:
    return f"&#{ord(sign[0])};"
