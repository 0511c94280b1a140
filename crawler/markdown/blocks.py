"""What a body consists of, whatever it was written in: blocks, each of lines, each of runs of words in one style.

Records only. Not here: how they are read from HTML (`reading`) and how they are written (`writing`, `plain`).
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Style = Literal["strong", "em", "del"]
RunKind = Literal["text", "code", "image", "note", "break"]


class Link(NamedTuple):
    """A link around words: its address, absolute and harmless, and its title, which may be ""."""

    address: str
    title: str


Mark: TypeAlias = "Style | Link"


class Run(NamedTuple):
    """Words, all with the same marks, the outermost first.

    `text` is what is read: the words, code, or the number of a note; of an image it is the description, and `link`
    says where it is. Code that was written in one piece has one number, its `piece`.
    """

    text: str
    marks: tuple[Mark, ...] = ()
    kind: RunKind = "text"
    link: Link | None = None
    piece: int = 0


Line: TypeAlias = list[Run]


class Paragraph(NamedTuple):
    """Lines, parted by line breaks; a heading if `level` is 1 to 6."""

    lines: list[Line]
    level: int = 0


class Code(NamedTuple):
    """A block of code as it stands, and the language it is in, which may be ""."""

    text: str
    language: str = ""


class Rule(NamedTuple):
    """A line across the page."""


class Quote(NamedTuple):
    """A quotation."""

    blocks: list[Block]


class Listing(NamedTuple):
    """A list; `start` is the first item's number, `None` if its items have none."""

    items: list[list[Block]]
    start: int | None = None


class Table(NamedTuple):
    """Rows of equally many cells; a cell is a line, empty where another one spans it."""

    rows: list[list[Line]]


class Note(NamedTuple):
    """A footnote, to which runs of kind `note` refer by its number."""

    number: str
    blocks: list[Block]


Block: TypeAlias = "Paragraph | Code | Rule | Quote | Listing | Table | Note"
