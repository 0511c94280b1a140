"""Frames: what a body adds to its words, so that the words are kept once.

A post's summary, Markdown and HTML all say what its plain text says. A frame is a JSON list of what they say
besides, as strings, and of `[start, length]` for every stretch of the text's own characters, counted from 1 as SQL
counts: `<p>第一段文字</p>` over `第一段文字` is `["<p>", [1, 5], "</p>"]`. The views `articles` and `revisions` put
them together in plain SQL. Not here: what HTML or Markdown means; any two strings make a frame.
"""

from __future__ import annotations

import json
import re

# A stretch between markup; a shorter one costs less as it stands than as a reference.
_RUN = re.compile(r"[^<>&*\\\n]{6,}")

Piece = str | list[int]

BROKEN = (
    "(NOT json_valid({0}) OR json_type(iif(json_valid({0}), {0}, '0')) <> 'array' OR EXISTS"
    " (SELECT 1 FROM json_each(iif(json_valid({0}), {0}, '[]')) WHERE type <> 'text' AND NOT (type = 'array'"
    " AND json_type(value, '$[0]') = 'integer' AND json_type(value, '$[1]') = 'integer'"
    " AND json_array_length(value) = 2)))"
)
"""In SQL, that a column (to be put in for `{0}`) holds no list of strings and of pairs of numbers."""


def encode_body(body: str, text: str) -> str:
    """Return the frame that gives `body` back over `text`."""
    pieces: list[Piece] = []
    done = cursor = 0
    for run in _RUN.finditer(body):
        at = text.find(run[0], cursor)
        if at < 0:
            continue
        if done < run.start():
            pieces.append(body[done : run.start()])
        pieces.append([at + 1, len(run[0])])
        done, cursor = run.end(), at + len(run[0])
    if done < len(body):
        pieces.append(body[done:])
    # SQL makes nothing at all of an empty list, where an empty string is meant.
    return json.dumps(pieces or [""], ensure_ascii=False, separators=(",", ":"))


def decode_body(framed: str, text: str) -> str:
    """Return the body whose frame over `text` is `framed`."""
    pieces: list[Piece] = json.loads(framed)
    return "".join(
        piece if isinstance(piece, str) else text[piece[0] - 1 : piece[0] - 1 + piece[1]] for piece in pieces
    )
