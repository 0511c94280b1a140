"""Footnotes in HTML: a number leads to a note, and the note back to the number.

So kramdown, goldmark, Hexo, WordPress and pandoc write them. Both are marked with an attribute of our own, which the
sanitiser lets through. Not here: what becomes of them (`crawler.markdown.html.reading`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

NEEDED = re.compile(r"""href=["']?#|data-note""", re.IGNORECASE)
"""What HTML holds for which `mark_notes` has anything to do."""

MARK = "data-note"
"""The attribute of a reference, a `sup`, and of its note: the note's number."""

NOTES = frozenset({"li", "p", "div", "dd", "aside", "section"})
"""Elements that may be a note."""

# What stands in a text for a note; a link of a table of contents has more words.
_REFERENCE = re.compile(
    r"[\[(（〔【]?\^?(?:\d{1,3}|[a-z*†‡§¶]|[注註]\s*\d{0,3}|note\s?\d+)[\])）〕】]?", re.IGNORECASE
)
_FAR = 4  # elements between a number and what has its id


def mark_notes(parsed: LexborHTMLParser) -> None:
    """Mark footnotes of a parsed body and the references to them, numbered in the order of these."""
    for node in parsed.css(f"[{MARK}]"):
        del node.attrs[MARK]
    named: dict[str, LexborNode] = {}
    for node in parsed.css("[id]"):
        named.setdefault(node.attributes.get("id") or "", node)
    links = [(link, named.get(_target(link))) for link in parsed.css('a[href^="#"]')]
    back: dict[tuple[int, int], list[LexborNode]] = defaultdict(list)
    for link, to in links:
        if to is not None and (around := _note_around(link)) is not None:
            back[around.mem_id, to.mem_id].append(link)
    numbers: dict[int, str] = {}
    used: dict[int, LexborNode] = {}  # links back from notes, by their place in the memory
    for link, note in links:
        if note is None or link.mem_id in used or not _REFERENCE.fullmatch(link.text().strip()):
            continue
        backward = [each for node in _around(link) for each in back.get((note.mem_id, node.mem_id), ())]
        if backward:
            note.attrs[MARK] = numbers.setdefault(note.mem_id, str(len(numbers) + 1))
            used |= {each.mem_id: each for each in backward}
            _replace(parsed, link, numbers[note.mem_id])
    for each in used.values():
        each.remove()


def _target(link: LexborNode) -> str:
    return unquote((link.attributes.get("href") or "")[1:])


def _note_around(link: LexborNode) -> LexborNode | None:
    """Return the nearest element around a link that has an id, if it may be a note."""
    outer = link.parent
    while outer is not None and not outer.attributes.get("id"):
        outer = outer.parent if outer.tag not in {"body", "html"} else None
    return outer if outer is not None and outer.tag in NOTES else None


def _around(link: LexborNode) -> list[LexborNode]:
    """Return what may bear the name that a note leads back to: the link, what is in it, and a few elements around."""
    found = [link, *link.css("[id]")]
    outer = link.parent
    while outer is not None and len(found) < _FAR:
        found.append(outer)
        outer = outer.parent
    return found


def _replace(parsed: LexborHTMLParser, link: LexborNode, number: str) -> None:
    """Put a marked number in the place of a link, and of the element that raises it."""
    reference = parsed.create_node("sup")
    reference.attrs[MARK] = number
    reference.insert_child(number)
    outer = link.parent
    is_raised = outer is not None and outer.tag == "sup" and outer.text().strip() == link.text().strip()
    (outer if outer is not None and is_raised else link).insert_before(reference, move=True)
    (outer if outer is not None and is_raised else link).remove()
