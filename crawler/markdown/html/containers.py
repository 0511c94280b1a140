"""Elements in which blocks are collected while HTML is read: each turns into blocks when it is closed.

Not here: which tags and words come (`crawler.markdown.html.reading`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import dropwhile

from crawler.markdown.blocks import Block, Listing, Rule
from crawler.markdown.html.tables import Cell, cell, laid_out

_GROUPS = frozenset({"thead", "tbody", "tfoot"})
_LAST_NUMBER = 999_999_999  # of an item, in CommonMark


@dataclass(slots=True)
class Container:
    """An open element in which blocks are collected: the body, an item, a quotation, a cell, and more below."""

    tag: str
    depth: int
    attributes: dict[str, str]
    blocks: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class OpenList(Container):
    """A list; what stands between its items goes into `blocks` first."""

    items: list[list[Block]] = field(default_factory=list)

    def add_item(self, blocks: list[Block]) -> None:
        """Add an item that holds these blocks; a rule it begins with says nothing."""
        self._gather()
        self.items.append([*dropwhile(lambda block: isinstance(block, Rule), blocks)])

    def end(self) -> list[Block]:
        """Return the list that was read, without empty items; nothing if there are no others."""
        self._gather()
        items = [item for item in self.items if item]
        start = min(int(self.attributes.get("start", "1")), _LAST_NUMBER - len(items))
        return [Listing(items, start if self.tag == "ol" else None)] if items else []

    def _gather(self) -> None:
        """Put what stands in none of the items into the one before, or into one of its own."""
        if self.blocks:
            if not self.items:
                self.items.append([])
            self.items[-1] += self.blocks
            self.blocks = []


@dataclass(slots=True)
class OpenTable(Container):
    """A table: groups of rows of cells, each group with the tag it began with; its caption goes into `blocks`."""

    groups: list[tuple[str, list[list[Cell]]]] = field(default_factory=list)

    def add_row(self, tag: str) -> None:
        """Begin a group of rows, or a row."""
        if tag in _GROUPS or (tag == "tr" and not self.groups):
            self.groups.append((tag, []))
        if tag == "tr":
            self.groups[-1][1].append([])

    def add_cell(self, left: Container) -> None:
        """Add a cell to the last row."""
        self.groups[-1][1][-1].append(cell(left.blocks, left.attributes) if left.attributes else Cell(left.blocks))

    def end(self) -> list[Block]:
        """Return the caption, and the table or what its cells hold; a foot comes last wherever it is written."""
        groups = sorted(self.groups, key=lambda group: group[0] == "tfoot")
        return [*self.blocks, *laid_out([rows for _, rows in groups])]


@dataclass(slots=True)
class OpenCode(Container):
    """A block of code, in the pieces in which it was read."""

    language: str = ""
    code: list[str] = field(default_factory=list)

    def end_line(self) -> None:
        """End the line if there is one: elements that are blocks stand for lines in code."""
        if self.code and not self.code[-1].endswith("\n"):
            self.code.append("\n")
