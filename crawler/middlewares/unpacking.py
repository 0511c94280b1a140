"""Unpack what was packed for its way through the network: to its end, or not at all. Pure.

The content codings (RFC 9110, 8.4.1) are gzip, deflate, br and zstd, one upon another in any number. A stream that
breaks off is half an answer, whatever can be had of it: half a page would be archived as a revision. Not here: bodies
shorter than their Content-Length, which Scrapy sees to, and what servers are offered (`crawler.settings`).
"""

from __future__ import annotations

import sys
import zlib
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_AT_A_TIME = 1 << 16  # bytes, unpacked
_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_BEGINS = b"\x1f\x8b"
# Registered, and not offered. Any other name is no coding: some servers write their charset there.
_NOT_READ = {"aes128gcm", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress"}


class NotUnpacked(Exception):
    """The body is not packed as is said of it, or in a way that was not offered; the text is the coding."""


class CutOff(NotUnpacked):
    """The body breaks off before its end."""


class TooLarge(NotUnpacked):
    """The body unpacks to more than is taken."""


def codings_of(headers: Iterable[str]) -> list[str]:
    """Return the codings that Content-Encoding headers name, in the order in which they were applied.

    Raises `NotUnpacked` for one that nobody offered to read.
    """
    named = [name.strip().lower() for header in headers for name in header.split(",")]
    for name in named:
        if name in _NOT_READ:
            raise NotUnpacked(name)
    return [name for name in named if name in _STREAMS]


def unpacked(body: bytes, codings: Iterable[str], most: int) -> bytes:
    """Return what is packed in `body` by `codings`, the last of them outermost.

    Raises `CutOff` if any stream breaks off, `TooLarge` if one unpacks to more than `most` bytes (0: no limit),
    `NotUnpacked` if it is no such stream.
    """
    for coding in reversed(list(codings)):
        found = bytearray()
        for piece in _pieces(body, coding):
            found += piece
            if 0 < most < len(found):
                raise TooLarge(coding)
        body = bytes(found)
    return body


def beginning(body: bytes, codings: Iterable[str], most: int, *, is_cut: bool = False) -> bytes:
    """Return the first `most` bytes of what is packed in `body`, see `unpacked`; `is_cut`: it was cut on purpose."""
    for coding in reversed(list(codings)):
        found = bytearray()
        try:
            for piece in _pieces(body, coding):
                found += piece
                if len(found) >= most:
                    is_cut = True
                    break
        except CutOff:
            if not is_cut:
                raise
        body = bytes(found[:most])
    return body[:most]


def _pieces(packed: bytes, coding: str) -> Iterator[bytes]:
    """Yield what is unpacked, piece by piece."""
    try:
        yield from _STREAMS[coding](packed)
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        raise NotUnpacked(coding) from error


def _gzip(packed: bytes) -> Iterator[bytes]:
    """Unpack one stream after another; padding at the end is none."""
    while True:
        stream = zlib.decompressobj(_GZIP)
        yield from _inflated(stream, packed, "gzip")
        packed = stream.unused_data
        if not packed or packed[: len(_GZIP_BEGINS)] != _GZIP_BEGINS[: len(packed)]:
            return


def _deflate(packed: bytes) -> Iterator[bytes]:
    """Unpack a stream, with or without the frame that the standard wants."""
    try:
        zlib.decompressobj(_ZLIB).decompress(packed, 1)
    except zlib.error:
        form = _RAW
    else:
        form = _ZLIB
    yield from _inflated(zlib.decompressobj(form), packed, "deflate")


def _inflated(stream: zlib._Decompress, packed: bytes, coding: str) -> Iterator[bytes]:
    while not stream.eof:
        piece = stream.decompress(packed, _AT_A_TIME)
        packed = stream.unconsumed_tail
        if not (stream.eof or packed or piece):
            raise CutOff(coding)
        yield piece


def _brotli(packed: bytes) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    piece = stream.process(packed, output_buffer_limit=_AT_A_TIME)
    yield piece
    while not stream.is_finished():
        if not piece:
            raise CutOff("br")
        piece = stream.process(b"", output_buffer_limit=_AT_A_TIME)
        yield piece


def _zstd(packed: bytes) -> Iterator[bytes]:
    """Unpack one frame after another."""
    while True:
        stream = zstd.ZstdDecompressor()
        while not stream.eof:
            if stream.needs_input and not packed:
                raise CutOff("zstd")
            yield stream.decompress(packed, _AT_A_TIME)
            packed = b""
        packed = stream.unused_data
        if not packed:
            return


_STREAMS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
