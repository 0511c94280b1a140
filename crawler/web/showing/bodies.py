"""The body of a post as HTML that is safe to show, whatever the site published.

It is rendered from the post's Markdown, which holds no HTML, and sanitised again, as if nothing were known of it.
It has no pictures: where one stood there is a link to it, so that reading a post requests nothing. Headings begin
below the title and skip no level, as those who hear a page need. Not here: making Markdown of what was published
(`crawler.markdown`).
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup
from nh3 import Cleaner

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_KEPT = 64  # bodies
_LONGEST = 200_000  # characters; a longer one is shown as plain text, in paragraphs
_TAGS = frozenset(
    "p br hr h2 h3 h4 h5 h6 strong em s del sup sub blockquote ul ol li a pre code"
    " table thead tbody tr th td section div span".split()
)
_CLASSES = {"footnotes", "footnotes-list", "footnote-item", "footnote-ref", "footnote-backref", "wide", "picture"}
_NOTE = re.compile(r"fn(?:ref)?\d{1,6}(?::\d{1,6})?", re.ASCII)
_LEVELS = 6


@lru_cache(_KEPT)
def body_of(markdown: str, picture: str) -> Markup:
    """Return the HTML of a body in Markdown; `picture` is the word for a picture that has no description."""
    if len(markdown) > _LONGEST:
        paragraphs = (Markup("<p>{}</p>").format(part) for part in markdown.split("\n\n"))
        return Markup("\n").join(paragraphs)
    reader = _reader()
    tokens = list(_shown(reader.parse(markdown), picture))
    html = reader.renderer.render(tokens, reader.options, {})
    return Markup(_cleaner().clean(html))  # noqa: S704  # it was just sanitised


@cache
def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  # takes 40 ms, which only posts need
    from mdit_py_plugins.footnote import footnote_plugin  # noqa: PLC0415  # likewise

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).use(footnote_plugin)


@cache
def _cleaner() -> Cleaner:
    anchored = {"a", "li", "sup"}
    return Cleaner(
        tags=_TAGS,
        attributes={
            "a": {"href", "title", "class", "id"},
            "ol": {"start", "class"},
            "li": {"class", "id"},
            "sup": {"class", "id"},
            "div": {"class", "tabindex"},
            "pre": {"tabindex"},
            "section": {"class"},
        },
        attribute_filter=lambda tag, name, value: _attribute(tag in anchored, name, value),
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _attribute(anchored: bool, name: str, value: str) -> str | None:
    match name:
        case "id":
            return value if anchored and _NOTE.fullmatch(value) else None
        case "class":
            return value if value in _CLASSES else None
        case "tabindex":
            return "0"
        case _:
            return value


def _shown(tokens: Sequence[Token], picture: str) -> Iterator[Token]:
    """Yield the tokens with headings in order, pictures as links, and room to scroll for what may be wide."""
    level = 1
    for at, token in enumerate(tokens):
        if token.type == "heading_open":
            level = min(int(token.tag[1]) + 1, level + 1, _LEVELS)
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{level}" if _has_words(tokens[max(0, at - 1) : at + 2]) else "p"
        if token.children:
            token.children = list(_named(_without_pictures(token.children, picture)))
        if token.type == "table_open":
            yield _token("html_block", '<div class="wide" tabindex="0">')
        if token.type in {"fence", "code_block"}:
            token.type = "code_block"
            token.attrs = {"tabindex": "0"}
        yield token
        if token.type == "table_close":
            yield _token("html_block", "</div>")


def _has_words(heading: Sequence[Token]) -> bool:
    """Return whether the line of a heading, which is among these tokens, says anything."""
    return any(token.type == "inline" and token.content.strip() for token in heading)


def _without_pictures(tokens: Iterable[Token], picture: str) -> Iterator[Token]:
    """Yield the tokens of a line with a link for each picture, or its name where a link already leads elsewhere."""
    links = 0
    for token in tokens:
        links += token.nesting if token.type in {"link_open", "link_close"} else 0
        if token.type != "image":
            yield token
            continue
        name = _token("text", f"[{picture}] {token.content}".strip() if token.content else f"[{picture}]")
        if links:
            yield name
        else:
            opened = _token("link_open", "", "a", 1)
            opened.attrs = {"href": str(token.attrs.get("src", "")), "class": "picture"}
            yield from (opened, name, _token("link_close", "", "a", -1))


def _named(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yield the tokens of a line; a link without words is named after where it leads."""
    opened: Token | None = None
    for token in tokens:
        if token.type == "link_close" and opened is not None:
            yield _token("text", str(opened.attrs.get("href", "")))
        opened = token if token.type == "link_open" else None
        yield token


def _token(kind: str, content: str, tag: str = "", nesting: int = 0) -> Token:
    from markdown_it.token import Token  # noqa: PLC0415  # see `_reader`

    return Token(kind, tag, nesting, content=content)  # type: ignore[arg-type]  # -1, 0 or 1
