"""Checking HTML before it is parsed: how deep its elements nest, and how many tags, attributes and entities it has.

Parsers, sanitisers and converters take time quadratic in these, and no article has many. So the source is scanned
here first in linear time, tag by tag as HTML's tokeniser finds them. Not here: parsing.
"""

from __future__ import annotations

import re
from collections import Counter

from crawler.extraction.budget import TooCostlyError

_DEEPEST = 256
_MOST_ATTRIBUTES = 256
_MOST_ENTITIES = 50_000
_MOST_TAGS = 100_000
_LONGEST_TEXT = 1_000_000  # characters: a novel

_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s"'>][^\s>]*+)?)?+"""
# The beginning of a tag, comment or declaration. Unclosed ones extend to the end of the source, so that every
# character is scanned only once.
_MARK = re.compile(
    r"<(?:!--(?P<comment>)|[!?](?P<bogus>)"
    rf"|(?P<closes>/?)(?P<name>[a-z][^\s/>]*+)[\s/]*+(?:{_ATTRIBUTE}[\s/]*+){{0,{_MOST_ATTRIBUTES}}}+(?P<end>>?))",
    re.IGNORECASE | re.ASCII,
)
# Elements whose content is text up to their own closing tag.
_TEXT_ONLY = frozenset("script style textarea title xmp iframe noembed noframes".split())
_NEVER_OPEN = frozenset("area base br col embed hr img input link meta source track wbr".split())
# Elements that end where the next one begins, unless they are inside `svg` or `math`.
_ENDED_BY_THE_NEXT = frozenset("a p li td th tr dt dd option".split())
_FOREIGN = frozenset({"svg", "math"})


def check_structure(source: str) -> None:
    """Raise `TooCostlyError` if the HTML in `source` would take too long to parse."""
    if source.count("&") + source.count("\xa0") > _MOST_ENTITIES:
        raise TooCostlyError(f"more than {_MOST_ENTITIES} entities")
    check_nesting(source)
    if source.count("<") > _MOST_TAGS:
        raise TooCostlyError(f"more than {_MOST_TAGS} tags")


def check_nesting(source: str) -> None:
    """Raise `TooCostlyError` if elements nest so deep, or have so many attributes, that parsing takes too long."""
    opened: Counter[str] = Counter()
    depth, at = 0, 0
    while mark := _MARK.search(source, at):
        at = mark.end()
        name = (mark["name"] or "").lower()
        if not name:
            at = _after(source, "-->" if mark["comment"] is not None else ">", at)
        elif mark["closes"]:
            # A closing tag without an open element changes nothing.
            depth -= opened[name] > 0
            opened[name] -= opened[name] > 0
        elif not mark["end"] and at < len(source):
            raise TooCostlyError(f"an element with more than {_MOST_ATTRIBUTES} attributes")
        elif name in _TEXT_ONLY:
            at = _after_text(source, name, at)
        elif name not in _NEVER_OPEN and (name not in _ENDED_BY_THE_NEXT or opened.keys() & _FOREIGN):
            depth, opened[name] = depth + 1, opened[name] + 1
            if depth > _DEEPEST:
                raise TooCostlyError(f"more than {_DEEPEST} elements in one another")


def check_length(text: str) -> None:
    """Raise `TooCostlyError` if storing a post with this plain text, its index and its story, would take too long."""
    if len(text) > _LONGEST_TEXT:
        raise TooCostlyError(f"a text of more than {_LONGEST_TEXT} characters")


def _after(source: str, mark: str, at: int) -> int:
    position = source.find(mark, at)
    return len(source) if position < 0 else position + len(mark)


def _after_text(source: str, name: str, at: int) -> int:
    """Return where the closing tag of a text-only element begins; `at` if it is never closed."""
    closing = _closing(name).search(source, at)
    return closing.start() if closing else at


def _closing(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE | re.ASCII)
