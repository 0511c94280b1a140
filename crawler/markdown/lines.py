"""Words as they were read from HTML become lines: white space as it is shown, and what is raised as `10^8`.

Not here: which words there are (`reading`), and how lines are written.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from crawler.markdown.blocks import Line, Link, Paragraph, Run

if TYPE_CHECKING:
    from collections.abc import Iterator

# More than HTML folds: U+3000 is an indent in most Chinese texts, and some readers know more line breaks than others.
_SPACE = re.compile(r"\s+")
# A figure, a letter or an expression; no ordinal's `st`, no trade mark's sign, no number of a note in brackets.
_RAISED = re.compile(r"(?:(?=.*[\d+*/−-])[\w.+\-−*/(),]+|[^\W\d_])", re.ASCII)
_ONE_TERM = re.compile(r"[+\-−]?\w+", re.ASCII)


def paragraphs(runs: Line, level: int) -> list[Paragraph]:
    """Return the paragraphs that `runs` are, or headings of a `level`: two line breaks in a row part them."""
    if len(runs) == 1 and runs[0].kind == "text":
        return [Paragraph([line], level)] if (line := tidy(runs)) else []
    found: list[Paragraph] = []
    lines: list[Line] = []
    for line in _split(runs):
        if line:
            lines.append(line)
        elif lines:
            found.append(Paragraph(lines, level))
            lines = []
    return [*found, Paragraph(lines, level)] if lines else found


def _split(runs: Line) -> Iterator[Line]:
    for is_break, line in groupby(runs, lambda run: run.kind == "break"):
        if not is_break:
            yield tidy(list(line))
        elif sum(1 for _ in line) > 1:
            yield []


def tidy(line: Line) -> Line:
    """Put together words of one style, and fold white space: none at the ends, one space elsewhere."""
    if len(line) == 1 and line[0].kind == "text":
        text = _SPACE.sub(" ", line[0].text).strip()
        return [Run(text, line[0].marks)] if text else []
    folded: Line = []
    after_space = True
    for run in _joined(line):
        text = run.text
        if run.kind == "text":
            text = _SPACE.sub(" ", text)
            text = text.lstrip() if not folded else (text.removeprefix(" ") if after_space else text)
        if text or run.kind == "image":
            folded.append(run._replace(text=text))
            after_space = run.kind == "text" and text.endswith(" ")
    while folded and folded[-1].kind == "text":
        last = folded.pop()
        if text := last.text.rstrip():
            return [*folded, last._replace(text=text)]
    return folded


def _joined(line: Line) -> Iterator[Run]:
    for _, same in groupby(line, lambda run: (run.kind, run.marks, run.piece)):
        first, *others = same
        if first.kind == "image":
            yield from (first, *others)
            continue
        words = first._replace(text="".join([first.text, *(run.text for run in others)]) if others else first.text)
        yield from _code(words) if words.kind == "code" else [words]


def _code(run: Run) -> Iterator[Run]:
    """Part code from the white space around it, which stands in the line."""
    code = _SPACE.sub(" ", run.text)
    yield Run(" " * code.startswith(" "), run.marks)
    yield run._replace(text=code.strip())
    yield Run(" " * (code.strip() != "" and code.endswith(" ")), run.marks)


def mark_raised(runs: Line, start: int, sign: str) -> None:
    """Mark the words from `start` on as raised by `^` or lowered by `_`, where they would make another figure.

    `10` and a raised `8` are `10^8`; `H₂O` stays `H2O`, and a trade mark's sign is left alone. Changes `runs`.
    """
    words, before = runs[start:], runs[start - 1] if 0 < start < len(runs) else Run("")
    text = "".join(run.text for run in words).strip()
    beside = before.text[-1:] if before.kind in {"text", "code"} else ""
    linked = any(isinstance(mark, Link) and mark not in before.marks for run in words for mark in run.marks)
    if not linked and all(run.kind == "text" for run in words) and _needs_sign(beside, text, sign):
        written = text if _ONE_TERM.fullmatch(text) else f"({text})"
        runs[start:] = [words[0]._replace(text=f"{sign}{written}")]


def _needs_sign(beside: str, text: str, sign: str) -> bool:
    """Tell whether `text` is to have a sign where it stands `beside` a character."""
    if sign == "_":
        return beside.isdigit() and text[:1].isdigit()
    return (beside.isalnum() or beside in {")", "]"}) and _RAISED.fullmatch(text) is not None
