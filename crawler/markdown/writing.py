"""Write blocks as Markdown that kramdown, CommonMark and goldmark read alike.

Blocks are parted by a blank line. Not here: what stands in a line (`crawler.markdown.inline`), plain text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.markdown.blocks import Block, Code, Line, Listing, Note, Paragraph, Quote, Rule, Table
from crawler.markdown.code import code_block
from crawler.markdown.escaping import at_line_start
from crawler.markdown.inline import inline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BREAK = "  \n"  # kramdown knows no other
# Two lists of one kind would be one list, and the second's numbers would go on from the first's.
_BETWEEN_LISTS = "<!-- -->"
# A note that begins so is the address of a link to readers that know no footnotes, and would not be shown by them.
_ADDRESS_LIKE = re.compile(r"\A\S+(?=\s*\Z|\s*\n|\s+[\"'(])")
_HEADING_END = re.compile(r"#+\Z")
# Cells that kramdown would take for the line below a table's head, or above its foot.
_NO_CELLS = re.compile(r"[|+:=\s-]*[=-][|+:=\s-]*")


def write(blocks: Sequence[Block]) -> str:
    """Return the Markdown of blocks, without a newline at the end."""
    return "\n\n".join(_written(blocks))


def _written(blocks: Sequence[Block]) -> Iterator[str]:
    before: Block | None = None
    for block in blocks:
        if (
            isinstance(block, Listing)
            and isinstance(before, Listing)
            and (block.start is None) == (before.start is None)
        ):
            yield _BETWEEN_LISTS
        yield _block(block)
        before = block


def _block(block: Block) -> str:  # noqa: PLR0911  # one a kind
    match block:
        case Paragraph(lines, 0):
            return _BREAK.join(at_line_start(inline(line)) for line in lines)
        case Paragraph(lines, level):
            heading = " ".join(map(inline, lines))
            return f"{'#' * level} {_HEADING_END.sub(_escaped, heading)}"
        case Code(text, language):
            return code_block(text, language)
        case Rule():
            return "---"
        case Quote(blocks):
            return _behind("> ", "> ", "\n\n".join(_written(blocks)))
        case Listing():
            return _list(block)
        case Table(rows):
            return _table(rows)
        case Note(number, blocks):
            note = _ADDRESS_LIKE.sub(r"\g<0> &nbsp;", "\n\n".join(_written(blocks)))
            return _behind(f"[^{number}]: ", "    ", note)


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def _list(block: Listing) -> str:
    """Write a list: its items stand close together if each is a paragraph, with at most a list below it."""
    is_tight = all(_is_one(item) for item in block.items)
    items = []
    between = "\n" if is_tight else "\n\n"
    for number, blocks in enumerate(block.items, block.start or 0):
        sign = "- " if block.start is None else f"{number}. "
        items.append(_behind(sign, " " * len(sign), between.join(_written(blocks))))
    return between.join(items)


def _is_one(item: Sequence[Block]) -> bool:
    """Tell whether all of an item's words may follow each other line by line, without a blank line."""
    first, *below = item
    if not isinstance(first, Paragraph | Listing) or len(below) > 1:
        return False
    # A list that begins with another number than 1 is none to CommonMark where it follows a line of words.
    return all(isinstance(other, Listing) and other.start in {None, 1} for other in below)


def _table(rows: Sequence[Sequence[Line]]) -> str:
    head, *others = map(_cells, rows)
    return "\n".join([_row(head), _row(["---"] * len(head)), *map(_row, others)])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(row: Sequence[Line]) -> list[str]:
    """Write the cells of a row below the head."""
    cells = [inline(line) for line in row]
    if _NO_CELLS.fullmatch("|".join(cells)):
        first = next(index for index, cell in enumerate(cells) if cell)
        cells[first] = f"\\{cells[first]}"
    return cells


def _behind(first: str, others: str, text: str) -> str:
    """Put a sign before the first line of a block, and another before each line below."""
    begin, *lines = text.split("\n")
    return "\n".join([first + begin, *(others + line if line else others.rstrip() for line in lines)])
