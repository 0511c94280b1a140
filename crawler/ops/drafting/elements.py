"""Finding what may be the title, the date and the body on the page of a post. Not here: rules made of them."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from crawler.text.words import bare, fold, squeeze

if TYPE_CHECKING:
    from collections.abc import Iterator

    from selectolax.lexbor import LexborHTMLParser, LexborNode

_MOST = 4000  # elements that are looked at
_DEEPEST = 40
_ALIKE = 0.75  # of 1: a title that lacks what was taken for a tag, or has the site's name in front
_LONGEST_TITLE = 300
_SHORT = 60  # characters of an element that holds a date and nothing else
_DATED = re.compile(r"(?i)date|time|publi|pubdate|posted|meta|info|source|byline")
_BESIDE = frozenset(
    "comment comments comment-list comments-area respond sidebar related widget footer navigation breadcrumb"
    " breadcrumbs".split()
)
_DIGITS = re.compile(r"\d{1,4}\D{1,3}\d{1,2}|\d{4}")
_KNOWN_BODIES = (
    "[itemprop=articleBody]", ".e-content", ".entry-content", ".post-content", ".article-content", ".gh-content",
    ".post-body", ".article-body", ".article__body", ".post__content", ".content-body", ".TRS_Editor", "#artibody",
    "#article-content", "#content-body",
)  # fmt: skip
_BLOCKS = "p, pre, blockquote, ul, ol, table, h2, h3, br"
_NOT_OF_BODIES = frozenset(
    {"header", "footer", "nav", "aside", "form", "head", "html", "script", "style", "ul", "ol", "li"}
)


def likeness(one: str, other: str) -> bool:
    """Return whether two titles are the same but for white space, case, and the site's name behind one of them."""
    one, other = bare(fold(one[:_LONGEST_TITLE])), bare(fold(other[:_LONGEST_TITLE]))
    if not one or not other:
        return False
    return one.startswith(other) or other.startswith(one) or SequenceMatcher(None, one, other).ratio() > _ALIKE


def headings(parsed: LexborHTMLParser) -> list[LexborNode]:
    """Return the headings that may be the title, in order: all of the first level, then of the second."""
    return [node for level in ("h1", "h2") for node in parsed.css(level)[:20] if squeeze(node.text())]


def dated(parsed: LexborHTMLParser) -> Iterator[LexborNode]:
    """Yield short elements with digits in them, those named for dates first."""
    few = [node for node in parsed.css("time, span, div, p, small, em, i, li, a, td, dd")[:_MOST] if _is_short(node)]
    yield from sorted(few, key=lambda node: not _DATED.search(_names(node)))


def bodies(parsed: LexborHTMLParser) -> list[LexborNode]:
    """Return the elements that may hold the article, the likeliest first."""
    known = [node for selector in _KNOWN_BODIES if len(found := parsed.css(selector)) == 1 for node in found]
    fullest = _fullest(parsed)
    fit = [node for node in known if _text_length(node) * 2 >= (_text_length(fullest) if fullest else 0)]
    return [*fit, *([fullest] if fullest else []), *parsed.css("article")[:1], *parsed.css("main")[:1]]


def _fullest(parsed: LexborHTMLParser) -> LexborNode | None:
    """Return the element whose own paragraphs have most text that is not in links."""
    scores: dict[int, tuple[float, LexborNode]] = {}
    for block in parsed.css(_BLOCKS)[:_MOST]:
        outer = block.parent
        if outer is None or outer.tag in _NOT_OF_BODIES or _is_beside(outer):
            continue
        # A line break is no text, but what is around it is.
        text = 40 if block.tag == "br" else len(squeeze(block.text())) - _linked(block)
        score, _ = scores.get(outer.mem_id, (0.0, outer))
        scores[outer.mem_id] = (score + text, outer)
    best = max(scores.values(), key=lambda each: each[0], default=None)
    return best[1] if best is not None and best[0] > 0 else None


def _is_beside(node: LexborNode | None) -> bool:
    depth = 0
    while node is not None and node.tag not in {"body", "html"} and depth < _DEEPEST:
        if node.tag in {"header", "footer", "nav", "aside"} or _BESIDE.intersection(_names(node).lower().split()):
            return True
        node, depth = node.parent, depth + 1
    return False


def _linked(node: LexborNode) -> int:
    return sum(len(squeeze(link.text())) for link in node.css("a"))


def _text_length(node: LexborNode) -> int:
    return len(squeeze(node.text()))


def _is_short(node: LexborNode) -> bool:
    text = node.text(deep=True)
    return len(text) <= 4 * _SHORT and len(squeeze(text)) <= _SHORT and _DIGITS.search(text) is not None


def _names(node: LexborNode) -> str:
    attributes = node.attributes
    return (
        f"{node.tag} {attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('itemprop') or ''}"
    )
