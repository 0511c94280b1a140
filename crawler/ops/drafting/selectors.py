"""Saying how an element is selected again, on this page and on others of its kind.

Names that look as if they were this page's alone (`post-123`) are not used. Not here: which element is wanted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from selectolax.lexbor import SelectolaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

_NAME = re.compile(r"[A-Za-z_-][A-Za-z_-]{1,40}")  # a digit may number the page
_STATE = re.compile(
    r"(?i)^(?:is|has|js|no|active|open|hidden|visible|loaded|wow|animated|fade|clearfix|container)(?:-|$)"
)
_DEEPEST = 4


def selector_of(node: LexborNode, parsed: LexborHTMLParser) -> str | None:
    """Return the plainest selector whose first match is `node`; `None` if there is none.

    One that matches nothing else is preferred.
    """
    firsts = [
        selector
        for selector in _candidates(node)
        if (found := _matches(parsed, selector)) and found[0] == node.mem_id
    ]
    alone = next((selector for selector in firsts if len(_matches(parsed, selector)) == 1), None)
    return alone or next(iter(firsts), None)


def _matches(parsed: LexborHTMLParser, selector: str) -> list[int]:
    try:
        return [node.mem_id for node in parsed.css(selector)]
    except (SelectolaxError, ValueError):
        return []


def _candidates(node: LexborNode) -> Iterator[str]:
    yield from _own(node)
    outer, depth = node.parent, 0
    while outer is not None and depth < _DEEPEST and outer.tag not in {"html", "-undef"}:
        for around in _own(outer):
            for own in _own(node):
                yield f"{around} {own}"
        outer, depth = outer.parent, depth + 1


def _own(node: LexborNode) -> Iterator[str]:
    """Yield what may select an element by itself: its property, its names, its tag."""
    attributes = node.attributes
    for name in ("itemprop", "property"):
        if _NAME.fullmatch(attributes.get(name) or ""):
            yield f"[{name}={attributes[name]}]"
    for name in (attributes.get("class") or "").split():
        if _NAME.fullmatch(name) and not _STATE.match(name):
            yield f".{name}"
    if _NAME.fullmatch(attributes.get("id") or ""):
        yield f"#{attributes['id']}"
    if node.tag and re.fullmatch(r"[a-z][a-z0-9-]*", node.tag):
        yield node.tag
