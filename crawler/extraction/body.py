"""What belongs to a post's body and what is the site's own: tail, share link, marked securities.

Works on the parsed body. Not here: which elements those are (the definition says), and Markdown.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from crawler.items import Mention
from crawler.securities import parse as parse_security
from crawler.sites.addresses import address_of
from crawler.text.words import squeeze
from crawler.urls import as_written, resolve

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

    from crawler.sites.definition import Securities, Site

# Shown though they hold no text.
_SHOWN = frozenset({"img", "video", "audio", "iframe", "table", "svg", "hr"})
_SHOWN_WITHIN = ", ".join(sorted(_SHOWN))
_MAX_DEPTH = 32
_LONGEST_TAIL = 1000  # characters: a category's address may be long


def share_url(parsed: LexborHTMLParser, site: Site, page_url: str, post_id: str) -> str | None:
    """Return the post's own share link as it is written: the last link of that kind that carries its id."""
    for node in reversed(parsed.css("a[href]")):
        href = (node.attributes.get("href") or "").strip()
        url = resolve(page_url, href)
        address = address_of(site, url) if url else None
        if address and address.kind == "share" and address.key.lower() == post_id.lower():
            return as_written(href, page_url)
    return None


def inner_html(parsed: LexborHTMLParser) -> str:
    """Return the body as the parser writes it, trimmed."""
    return ((parsed.body.inner_html if parsed.body else None) or "").strip()


def cut_tail(parsed: LexborHTMLParser, patterns: tuple[str, ...]) -> bool:
    """Take the site's blocks off the end of the body; tell whether any of them said something."""
    said: list[str] = []
    if parsed.body is not None:
        _cut_last(parsed.body, patterns, said, _MAX_DEPTH)
    return any(said)


def mentions(parsed: LexborHTMLParser, marked: Securities | None) -> tuple[Mention, ...]:
    """Count the securities marked in the body, by code and printed name, in order of first appearance."""
    if marked is None:
        return ()
    left_out = _inside(parsed, marked)
    seen: Counter[tuple[str, str]] = Counter()
    for node in parsed.css(marked.css):
        security = parse_security(node.attributes.get(marked.attribute) or "")
        name = squeeze(node.text())
        if security and name and node.mem_id not in left_out:
            seen[security.code, name] += 1
    return tuple(Mention(code=code, name=name, count=count) for (code, name), count in seen.items())


def _inside(parsed: LexborHTMLParser, marked: Securities) -> set[int]:
    if marked.but_not is None:
        return set()
    return {node.mem_id for outer in parsed.css(marked.but_not) for node in outer.css(marked.css)}


def _cut_last(node: LexborNode, patterns: tuple[str, ...], said: list[str], depth: int) -> bool:
    """Take the site's blocks off the end of `node`, note in `said` what each says, and tell whether there were any.

    An unclosed element of the article may have swallowed them, so what is last is looked into. Each block is looked
    at once, and once more when it has lost something.
    """
    cut = False
    while (last := node.last_child) is not None:
        if (text := _tail_text(last, patterns)) is None:
            within = depth > 1 and last.is_element_node and _cut_last(last, patterns, said, depth - 1)
            cut = cut or within
            if not within or (text := _tail_text(last, patterns)) is None:
                break
        said.append(text)
        last.decompose()
        cut = True
    return cut


def _tail_text(node: LexborNode, patterns: tuple[str, ...]) -> str | None:
    """Return the text of a block that is the site's, "" of one that shows nothing; `None` of one of the article."""
    text = squeeze(node.text())
    if text:
        is_tail = len(text) <= _LONGEST_TAIL and any(re.fullmatch(pattern, text) for pattern in patterns)
        return text if is_tail else None
    shown = node.is_element_node and (node.tag in _SHOWN or node.css_first(_SHOWN_WITHIN) is not None)
    return None if shown else ""
