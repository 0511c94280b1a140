"""What of a post's source or HTML could do something in a page that Jekyll makes of it.

A post is somebody else's words. Written out again as they are, they must neither command Jekyll (Liquid, kramdown's
own marks) nor run in a reader's browser. The rules here accept only what every parser takes for the same thing: tags
and attributes that show something, written plainly. Pure. Not here: sanitising (`crawler.markdown.body`).
"""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Elements that end a paragraph; kramdown and CommonMark leave alone what stands inside of one at the start of a line.
_BLOCKS = frozenset(
    "address article aside blockquote center details div dl figure footer h1 h2 h3 h4 h5 h6 header hr main nav ol p"
    " section table ul".split()
)
_WITHIN = frozenset("caption col colgroup dd dt figcaption li pre summary tbody td tfoot th thead tr".split())
_IN_A_LINE = frozenset(
    "a abbr b big br cite code del em font i img ins kbd mark q rp rt ruby s samp small span strike strong sub sup"
    " time tt u var wbr".split()
)
_SHOWING = _BLOCKS | _WITHIN | _IN_A_LINE
_EMPTY = frozenset("br col hr img wbr".split())

_ATTRIBUTE = r"\s+[a-z_][\w:.-]*+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'=<>`]+))?"
_TOKEN = re.compile(
    rf"(?P<text>(?:[^<]|<(?![a-z/!?]))++)|</(?P<end>[a-z][a-z0-9]*+)\s*>|<(?P<tag>[a-z][a-z0-9]*+)"
    rf"(?P<attributes>(?:{_ATTRIBUTE})*)\s*/?>|<!--(?!-?>)(?:(?!--)[\s\S])*-->"
    r"|<(?P<link>(?:https?://[^\s<>\"'`]*)?)>",
    re.IGNORECASE,
)
_NAME_AND_VALUE = re.compile(
    r"\s([a-z_][\w:.-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'=<>`]+)))?", re.IGNORECASE
)
_RUNS = re.compile(r"on|srcdoc|formaction|action$|ping$|http-equiv", re.IGNORECASE)
# A browser that takes `<https://a/onclick=x>` for a tag takes what follows a slash for an attribute.
_HANDLER_IN_PATH = re.compile(r"/on\w*=", re.IGNORECASE)
_STYLE_RUNS = re.compile(r"url\(|expression|import|behaviou?r|binding|\\|/\*", re.IGNORECASE)
# A link that says it does nothing (`javascript:;`) does nothing.
_SCHEME = re.compile(r"(?:java|vb|live)script:(?!;|void\(0\)|[\"'])|data:(?!image/(?:png|gif|jpe?g|webp)\b)\w+/")
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\ufeff\\]+")
_COMMAND = re.compile(r"\{[{%:]")
_LIQUID = re.compile(r"\{(?=[{%])")

_PRE = re.compile(r"(<pre\b[\s\S]*?</pre\s*>)", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n\s*\n")
_BLANK_LINE_OF_CODE = re.compile(r"(?<=\n)([ \t]*)\n")


def is_inert(source: str) -> bool:
    """Return whether a source, Markdown or HTML, does nothing in a page but show what it says."""
    return _COMMAND.search(source) is None and _only_shows(source)


def inert_html(html: str, sanitise: Callable[[str], str]) -> str:
    """Return HTML that shows the words of `html` and does nothing else, in a form that Markdown leaves alone.

    What does nothing already, and is a row of whole blocks, stays as it is; anything else goes through `sanitise`.
    There are no blank lines, at which readers of Markdown would end a block: those of code become entities, and so
    does what Liquid would take for its own.
    """
    safe = html if _only_shows(html, links=False) else sanitise(html)
    if not _is_row_of_blocks(safe):
        safe = f"<div>{_whole(safe)}</div>"
    pieces = _PRE.split(safe)
    pieces[::2] = [_BLANK_LINES.sub("\n", piece) for piece in pieces[::2]]
    pieces[1::2] = [_BLANK_LINE_OF_CODE.sub(r"\1&#10;", piece) for piece in pieces[1::2]]
    return _LIQUID.sub("&#123;", "".join(pieces)).strip()


def _only_shows(source: str, *, links: bool = True) -> bool:
    """Return whether a source runs nothing; with `links` it may have Markdown's own, `<https://…>`."""
    if _SCHEME.search(_INVISIBLE.sub("", unescape(source)).lower()):
        return False
    return all(token is not None and _shows(token) and (links or token["link"] is None) for token in _tokens(source))


def _tokens(source: str) -> Iterator[re.Match[str] | None]:
    """Yield text, tags and comments in their order, and `None` at the first that is none of these."""
    at = 0
    while at < len(source):
        token = _TOKEN.match(source, at)
        yield token
        if token is None:
            return
        at = token.end()


def _shows(token: re.Match[str]) -> bool:
    if token["link"]:
        return _HANDLER_IN_PATH.search(token["link"]) is None
    name = token["tag"] or token["end"]
    if name is None:
        return True
    return name.lower() in _SHOWING and all(
        _is_inert_attribute(found[1], found[2] or found[3] or found[4] or "")
        for found in _NAME_AND_VALUE.finditer(token["attributes"] or "")
    )


def _is_inert_attribute(name: str, value: str) -> bool:
    if _RUNS.match(name) or _SCHEME.search(_INVISIBLE.sub("", unescape(value)).lower()):
        return False
    return name.lower() != "style" or _STYLE_RUNS.search(unescape(value)) is None


def _is_row_of_blocks(html: str) -> bool:
    """Return whether HTML is a row of elements that end paragraphs, each closed in its turn."""
    opened: list[str] = []
    for token in _tokens(html):
        if token is None:
            return False
        tag, end = (token["tag"] or "").lower(), (token["end"] or "").lower()
        if not opened and ((tag and tag not in _BLOCKS) or (token["text"] or "").strip()):
            return False
        if end and (not opened or opened.pop() != end):
            return False
        if tag and tag not in _EMPTY:
            opened.append(tag)
    return not opened


def _whole(html: str) -> str:
    """Return HTML with every element closed, as extraction parses it."""
    parsed = LexborHTMLParser(f"<!doctype html><body>{html}")
    return (parsed.body.inner_html or "") if parsed.body else ""
