"""Reading WARC files of any program, none of them trusted: .warc, .warc.gz, and those in a .wacz.

Everything is bounded: the head of a record, the record, and what a file decompresses to. What is broken ends the file
it is in, with a reason. Not here: what a page in it says.
"""

from __future__ import annotations

import zipfile
import zlib
from contextlib import suppress
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from warcio.bufferedreaders import ChunkedDataReader  # type: ignore[import-untyped]

from crawler.captures.records import LARGEST, NoRecord, read_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import IO

    from crawler.captures.records import Record

_ENDINGS = (".warc", ".warc.gz", ".wacz")
_LONGEST_HEAD = 64 * 1024
_AT_A_TIME = 1 << 16
_MOST_TIMES = 100  # a file may decompress to so many times its size; pages to a dozen times
_IN_ADDITION = LARGEST  # small files may consist of one record that repeats a word
_GZIP = b"\x1f\x8b"
_LENGTH = b"content-length"


def is_warc(path: Path) -> bool:
    """Tell by its name whether a file holds WARC records."""
    return path.name.lower().endswith(_ENDINGS)


def records(path: Path) -> Iterator[Record]:
    """Yield the records of a file, in their order; those that are too large, or no WARC records, are left out.

    Raises `NoRecord` where the file is broken, and `OSError` if it cannot be read.
    """
    if not path.name.lower().endswith(".wacz"):
        with path.open("rb") as file:
            yield from _records(_Stream(file))
        return
    try:
        with zipfile.ZipFile(path) as package:
            for name in package.namelist():
                if name.lower().endswith(_ENDINGS[:2]):
                    with package.open(name) as file:
                        yield from _records(_Stream(file))
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
        raise NoRecord(f"no WACZ file ({error})") from error


def without_chunks(record: Record) -> Record:
    """Return a record whose payload is put together of the chunks it was sent in, if that was not done before."""
    codings = [value.lower() for name, value in record.headers if name.lower() == "transfer-encoding"]
    if not any("chunked" in coding for coding in codings):
        return record
    reader = ChunkedDataReader(BytesIO(record.payload))
    payload = b"".join(iter(lambda: reader.read(_AT_A_TIME), b""))
    return replace(record, payload=payload[:LARGEST])


class _Stream:
    """The bytes of a file, decompressed if it is gzipped, in one stream or many."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._raw = file.read(_AT_A_TIME)
        self._read_bytes = len(self._raw)
        self._is_gzip = self._raw.startswith(_GZIP)
        self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        self._waiting = bytearray()
        self._made = 0

    def line(self) -> bytes:
        """Return the next line with its end, "" at the end of the file; raise `NoRecord` if it is too long."""
        while (end := self._waiting.find(b"\n")) < 0 and len(self._waiting) <= _LONGEST_HEAD and self._fill():
            pass
        if end < 0 and len(self._waiting) > _LONGEST_HEAD:
            raise NoRecord("a record without an end of its head")
        return self.take(end + 1 if end >= 0 else len(self._waiting))

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes; raise `NoRecord` if there are fewer."""
        while len(self._waiting) < count:
            if not self._fill():
                raise NoRecord("it breaks off")
        taken = bytes(self._waiting[:count])
        del self._waiting[:count]
        return taken

    def skip(self, count: int) -> None:
        """Pass over the next `count` bytes without keeping them."""
        while count:
            step = min(count, _AT_A_TIME)
            self.take(step)
            count -= step

    def _fill(self) -> bool:
        """Add bytes to those that wait; return whether there were any."""
        if not self._raw:
            self._raw = self._file.read(_AT_A_TIME)
            self._read_bytes += len(self._raw)
        if not self._raw:
            if self._is_gzip and self._made and not self._gzip.eof:
                raise NoRecord("it breaks off")
            return False
        piece = self._unpacked() if self._is_gzip else self._raw
        if not self._is_gzip:
            self._raw = b""
        self._made += len(piece)
        if self._made > self._read_bytes * _MOST_TIMES + _IN_ADDITION:
            raise NoRecord(f"it decompresses to more than {_MOST_TIMES} times its size")
        self._waiting += piece
        return True

    def _unpacked(self) -> bytes:
        if self._gzip.eof:
            self._gzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            piece = self._gzip.decompress(self._raw, _AT_A_TIME)
        except zlib.error as error:
            raise NoRecord(f"no gzip ({error})") from error
        self._raw = self._gzip.unused_data if self._gzip.eof else self._gzip.unconsumed_tail
        return piece


def _records(stream: _Stream) -> Iterator[Record]:
    while head := _head(stream):
        length = _length(head)
        if length > LARGEST:
            stream.skip(length)
            continue
        block = stream.take(length)
        with suppress(NoRecord):  # an answer without a status, for example
            yield read_record(head + block)


def _head(stream: _Stream) -> bytes:
    """Return the head of the next record with the empty line after it, b"" at the end of the file."""
    while (line := stream.line()) and not line.strip():
        pass
    head = line
    while line.strip():
        line = stream.line()
        head += line
        if len(head) > _LONGEST_HEAD:
            raise NoRecord("a record without an end of its head")
    if head and not head.startswith(b"WARC/"):
        raise NoRecord("no WARC record")
    return head


def _length(head: bytes) -> int:
    """Return how many bytes a record says that it has."""
    for line in head.splitlines():
        name, _, value = line.partition(b":")
        if name.strip().lower() == _LENGTH:
            written = value.strip()
            if written.isdigit() and len(written) < len(str(1 << 63)):
                return int(written)
    raise NoRecord("a record that does not say how long it is")
