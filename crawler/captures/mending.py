"""Bringing the rows about captures and the files together again, after a kill or when rows are to be made anew.

A run writes a record first and commits its row later, so that a kill leaves records without rows, and perhaps half a
record at the end of a file. Not here: writing records (`crawler.captures.keeping`).
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive import captures
from crawler.archive.ledger import lookup
from crawler.archive.store.lock import writing
from crawler.captures.files import info_in, members, next_member, read_from
from crawler.captures.records import BrokenOff, NoRecord, digest_of, read_record
from crawler.items import Capture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sqlite_utils import Database

    from crawler.archive.captures import Hole
    from crawler.captures.files import Member
    from crawler.captures.records import Record

IS_PART_OF = "isPartOf"
"""The field of a file's first record that names the archive it belongs to, as WARC files name a collection."""

SOURCE = "source"
"""The field of a copy's first record that names the file it was copied from, by the id of that one's first record."""


class Found(NamedTuple):
    """What was found in a part of a file: answers, and where the last whole record ends.

    `is_torn`: after that comes the beginning of another.
    """

    captures: list[Capture]
    end: int
    is_torn: bool


def belongs(db: Database, file: Path, archive_name: str) -> bool:
    """Return whether a file is one of this archive's: rows are about it, or it says so."""
    return captures.is_listed(db, file.name) or info_in(file)[0].get(IS_PART_OF) == archive_name


def mend(db: Database, folder: Path, name: str, *, cut: bool = True) -> bool:
    """Add the rows that a file lacks, and cut off half a record that a killed run has left.

    Returns whether the file ends with a whole record. What is damaged otherwise is passed over and left as it
    is. Only for who holds the archive's lock. Raises `OSError` if the file cannot be read or cut.
    """
    with (folder / name).open("rb") as file:
        for hole in captures.holes(db, name):
            found = found_in(file, name, hole)
            _add(db, found.captures)
            if cut and hole.until is None and found.is_torn:
                os.truncate(folder / name, found.end)
        return file.seek(0, os.SEEK_END) == found.end


def found_in(file: BinaryIO, name: str, hole: Hole) -> Found:
    """Return the answers in a part of a file."""
    found: list[Capture] = []
    end, last = hole.start, None
    try:
        for member, record in _records(file, hole):
            end = member.offset + member.length
            if record is not None and record.kind in {"response", "revisit"}:
                found += _capture(name, member, record)
                last = record
            elif found and record is not None and last is not None and is_request_of(record, last):
                found[-1] = replace(found[-1], request_length=member.length)
    except BrokenOff:
        return Found(found, end, is_torn=True)
    return Found(found, end, is_torn=False)


def lost(db: Database, folder: Path) -> dict[str, int]:
    """Return the files that rows are about and that are not in the folder, with the number of answers in each."""
    return {each.file: each.records for each in captures.files(db) if not (folder / each.file).is_file()}


def wrong(folder: Path, name: str, kept: Iterable[Capture]) -> Iterator[Capture]:
    """Yield those of the answers `kept` in a file whose records are not there, or are not what their rows say."""
    with (folder / name).open("rb") as file:
        for capture in kept:
            try:
                record = read_from(file, capture)
            except NoRecord:
                yield capture
                continue
            if not is_of(record, capture):
                yield capture


def is_of(record: Record, capture: Capture) -> bool:
    """Return whether a record is what the row about it says."""
    digest = digest_of(record.payload) if record.kind == "response" else capture.digest
    told = (record.kind, record.url, record.fields.get("warc-payload-digest"), digest)
    return told == (capture.record, capture.url, capture.digest, capture.digest)


def _records(file: BinaryIO, hole: Hole) -> Iterator[tuple[Member, Record | None]]:
    """Yield each whole member of a part, with `None` if it is no record; what is damaged is passed over.

    Raises `BrokenOff` if the part ends amid one.
    """
    start: int | None = hole.start
    while start is not None:
        try:
            for member in members(file, start, hole.until):
                start = member.offset + member.length
                yield member, _read(member)
        except NoRecord as error:
            start = next_member(file, start + 1, hole.until)
            if start is None and isinstance(error, BrokenOff):
                raise
        else:
            return


def _read(member: Member) -> Record | None:
    try:
        return read_record(member.data)
    except NoRecord:
        return None


def _capture(name: str, member: Member, record: Record) -> list[Capture]:
    digest = record.fields.get("warc-payload-digest", "")
    if record.status is None or record.at is None or not (record.url and digest):
        return []
    return [
        Capture(
            url=record.url,
            captured_at=record.at,
            status=record.status,
            record="revisit" if record.kind == "revisit" else "response",
            digest=digest,
            file=name,
            offset=member.offset,
            length=member.length,
            request_length=0,
        )
    ]


def is_request_of(record: Record, response: Record) -> bool:
    """Return whether a record is the request that was answered so."""
    return record.kind == "request" and record.fields.get("warc-concurrent-to") == response.id


def _add(db: Database, found: list[Capture]) -> None:
    if found:
        with writing(db):
            for capture in found:
                captures.record(db, [capture], lookup.fetch_at(db, capture.url, capture.captured_at))
