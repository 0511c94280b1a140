"""Copying what another archive has kept of answers into files of this one, record by record.

For each file there, this archive gets one of its own, which begins with a record that says so, followed by the first
record of that file. Whatever is kept there later is appended. Records are copied as they are, but only those that are
what their rows say. What a kill or a power failure leaves behind is cut off, or gets its rows, before the next record
is copied. Not here: which captures are copied (`crawler.archive.merging.captures`), and their rows.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.archive.store.lock import lock_file
from crawler.captures.appending import OpenFile
from crawler.captures.files import folder_of, info_in, members, names_like
from crawler.captures.mending import IS_PART_OF, SOURCE, is_of, is_request_of, mend
from crawler.captures.records import BY_THIS_PROGRAM, LARGEST, NoRecord, info_of, read_record, unpacked

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import BinaryIO, Self

    from sqlite_utils import Database

    from crawler.items import Capture

_LONGEST = 200  # characters of what identifies a file


class Copier:
    """Copies captures from one file after another of the folder `there` to files beside `archive`, at a time in UTC.

    `db` is the archive, whose lock this process holds. Raises `OSError` if a file cannot be written.
    """

    def __init__(self, db: Database, archive: Path, there: Path, at: datetime) -> None:
        """Prepare; nothing is read or written yet."""
        self._db, self._there, self._at = db, there, at
        self._name, self._folder = lock_file(archive).name.removesuffix(".lock"), folder_of(archive)
        self._opened = ExitStack()
        self._source: BinaryIO | None = None
        self._from, self._copy = "", ""
        self._file: OpenFile | None = None

    def __enter__(self) -> Self:
        """Return itself; on leaving, files are closed."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._opened.close()

    def turn_to(self, file: str) -> None:
        """Copy from this file from now on. What a killed merge has left in the copy of it is mended first."""
        if file == self._from:
            return
        self._opened.close()
        self._source, self._file, self._copy, self._from = None, None, "", file
        if next(names_like(file), None) is not None:
            self._source = self._open_source(self._there / file)
        if self._source is not None:
            self._copy = self._find_copy()

    def copy(self, capture: Capture) -> Capture | None:
        """Copy the record of a capture and that of its request, and return where it is here.

        `None` if it is not there, or not what the row says.
        """
        found = None if self._source is None else _read(self._source, capture)
        if found is None:
            return None
        response, request = found
        file = self._open_copy()
        return replace(
            capture,
            file=file.path.name,
            offset=file.append(response + request),
            length=len(response),
            request_length=len(request),
        )

    def sync(self) -> None:
        """Have what was copied on the disk."""
        if self._file is not None:
            self._file.sync()

    def _open_source(self, path: Path) -> BinaryIO | None:
        """Open a file, if it is a plain one and can be read."""
        try:
            return self._opened.enter_context(path.open("rb")) if path.is_file() else None
        except OSError:
            return None

    @property
    def _identity(self) -> str:
        return (info_in(self._there / self._from)[1] or self._from)[:_LONGEST]

    def _find_copy(self) -> str:
        """Return the name of the copy of a file, mended, or one that is not taken; a copy that is damaged is left."""
        identity = self._identity
        for name in names_like(self._from):
            info, _ = info_in(self._folder / name)
            if (info.get(SOURCE), info.get(IS_PART_OF)) == (identity, self._name):
                if mend(self._db, self._folder, name):
                    return name
            elif not (self._folder / name).exists():
                return name
        raise AssertionError("numbers do not end")

    def _open_copy(self) -> OpenFile:
        """Open the copy, made if there is none yet."""
        if self._file is None:
            path = self._folder / self._copy
            is_new = not path.exists()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = OpenFile(path, "", new=is_new)
            self._opened.callback(self._file.close)
            if is_new:
                self._file.append(self._head())
        return self._file

    def _head(self) -> bytes:
        told = {**BY_THIS_PROGRAM, IS_PART_OF: self._name, SOURCE: self._identity}
        info, _ = info_of(self._copy, self._at, told)
        assert self._source is not None, "something is copied from it"
        return info + _first(self._source)


def _first(file: BinaryIO) -> bytes:
    """Return the first record of a file if it says who wrote it."""
    try:
        head = next(members(file))
        if read_record(head.data).kind != "warcinfo":
            return b""
    except (OSError, NoRecord, StopIteration):
        return b""
    file.seek(head.offset)
    return file.read(head.length)


def _read(file: BinaryIO, capture: Capture) -> tuple[bytes, bytes] | None:
    """Return the record of a capture and that of its request, as they are in the file; `None` if it is another."""
    try:
        file.seek(capture.offset)
        response = file.read(min(capture.length, LARGEST))
        record = read_record(unpacked(response))
        request = file.read(min(capture.request_length, LARGEST))
    except (OSError, OverflowError, NoRecord):
        return None
    if not is_of(record, capture):
        return None
    try:
        is_request = is_request_of(read_record(unpacked(request)), record)
    except NoRecord:
        is_request = False
    return response, request if is_request else b""
