"""Encoding bodies as references into the plain text, so that the text itself is stored only once.

A post's summary, Markdown and HTML repeat its plain text. An encoded body is a JSON list: strings for what is
not in the text, and pairs `[start, length]` for passages that are. Positions count characters from 1, as in
SQL. For example, `<p>第一段文字</p>` over `第一段文字` is `["<p>", [1, 5], "</p>"]`. The views `articles` and
`revisions` decode this in plain SQL. Not here: what HTML or Markdown means; any string can be encoded over any other.
"""

from __future__ import annotations

import json
import re
from itertools import islice

# A passage between markup. A shorter one takes less space literally than as a reference.
_RUN = re.compile(r"[^<>&*\\\n]{6,}")

# SQL counts characters from the start of the text for every reference into it, and finding a passage may scan all of
# the text. So that neither takes seconds, a body of very many paragraphs is stored literally after some of them.
_MOST_STEPS = 50_000_000

Piece = str | list[int]

BROKEN = (
    "(NOT json_valid({0}) OR json_type(iif(json_valid({0}), {0}, '0')) <> 'array' OR EXISTS"
    " (SELECT 1 FROM json_each(iif(json_valid({0}), {0}, '[]')) WHERE type <> 'text' AND NOT (type = 'array'"
    " AND json_type(value, '$[0]') = 'integer' AND json_type(value, '$[1]') = 'integer'"
    " AND json_array_length(value) = 2)))"
)
"""SQL condition, true if the column inserted for `{0}` is not a list of strings and pairs of integers."""


def encode_body(body: str, text: str) -> str:
    """Encode `body` over `text`; the inverse of `decode_body`."""
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
    # In SQL an empty list would decode to NULL instead of an empty string.
    return json.dumps(pieces or [""], ensure_ascii=False, separators=(",", ":"))


def decode_body(encoded: str, text: str) -> str:
    """Return the body that `encode_body` encoded over `text`."""
    pieces: list[Piece] = json.loads(encoded)
    return "".join(
        piece if isinstance(piece, str) else text[piece[0] - 1 : piece[0] - 1 + piece[1]] for piece in pieces
    )
