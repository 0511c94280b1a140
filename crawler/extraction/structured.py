"""Reading JSON that pages carry: JSON-LD, and the data of scripts. Values are named by paths (JMESPath).

Pure. Not here: finding the scripts of a rule (`crawler.extraction.rules`).
"""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

import jmespath
from jmespath.exceptions import JMESPathError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jmespath.parser import ParsedResult
    from selectolax.lexbor import LexborHTMLParser

_LINKED_DATA = 'script[type*="ld+json" i]'
_BEGINS = re.compile(r"[{\[]")
_DECODER = json.JSONDecoder(strict=False)  # as sites write it, with line feeds inside of strings
# What stands for an object of schema.org where a text is expected: a person's name, an image's address.
_TEXT_KEYS = ("name", "url", "@value", "text", "contentUrl")
_DEEPEST = 8
_MARKUP = re.compile(r"<[a-zA-Z/!]")


def linked_data(parsed: LexborHTMLParser) -> list[dict[str, Any]]:
    """Return the objects of a page's JSON-LD, in order: those at the top, and those of their `@graph`."""
    tops = (decoded(node.text()) for node in parsed.css(_LINKED_DATA))
    return [each for top in tops for each in _objects(top)]


def decoded(text: str) -> Any:
    """Return the first JSON object or list in a text, whatever is around it; `None` if there is none.

    So a script may assign it: `window.data = {…};`.
    """
    begins = _BEGINS.search(text)
    try:
        return _DECODER.raw_decode(text, begins.start())[0] if begins else None
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        return None


def texts_at(path: str, data: Any, *, linked: list[dict[str, Any]] | None = None) -> list[str]:
    """Return the texts and numbers at a path in decoded JSON, those of lists one by one.

    An object counts as its name, address or value; one that only refers to another of the `linked` objects by its
    `@id` counts as that.
    """
    try:
        found = compiled_path(path).search(data)
    except (JMESPathError, RecursionError):  # such as a function on a value of another type
        return []
    by_id = {each["@id"]: each for each in linked or [] if isinstance(each.get("@id"), str)}
    return list(_texts(found, by_id, _DEEPEST))


@cache
def compiled_path(path: str) -> ParsedResult:
    """Return a JMESPath ready to search with. Raises `JMESPathError`."""
    return jmespath.compile(path)


def as_html(text: str) -> str:
    """Return a text as HTML: plain text becomes paragraphs, HTML stays."""
    if _MARKUP.search(text):
        return text
    return "\n".join(f"<p>{escape(line, quote=False)}</p>" for line in map(str.strip, text.splitlines()) if line)


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    for each in data if isinstance(data, list) else [data]:
        if isinstance(each, dict):
            yield each
            graph = each.get("@graph")
            yield from (inner for inner in (graph if isinstance(graph, list) else []) if isinstance(inner, dict))


def _texts(value: Any, by_id: Mapping[str, dict[str, Any]], depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list) and depth:
        for each in value:
            yield from _texts(each, by_id, depth - 1)
    elif isinstance(value, dict) and depth:
        inner = next((value[key] for key in _TEXT_KEYS if value.get(key)), None)
        other = by_id.get(value.get("@id", "")) if inner is None else None
        yield from _texts(inner if other is None else other, by_id, depth - 1)
