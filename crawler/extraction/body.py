"""Separating a post's body from what the site adds to it: the tail, the share link, marked securities.

Works on the parsed body. Not here: what those look like (site definitions say), and Markdown.
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

# Visible even without text.
_VISIBLE = frozenset({"img", "video", "audio", "iframe", "table", "svg", "hr"})
_VISIBLE_WITHIN = ", ".join(sorted(_VISIBLE))
_MAX_DEPTH = 32
_LONGEST_TAIL = 1000  # characters; a category's address may be long


def share_url(parsed: LexborHTMLParser, site: Site, page_url: str, post_id: str) -> str | None:
    """Return the post's own share link as written on the page: the last share link with the post's id."""
    for node in reversed(parsed.css("a[href]")):
        href = (node.attributes.get("href") or "").strip()
        url = resolve(page_url, href)
        address = address_of(site, url) if url else None
        if address and address.kind == "share" and address.key.lower() == post_id.lower():
            return as_written(href, page_url)
    return None


def inner_html(parsed: LexborHTMLParser) -> str:
    """Return the body as the parser serialises it, without surrounding white space."""
    return ((parsed.body.inner_html if parsed.body else None) or "").strip()


def cut_tail(parsed: LexborHTMLParser, patterns: tuple[str, ...]) -> bool:
    """Remove the site's own blocks from the end of the body; return whether any of them had text.

    The text of such a block matches one of `patterns`.
    """
    removed: list[str] = []
    if parsed.body is not None:
        _cut_last(parsed.body, patterns, removed, _MAX_DEPTH)
    return any(removed)


def mentions(parsed: LexborHTMLParser, marked: Securities | None) -> tuple[Mention, ...]:
    """Count the securities marked in the body, by code and printed name, in order of first appearance."""
    if marked is None:
        return ()
    excluded = _excluded(parsed, marked)
    counts: Counter[tuple[str, str]] = Counter()
    for node in parsed.css(marked.css):
        security = parse_security(node.attributes.get(marked.attribute) or "")
        name = squeeze(node.text())
        if security and name and node.mem_id not in excluded:
            counts[security.code, name] += 1
    return tuple(Mention(code=code, name=name, count=count) for (code, name), count in counts.items())


def _excluded(parsed: LexborHTMLParser, marked: Securities) -> set[int]:
    if marked.but_not is None:
        return set()
    return {node.mem_id for outer in parsed.css(marked.but_not) for node in outer.css(marked.css)}


def _cut_last(node: LexborNode, patterns: tuple[str, ...], removed: list[str], depth: int) -> bool:
    """Remove the site's blocks from the end of `node`; return whether there were any.

    Their texts are appended to `removed`. An unclosed element of the article may contain them, so the last element is
    searched too. Each block is checked once, and once more if something was removed from it.
    """
    cut = False
    while (last := node.last_child) is not None:
        if (text := _tail_text(last, patterns)) is None:
            within = depth > 1 and last.is_element_node and _cut_last(last, patterns, removed, depth - 1)
            cut = cut or within
            if not within or (text := _tail_text(last, patterns)) is None:
                break
        removed.append(text)
        last.decompose()
        cut = True
    return cut


def _tail_text(node: LexborNode, patterns: tuple[str, ...]) -> str | None:
    """Return the text of one of the site's blocks, "" for an invisible block, or `None` for a part of the article."""
    text = squeeze(node.text())
    if text:
        is_tail = len(text) <= _LONGEST_TAIL and any(re.fullmatch(pattern, text) for pattern in patterns)
        return text if is_tail else None
    is_visible = node.is_element_node and (node.tag in _VISIBLE or node.css_first(_VISIBLE_WITHIN) is not None)
    return None if is_visible else ""
