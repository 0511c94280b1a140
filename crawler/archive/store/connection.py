"""Open the archive's file: is it one of ours, is it of a version we know, and how SQLite is to treat it.

The one door: nothing but SQLite touches the file. SQLite's locks belong to the process, and closing any descriptor of
a file drops all that the process holds on it (https://www.sqlite.org/howtocorrupt.html, «POSIX advisory locks»): a
look into the header with `open` would take a run's locks away, and the next reader to leave would delete the run's
log. A file that is refused is left byte for byte as it was. Not here: tables.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from crawler.archive.search import functions, index
from crawler.archive.store.lock import RunLock, run_lock, writing
from crawler.archive.store.migrations import foreign_part, steps, unknown_step
from crawler.errors import (
    ArchiveError,
    ArchiveLocked,
    ArchiveNotWritten,
    ArchiveOutdated,
    ForeignSchema,
    NewerArchive,
    NoArchive,
    NotAnArchive,
)
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from os import PathLike

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x66696E77
"""「finw」: what `PRAGMA application_id` says of an archive."""

_IN_MEMORY = ":memory:"
_SMALLEST = 512  # bytes: a page of SQLite's. It takes a file of less for an empty one
_NO_DATABASE = "it is no SQLite database"
_BUSY_SECONDS = 30.0
_FULL_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # the latter is what a quota says
_SECONDS_BETWEEN_WORDS = 2.0  # of progress
_MIGRATION_SECONDS, _LOOKS_A_SECOND = 5.0, 10  # while another program brings the schema forward


def open_database(path: str | PathLike[str], *, create: bool = False, lock: RunLock | None = None) -> Database:
    """Open the archive at `path`, migrated forward; `create` makes one where there is none.

    `lock` is the run's lock of whoever means to write for long. Without one, it is taken for as long as a migration
    needs. Raises `NoArchive`, `NotAnArchive`, `NewerArchive`, `ArchiveOutdated` for one of an older version that a
    run is at work on, `ArchiveNotWritten` where the disk has no room for the schema, or `ArchiveError` for what else
    SQLite or the disk refuses.
    """
    file = Path(path)
    if str(path) == _IN_MEMORY:  # where nobody else can come
        lock = RunLock(file)
    existing = holds_archive(file)
    if not existing and not create:
        raise NoArchive(file)
    try:
        if not existing:
            file.parent.mkdir(parents=True, exist_ok=True)
        db = Database(_connect(file))
        try:
            _check_version(db, file)
            _prepare(db, file, lock)
            if lock is not None:
                lock.take_file()
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        raise ArchiveError(f"{file} cannot be opened as an archive: {error}.") from error
    except OSError as error:
        raise ArchiveError(f"{file} cannot be made: {error.strerror}; name another place with --archive.") from error
    return db


def holds_archive(file: Path) -> bool:
    """Tell whether there is an archive at `file`; an empty file counts as none.

    Raises `NotAnArchive` for a file that is something else, `ArchiveError` for one that cannot be read.
    """
    try:
        found = file.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if stat.S_ISDIR(found.st_mode):
        raise _unreadable(file, "Is a directory")
    if not stat.S_ISREG(found.st_mode):
        raise NotAnArchive(file, "it is no plain file")
    if not found.st_size:
        return False
    if found.st_size < _SMALLEST:
        raise NotAnArchive(file, _NO_DATABASE)
    if _application_id(file) != APPLICATION_ID:
        raise NotAnArchive(file, "it is some other program's SQLite database")
    return True


def _application_id(file: Path) -> int:
    """Ask SQLite whose database `file` is.

    It is told that nobody changes the file (`immutable`), so it takes no lock, makes no file beside it and plays no
    log of another program into it.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as asked:
            # Somebody may change it all the same: amid a checkpoint it is shorter than its header says.
            asked.execute("PRAGMA writable_schema = ON")
            (found,) = asked.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
            raise NotAnArchive(file, _NO_DATABASE) from None
        raise _unreadable(file, str(error)) from error
    return int(found)


def _unreadable(file: Path, why: str) -> ArchiveError:
    return ArchiveError(f"{file} cannot be read: {why}; name another file with --archive.")


def _connect(file: Path) -> sqlite3.Connection:
    """Connect, without transactions that nobody has begun (`isolation_level`).

    On a read-only file system SQLite has no room for its own files, and needs none: nobody writes.
    """
    if os.access(file.parent, os.W_OK) or file.with_name(f"{file.name}-wal").exists():
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
    else:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    # A damaged page is noticed where it is read. `trusted_schema` cannot be off: the views use json_extract, which no
    # schema may do then in SQLite 3.40. So what they are is compared, see `foreign_part`.
    connection.execute("PRAGMA cell_size_check = ON")
    functions.register(connection)
    return connection


def _check_version(db: Database, file: Path) -> None:
    newer = unknown_step(db)
    if newer is not None:
        raise NewerArchive(file, newer)
    foreign = foreign_part(db)
    if foreign is not None:
        raise ForeignSchema(file, one_line(foreign))


def _prepare(db: Database, file: Path, lock: RunLock | None) -> None:
    """Bring the schema forward, if need be, and set what a connection keeps."""
    if _is_behind(db):
        if lock is None:
            _bring_forward_alone(db, file)
        else:
            _bring_forward(db, file)
    elif lock is not None and db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        db.execute("PRAGMA journal_mode = WAL")  # a backup is kept without
    # In WAL a commit survives a crash of the program without an fsync; one of the machine may cost the last few.
    db.execute("PRAGMA synchronous = NORMAL")
    # SQLite's own 2 MB hold hardly more than one query touches: with 32 a search takes half the time. Writing posts
    # takes as long with 8.
    db.execute(f"PRAGMA cache_size = -{32_768 if lock is None else 8_192}")


def _bring_forward_alone(db: Database, file: Path) -> None:
    """Bring the schema forward under the run's lock, or wait a little for whoever is doing that already."""
    until = time.monotonic() + _MIGRATION_SECONDS
    while _is_behind(db):
        try:
            with run_lock(file):
                _bring_forward(db, file)
        except ArchiveLocked as error:
            if time.monotonic() > until:
                raise ArchiveOutdated(file, error.holder) from error
            time.sleep(1 / _LOOKS_A_SECOND)


def _is_behind(db: Database) -> bool:
    """Tell whether the schema or the search index is an older version's, or was not made to the end."""
    return bool(steps.pending(db)) or not index.is_complete(db)


def _bring_forward(db: Database, file: Path) -> None:
    """Bring the schema forward, then the index, a few hundred texts at a time: a kill loses the last of them only."""
    if not _is_behind(db):  # another process has done it meanwhile
        return
    try:
        # First of all: a file whose making is cut short must not pass for some other program's.
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        # Cannot change inside a transaction; WAL lets readers read while a crawl writes.
        db.execute("PRAGMA journal_mode = WAL")
        steps.apply(db)
        _complete_index(db, file)
    except sqlite3.OperationalError as error:
        # The lowest byte is the kind; an error that is Python's own, not SQLite's, has no code.
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _FULL_DISK:
            raise ArchiveNotWritten(file, str(error)) from error
        raise


def _complete_index(db: Database, file: Path) -> None:
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM versions").fetchone()
    told = time.monotonic()
    while not index.is_complete(db):
        with writing(db):
            reached = index.go_on(db)
        if time.monotonic() - told > _SECONDS_BETWEEN_WORDS:
            told = time.monotonic()
            _log.warning("%s: the search index is made anew, once: %.0f %%", file, 100 * reached / max(1, last))
