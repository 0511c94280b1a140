"""Turning a post's Markdown into the HTML that the site shows, and HTML into the plain text of a page's head.

Imitates as much of Jekyll's renderer (kramdown) as source posts use. Not here: Liquid, escaping of a raw `&` inside
HTML, and repair of markup, except that a surplus `</div>` becomes text, as it would otherwise end the page's
`<section>`.
"""

from __future__ import annotations

import html
import re

from markdown_it import MarkdownIt

_MARKDOWN = MarkdownIt("commonmark", {"html": True})
_LINK = re.compile(r"\[([^\[\]\n]*)\]\(((?:[^()\n]|\([^()\n]*\))*)\)")
_BLOCK_EDGE = re.compile(r"(</p>|</center>|-->)\s*(?=<(?:p|center|!--)[ >-])")
_STANDING_FRONT = re.compile(r"\s*---\n(.*?)\n---\n(.*)", re.DOTALL)
_UNSEEN = re.compile(r"<script.*?</script>|<!--.*?-->|<style.*?</style>|<[^>]*>", re.DOTALL)
_ASCII_SPACE = re.compile(r"[ \t\r\n]+")
_DIV = re.compile(r"<(/?)div\b[^>]*>")
_QUOTED = re.compile(r'"([^"\n]*)"')


def render(source: str) -> str:
    """Return the HTML of a post's Markdown body, one block per line; HTML in it passes through."""
    blocks = (_prepared(block) for block in source.split("\n\n"))
    return _one_block_per_line(_without_stray_ends(_MARKDOWN.render("\n\n".join(blocks))))


def render_layoutless(source: str) -> str:
    """Return the HTML of a file whose front matter Jekyll treated as text: a rule, a paragraph, the body."""
    match = _STANDING_FRONT.fullmatch(source)
    if match is None:
        return render(source)
    front = html.escape(typographic(match[1]), quote=False)
    return f"\n<hr />\n<p>{front}\n—</p>\n\n{render(match[2])}"


def excerpt(source: str) -> str:
    """Return the first block of a Markdown body without a leading `> `, which Jekyll uses as a post's description."""
    return _one_block_per_line(source.strip().partition("\n\n")[0].removeprefix("> "))


def plain(markup: str) -> str:
    """Remove tags from markup, collapse its ASCII white space, and escape it for use in an attribute."""
    text = _ASCII_SPACE.sub(" ", _UNSEEN.sub("", markup)).strip()
    return html.escape(html.unescape(typographic(text)))


def typographic(text: str) -> str:
    """Turn pairs of straight double quotes into typographic ones, as Jekyll does outside HTML."""
    return _QUOTED.sub("“\\1”", text)


def _prepared(block: str) -> str:
    if block.lstrip().startswith("<"):
        return block
    # Unlike CommonMark, kramdown allows spaces in an address: .../category/Career In touxingPEVC.html
    return _LINK.sub(r'<a href="\2">\1</a>', typographic(block))


def _without_stray_ends(markup: str) -> str:
    open_divs = 0

    def kept(tag: re.Match[str]) -> str:
        nonlocal open_divs
        if tag[1] and not open_divs:
            return html.escape(tag[0])
        open_divs += -1 if tag[1] else 1
        return tag[0]

    return _DIV.sub(kept, markup)


def _one_block_per_line(markup: str) -> str:
    return _BLOCK_EDGE.sub(r"\1\n", markup)
