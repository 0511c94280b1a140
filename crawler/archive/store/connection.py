"""Opening the archive's file: check that it is an archive of a known version, and configure SQLite.

Only SQLite ever opens the file. SQLite's locks belong to the process, and closing any descriptor of a file drops all
locks the process holds on it (https://www.sqlite.org/howtocorrupt.html, "POSIX advisory locks"). So reading the
header with `open` would release a run's locks, and the next reader to close the file would delete the run's
write-ahead log. A file that is refused is left byte for byte as it was. Not here: tables.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlite_utils import Database

from crawler.archive.search import functions, index
from crawler.archive.store.articles import FOLDED
from crawler.archive.store.lock import RunLock, run_lock, writing
from crawler.archive.store.migrations import foreign_part, part_of_another_program, steps, unknown_step
from crawler.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveLocked,
    ArchiveNotWritten,
    ArchiveOutdated,
    ForeignSchema,
    NewerArchive,
    NoArchive,
    NotAnArchive,
    SnapshotNotWritten,
    TookTooLong,
)
from crawler.language import Sentence
from crawler.text.file_names import folded
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x66696E77
"""The value of `PRAGMA application_id` in an archive; its bytes spell `finw`."""

_IN_MEMORY = ":memory:"
_SMALLEST = 512  # bytes, SQLite's smallest page size; SQLite treats a shorter file as an empty database
_NO_DATABASE = Sentence("it is not an SQLite database")
_BUSY_SECONDS = 30.0
_FULL_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # an exceeded quota is reported as the latter
_PROGRESS_SECONDS = 2.0  # between messages about progress
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOOK_SECONDS = 10.0  # for checking the schema, which takes milliseconds unless a file is made to take forever
_STEPS_BETWEEN_LOOKS = 10_000  # SQLite instructions, about a tenth of a millisecond
_MIGRATION_SECONDS, _POLLS_A_SECOND = 5.0, 10  # how long and how often to check on another program's migration


def open_database(path: str | PathLike[str], *, create: bool = False, lock: RunLock | None = None) -> Database:
    """Open the archive at `path` and migrate it to the current schema; with `create`, create it if missing.

    A run passes the `lock` it holds; without one, the lock is taken while migrating. Checking the schema has a time
    limit of its own, since the file may be hostile: raises `TookTooLong` after that. Raises `NoArchive`,
    `NotAnArchive`, `NewerArchive`, `ForeignSchema`, `ArchiveDamaged`, `ArchiveOutdated` when a run is using an
    archive of an older version, `ArchiveNotWritten` when the disk has no room for the schema, and `ArchiveError` for
    any other error of SQLite or the file system.
    """
    file = Path(path)
    if str(path) == _IN_MEMORY:  # no other process can open it
        lock = RunLock(file)
    existing = holds_archive(file)
    if not existing and not create:
        raise NoArchive(file)
    try:
        if not existing:
            file.parent.mkdir(parents=True, exist_ok=True)
        db = Database(_connect(file))
        try:
            limit_time(db, _LOOK_SECONDS)
            check_version(db, file)
            limit_time(db, None)
            _prepare(db, file, lock)
            if lock is not None:
                lock.take_file()
        except BaseException:
            db.close()
            raise
    except sqlite3.DatabaseError as error:
        if is_damage(error):
            raise ArchiveDamaged(file, str(error)) from error
        if is_interrupt(error):
            raise TookTooLong(file, _LOOK_SECONDS) from error
        raise ArchiveError("{file} cannot be opened as an archive: {error}.", file=file, error=error) from error
    except OSError as error:
        raise ArchiveError(
            "{file} cannot be made: {reason}; name another place with --archive.", file=file, reason=error.strerror
        ) from error
    return db


def holds_archive(file: Path) -> bool:
    """Return whether there is an archive at `file`; an empty file does not count.

    Raises `NotAnArchive` if the file is something else, `ArchiveError` if it cannot be read.
    """
    try:
        status = file.stat()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(file, error.strerror or str(error)) from error
    if stat.S_ISDIR(status.st_mode):
        raise _unreadable(file, "Is a directory")
    if not stat.S_ISREG(status.st_mode):
        raise NotAnArchive(file, Sentence("it is not a regular file"))
    if not status.st_size:
        return False
    if status.st_size < _SMALLEST:
        raise NotAnArchive(file, _NO_DATABASE)
    if _application_id(file) != APPLICATION_ID:
        raise NotAnArchive(file, Sentence("it is some other program's SQLite database"))
    return True


def kind_of(error: sqlite3.Error) -> int:
    """Return an error's primary result code, such as `sqlite3.SQLITE_READONLY`; 0 if Python raised it by itself."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF  # extended codes add higher bytes: https://www.sqlite.org/rescode.html


def file_at(path: Path) -> tuple[int, int] | None:
    """Return what identifies the file at a path, device and inode; `None` if there is no file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Return whether SQLite's error means that the file itself is damaged."""
    return kind_of(error) in _DAMAGED


def is_interrupt(error: BaseException | None) -> bool:
    """Tell whether an error says that a time limit has ended a statement."""
    return isinstance(error, sqlite3.Error) and kind_of(error) == sqlite3.SQLITE_INTERRUPT


@contextmanager
def one_state(db: Database) -> Iterator[None]:
    """Have the block read one state of the archive, whatever other programs write or delete meanwhile."""
    if db.conn.in_transaction:
        yield
        return
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")  # unlike a rollback, it leaves cursors alone that others still read from
    except BaseException:
        db.conn.rollback()
        raise


def limit_time(db: Database, seconds: float | None) -> None:
    """Have whatever SQLite does for `db` end as interrupted once so many seconds have passed; `None`: never."""
    if seconds is None:
        db.conn.set_progress_handler(None, 0)
        return
    until = time.monotonic() + seconds
    db.conn.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)


def _application_id(file: Path) -> int:
    """Return the application id of the database in `file`.

    With `immutable` SQLite assumes that the file does not change: it takes no lock, creates no files next to it, and
    does not replay another program's journal.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as connection:
            # The file may change all the same. During a checkpoint it can be shorter than its header says, which this
            # setting tolerates.
            connection.execute("PRAGMA writable_schema = ON")
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if kind_of(error) == sqlite3.SQLITE_NOTADB:
            raise NotAnArchive(file, _NO_DATABASE) from None
        raise _unreadable(file, str(error)) from error
    return int(application_id)


def _unreadable(file: Path, why: str) -> ArchiveError:
    return ArchiveError("{file} cannot be read: {why}; name another file with --archive.", file=file, why=why)


def _connect(file: Path) -> sqlite3.Connection:
    """Connect without implicit transactions (`isolation_level`).

    On a read-only file system SQLite cannot create its journal files. Nobody can write there, so the file is opened
    as immutable, for which it needs none.
    """
    if os.access(file.parent, os.W_OK) or file.with_name(f"{file.name}-wal").exists():
        connection = sqlite3.connect(file, timeout=_BUSY_SECONDS, isolation_level=None)
    else:
        connection = sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = ON")
    # Detects a damaged page when it is read. `trusted_schema` must stay on: with it off, SQLite 3.40 rejects the
    # views because they use json_extract. Instead, the schema is compared with the expected one, see `foreign_part`.
    connection.execute("PRAGMA cell_size_check = ON")
    functions.register(connection)
    connection.create_function(FOLDED, 1, folded, deterministic=True)
    return connection


def check_version(db: Database, file: Path) -> None:
    """Raise an `ArchiveError` unless `db` has the schema of some version of this program, up to this one."""
    newer = unknown_step(db)
    if newer is not None:
        raise NewerArchive(file, newer)
    other = part_of_another_program(db)
    if other is not None:
        raise NotAnArchive(file, Sentence("it has the {part} and nothing of this program's", part=one_line(other)))
    foreign = foreign_part(db)
    if foreign is not None:
        raise ForeignSchema(file, one_line(foreign))


def _prepare(db: Database, file: Path, lock: RunLock | None) -> None:
    """Migrate the schema if needed, and set this connection's options; refuse to write to a snapshot."""
    if lock is not None and db["snapshot"].exists() and db["snapshot"].count:
        raise SnapshotNotWritten(file)
    if _is_outdated(db):
        if lock is None:
            _migrate_under_lock(db, file)
        else:
            _migrate(db, file)
    elif lock is not None and db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        db.execute("PRAGMA journal_mode = WAL")  # a backup has it switched off
    # In WAL mode commits survive a crash of the program without fsync; a power failure may lose the last few.
    db.execute("PRAGMA synchronous = NORMAL")
    # SQLite's default cache of 2 MB barely holds what one query touches; with 32 MB a search takes half the time.
    # For writing posts, 8 MB are enough.
    db.execute(f"PRAGMA cache_size = -{32_768 if lock is None else 8_192}")


def _migrate_under_lock(db: Database, file: Path) -> None:
    """Take the lock and migrate, or wait a little for another program that is already doing so."""
    until = time.monotonic() + _MIGRATION_SECONDS
    while _is_outdated(db):
        try:
            with run_lock(file):
                _migrate(db, file)
        except ArchiveLocked as error:
            if time.monotonic() > until:
                raise ArchiveOutdated(file, error.holder) from error
            time.sleep(1 / _POLLS_A_SECOND)


def _is_outdated(db: Database) -> bool:
    """Return whether the schema or the search index is of an older version, or incomplete."""
    return bool(steps.pending(db)) or not index.is_complete(db)


def _migrate(db: Database, file: Path) -> None:
    """Migrate the schema, then the index, in transactions of a few hundred texts so that a kill loses little."""
    if not _is_outdated(db):  # another process has migrated it meanwhile
        return
    try:
        # First of all, so that a file left incomplete by a crash does not look like another program's.
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        # Cannot be set inside a transaction. In WAL mode readers can read while a crawl writes.
        db.execute("PRAGMA journal_mode = WAL")
        steps.apply(db)
        _complete_index(db, file)
    except sqlite3.OperationalError as error:
        if kind_of(error) in _FULL_DISK:
            raise ArchiveNotWritten(file, str(error)) from error
        raise


def _complete_index(db: Database, file: Path) -> None:
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM versions").fetchone()
    last_message = time.monotonic()
    while not index.is_complete(db):
        with writing(db):
            reached = index.go_on(db)
        if time.monotonic() - last_message > _PROGRESS_SECONDS:
            last_message = time.monotonic()
            _log.warning("%s: the search index is made anew, once: %.0f %%", file, 100 * reached / max(1, last))
