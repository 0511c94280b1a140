"""Frames: what a body adds to its words, so that the words are kept once.

A post's summary, Markdown and HTML all say what its plain text says. A frame is a JSON list of what they say
besides, as strings, and of `[start, length]` for every stretch of the text's own characters, counted from 1 as SQL
counts: `<p>第一段文字</p>` over `第一段文字` is `["<p>", [1, 5], "</p>"]`. The views `articles` and `revisions` put
them together in plain SQL. Not here: what HTML or Markdown means; any two strings make a frame.
"""

from __future__ import annotations

import json
import re
from itertools import islice

# A stretch between markup; a shorter one costs less as it stands than as a reference.
_RUN = re.compile(r"[^<>&*\\\n]{6,}")

# SQL counts the characters of a text anew for every reference into it, and looking for one may go through all of it.
# So a body of so many paragraphs that this would take seconds stands as it is from some paragraph on.
_MOST_STEPS = 50_000_000

Piece = str | list[int]


def encode_body(body: str, text: str) -> str:
    """Return the frame that gives `body` back over `text`."""
    pieces: list[Piece] = []
    done = cursor = 0
    for run in islice(_RUN.finditer(body), _MOST_STEPS // (len(text) or 1)):
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
