"""The files with captures: where they are, what they are called, and the records in them one after another.

`captures/<site>-<time>-<n>.warc.gz`, beside the archive. Not here: what a record is (`crawler.captures.records`).
"""

from __future__ import annotations

import re
import zlib
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.store.lock import lock_file
from crawler.captures.records import LARGEST, BrokenOff, NoRecord, info_fields, read_record, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from crawler.captures.records import Record
    from crawler.items import Capture

_NAME = re.compile(r"(?P<site>[a-z0-9][a-z0-9_-]*)-(?P<time>\d{14})-(?P<number>\d{1,9})\.warc\.gz")
_AT_A_TIME = 1 << 16  # bytes read
_BEGINS = b"\x1f\x8b\x08"  # a gzip member


class Member(NamedTuple):
    """A record of a file, decompressed, and where it stands there."""

    offset: int
    length: int
    data: bytes


def folder_of(archive: Path) -> Path:
    """Return the folder with the captures of an archive: beside it, or the file that a symbolic link leads to."""
    return lock_file(archive).parent / "captures"


def name_of(site: str, begun: datetime, number: int) -> str:
    """Return the name of the file that was `begun` at a time in UTC."""
    return f"{site}-{begun:%Y%m%d%H%M%S}-{number}.warc.gz"


def names_like(name: str) -> Iterator[str]:
    """Yield the names of files of the same site and time, by their numbers; none if `name` is not that of a file."""
    match = _NAME.fullmatch(name)
    if match is not None:
        for number in count(1):
            yield f"{match['site']}-{match['time']}-{number}.warc.gz"


def day_of(name: str) -> str:
    """Return the day, in UTC, on which a file was begun: `20260420`."""
    match = _NAME.fullmatch(name)
    return match["time"][:8] if match else ""


def files_in(folder: Path, site: str | None = None) -> list[str]:
    """Return the names of the files in a folder, of one site or of all, the oldest first."""
    found = [match for path in folder.glob("*.warc.gz") if (match := _NAME.fullmatch(path.name))]
    kept = [match for match in found if site in {None, match["site"]}]
    return [
        match[0] for match in sorted(kept, key=lambda match: (match["time"], int(match["number"]), match["site"]))
    ]


def members(file: BinaryIO, start: int = 0, until: int | None = None) -> Iterator[Member]:
    """Yield the records between two places of a file; raise `NoRecord` if one is broken, cut short or too large."""
    file.seek(start)
    left = None if until is None else until - start
    waiting = b""
    while True:
        offset, stream, data, used = start, zlib.decompressobj(zlib.MAX_WBITS | 16), bytearray(), 0
        while not stream.eof:
            if not waiting:
                waiting = file.read(_AT_A_TIME if left is None else min(_AT_A_TIME, left))
                left = None if left is None else left - len(waiting)
            if not waiting:
                if used:
                    raise BrokenOff("it breaks off")
                return
            try:
                data += stream.decompress(waiting, LARGEST + 1 - len(data))
            except zlib.error as error:
                raise NoRecord(str(error)) from error
            rest = stream.unused_data if stream.eof else stream.unconsumed_tail
            used, waiting = used + len(waiting) - len(rest), rest
            if len(data) > LARGEST:
                raise NoRecord("it is too large")
        yield Member(offset, used, bytes(data))
        start += used


def next_member(file: BinaryIO, start: int, until: int | None = None) -> int | None:
    """Return where the next record may begin, from `start` on; `None` if none does."""
    file.seek(start)
    before = b""
    while data := file.read(_AT_A_TIME):
        found = (before + data).find(_BEGINS)
        place = start - len(before) + found
        if found >= 0:
            return place if until is None or place < until else None
        start, before = start + len(data), (before + data)[1 - len(_BEGINS) :]
    return None


def read_at(folder: Path, capture: Capture) -> Record:
    """Read the record of a capture; raise `NoRecord` if it is not there."""
    try:
        with (folder / capture.file).open("rb") as file:
            return read_from(file, capture)
    except OSError as error:
        raise NoRecord(error.strerror or str(error)) from error


def read_from(file: BinaryIO, capture: Capture) -> Record:
    """Read the record of a capture from its file; raise `NoRecord` if it is not there."""
    file.seek(capture.offset)
    return read_record(unpacked(file.read(min(capture.length, LARGEST))))


def info_in(file: Path) -> tuple[dict[str, str], str]:
    """Return what the first record of a file says of it, and that record's id; nothing if there is none."""
    try:
        with file.open("rb") as opened:
            record = read_record(next(members(opened)).data)
    except (OSError, NoRecord, StopIteration):
        return {}, ""
    return (info_fields(record), record.id) if record.kind == "warcinfo" else ({}, "")
