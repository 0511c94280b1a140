"""Decompressing bodies by their Content-Encoding, completely or not at all. Pure functions.

The content codings (RFC 9110, 8.4.1) are gzip, deflate, br and zstd, applied in any number on top of each other. A
truncated stream is an error even if part of it can be decompressed, because half a page would be archived as a
revision. Not here: bodies shorter than their Content-Length, which Scrapy handles, and the codings offered to servers
(`crawler.settings`).
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

_AT_A_TIME = 1 << 16  # bytes, decompressed
_GZIP, _ZLIB, _RAW = zlib.MAX_WBITS | 16, zlib.MAX_WBITS, -zlib.MAX_WBITS
_GZIP_BEGINS = b"\x1f\x8b"
# Registered codings that are not offered. Any other name is ignored: some servers write their charset there.
_NOT_READ = {"aes128gcm", "compress", "dcb", "dcz", "exi", "pack200-gzip", "x-compress"}


class NotUnpacked(Exception):
    """The body is not encoded as its header says, or in a coding that was not offered; the text names the coding."""


class CutOff(NotUnpacked):
    """The body is truncated."""


class TooLarge(NotUnpacked):
    """The body decompresses to more than the limit."""


def codings_of(headers: Iterable[str]) -> list[str]:
    """Return the codings that Content-Encoding headers name, in the order in which they were applied.

    Raises `NotUnpacked` for a coding that was not offered.
    """
    names = [name.strip().lower() for header in headers for name in header.split(",")]
    for name in names:
        if name in _NOT_READ:
            raise NotUnpacked(name)
    return [name for name in names if name in _STREAMS]


def unpacked(body: bytes, codings: Iterable[str], most: int) -> bytes:
    """Return `body` decompressed by `codings`, the last of which is the outermost.

    Raises `CutOff` if a stream is truncated, `TooLarge` if one decompresses to more than `most` bytes (0: no limit),
    `NotUnpacked` if it is not such a stream.
    """
    for coding in reversed(list(codings)):
        result = bytearray()
        for piece in _pieces(body, coding):
            result += piece
            if 0 < most < len(result):
                raise TooLarge(coding)
        body = bytes(result)
    return body


def beginning(body: bytes, codings: Iterable[str], most: int, *, is_cut: bool = False) -> bytes:
    """Return the first `most` bytes of `body` decompressed, see `unpacked`; `is_cut`: it was cut short on purpose."""
    for coding in reversed(list(codings)):
        result = bytearray()
        try:
            for piece in _pieces(body, coding):
                result += piece
                if len(result) >= most:
                    is_cut = True
                    break
        except CutOff:
            if not is_cut:
                raise
        body = bytes(result[:most])
    return body[:most]


def _pieces(packed: bytes, coding: str) -> Iterator[bytes]:
    """Yield the decompressed bytes, piece by piece."""
    try:
        yield from _STREAMS[coding](packed)
    except (zlib.error, brotli.error, zstd.ZstdError) as error:
        raise NotUnpacked(coding) from error


def _gzip(packed: bytes) -> Iterator[bytes]:
    """Decompress one stream after another, and ignore padding at the end."""
    while True:
        stream = zlib.decompressobj(_GZIP)
        yield from _inflated(stream, packed, "gzip")
        packed = stream.unused_data
        if not packed or packed[: len(_GZIP_BEGINS)] != _GZIP_BEGINS[: len(packed)]:
            return


def _deflate(packed: bytes) -> Iterator[bytes]:
    """Decompress a stream with or without the zlib header that the standard demands."""
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
    """Decompress one frame after another."""
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
