"""Refusing what no run would have stored: a stranger's archive may hold anything.

Values are held to their columns, and an id to the names of files. Not here: the schema, which is compared when an
archive is opened (`crawler.archive.store.migrations`), and what a post says, which is its archive's word.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from crawler.archive.care.values import is_object, is_time
from crawler.errors import NotAsExpected
from crawler.items import Via  # its values are asked for as it runs
from crawler.securities import parse
from crawler.text.file_names import is_plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.archive.merging.facts import Fact, Post

_BODIES = ("summary", "markdown", "html")
_WAYS = {*get_args(Via)}
_LONGEST_ID = 200  # bytes, as for posts that are read from pages
_LARGEST = 8 * 1024 * 1024  # characters of a text or a body; twice what a page may have
_LONGEST_LINE = 10_000  # characters of anything else


def check_post(post: Post) -> None:
    """Raise `NotAsExpected` for a post with something that this program does not store."""
    where = f"of the post {post.post_id!r}"[:80]
    _be(isinstance(post.post_id, str) and is_plain(post.post_id), f"the id {where}")
    _be(len(post.post_id.encode(errors="replace")) <= _LONGEST_ID, f"the id {where}")
    _be(isinstance(post.site, str) and bool(post.site), f"the site {where}")
    for name in ("first_seen_at", "last_seen_at", "gone_at"):
        value = getattr(post, name)
        _be(_is_time(value) and (value is not None or name == "gone_at"), f"{name} {where}")
    for fact in post.facts:
        _check_fact(fact, where)
    for name, detail in post.details.items():
        _be(_is_detail(name, detail.value), f"{name} {where}")


def check_row(table: str, row: Mapping[str, Any]) -> None:
    """Raise `NotAsExpected` for a row of another table with such a value."""
    for name, value in row.items():
        is_small = not isinstance(value, str) or len(value) <= _LARGEST
        fits = isinstance(value, str | int | float | tuple | None) and is_small
        if name.endswith("_at") or name == "wait_until":
            fits = fits and _is_time(value)
        _be(fits, f"{name} of a row of {table}")


def check_capture(row: Mapping[str, Any]) -> None:
    """Raise `NotAsExpected` for a row of `captures` with such a value."""
    check_row("captures", row)
    for name in ("url", "captured_at", "digest", "file"):
        _be(_is_line(row[name]), f"{name} of a row of captures")
    for name in ("status", "offset", "length", "request_length"):
        _be(isinstance(row[name], int) and row[name] >= 0, f"{name} of a row of captures")


def _check_fact(fact: Fact, where: str) -> None:
    _be(isinstance(fact.content_hash, str) and len(fact.content_hash) <= _LONGEST_ID, f"content_hash {where}")
    _be(fact.seen_at is not None and _is_time(fact.seen_at), f"seen_at {where}")
    _be(fact.via in _WAYS, f"via {where}")
    _be(fact.filed is None or (isinstance(fact.filed, str) and is_object(fact.filed)), f"filed {where}")
    for name, value in fact.said.items():
        _be(_fits(name, value, fact), f"{name} {where}")


def _fits(name: str, value: Any, fact: Fact) -> bool:
    if name in {"read_at", "image"} and value is None:
        return True
    if name in {"read_at", "published_at"}:
        return value is not None and _is_time(value)
    if name in {"title", "derived", "image"}:
        return _is_line(value)
    if name in {"draft", "authors"}:
        return _are_lines(value) if name == "authors" else value in {0, 1}
    return _is_text(name, value, fact)


def _is_text(name: str, value: Any, fact: Fact) -> bool:
    if not isinstance(value, str) or len(value) > _LARGEST:
        return False
    if name in _BODIES:
        return _is_body(value, fact.said["text"])
    return name != "front_matter" or is_object(value)


def _is_body(encoded: str, text: str) -> bool:
    """Tell whether a body can be put together, and is then no larger than a page."""
    try:
        pieces = json.loads(encoded)
        sizes = [len(piece) if isinstance(piece, str) else _stretch(len(text), *piece) for piece in pieces]
    except (ValueError, TypeError, RecursionError):
        return False
    return isinstance(pieces, list) and sum(sizes) <= _LARGEST


def _stretch(end: int, start: object, length: object) -> int:
    if not (isinstance(start, int) and isinstance(length, int) and 1 <= start <= end + 1 and 0 <= length <= end):
        raise ValueError(start)
    return length


def _is_detail(name: str, value: Any) -> bool:
    if name == "mentions":
        return all(
            isinstance(code, str) and parse(code) is not None and _is_line(printed) and isinstance(count, int)
            for code, printed, count in value
        )
    return _are_lines(value) if isinstance(value, list) else _is_line(value)


def _are_lines(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_line, value))


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_LINE


def _is_time(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_time(value))


def _be(holds: bool, what: str) -> None:
    if not holds:
        raise NotAsExpected(what)
