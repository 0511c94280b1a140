"""Open the archive's file: is it one of ours, is it of a version we know, and how SQLite is to treat it.

A file that is refused is left byte for byte as it was. Not here: tables.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from crawler.archive import functions
from crawler.archive.lock import locked
from crawler.archive.migrations import steps, unknown_step
from crawler.errors import ArchiveError, NewerArchive, NoArchive, NotAnArchive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

APPLICATION_ID = 0x66696E77
"""「finw」: what `PRAGMA application_id` says of an archive."""

_MAGIC = b"SQLite format 3\x00"
_APPLICATION_ID_AT = 68  # bytes into the file, big-endian: https://www.sqlite.org/fileformat.html
_BUSY_SECONDS = 30.0


def open_database(path: str | PathLike[str], *, create: bool) -> Database:
    """Open the archive at `path`, migrated forward; `create` makes one where there is none.

    Raises `NoArchive`, `NotAnArchive`, `NewerArchive`, or `ArchiveError` for what SQLite or the disk refuses.
    """
    file = Path(path)
    existing = _look(file)
    if not existing and not create:
        raise NoArchive(file)
    try:
        if not existing:
            file.parent.mkdir(parents=True, exist_ok=True)
        db = Database(_connect(file))
        try:
            _check_version(db, file)
            _prepare(db, file, writes=create)
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"{file} cannot be opened as an archive: {error}.") from error
    except OSError as error:
        raise ArchiveError(f"{file} cannot be made: {error.strerror}; name another place with --archive.") from error
    return db


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Hold a transaction that may write from its first statement on.

    One that reads first is refused as soon as it writes if another process has written in between, however long it
    would have waited.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()  # does nothing where the error has done it
        raise


def holds_archive(file: Path) -> bool:
    """Tell whether `file` is an archive by its header."""
    try:
        return _look(file)
    except ArchiveError:
        return False


def _look(file: Path) -> bool:
    """Tell whether there is an archive at `file`; an empty file counts as none.

    Reads the header and leaves SQLite out of it, which tidies up behind other programs when it opens their files.
    """
    try:
        with file.open("rb") as opened:
            head = opened.read(_APPLICATION_ID_AT + 4)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise ArchiveError(f"{file} cannot be read: {error.strerror}; name another file with --archive.") from error
    if not head:
        return False
    if not head.startswith(_MAGIC):
        raise NotAnArchive(file, "it is no SQLite database")
    if int.from_bytes(head[_APPLICATION_ID_AT:]) != APPLICATION_ID:
        raise NotAnArchive(file, "it is some other program's SQLite database")
    return True


def _connect(file: Path) -> sqlite3.Connection:
    """Connect. On a read-only file system SQLite has no room for its own files, and needs none: nobody writes."""
    if os.access(file.parent, os.W_OK) or file.with_name(f"{file.name}-wal").exists():
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS)
    else:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)
    connection.execute("PRAGMA foreign_keys = ON")
    functions.register(connection)
    return connection


def _check_version(db: Database, file: Path) -> None:
    newer = unknown_step(db)
    if newer is not None:
        raise NewerArchive(file, newer)


def _prepare(db: Database, file: Path, *, writes: bool) -> None:
    """Bring the schema forward, if need be, and set what a connection keeps."""
    if steps.pending(db):
        with locked(file.parent):  # two at once would get in each other's way
            _bring_forward(db)
    elif writes and db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        db.execute("PRAGMA journal_mode = WAL")  # a backup is kept without
    # In WAL a commit survives a crash of the program without an fsync; one of the machine may cost the last few.
    db.execute("PRAGMA synchronous = NORMAL")
    # SQLite's own 2 MB hold hardly more than one query touches: with 32 a search takes half the time. Writing posts
    # takes as long with 8, and a run has several connections open.
    db.execute(f"PRAGMA cache_size = -{8_192 if writes else 32_768}")


def _bring_forward(db: Database) -> None:
    if not steps.pending(db):  # another process has done it meanwhile
        return
    # First of all: a file whose making is cut short must not pass for some other program's.
    db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    # Cannot change inside a transaction; WAL lets readers read while a crawl writes.
    db.execute("PRAGMA journal_mode = WAL")
    steps.apply(db)
