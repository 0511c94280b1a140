"""Into which blocks the posts of an index are divided.

A block is a stretch of row numbers, and the blocks grow towards the older posts as the digits of a number do: at most
three of each size but the largest. So a new post changes only the smallest block, which is made anew in no time, and
a search of 100,000 posts still reads no more than eighteen. Pure. Not here: what a block holds.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SIZES = (16_384, 4_096, 1_024, 256, 64)


class Block(NamedTuple):
    """The rows from `first` on, `size` of them at most."""

    first: int
    size: int

    @property
    def name(self) -> str:
        """The name of the block's folder."""
        return f"{self.first}-{self.size}"

    @property
    def last(self) -> int:
        """The last row that may be in the block."""
        return self.first + self.size - 1


def block_of(row: int, last: int) -> Block:
    """Return the block of a row, if `last` is the last row there is."""
    candidates = (Block(row - row % size, size) for size in _SIZES)
    return next((block for block in candidates if block.last <= last), Block(row - row % _SIZES[-1], _SIZES[-1]))


def blocks_of(rows: Iterable[int], last: int) -> Iterator[Block]:
    """Yield the blocks that hold any of these rows, which are in order."""
    return (block for block, _ in groupby(rows, lambda row: block_of(row, last)))
