"""Emphasis that Markdown can write: `**标题：**正文` shows its asterisks, `**标题**：正文` is bold.

CommonMark opens and closes emphasis only where punctuation at its edge has white space or punctuation outside, which
Chinese text has not. So signs at its edge are moved out of it where a word stands outside, and white space always.
Emphasis gives way to its words where it begins or ends beside a word with a link, an image or code, and where
it begins right after another one. Not here: writing it (`crawler.markdown.inline`).
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from crawler.markdown.blocks import Line, Link, Mark, Run
from crawler.markdown.lines import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASCII_SIGN = re.compile(r"[!-/:-@\[-`{-~]")


def loosened(line: Line) -> Line:
    """Return a line with the same words, whose emphasis can be written."""
    if not any(run.marks for run in line):
        return line
    runs = _moved(_moved(line, at_end=True), at_end=False)
    for after in range(1, len(runs)):
        _part(runs, after)
    for index in range(len(runs)):
        _untie(runs, index, 1)
        _untie(runs, index, -1)
    return tidy(runs)


def _moved(line: Line, *, at_end: bool) -> Line:
    """Move white space and signs at one edge of marks out of them."""
    runs: Line = []
    for run in reversed(line) if at_end else line:
        runs += _split(run, runs[-1] if runs else None, at_end=at_end)
    return runs[::-1] if at_end else runs


def _split(run: Run, beside: Run | None, *, at_end: bool) -> Line:
    """Return `run`, after what is moved out of it towards the run beside it."""
    same = shared(run.marks, beside.marks if beside else ())
    if len(run.marks) == same or run.kind != "text":
        return [run]
    words = run.text.rstrip() if at_end else run.text.lstrip()
    if len(words) == len(run.text) and not has_brackets(run.marks[same]):
        words = run.text if _has_room(beside, same, at_end=at_end) else _without_signs(run.text, at_end=at_end)
    moved = run.text[len(words) :] if at_end else run.text[: len(run.text) - len(words)]
    outside = [Run(moved, run.marks[:same])] if moved else []
    return [*outside, run._replace(text=words)] if words else outside


def _part(runs: Line, after: int) -> None:
    """Drop emphasis that begins right where another one ends."""
    before = runs[after - 1]
    while (
        len(before.marks) > (same := shared(before.marks, runs[after].marks)) < len(runs[after].marks)
        and not has_brackets(before.marks[same])
        and not has_brackets(runs[after].marks[same])
    ):
        _drop(runs, after, 1, same)


def _untie(runs: Line, index: int, step: int) -> None:
    """Drop emphasis that ends (`step` 1) or begins (-1) with a link, an image or code beside a word."""
    beside = runs[index + step] if 0 <= index + step < len(runs) else None
    same = shared(runs[index].marks, beside.marks if beside else ())
    if _has_room(beside, same, at_end=step > 0):
        return
    marks = runs[index].marks
    links = [depth for depth in range(same, len(marks)) if has_brackets(marks[depth])]
    tied = len(marks) if runs[index].kind != "text" else (links[-1] if links else 0)
    if tied > same and not has_brackets(marks[same]):
        for depth in range(tied - 1, same - 1, -1):
            if not has_brackets(marks[depth]):
                _drop(runs, index, -step, depth)


def _drop(runs: Line, index: int, step: int, depth: int) -> None:
    """Take the mark at `depth` off the run at `index` and off all beyond it that share it."""
    marks = runs[index].marks[: depth + 1]
    while 0 <= index < len(runs) and runs[index].marks[: depth + 1] == marks:
        runs[index] = runs[index]._replace(marks=marks[:-1] + runs[index].marks[depth + 1 :])
        index += step


def has_brackets(mark: Mark) -> bool:
    """Tell whether a mark is written between signs that are what they are wherever they stand."""
    return mark == "del" or isinstance(mark, Link)


def shared(marks: Sequence[Mark], others: Sequence[Mark]) -> int:
    """Return how many marks, from the outermost on, two neighbours share."""
    count = 0
    for one, other in zip(marks, others, strict=False):
        if one != other:
            break
        count += 1
    return count


def _has_room(beside: Run | None, same: int, *, at_end: bool) -> bool:
    """Tell whether white space or punctuation stands outside, where the run `beside` begins (or ends)."""
    if beside is None:
        return True
    if len(beside.marks) > same:
        return has_brackets(beside.marks[same])
    if beside.kind != "text":
        return True
    sign = beside.text[0 if at_end else -1]
    return sign.isspace() or unicodedata.category(sign)[0] == "P" or _ASCII_SIGN.match(sign) is not None


def _without_signs(text: str, *, at_end: bool) -> str:
    """Return text without signs and white space at one end."""
    indexes = range(len(text) - 1, -1, -1) if at_end else range(len(text))
    for index in indexes:
        if not (text[index].isspace() or unicodedata.category(text[index])[0] in "PS"):
            return text[: index + 1] if at_end else text[index:]
    return ""
