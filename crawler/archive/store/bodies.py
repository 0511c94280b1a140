"""Encoding bodies as references into the plain text, so that the text itself is stored only once.

A post's summary, Markdown and HTML repeat its plain text. An encoded body is a JSON list: strings for what is
not in the text, and pairs `[start, length]` for passages that are. Positions count characters from 1, as in
SQL. For example, `<p>第一段文字</p>` over `第一段文字` is `["<p>", [1, 5], "</p>"]`. The views `articles` and
`revisions` decode this in plain SQL.

The file that a version came from repeats its HTML. An encoded file is a JSON object: what stands `before` and `after`
the HTML, how many characters at the end of the HTML are `shared`, a checksum, and the file's name and time. Not here:
what HTML, Markdown or front matter means; any string can be encoded over any other.
"""

from __future__ import annotations

import json
import re
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any
from zlib import crc32

from crawler.items import WrittenFile

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def encode_file(file: WrittenFile, html: str) -> dict[str, Any]:
    """Encode the file that brought a version over the version's HTML."""
    last_line = html.rpartition("\n")[2]
    end = file.text.rfind(last_line) + len(last_line)
    if end < len(last_line):  # not found
        end = shared = 0
    elif file.text.endswith(html, 0, end):
        shared = len(html)
    else:
        pairs = zip(reversed(html), reversed(file.text[:end]), strict=False)
        shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
    return {
        "name": file.name,
        "written_at": file.written_at,
        "before": file.text[: end - shared],
        "shared": shared,
        "after": file.text[end:],
        "crc32": crc32(file.text.encode()),
    }


def decode_file(encoded: Mapping[str, Any], html: str) -> WrittenFile | None:
    """Return the file that was `encoded`; `None` if it was encoded over other HTML."""
    shared = html[len(html) - encoded["shared"] :]
    text = f"{encoded['before']}{shared}{encoded['after']}"
    if crc32(text.encode()) != encoded["crc32"]:
        return None
    return WrittenFile(name=encoded["name"], text=text, written_at=encoded["written_at"])


def is_better_file(file: WrittenFile, encoded: Mapping[str, Any]) -> bool:
    """Return whether a file is to be kept in place of the one that was `encoded`, which says the same.

    It is one of another text, not older as far as is known, and no further copy of it, which has a longer name.
    """
    is_older = file.written_at < encoded["written_at"]
    is_copy = len(file.name) > len(encoded["name"])
    return not is_older and not is_copy and crc32(file.text.encode()) != encoded["crc32"]
