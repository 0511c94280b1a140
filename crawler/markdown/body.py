"""HTML as published becomes safe HTML, clean Markdown and plain text.

Whatever the HTML holds, the Markdown holds no script, no event handler, no address but http, https and mailto,
and nothing that a Markdown reader, kramdown or Jekyll's Liquid would take for a command. The HTML is sanitised first,
then read into blocks, and these are written twice, as Markdown and as text. Not here: what belongs to the article
(extraction says).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from nh3 import Cleaner
from selectolax.lexbor import LexborHTMLParser

from crawler.markdown.html import footnotes, scriptless
from crawler.markdown.html.reading import read
from crawler.markdown.plain import plain
from crawler.markdown.writing import write
from crawler.text.words import printable

if TYPE_CHECKING:
    from crawler.sites.definition import Body

# What is kept; any other element gives way to its content, but for scripts and styles, which go whole.
_TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 strong b em i del s sup sub blockquote ul ol li a img pre code "
    "table caption thead tbody tfoot tr th td dl dt dd div section article center figure figcaption "
    "address aside details fieldset footer header hgroup legend main nav summary".split()
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "sup": {footnotes.MARK},
    **{tag: {footnotes.MARK} for tag in footnotes.NOTES},
    **{tag: {"class"} for tag in ("pre", "code", "figure")},
    "div": {"class", footnotes.MARK},
}
_SCHEMES = frozenset({"http", "https", "mailto"})
_ADDRESS = re.compile(r"\b(?:href|src)\b", re.IGNORECASE)
_NOWHERE = "https://nowhere.invalid/"
_LANGUAGE = re.compile(r"(?:\A|\s)(?:language|lang|highlight|brush)[-: ]\s?([A-Za-z][\w+#.-]{0,30})", re.ASCII)


class Words(NamedTuple):
    """A body as Markdown, its blocks parted by a blank line, and as plain text; neither ends with a newline."""

    markdown: str
    text: str


def safe_html(html: str, chrome: Body, base_url: str | None) -> str:
    """Return `html` without the site's own elements, sanitised, its addresses absolute.

    `chrome` names what to cut and to unwrap. Relative addresses are resolved against `base_url`; without one, they
    stay as they are.
    """
    bare = _prepared(html, chrome, base_url)
    # A cleaner is made for an address, which takes as long as cleaning: where nothing is to be resolved any will do.
    return printable(_cleaner(base_url if _ADDRESS.search(bare) else _NOWHERE).clean(bare))


def words_of(safe: str) -> Words:
    """Turn HTML from `safe_html` into Markdown and plain text."""
    blocks = read(safe)
    return Words(write(blocks), plain(blocks))


def to_markdown(safe: str) -> str:
    """Turn HTML from `safe_html` into Markdown."""
    return write(read(safe))


def to_text(safe: str) -> str:
    """Turn HTML from `safe_html` into plain text."""
    return plain(read(safe))


def _prepared(html: str, chrome: Body, base_url: str | None) -> str:
    """Drop what is cut, unwrap what is unwrapped, and say in plain HTML what the sanitiser would take away."""
    shown, noted = scriptless.NEEDED.search(html), footnotes.NEEDED.search(html)
    if not (chrome.cut or chrome.unwrap or shown or noted):
        return html
    parsed = LexborHTMLParser(f"<!doctype html><body>{html}")
    for selector in chrome.cut:
        for node in parsed.css(selector):
            node.decompose()
    for selector in chrome.unwrap:
        for node in parsed.css(selector):
            node.unwrap()
    if shown:
        scriptless.show_plainly(parsed, base_url or "")
    if noted:
        footnotes.mark_notes(parsed)
    return (parsed.body.inner_html or "") if parsed.body else ""


@lru_cache(16)
def _cleaner(base_url: str | None) -> Cleaner:
    return Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_plain_attribute,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base_url) if base_url else "pass_through",
        link_rel=None,
    )


def _plain_attribute(_tag: str, name: str, value: str) -> str | None:
    """Leave nothing in an attribute that could end the Markdown it is put into; titles are escaped as words are."""
    match name:
        case "href" | "src":
            return quote(value.strip(), safe="%/:=&?~#+!$,;'@")
        case "alt":
            return re.sub(r"[\\`*_\[\]{}<>|\"\s]+", " ", value).strip()
        case "class":
            return f"language-{found[1]}" if (found := _LANGUAGE.search(value)) else None
        case "start" | "colspan" | "rowspan" | footnotes.MARK:
            return value if re.fullmatch(r"\d{1,9}", value, re.ASCII) else None
        case "title":
            return value
    return None
