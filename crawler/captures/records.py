"""Records of WARC files: made of an answer and its request, and read back. Pure, apart from the records' random ids.

A record is one gzip member, so that it can be read by itself. Payloads are as they came over the wire, still encoded
by their Content-Encoding; transfer codings (chunks) are undone. Headers are as Scrapy has them: names are spelt
Like-This, and a value that is not ASCII is percent-encoded. Secrets are left out. Not here: files.
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b32encode
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from warcio.statusandheaders import (  # type: ignore[import-untyped]
    StatusAndHeaders,
    StatusAndHeadersParser,
    StatusAndHeadersParserException,
)
from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]

from crawler import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from crawler.archive.captures import Original

VERSION = "1.1"
BY_THIS_PROGRAM = {
    "software": f"finews-archive/{__version__}",
    "format": f"WARC File Format {VERSION}",
    "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
}
"""What the first record of a file says of the program that wrote it."""

LARGEST = 64 * 1024 * 1024
"""Bytes of the largest record that is read, decompressed; answers of more than 16 MB are not taken."""

_SECRET = {"cookie", "set-cookie", "authorization", "proxy-authorization"}
_NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
_IDENTICAL_PROFILE = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"

Headers = tuple[tuple[bytes, bytes], ...]


class NoRecord(ValueError):
    """The bytes are no record that can be read; the text says why."""


class BrokenOff(NoRecord):
    """The bytes end amid a record, as when the program that wrote them was killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A request for a canonical address and its answer, `at` a time (UTC); `body` is as it came over the wire."""

    url: str
    at: datetime
    request_headers: Headers
    status: int
    headers: Headers
    body: bytes


class Pair(NamedTuple):
    """The records of an exchange, gzipped; a revisit has no payload but refers to another record of this `digest`."""

    response: bytes
    request: bytes
    is_revisit: bool
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record as it was read. `payload` is the content after any HTTP headers; `status` is `None` without these."""

    kind: str
    id: str
    fields: Mapping[str, str]
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    payload: bytes = b""

    @property
    def url(self) -> str:
        """The address it is of, "" for records of none."""
        return self.fields.get("warc-target-uri", "").strip("<>")

    @property
    def at(self) -> datetime | None:
        """When it was served, in UTC; `None` if the record does not say that in the form of the standard."""
        try:
            return datetime.fromisoformat(self.fields.get("warc-date", "")).astimezone(UTC)
        except (ValueError, OverflowError):
            return None


def digest_of(payload: bytes) -> str:
    """Return the digest of a payload as WARC files have it."""
    return "sha1:" + b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode("ascii")


def pair_of(exchange: Exchange, original: Original | None, info_id: str) -> Pair:
    """Make the records of an exchange; `original` is the earlier answer that says the same, if there is one.

    `info_id` is the id of the `warcinfo` record that says who wrote them.
    """
    writer = WARCWriter(None, gzip=False, warc_version=VERSION)
    digest = original.digest if original else digest_of(exchange.body)
    fields = {"WARC-Date": _time(exchange.at), "WARC-Warcinfo-ID": info_id, "WARC-Payload-Digest": digest}
    if original:
        fields |= {
            "WARC-Profile": _NOT_MODIFIED_PROFILE
            if exchange.status == HTTPStatus.NOT_MODIFIED
            else _IDENTICAL_PROFILE,
            "WARC-Refers-To-Target-URI": exchange.url,
            "WARC-Refers-To-Date": _time(original.captured_at),
        }
    response = writer.create_warc_record(
        exchange.url,
        "revisit" if original else "response",
        payload=None if original else BytesIO(exchange.body),
        length=None if original else len(exchange.body),
        warc_headers_dict=fields,
        http_headers=_http(f"{exchange.status} {_phrase(exchange.status)}".strip(), exchange.headers, "HTTP/1.1"),
    )
    request = writer.create_warc_record(
        exchange.url,
        "request",
        warc_headers_dict={
            "WARC-Date": fields["WARC-Date"],
            "WARC-Warcinfo-ID": info_id,
            "WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID"),
        },
        http_headers=_http(f"{_target(exchange.url)} HTTP/1.1", exchange.request_headers, "GET"),
    )
    return Pair(_packed(writer, response), _packed(writer, request), original is not None, digest)


def info_of(file: str, at: datetime, content: Mapping[str, str]) -> tuple[bytes, str]:
    """Make the `warcinfo` record at the head of a file, gzipped, and return it with its id."""
    writer = WARCWriter(None, gzip=False, warc_version=VERSION)
    record = writer.create_warcinfo_record(file, content)
    record.rec_headers.replace_header("WARC-Date", _time(at))
    return _packed(writer, record), record.rec_headers.get_header("WARC-Record-ID")


def unpacked(member: bytes) -> bytes:
    """Decompress a record; raise `NoRecord` if that is not one gzip member, or holds more than `LARGEST` bytes."""
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        data = stream.decompress(member, LARGEST)
    except zlib.error as error:
        raise NoRecord(str(error)) from error
    if not stream.eof or stream.unused_data:
        raise NoRecord("larger than it says") if stream.eof or stream.unconsumed_tail else BrokenOff("it breaks off")
    return data


def read_record(data: bytes) -> Record:
    """Read a decompressed record; raise `NoRecord` if it is none, or shorter than it says."""
    stream = BytesIO(data)
    head = _parsed(stream, ["WARC/"])
    fields = {name.lower(): value for name, value in head.headers}
    length = fields.get("content-length", "")
    begin = stream.tell()
    if not (length.isascii() and length.isdigit()) or len(length) > len(str(LARGEST)):
        raise NoRecord("it does not say how long it is")
    if begin + int(length) > len(data):
        raise NoRecord("it breaks off")
    block = data[begin : begin + int(length)]
    kind, record_id = fields.get("warc-type", ""), fields.get("warc-record-id", "")
    if not _is_http(fields):
        return Record(kind=kind, id=record_id, fields=fields, payload=block)
    stream = BytesIO(block)
    http = _parsed(stream, ["HTTP/"])
    status = [*http.statusline.split(), "", ""][1]  # after the version
    if not (status.isascii() and status.isdigit() and len(status) == len("200")):
        raise NoRecord("its answer has no status")
    return Record(
        kind=kind,
        id=record_id,
        fields=fields,
        status=int(status),
        headers=tuple(http.headers),
        payload=stream.read(),
    )


def info_fields(record: Record) -> dict[str, str]:
    """Return what a `warcinfo` record says."""
    lines = record.payload.decode("utf-8", "replace").splitlines()
    return {name.strip(): value.strip() for name, found, value in (line.partition(":") for line in lines) if found}


def _is_http(fields: Mapping[str, str]) -> bool:
    kind = fields.get("warc-type")
    return kind in {"response", "revisit"} and fields.get("content-type", "").lower().startswith("application/http")


def _parsed(stream: BytesIO, begins: list[str]) -> Any:
    try:
        return StatusAndHeadersParser(begins).parse(stream)
    except (StatusAndHeadersParserException, EOFError) as error:
        raise NoRecord("it has no headers") from error


def _packed(writer: Any, record: Any) -> bytes:
    writer.out = BytesIO()
    writer.write_record(record)
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return packer.compress(writer.out.getvalue()) + packer.flush()


def _http(line: str, headers: Iterable[tuple[bytes, bytes]], begins: str) -> Any:
    told = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]
    public = [(name, value) for name, value in told if name.lower() not in _SECRET]
    return StatusAndHeaders(line, public, protocol=begins)


def _phrase(status: int) -> str:
    """Return the phrase that HTTP has for a status: Scrapy does not keep that of the answer."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _time(point: datetime) -> str:
    return f"{point.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
