"""Say in plain HTML what a page shows by script, in a frame or as a formula, before the sanitiser takes that away.

Images that a script loads get their address, videos become links, formulas become text, and elements that keep words
apart leave something behind that does. What comes of it is as safe as the page was: it is sanitised afterwards.
Not here: footnotes (`crawler.markdown.html.footnotes`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.markdown.html.formulas import as_text
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable

    from selectolax.lexbor import LexborHTMLParser, LexborNode

NEEDED = re.compile(
    r"<(?:noscript|iframe|video|audio|object|embed|math|form|search|dialog|menu|dir|option|optgroup|ruby|picture)\b"
    r"|\sdata-[a-z]|\ssrcset\b|\s(?:width|height)=[\"']?[01](?!\d)|gutter",
    re.IGNORECASE,
)
"""What HTML holds for which `show_plainly` has anything to do."""

_LAZY = "data-src data-original data-lazy-src data-lazyload data-actualsrc data-original-src data-echo".split()
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_FIRST_OF_SET = re.compile(r"\s*([^\s,]\S*?),?(?:\s|\Z)")
_NO_ADDRESS = re.compile(r"\s*(?:\Z|data:|about:|javascript:|#)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?:blank|spacer|placeholder|loading|transparent|pixel|grey|gray|lazy)[^/]*\Z", re.IGNORECASE
)
_NOT_SHOWN = re.compile(r"\s*[01](?:px)?\s*\Z")
_BLOCKS = "form, search, dialog, menu, dir, option, optgroup"
_FRAMES = "iframe, video, audio, object, embed"


def show_plainly(parsed: LexborHTMLParser, base_url: str) -> None:
    """Change a parsed body so that no script, frame or formula is needed to read it."""
    for image in parsed.css("img"):
        _load(image)
        if not _is_shown(image):
            image.remove()
    for node in reversed(parsed.css("noscript")):
        _take_image(node)
    for node in reversed(parsed.css(_FRAMES)):
        _link(parsed, node, base_url)
    for node in parsed.css("math"):
        node.replace_with(as_text(node))
    for node in parsed.css(_BLOCKS):
        _set_apart(parsed, node)
    for node in parsed.css("ruby rt"):
        if node.parent is not None and node.parent.css_first("rp") is None:
            node.insert_before("(")
            node.insert_after(")")
    _drop_line_numbers(parsed)


def _load(image: LexborNode) -> None:
    """Give an image the address that a script would give it."""
    lazy = next((value for name in _LAZY if not _NO_ADDRESS.match(value := _attribute(image, name))), "")
    if lazy:
        image.attrs["src"] = lazy
    elif _NO_ADDRESS.match(_attribute(image, "src")):
        sources = [image, *(image.parent.css("source") if image.parent and image.parent.tag == "picture" else [])]
        sets = (_FIRST_OF_SET.match(_attribute(source, name)) for source in sources for name in _SETS)
        if found := next(filter(None, sets), None):
            image.attrs["src"] = found[1]


def _take_image(noscript: LexborNode) -> None:
    """Put the images of a `noscript` in its place, unless the one that a script would load stands beside it."""
    inner = [image for image in noscript.css("img") if _is_shown(image)]
    beside = [
        image for node in (_neighbour(noscript, "prev"), _neighbour(noscript, "next")) for image in _images(node)
    ]
    if inner and not any(_is_real(image) for image in beside):
        for image in beside:
            image.remove()
        for image in inner:
            noscript.insert_before(image, move=True)
    noscript.remove()


def _link(parsed: LexborHTMLParser, node: LexborNode, base_url: str) -> None:
    """Put a link in the place of a frame, a video or a recording, a block of its own, with its title for words."""
    places = [node, *node.css("source, embed")]
    written = next(
        (value for place in places for name in ("src", "data-src", "data") if (value := _attribute(place, name))), ""
    )
    address = resolve(base_url, written) if written and _is_shown(node) else None
    if address:
        link = parsed.create_node("a")
        link.attrs["href"] = address
        link.insert_child(_attribute(node, "title").strip() or address)
        block = parsed.create_node("div")
        block.insert_child(link, move=True)
        node.insert_before(block, move=True)
        node.remove()
    elif node.tag == "object":
        node.unwrap()
    else:
        node.remove()


def _set_apart(parsed: LexborHTMLParser, node: LexborNode) -> None:
    """Put empty blocks around an element that the sanitiser does not know, so that its words do not run on."""
    node.insert_before(parsed.create_node("div"))
    node.insert_after(parsed.create_node("div"))


def _drop_line_numbers(parsed: LexborHTMLParser) -> None:
    """Leave of a table that sets numbers beside lines of code the code."""
    for gutter in parsed.css("td.gutter, td.rouge-gutter"):
        row = gutter.parent
        while row is not None and row.tag in {"tr", "tbody"}:
            row = row.parent
        if row is not None and row.tag == "table":
            gutter.remove()
            for code in row.css("pre"):
                row.insert_before(code, move=True)
            row.remove()


def _neighbour(node: LexborNode, side: str) -> LexborNode | None:
    """Return the element before or after, if only white space stands between."""
    beside: LexborNode | None = getattr(node, side)
    while beside is not None and beside.is_text_node and not (beside.text_content or "").strip():
        beside = getattr(beside, side)
    return beside if beside is not None and beside.is_element_node else None


def _images(node: LexborNode | None) -> Iterable[LexborNode]:
    """Return the image that an element is, or those it consists of."""
    if node is None or node.tag == "noscript":
        return []
    return [node] if node.tag == "img" else ([] if node.text().strip() else node.css("img"))


def _is_real(image: LexborNode) -> bool:
    address = _attribute(image, "src")
    return _is_shown(image) and not _NO_ADDRESS.match(address) and not _PLACEHOLDER.search(address)


def _is_shown(node: LexborNode) -> bool:
    """Tell whether an element is larger than the dot that counts readers."""
    sizes = [size for name in ("width", "height") if (size := _attribute(node, name))]
    return not (sizes and all(map(_NOT_SHOWN.match, sizes)))


def _attribute(node: LexborNode, name: str) -> str:
    return node.attributes.get(name) or ""
