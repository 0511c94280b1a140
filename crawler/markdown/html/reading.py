"""Read the HTML that a sanitiser has written into blocks.

Such HTML is well formed: every element is closed, in order, and `<` stands only where a tag begins. It is read tag by
tag, in time by its length, however deep its elements nest. Marks such as bold go with the words, so that
`<b><p>一</p><p>二</p></b>` is two bold paragraphs. Not here: making HTML safe (`body`), and how blocks are written.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple

from crawler.markdown.blocks import Block, Code, Link, Mark, Note, Paragraph, Quote, Rule, Run, Style
from crawler.markdown.html import footnotes
from crawler.markdown.html.containers import Container, OpenCode, OpenList, OpenTable
from crawler.markdown.lines import mark_raised, paragraphs

_PIECE = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^<>"]|"[^"]*")*)>|([^<]+)')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_STYLES: dict[str, Style] = {
    "b": "strong", "strong": "strong", "i": "em", "em": "em", "figcaption": "em", "del": "del", "s": "del",
}  # fmt: skip
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    "p div section article center figure figcaption h1 h2 h3 h4 h5 h6 address aside caption dd details dl dt "
    "fieldset footer header hgroup legend main nav summary li pre table tr td th ul ol blockquote hr".split()
)
_RAISED = frozenset({"sup", "sub"})
_IN_LINE = frozenset({*_STYLES, *_RAISED, "a", "code"})
_NESTED = frozenset({"ul", "ol", "blockquote"})
# Lists and quotations in one another: readers of Markdown stop after twenty levels, and show no more. And powers.
_DEEPEST = 8

_NO_ATTRIBUTES: dict[str, str] = {}


def read(safe: str) -> list[Block]:
    """Read the blocks of a body; the module says which HTML this takes."""
    reader = _Reader()
    for closes, tag, attributes, text in _PIECE.findall(safe):
        if text:
            reader.words(unescape(text))
        elif closes:
            reader.close(tag)
        else:
            reader.open(tag, dict(_ATTRIBUTE.findall(attributes)) if attributes else _NO_ATTRIBUTES)
    return reader.end()


class _State(NamedTuple):
    """What holds for the words within an element."""

    marks: tuple[Mark, ...] = ()
    level: int = 0
    code: int = 0  # which piece of code these words are, 0 for none
    language: str = ""
    in_line: bool = False  # within an element of a line, such as a link


class _Reader:
    """Takes tags and words in their order."""

    def __init__(self) -> None:
        self._state = _State()
        self._saved: list[_State] = []
        self._within = [Container("", 0, {})]
        self._nested = 0
        self._runs: list[Run] = []
        self._raised: list[tuple[int, str]] = []
        self._notes: list[Note] = []
        self._codes = 0

    def words(self, text: str) -> None:
        around, state = self._within[-1], self._state
        if isinstance(around, OpenCode):
            around.code.append(text)
        else:
            self._runs.append(
                Run(text, state.marks, "code", piece=state.code) if state.code else Run(text, state.marks)
            )

    def open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in _BLOCKS:
            self._end_block()
        if tag == "br":
            self._break_line()
        elif tag == "img":
            self._add_image(attributes)
        elif tag == "hr":
            self._within[-1].blocks.append(Rule())
        else:
            self._saved.append(self._state)
            self._enter(tag, attributes)

    def close(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._end_block()
        if tag in _RAISED and not isinstance(self._within[-1], OpenCode | OpenTable):
            self._end_raised(tag, *self._raised.pop())
        if self._within[-1].depth == len(self._saved):
            self._leave(self._within.pop())
        self._state = self._saved.pop()

    def end(self) -> list[Block]:
        self._end_block()
        return [*self._within[0].blocks, *sorted(self._notes, key=lambda note: int(note.number))]

    def _enter(self, tag: str, attributes: dict[str, str]) -> None:
        """Note what holds within an element, and begin to collect blocks if it is one that holds them."""
        around = self._within[-1]
        if "class" in attributes:
            self._state = self._state._replace(language=attributes["class"].removeprefix("language-"))
        if isinstance(around, OpenCode):
            around.language = self._state.language
        elif kind := self._holding(tag, attributes):
            self._begin(kind, attributes)
        elif isinstance(around, OpenTable):
            around.add_row(tag)
        elif tag in _IN_LINE or tag in _HEADINGS:
            self._style(tag, attributes)

    def _begin(self, kind: str, attributes: dict[str, str]) -> None:
        """Begin to collect the blocks of a container."""
        self._nested += kind in _NESTED
        if self._state.level:
            self._state = self._state._replace(level=0)
        depth = len(self._saved)
        match kind:
            case "ul" | "ol":
                self._within.append(OpenList(kind, depth, attributes))
            case "table":
                self._within.append(OpenTable(kind, depth, attributes))
            case "pre":
                self._within.append(OpenCode(kind, depth, attributes, language=self._state.language))
            case _:
                self._within.append(Container(kind, depth, attributes))

    def _holding(self, tag: str, attributes: dict[str, str]) -> str:
        """Return the kind of container that an element is here, "" if it is none."""
        around = self._within[-1]
        match tag:
            case "ul" | "ol" | "blockquote":
                holds = self._nested < _DEEPEST
            case "li" if footnotes.MARK not in attributes:
                holds = isinstance(around, OpenList)
            case "td" | "th":
                holds = isinstance(around, OpenTable) and bool(around.groups)
            case _ if footnotes.MARK in attributes and tag in footnotes.NOTES:
                return footnotes.MARK
            case _:
                holds = tag in {"pre", "table"}
        return tag if holds else ""

    def _style(self, tag: str, attributes: dict[str, str]) -> None:
        """Note what an element within a line, or a heading, makes of its words."""
        state = self._state = self._state._replace(in_line=self._state.in_line or tag in _IN_LINE)
        if tag in _STYLES:
            self._mark(_STYLES[tag])
        elif tag == "a" and "href" in attributes:
            self._mark(_link(attributes, "href"))
        elif tag in _HEADINGS:
            self._state = state._replace(level=_HEADINGS[tag])
        elif tag == "code" and not state.code:
            self._codes += 1
            self._state = state._replace(code=self._codes)
        elif tag in _RAISED:
            self._raised.append((len(self._runs), attributes.get(footnotes.MARK, "")))

    def _leave(self, left: Container) -> None:
        """Put what a closed element held into the one around it."""
        outer = self._within[-1]
        self._nested -= left.tag in _NESTED
        if isinstance(left, OpenCode):
            self._add_code(left, outer)
        elif isinstance(left, OpenList | OpenTable):
            outer.blocks += left.end()
        elif left.tag == "blockquote":
            outer.blocks += [Quote(left.blocks)] if left.blocks else []
        elif left.tag == footnotes.MARK:
            self._notes.append(Note(left.attributes[footnotes.MARK], left.blocks))
        elif isinstance(outer, OpenList):
            outer.add_item(left.blocks)
        elif isinstance(outer, OpenTable):
            outer.add_cell(left)

    def _add_code(self, left: OpenCode, outer: Container) -> None:
        """Add a block of code: as lines of code where not every reader of Markdown knows a fence, in a list say."""
        around = self._saved[-1]
        code = "".join(left.code).strip("\n").rstrip()
        if outer.tag or around.in_line or around.level:
            lines = [[Run(line.strip(), around.marks, "code")] for line in code.splitlines() if line.strip()]
            outer.blocks += [Paragraph(lines, around.level)] if lines else []
        elif code:
            outer.blocks.append(Code(code, left.language))

    def _end_raised(self, tag: str, start: int, note: str) -> None:
        if note:
            self._runs[start:] = [Run(note, self._state.marks, "note")]
        elif len(self._raised) < _DEEPEST:
            mark_raised(self._runs, start, "^" if tag == "sup" else "_")

    def _mark(self, mark: Mark) -> None:
        if self._state.code or any(_alike(mark, other) for other in self._state.marks):
            return
        self._state = self._state._replace(marks=(*self._state.marks, mark))

    def _break_line(self) -> None:
        around = self._within[-1]
        if isinstance(around, OpenCode):
            around.code.append("\n")
        else:
            self._runs.append(Run("", (), "break"))

    def _add_image(self, attributes: dict[str, str]) -> None:
        # An image's address of a forbidden kind was taken off; `![]()` would ask for the page itself.
        if "src" in attributes:
            description = unescape(attributes.get("alt", ""))
            self._runs.append(Run(description, self._state.marks, "image", _link(attributes, "src")))

    def _end_block(self) -> None:
        """End a line of code, or the paragraph that the words up to here make."""
        around = self._within[-1]
        if isinstance(around, OpenCode):
            around.end_line()
        if self._runs:
            around.blocks += paragraphs(self._runs, self._state.level)
            self._runs = []


def _alike(mark: Mark, other: Mark) -> bool:
    """Tell whether one mark makes another superfluous: bold in bold, a link in a link."""
    return mark == other or (isinstance(mark, Link) and isinstance(other, Link))


def _link(attributes: dict[str, str], name: str) -> Link:
    return Link(unescape(attributes[name]), unescape(attributes.get("title", "")))
