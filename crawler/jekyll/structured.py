"""Front matter in TOML and JSON: read by libraries, within bounds that any post keeps. Pure.

Not here: YAML, and where front matter begins and ends (`crawler.jekyll.front_matter`).
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

LONGEST = 64 * 1024
"""Characters of front matter."""

DEEPEST = 16
"""Lists and mappings in one another."""

_LARGEST = 2**63  # of whole numbers
_DOTS = 1000  # in a line of TOML: reading a key takes time by the square of them
_OBJECT = re.compile(r'\{\s*(?:"|\})')


class FrontMatterError(ValueError):
    """Front matter that cannot be read; the text says why in words for a person."""


def check_length(written: str) -> None:
    """Raise `FrontMatterError` when front matter is longer than any post needs."""
    if len(written) > LONGEST:
        raise FrontMatterError(f"front matter of more than {LONGEST // 1024} kB")


def read_toml(written: str) -> dict[str, Any]:
    """Return what TOML says. Raises `FrontMatterError`."""
    if any(line.count(".") > _DOTS for line in written.split("\n")):
        raise FrontMatterError("front matter nested too deeply")
    try:
        values = tomllib.loads(written)
    except ValueError as error:  # of a number with thousands of digits it is no TOMLDecodeError
        raise FrontMatterError(f"front matter that is no TOML: {error}") from None
    except RecursionError:
        raise FrontMatterError("front matter nested too deeply") from None
    _check(values, DEEPEST)
    return values


def read_json(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    """Return the JSON object that begins at `start`, alone on its lines, and where the next line begins.

    `None` if there is none. Raises `FrontMatterError`.
    """
    if not _OBJECT.match(text, start):
        return None
    try:
        values, end = json.JSONDecoder(parse_constant=str).raw_decode(text, start)
    except ValueError as error:  # of a number with thousands of digits it is no JSONDecodeError
        raise FrontMatterError(f"front matter that is no JSON: {error}") from None
    except RecursionError:
        raise FrontMatterError("front matter nested too deeply") from None
    behind, line_feed, _ = text[end:].partition("\n")
    if behind.strip():
        raise FrontMatterError("front matter that is no JSON: text behind its last brace")
    check_length(text[start:end])
    _check(values, DEEPEST)
    return values, end + len(behind) + len(line_feed)


def _check(value: Any, levels: int) -> None:
    """Raise `FrontMatterError` when a value has more levels, or a number that no program need bear."""
    match value:
        case dict() | list() if not levels:
            raise FrontMatterError("front matter nested too deeply")
        case dict():
            for inner in value.values():
                _check(inner, levels - 1)
        case list():
            for inner in value:
                _check(inner, levels - 1)
        case int() if not -_LARGEST <= value < _LARGEST:
            raise FrontMatterError("front matter with a number that is too large")
