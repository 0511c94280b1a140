"""What readers of Markdown make of it: kramdown by both of its parsers, CommonMark, goldmark as Hugo has it.

`harms` tells what of a rendered page `nh3` would not let through. Not here: which Markdown they are given.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from selectolax.lexbor import LexborHTMLParser

if TYPE_CHECKING:
    from collections.abc import Sequence

TAGS = frozenset(
    "p br hr h1 h2 h3 h4 h5 h6 strong b em i del s blockquote ul ol li a img pre code "
    "table thead tbody tfoot tr th td div section article center figure figcaption sup".split()
)
# Readers number headings, say how a column of a table is set, let the keyboard reach a block of code, name its
# language, and lead to footnotes and back.
ATTRIBUTES = {
    "a": {"href", "title", "class", "rel", "role"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "pre": {"tabindex"},
    "code": {"class", "data-lang"},
    "sup": {"id", "role"},
    "div": {"class", "role"},
    "li": {"id", "role"},
    **{f"h{level}": {"id"} for level in range(1, 7)},
}
ADDRESS = re.compile(r"https?://|mailto:|#fn(?:ref)?:\d")
_COMMONMARK = [
    MarkdownIt("commonmark", {"html": True}),
    MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]),
]


def pages_of(markdown: str) -> list[str]:
    """Return the pages that kramdown (plain, GFM) and CommonMark (plain, with tables) make of `markdown`."""
    return [*_kramdown(markdown), *(reader.render(markdown) for reader in _COMMONMARK)]


def pages_of_goldmark(markdowns: Sequence[str], folder: Path) -> list[str]:
    """Return the page that Hugo makes of each of `markdowns`, with raw HTML let through; `folder` is empty."""
    (folder / "content").mkdir()
    (folder / "layouts" / "_default").mkdir(parents=True)
    (folder / "layouts" / "_default" / "single.html").write_text("{{ .Content }}")
    (folder / "config.json").write_text(
        json.dumps(
            {
                "markup": {"goldmark": {"renderer": {"unsafe": True}}, "highlight": {"codeFences": False}},
                "disableKinds": "home section taxonomy term RSS sitemap robotsTXT 404".split(),
                "uglyURLs": True,
            }
        )
    )
    for number, markdown in enumerate(markdowns):
        (folder / "content" / f"{number}.md").write_text(f"---\ntitle: x\n---\n\n{markdown}\n", encoding="utf-8")
    subprocess.run(["hugo", "--quiet"], cwd=folder, check=True)
    # Hugo makes no page of nothing.
    return [
        (folder / "public" / f"{number}.html").read_text("utf-8") if markdown else ""
        for number, markdown in enumerate(markdowns)
    ]


def harms(page: str) -> list[str]:
    """Return every element, attribute and address on a page that the sanitiser would not let through."""
    found = []
    for node in LexborHTMLParser(f"<!doctype html><body>{page}").css("body *"):
        if node.tag not in TAGS:
            found.append(f"<{node.tag}>")
        for name, value in node.attributes.items():
            if name == "style" and re.fullmatch(r"text-align: ?(?:left|right|center);?", value or ""):
                continue
            if name not in ATTRIBUTES.get(node.tag or "", ()) or (
                name in {"href", "src"} and not ADDRESS.match(value or "")
            ):
                found.append(f"{node.tag} {name}={value}")
    return found


def _kramdown(markdown: str) -> list[str]:
    process = _kramdown_process()
    assert process.stdin
    assert process.stdout
    process.stdin.write(json.dumps(markdown) + "\n")
    process.stdin.flush()
    pages: list[str] = json.loads(process.stdout.readline())
    return pages


@cache
def _kramdown_process() -> subprocess.Popen[str]:
    """Start one process for all of a session's questions; it ends with its input."""
    script = Path(__file__).with_name("readers.rb")
    process = subprocess.Popen(
        ["ruby", "-Ku", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()
