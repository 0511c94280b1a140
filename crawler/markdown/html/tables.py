"""Cells of an HTML table, which may span rows and columns, become a grid.

A cell's words stand where it begins, and nothing in the other places it spans.
Not here: reading HTML, writing Markdown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.markdown.blocks import Block, Line, Listing, Paragraph, Quote, Run, Table

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST = 20_000  # places of a grid; `rowspan` and `colspan` make one of any size out of a few cells
_MOST_COLUMNS, _MOST_ROWS = 1000, 65_534  # the most that HTML lets a cell span


class Cell(NamedTuple):
    """A cell as it is written: what it holds, and how many rows (0: all that follow) and columns it spans."""

    blocks: list[Block]
    rows: int = 1
    columns: int = 1


def span(written: str, most: int) -> int:
    """Read a `colspan` or `rowspan` as browsers do: what is no number is 1."""
    digits = written.strip()
    return min(int(digits[:9]), most) if digits.isascii() and digits.isdigit() else 1


def cell(blocks: list[Block], attributes: Mapping[str, str]) -> Cell:
    """Make a cell of what it holds and of its attributes as they are written."""
    rows = span(attributes.get("rowspan", ""), _MOST_ROWS)
    return Cell(blocks, rows, span(attributes.get("colspan", ""), _MOST_COLUMNS) or 1)


def laid_out(groups: list[list[list[Cell]]]) -> list[Block]:
    """Return the table whose rows stand in these groups (head, bodies, foot), or what its cells hold if it is layout.

    A table is layout when it has only one row or one column, when one of its cells holds a table, however deep, or
    when it is larger than any that people read.
    """
    cells = [each for rows in groups for row in rows for each in row]
    grid = None if any(_hold_a_table(each.blocks) for each in cells) else _grid(groups)
    if grid is None or len(grid) < 2 or len(grid[0]) < 2:  # noqa: PLR2004  # rows and columns of a table
        return [block for each in cells for block in each.blocks]
    return [Table(grid)]


def _hold_a_table(blocks: list[Block]) -> bool:
    for block in blocks:
        match block:
            case Table():
                return True
            case Quote():
                if _hold_a_table(block.blocks):
                    return True
            case Listing():
                if any(map(_hold_a_table, block.items)):
                    return True
    return False


def _grid(groups: list[list[list[Cell]]]) -> list[list[Line]] | None:
    """Place the cells, and leave out columns and rows in which none begins; `None` if the grid is too large."""
    placed: list[dict[int, Line]] = []
    size = 0
    for rows in groups:
        below: dict[int, int] = {}  # how many more rows are taken, by column
        for index, row in enumerate(rows):
            if sum(each.columns for each in row) > _LARGEST:
                return None
            placed.append(_place(row, below, len(rows) - index))
            size += len(below) + len(placed[-1])
            if size > _LARGEST:
                return None
            below = {column: left - 1 for column, left in below.items() if left > 1}
    columns = sorted({column for row in placed for column in row})
    rows_with_cells = [row for row in placed if row]
    if len(columns) * len(rows_with_cells) > _LARGEST:
        return None
    return [[row.get(column, []) for column in columns] for row in rows_with_cells]


def _place(row: list[Cell], below: dict[int, int], rows_left: int) -> dict[int, Line]:
    """Put the cells of a row where no cell from above reaches, and note in `below` how far down they reach."""
    placed: dict[int, Line] = {}
    column = 0
    for each in row:
        while column in below:
            column += 1
        placed[column] = _line(each.blocks)
        down = min(each.rows or rows_left, rows_left)
        for taken in range(column, column + each.columns):
            below[taken] = max(down, below.get(taken, 0))
        column += each.columns
    return placed


def _line(blocks: list[Block]) -> Line:
    """Return all that a cell holds on one line."""
    line: Line = []
    for words in _lines(blocks):
        line += [Run(" "), *words] if line else words
    return line


def _lines(blocks: list[Block]) -> list[Line]:
    lines: list[Line] = []
    for block in blocks:
        match block:
            case Paragraph():
                lines += block.lines
            case Quote():
                lines += _lines(block.blocks)
            case Listing():
                lines += [line for item in block.items for line in _lines(item)]
            case _:  # a rule says nothing; a table with tables in it is layout, and code in a cell is lines of it
                pass
    return lines
