"""The index of a block: its postings, put together key by key and divided into small scripts.

The postings of a block are put aside in temporary files by their checksums and put together a file at a time, so that
memory is bounded however large the block is. The same posts give the same bytes. Not here: what the postings of a
post are (`postings`), and where the files go (`index`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import ExitStack
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

from crawler.web.published.searching.digits import signed, written
from crawler.web.published.searching.postings import checksum, postings, title_length

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from crawler.web.published.searching.blocks import Block

_PUT_ASIDE = 64  # temporary files; a power of two, since what is in one is in as many shards, or in a part of one
_SHARD = 24_000  # bytes that a shard should have at most, unless one key has more
_MOST_SHARDS = 8_192


class BlockIndex:
    """The index of a block while it is made: take posts in the order of their rows, then yield its scripts.

    A context manager, since it has temporary files open.
    """

    def __init__(self, block: Block) -> None:
        """Begin the index of a block, without posts."""
        self._block = block
        self._files = ExitStack()
        self._put_aside: list[IO[str]] = [self._files.enter_context(_temporary_file()) for _ in range(_PUT_ASIDE)]
        self._size = 0
        self._posts: list[str] = []
        self._before = (block.first - 1, 0)

    def __enter__(self) -> Self:
        """Return the index itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the temporary files."""
        self._files.close()

    def add(self, row: int, published_ts: int, title: str, text: str) -> None:
        """Add a post by its row, when it was published (epoch seconds), and the words by which it is found."""
        before, then = self._before
        self._posts.append(written([row - before, signed(published_ts - then), title_length(title), len(text)]))
        self._before = (row, published_ts)
        number = row - self._block.first
        for key, flag, rest in postings(title, text):
            line = f"{key}\t{number}\t{flag:d}\t{rest}\n"
            self._put_aside[checksum(key) % _PUT_ASIDE].write(line)
            self._size += len(rest) + 2

    def scripts(self) -> Iterator[tuple[str, str]]:
        """Yield the name of each script and what it holds: `posts`, and the shards `0`, `1` and so on.

        `posts` tells how many shards there are, and of each post its row, time, title's tokens, and text's length.
        """
        count = _shards_for(self._size)
        yield "posts", call(self._block.name, [count, "".join(self._posts)])
        shards: dict[int, dict[str, str]] = defaultdict(dict)
        for number, file in enumerate(self._put_aside):
            for key, found in _by_key(file).items():
                shards[checksum(key) % count][key] = found
            for shard in _completed_by(number, count):
                yield str(shard), call(f"{self._block.name}/{shard}", dict(sorted(shards.pop(shard, {}).items())))


def _temporary_file() -> IO[str]:
    return TemporaryFile("w+", encoding="utf-8", newline="\n")  # closed with the others


def _by_key(file: IO[str]) -> dict[str, str]:
    """Return the postings of each key in a temporary file."""
    found: dict[str, list[str]] = defaultdict(list)
    last: dict[str, int] = {}
    file.seek(0)
    for line in file:
        key, number, flag, rest = line[:-1].split("\t")
        post = int(number)
        found[key].append(written([2 * (post - last.get(key, -1)) + int(flag)]) + rest)
        last[key] = post
    return {key: "".join(posts) for key, posts in found.items()}


def _completed_by(number: int, count: int) -> range:
    """Return which of `count` shards have nothing in the files after the one of this number."""
    return range(number % count, count, _PUT_ASIDE) if number + count >= _PUT_ASIDE else range(0)


def _shards_for(size: int) -> int:
    """Return how many shards an index of `size` bytes has: a power of two."""
    count = 1
    while count < _MOST_SHARDS and count * _SHARD < size:
        count *= 2
    return count


def call(name: str, value: object) -> str:
    """Return a script that hands a value to `search.js` under a name."""
    written_name, written_value = (
        json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in (name, value)
    )
    return f"finewsSearch.take({written_name},{written_value});\n"
