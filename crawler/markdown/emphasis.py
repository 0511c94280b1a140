"""Emphasis that Markdown can write: `**标题：**正文` shows its asterisks, `**标题**：正文` is bold.

CommonMark opens and closes emphasis only where punctuation at its edge has white space or punctuation outside, which
Chinese text has not. Works on HTML split into text and tags. Not here: the conversion (`crawler.markdown.body`).
"""

from __future__ import annotations

import re

_EMPHASIS = re.compile(r"<(/?)(?:strong|b|em|i|del|s)>")
# Written with punctuation at both ends, which cannot be moved out.
_TIED = re.compile(r"</?(?:a|img|code)\b")
_REACH = 20  # pieces looked through: a thousand nested elements are no article, and must not cost a thousand squared
_WORD = re.compile(r"[^\W_]")
_SIGN = r"(?:&(?:amp|lt|gt);|[^\w\s&]|_)"
_FIRST_SIGNS = re.compile(f"{_SIGN}+")
_LAST_SIGNS = re.compile(rf"(?<![^\w\s])(?<!_){_SIGN}+\Z")


def loosen(pieces: list[str]) -> None:
    """Move punctuation at the edge of emphasis out of it where a word stands outside.

    `pieces` are text and tags in turn, beginning and ending with text. Emphasis that begins or ends with a link or
    an image beside a word, as in `前<b><a href="/1">一</a></b>后`, cannot be written, and gives way to its content.
    """
    edges = [
        (index, edge[1] == "/") for index in range(1, len(pieces), 2) if (edge := _EMPHASIS.match(pieces[index]))
    ]
    for index, closes in edges:
        if closes and _word_follows(pieces, index) and (signs := _LAST_SIGNS.search(pieces[index - 1])):
            pieces[index - 1] = pieces[index - 1][: signs.start()]
            pieces[index + 1] = signs[0] + pieces[index + 1]
    for index, closes in reversed(edges):
        if not closes and _word_precedes(pieces, index) and (signs := _FIRST_SIGNS.match(pieces[index + 1])):
            pieces[index - 1] += signs[0]
            pieces[index + 1] = pieces[index + 1][signs.end() :]
    _drop_tied(pieces, edges)


def _drop_tied(pieces: list[str], edges: list[tuple[int, bool]]) -> None:
    opened: list[int] = []
    for index, closes in edges:
        if not closes:
            opened.append(index)
        elif opened:
            first = opened.pop()
            begins_tied = _word_precedes(pieces, first) and _TIED.match(_beside(pieces, first, 1))
            ends_tied = _word_follows(pieces, index) and _TIED.match(_beside(pieces, index, -1))
            if begins_tied or ends_tied:
                pieces[first] = pieces[index] = ""


def _word_follows(pieces: list[str], index: int) -> bool:
    return _WORD.match(_beside(pieces, index, 1)) is not None


def _word_precedes(pieces: list[str], index: int) -> bool:
    return _WORD.match(_beside(pieces, index, -1)[-1:]) is not None


def _beside(pieces: list[str], index: int, step: int) -> str:
    """Return the nearest text or tag on one side of the tag at `index`, looking through other emphasis."""
    end = max(index + step * _REACH, -1) if step < 0 else min(index + step * _REACH, len(pieces))
    for near in range(index + step, end, step):
        if pieces[near] and not _EMPHASIS.match(pieces[near]):
            return pieces[near]
    return ""
