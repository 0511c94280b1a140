"""HTML as published becomes safe HTML, clean Markdown and plain text.

Whatever the HTML holds, the Markdown holds no script, no event handler, no address but http, https and mailto,
and nothing that a Markdown reader, kramdown or Jekyll's Liquid would take for a command: characters of the
text that mean something to them are escaped. Not here: code in a line (`crawler.markdown.code`), and what belongs to
the article (extraction says).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from html_to_markdown import ConversionOptions, convert
from nh3 import Cleaner
from selectolax.lexbor import LexborHTMLParser

from crawler.markdown.code import code_span
from crawler.markdown.emphasis import loosen
from crawler.text.words import printable

if TYPE_CHECKING:
    from crawler.sites.definition import Body

# What is kept; any other element gives way to its content, but for scripts and styles, which go whole.
_TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 strong b em i del s blockquote ul ol li a img pre code "
    "table thead tbody tfoot tr th td div section article center figure figcaption".split()
)
# Neither lists nor quotations: where one follows a line of text, kramdown's plain parser knows no fence in it.
_AROUND_CODE = frozenset({"div", "section", "article", "center"})
_IN_A_LINE = re.compile(r"</?(?:a|b|strong|i|em|s|del|img|code)\b")
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "ol": {"start"}}
_SCHEMES = frozenset({"http", "https", "mailto"})

_TAG = re.compile(r"(<(?:[^<>\"]|\"[^\"]*\")*>)")
_CODE = re.compile(r"<(/?)(pre|code)\b")
_LINK = re.compile(r"<a\b")
# What goldmark takes for the mark in a box of a list of tasks, though it is the text of a link.
_CHECKED = re.compile(r"\A[xX]\Z")
# Means something wherever it stands. `{` is Liquid's and kramdown's, `|` and `$` are kramdown's.
_ANYWHERE = re.compile(r"[`*_\[\]{|]|~(?=~)|\$(?=\$)")
# Private characters that no text keeps: they stand for an escaping backslash, and for one that is meant, until
# the converter is done, which has its own mind about backslashes.
_ESCAPE, _BACKSLASH = "\ue000", "\ue001"
_PRIVATE = re.compile(f"[{_ESCAPE}{_BACKSLASH}]")
# Means something at the start of a line only: heading, quotation, list, definition, underline, and a rule, whose
# hyphens may stand apart.
_LINE_START = re.compile(r"^(\s*)(?:(\d{1,9})([.)])(?=\s|$)|(#|&gt;|[-+:](?=\s|$)|--[-\s]*$|=+\s*$))")
# Text without any of these, and without two spaces in a row, is left as it is, as most is.
_MEANS_SOMETHING = re.compile(r"[\\`*_\[\]{|~$&<\t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]")
_MAY_START = re.compile(r"\s*(?:[#+:=-]|\d+[.)])")
# What HTML takes for one space, and line breaks that some readers of Markdown know. Not U+3000, which is shown.
_SPACE = re.compile(r"[ \t\n\r\f\v\x1c-\x1f\x85\u2028\u2029]+")
_ENTITY_LIKE = re.compile(r"&amp;(?=#?\w{1,31};)")
_LIQUID = re.compile(r"\\?\{(?=[{%])")
_BLANK_LINES = re.compile(r"\n{3,}")

_ADDRESS = re.compile(r"\b(?:href|src)\b", re.IGNORECASE)
_NOWHERE = "https://nowhere.invalid/"

# Fences of tildes, which kramdown's plain parser knows too.
_MARKDOWN = ConversionOptions(
    extract_metadata=False, autolinks=False, bullets="-", newline_style="spaces", code_block_style="tildes"
)
_PLAIN = ConversionOptions(extract_metadata=False, output_format="plain", skip_images=True)


def safe_html(html: str, chrome: Body, base_url: str) -> str:
    """Return `html` without the site's own elements, sanitised, its addresses absolute.

    `chrome` names what to cut and to unwrap; relative addresses are resolved against `base_url`.
    """
    bare = _without(html, chrome)
    # A cleaner is made for an address, which takes as long as cleaning: where nothing is to be resolved any will do.
    safe = printable(_cleaner(base_url if _ADDRESS.search(bare) else _NOWHERE).clean(bare))
    return _blocks_of_code_only(safe) if "<pre" in safe else safe


def to_markdown(safe: str) -> str:
    """Turn HTML from `safe_html` into Markdown: blocks parted by a blank line, no newline at the end."""
    converted = convert(_escaped(_PRIVATE.sub("", safe).replace("&nbsp;", " ")), _MARKDOWN).content or ""
    # What the converter has escaped already, as `|` in a table or `]` in a link, is not escaped twice.
    unmasked = converted.replace(f"{_ESCAPE}\\", "\\").replace(_ESCAPE, "\\").replace(_BACKSLASH, "\\")
    # Liquid reads `{%` through a backslash, and before Markdown is read.
    unmasked = _LIQUID.sub("&#123;", unmasked)
    return _BLANK_LINES.sub("\n\n", "\n".join(map(_tidy_end, unmasked.split("\n")))).strip()


def to_text(safe: str) -> str:
    """Turn HTML from `safe_html` into plain text: a line per block, without indents, images and addresses."""
    plain = convert(safe, _PLAIN).content or ""
    lines = (line.strip() for line in plain.replace("\t", " ").splitlines())
    return "\n".join(line for line in lines if line)


def _tidy_end(line: str) -> str:
    """Drop white space at the end of a line, but for the two spaces that break it (kramdown knows no other break)."""
    tidy = line.rstrip()
    return f"{tidy}  " if tidy and line.endswith("  ") else tidy


def _without(html: str, chrome: Body) -> str:
    """Drop what is cut and unwrap what is unwrapped."""
    if not chrome.cut and not chrome.unwrap:
        return html
    parsed = LexborHTMLParser(f"<!doctype html><body>{html}")
    for selector in chrome.cut:
        for node in parsed.css(selector):
            node.decompose()
    for selector in chrome.unwrap:
        for node in parsed.css(selector):
            node.unwrap()
    return (parsed.body.inner_html or "") if parsed.body else ""


def _blocks_of_code_only(safe: str) -> str:
    """Unwrap code blocks where Markdown has no fence, in a line or a list say: the code would be read as Markdown."""
    parsed = LexborHTMLParser(f"<!doctype html><body>{safe}")
    for node in parsed.css("pre"):
        outer = node.parent
        while outer is not None and outer.tag in _AROUND_CODE:
            outer = outer.parent
        if outer is not None and outer.tag != "body":
            node.unwrap()
    return (parsed.body.inner_html or "") if parsed.body else ""


def _escaped(safe: str) -> str:
    """Escape the text between the tags, but for blocks of code, which Markdown takes as they are."""
    pieces = _TAG.split(safe)
    loosen(pieces)
    inside = {"pre": 0, "code": 0}
    beside_code = False
    for index, piece in enumerate(pieces):
        if index % 2:
            pieces[index] = _tag(piece, inside)
            beside_code = beside_code and _IN_A_LINE.match(piece) is not None
        elif inside["pre"]:
            pieces[index] = _LIQUID.sub("{\u200b", piece)  # nothing can be escaped there, so an invisible space parts
        elif inside["code"]:
            pieces[index] = code_span(piece, beside_another=beside_code)
            beside_code = beside_code or bool(piece)
        elif piece:
            pieces[index], beside_code = _CHECKED.sub(_entity, _escaped_text(piece)), False
            if piece.endswith("!") and _LINK.match("".join(pieces[index + 1 : index + 2])):
                pieces[index] = f"{pieces[index][:-1]}{_ESCAPE}!"  # a link after "!" would be an image
    return "".join(pieces)


def _tag(tag: str, inside: dict[str, int]) -> str:
    """Return what stands for a tag, and count in `inside` how many blocks and spans of code are open after it."""
    if edge := _CODE.match(tag):
        inside[edge[2]] += -1 if edge[1] else 1
        return "" if edge[2] == "code" and not inside["pre"] else tag
    # An image's address of a forbidden kind was taken off; `![]()` would ask for the page itself.
    return "" if tag.startswith("<img") and ' src="' not in tag else tag


def _escaped_text(text: str) -> str:
    """Escape a stretch of HTML text so that Markdown shows it as it stands."""
    if not (_MEANS_SOMETHING.search(text) or "  " in text or _MAY_START.match(text)):
        return text
    text = _SPACE.sub(" ", text)
    text = _ANYWHERE.sub(rf"{_ESCAPE}\g<0>", text.replace("\\", _ESCAPE + _BACKSLASH))
    text = _LINE_START.sub(_escaped_start, text)
    # An entity stays an entity: `&lt;` written in an article must not become `<` twice over, nor `<` a tag.
    return _ENTITY_LIKE.sub("&amp;amp;", text).replace("&lt;", "&amp;lt;")


def _entity(found: re.Match[str]) -> str:
    return f"&amp;#{ord(found[0])};"


def _escaped_start(found: re.Match[str]) -> str:
    space, number, point, sign = found.groups()
    return f"{space}{number}{_ESCAPE}{point}" if number else f"{space}{_ESCAPE}{sign}"


@lru_cache(16)
def _cleaner(base_url: str) -> Cleaner:
    return Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_plain_attribute,
        url_schemes=_SCHEMES,
        url_relative=("rewrite_with_base", base_url),
        link_rel=None,
    )


def _plain_attribute(_tag: str, name: str, value: str) -> str | None:
    """Leave nothing in an attribute that could end the Markdown it is put into."""
    if name == "alt":
        return re.sub(r"[\\`*_\[\]{}<>|\"\s]+", " ", value).strip()
    if name == "start":
        return value if re.fullmatch(r"\d{1,9}", value) else None  # what Markdown takes for a number of a list
    return quote(value.strip(), safe="%/:=&?~#+!$,;'@")
