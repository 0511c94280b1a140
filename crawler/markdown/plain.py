"""Write blocks as plain text: a line per line, without indents, images and addresses.

Not here: Markdown (`crawler.markdown.writing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.markdown.blocks import Block, Code, Line, Listing, Note, Paragraph, Quote, Rule, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def plain(blocks: Sequence[Block]) -> str:
    """Return the words of blocks, without a newline at the end; items of lists begin as they do in Markdown."""
    return "\n".join(filter(None, map(str.strip, _lines(blocks))))


def _lines(blocks: Sequence[Block]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(lines):
                yield from map(_words, lines)
            case Code(text):
                yield from text.splitlines()
            case Quote(within):
                yield from _lines(within)
            case Listing():
                yield from _items(block)
            case Table(rows):
                yield from (" ".join(filter(None, map(_words, row))) for row in rows)
            case Note(number, within):
                yield from _after(f"[{number}] ", within)
            case Rule():
                pass


def _items(block: Listing) -> Iterator[str]:
    for number, item in enumerate(block.items, block.start or 0):
        yield from _after("- " if block.start is None else f"{number}. ", item)


def _after(sign: str, blocks: Sequence[Block]) -> Iterator[str]:
    """Put a sign before the first line of blocks that has words."""
    lines = filter(None, map(str.strip, _lines(blocks)))
    for first in lines:
        yield sign + first
        yield from lines


def _words(line: Line) -> str:
    return "".join(f"[{run.text}]" if run.kind == "note" else run.text for run in line if run.kind != "image")
