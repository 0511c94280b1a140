"""Turning the body of a post's source, Markdown with HTML in it, into HTML as the site's builder does.

HTML blocks pass through unchanged, and footnotes stay where they are written. Pure. Not here: front matter, and
making HTML safe (`crawler.markdown`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.footnote import footnote_plugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.renderer import RendererProtocol
    from markdown_it.rules_core import StateCore

# CommonMark's sixth kind of HTML block, which ends at a blank line, and comments.
_HTML_BLOCK = re.compile(
    r" {0,3}<(?:!--|/?(?:address|article|aside|base|blockquote|body|center|details|dialog|dd|div|dl|dt|fieldset"
    r"|figcaption|figure|footer|form|frame|frameset|h[1-6]|head|header|hr|html|iframe|legend|li|link|main|menu|menuitem"
    r"|nav|ol|optgroup|option|p|param|search|section|summary|table|tbody|td|tfoot|th|thead|title|tr|track|ul)"
    r"(?:[ \t>]|/>|$))",
    re.IGNORECASE | re.MULTILINE,
)
_BLANK = re.compile(r"\n[ \t]*\n\s*")


def blocks(source: str) -> list[str]:
    """Return the blocks of a source between blank lines; each keeps its leading white space."""
    return [block.rstrip() for block in re.split(r"\n[ \t]*(?=\n)", source) if block.strip()]


def to_html(source: str) -> str:
    """Return the HTML of a source; if all of it is HTML already, return it unchanged but for surrounding space."""
    if all(_HTML_BLOCK.match(block.lstrip("\n")) for block in blocks(source)):
        return source.strip()
    return str(_MARKDOWN.render(source)).strip()


def _reference(_renderer: RendererProtocol, tokens: Sequence[Token], at: int, _options: Any, _env: Any) -> str:
    """Write the number of a note, which leads to it."""
    number, time = tokens[at].meta["id"] + 1, tokens[at].meta["subId"] + 1
    return f'<sup id="fnref:{number}:{time}"><a href="#fn:{number}">{number}</a></sup>'


def _note(_renderer: RendererProtocol, tokens: Sequence[Token], at: int, _options: Any, env: Any) -> str:
    """Begin a note with the number that leads to it; one that nothing refers to, or a second of a name, has none."""
    label = f":{tokens[at].meta['label']}"
    number = env["footnotes"]["refs"].pop(label, -1) + 1
    if not number:
        return '<div class="footnote">'
    times = env["footnotes"]["list"][number - 1]["count"]
    back = "".join(f'<a href="#fnref:{number}:{time}">↩</a>' for time in range(1, times + 1))
    return f'<div class="footnote" id="fn:{number}">{back}'


def _note_end(*_: Any) -> str:
    return "</div>\n"


def _name_links(state: StateCore) -> None:
    """Give a link without words its address for words: nothing would be shown of `[](https://a.example/)`."""
    for block in state.tokens:
        if block.children:
            block.children = list(_named(block.children))


def _named(tokens: Sequence[Token]) -> Iterator[Token]:
    for token, after in zip(tokens, [*tokens[1:], None], strict=True):
        yield token
        if after and (token.type, after.type) == ("link_open", "link_close"):
            address = str(token.attrs["href"])
            if address.startswith(("http:", "https:")):
                yield Token("text", "", 0, content=address)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    reader.use(footnote_plugin, inline=False, move_to_end=False)
    reader.core.ruler.after("inline", "name_links", _name_links)
    reader.add_render_rule("footnote_ref", _reference)
    reader.add_render_rule("footnote_reference_open", _note)
    reader.add_render_rule("footnote_reference_close", _note_end)
    return reader


_MARKDOWN = _reader()
