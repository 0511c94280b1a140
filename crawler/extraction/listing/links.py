"""Finding the links of an HTML page as a browser does: with an HTML parser, and relative to the page's `<base>`.

Pure. Not here: what the links lead to (`crawler.extraction.listing`), and the links of feeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

from crawler.extraction.structure import check_nesting
from crawler.text.words import squeeze
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from selectolax.lexbor import LexborNode

_LONGEST_TEXT = 300  # characters; a link may surround a whole card with a summary
# An element that stands where a group begins. It cannot close anything, wherever it is put.
_MARK = "<wbr finews-group>"
_WANTED = "a[href], area[href], wbr[finews-group]"
# Not text, although it is inside a link.
_NO_TEXT = ["script", "style", "svg"]
# Their text is apart from what is before and after them.
_BLOCKS = "br, dd, div, dt, h1, h2, h3, h4, h5, h6, header, li, p, td, time"
# An anchor whose brackets are escaped: `&lt;a href="…"&gt;`. It never runs on into another tag.
_INSIDE = r"(?:[^<>&]|&(?!lt;|gt;))"
_IN_CAPITALS = re.compile("<(?=/?[A-Z])")
_ESCAPED_ANCHOR = re.compile(rf"(?:<|&lt;)(a\s{_INSIDE}*+)(?:>|&gt;)|(?:<|&lt;)(/a)\s*+(?:>|&gt;)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link of a page: its canonical `url`, its `text` (squeezed), and the number of the `group` it is in.

    `changed_at` is when a sitemap index says that a sitemap has last changed, timezone-aware.
    """

    url: str
    text: str
    group: int = 0
    changed_at: datetime | None = None


def html_links(
    source: str, page_url: str, *, group: str | None = None, raw_titles: bool = False
) -> Iterator[FoundLink]:
    """Yield the links of the HTML `source`, served at `page_url`, in order; those that lead to no page are left out.

    A group begins where the pattern `group` matches the source. `raw_titles`: what titles contain is not escaped, see
    `crawler.sites.definition.Site`. Raises `TooCostlyError` if parsing the page would take too long.
    """
    if raw_titles:
        source = _IN_CAPITALS.sub("&lt;", source)
        source = _ESCAPED_ANCHOR.sub(lambda anchor: f"<{anchor[1] or anchor[2]}>", source)
    source = _with_marks(source, group) if group else source
    check_nesting(source)
    parsed = LexborHTMLParser(source)
    base, number = base_of(parsed, page_url), 0
    parsed.strip_tags(_NO_TEXT)
    for node in parsed.css(_WANTED):
        if node.tag == "wbr":
            number += 1
        elif url := resolve(base, node.attributes["href"] or ""):
            yield FoundLink(url, _text(node), number)


def base_of(parsed: LexborHTMLParser, page_url: str) -> str:
    """Return what relative links of a page are relative to: the address in its first `<base href>`, or its own."""
    base = parsed.css_first("base[href]")
    return (resolve(page_url, base.attributes["href"] or "") if base else None) or page_url


def _with_marks(source: str, pattern: str) -> str:
    """Return HTML with a mark before each match of `pattern`, or before the tag that the match is in."""
    pieces, done = [], 0
    for match in re.finditer(pattern, source):
        tag = source.rfind("<", done, match.start() + 1)
        at = tag if tag > source.rfind(">", done, match.start()) else match.start()
        pieces += [source[done:at], _MARK]
        done = at
    return "".join((*pieces, source[done:]))


def _text(node: LexborNode) -> str:
    """Return the text of a link or, if it has none, of its image."""
    if node.child is not None and (node.child.is_element_node or node.child.next is not None):
        for block in node.css(_BLOCKS):
            block.insert_before(" ")
            block.insert_after(" ")
    text = squeeze(node.text())
    if not text:
        image = node if node.tag == "area" else node.css_first("img[alt]")
        text = squeeze((image.attributes.get("alt") if image else None) or "")
    return text[:_LONGEST_TEXT]
