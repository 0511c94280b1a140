"""Turning the body of a post's source, Markdown with HTML in it, into HTML as the site's builder does.

HTML blocks pass through unchanged. Pure. Not here: front matter, and making HTML safe (`crawler.markdown`).
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt

# CommonMark's sixth kind of HTML block, which ends at a blank line, and comments.
_HTML_BLOCK = re.compile(
    r" {0,3}<(?:!--|/?(?:address|article|aside|base|blockquote|body|center|details|dialog|dd|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem"
    r"|nav|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)"
    r"(?:[ \t>]|/>|$))",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(r"\n[ \t]*\n\s*")
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])


def blocks(source: str) -> list[str]:
    """Return the blocks of a source between blank lines; each keeps its leading white space."""
    return [block.rstrip() for block in re.split(r"\n[ \t]*(?=\n)", source) if block.strip()]


def to_html(source: str) -> str:
    """Return the HTML of a source; if all of it is HTML already, return it unchanged but for surrounding space."""
    if all(_HTML_BLOCK.match(block.lstrip("\n")) for block in blocks(source)):
        return source.strip()
    return str(_MARKDOWN.render(source)).strip()
