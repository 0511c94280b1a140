"""Write a line of words as Markdown: escaped, with its emphasis, links, images and code.

Not here: what emphasis can be written (`crawler.markdown.emphasis`), and blocks (`crawler.markdown.writing`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.markdown import escaping
from crawler.markdown.blocks import Line, Link, Mark, Run
from crawler.markdown.code import code_span
from crawler.markdown.emphasis import loosened, shared

if TYPE_CHECKING:
    from collections.abc import Iterable

# `~~` is for some readers two tildes.
_DELIMITERS = {"strong": ("**", "**"), "em": ("*", "*"), "del": ("<del>", "</del>")}
# What goldmark takes for the mark in a box of a list of tasks, and kramdown for a footnote, though it is a link.
_NO_LINK = re.compile(r"\A(?:[xX]\Z|\^)")


def inline(line: Line) -> str:
    """Return the Markdown of a line; no sign of its words begins anything, but for what would at a line's start."""
    if len(line) == 1 and line[0].kind == "text" and not line[0].marks:
        return escaping.escaped(line[0].text)
    written: list[str] = []
    opened: tuple[Mark, ...] = ()
    beside_code = False
    for run in loosened(line):
        same = shared(opened, run.marks)
        written += map(_closing, reversed(opened[same:]))
        written += map(_opening, run.marks[same:])
        written.append(_written(run, beside_code=beside_code))
        opened, beside_code = run.marks, run.kind == "code"
    written += map(_closing, reversed(opened))
    return _joined(written)


def _written(run: Run, *, beside_code: bool) -> str:
    match run.kind:
        case "code":
            return code_span(run.text, beside_another=beside_code)
        case "image" if run.link:
            return f"![{run.text}]({run.link.address}{escaping.title(run.link.title)})"
        case "note":
            return f"[^{run.text}]"
    if any(isinstance(mark, Link) for mark in run.marks):
        return _NO_LINK.sub(escaping.entity, escaping.escaped(run.text))
    return escaping.escaped(run.text)


def _opening(mark: Mark) -> str:
    return "[" if isinstance(mark, Link) else _DELIMITERS[mark][0]


def _closing(mark: Mark) -> str:
    return f"]({mark.address}{escaping.title(mark.title)})" if isinstance(mark, Link) else _DELIMITERS[mark][1]


def _joined(pieces: Iterable[str]) -> str:
    """Put pieces together; a link after `!` would be an image."""
    joined: list[str] = []
    for piece in pieces:
        if piece.startswith("[") and joined and joined[-1].endswith("!"):
            joined[-1] = f"{joined[-1][:-1]}\\!"
        joined.append(piece)
    return "".join(joined)
