"""Escape what an article says so that every reader of Markdown shows it as it stands.

Backslashes where kramdown's plain parser knows them, entities elsewhere. Not here: code (`crawler.markdown.code`).
"""

from __future__ import annotations

import re

# Means something wherever it stands. `{` is Liquid's and kramdown's, `|` and `$$` are kramdown's.
_ANYWHERE = re.compile(r"[\\`*_\[\]{|]|\$(?=\$)|(?<=\$)\$")
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]{|~$&<]")
# kramdown's plain parser shows the backslash before these.
_TILDES = re.compile(r"~(?=~)|(?<=~)~")
_ENTITY_LIKE = re.compile(r"&(?=#?\w{1,31};)")
# Liquid reads `{%` through a backslash, and before Markdown is read.
_LIQUID = re.compile(r"\\\{(?=%)")
# Means something at the start of a line only: heading, quotation, list, definition, underline, a rule, whose hyphens
# may stand apart, and kramdown's end of a block.
_LINE_START = re.compile(r"(\d+)([.)])(?=\s|\Z)|([#>]|[-+:](?=\s|\Z)|--[-\s]*\Z|=+\s*\Z)|(\^\s*\Z)")
_IN_A_TITLE = re.compile(r"[\"\\&`*_\[\]{}<>|$~]")
_SPACE = re.compile(r"\s+")


def escaped(text: str) -> str:
    """Escape text without line breaks."""
    if not _MEANS_SOMETHING.search(text):
        return text
    text = _ENTITY_LIKE.sub("&amp;", text).replace("<", "&lt;")
    return _LIQUID.sub("&#123;", _TILDES.sub("&#126;", _ANYWHERE.sub(r"\\\g<0>", text)))


def at_line_start(line: str) -> str:
    """Escape what begins a line of Markdown, should it come from text: markup begins with other signs."""
    return _LINE_START.sub(_escaped_start, line, count=1) if _LINE_START.match(line) else line


def _escaped_start(found: re.Match[str]) -> str:
    number, point, sign, caret = found.groups()
    return f"{number}\\{point}" if number else ("&#94;" if caret else f"\\{sign}")


def title(text: str) -> str:
    """Write the title of a link or an image after its address: ` "标题"`, or nothing for none."""
    words = _SPACE.sub(" ", text).strip()
    return f' "{_IN_A_TITLE.sub(entity, words)}"' if words else ""


def entity(found: re.Match[str]) -> str:
    """Write a sign as an entity, which means nothing to any reader but what it stands for."""
    return f"&#{ord(found[0])};"
