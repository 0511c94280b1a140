"""Opening the archive's file: check that it is an archive of a known version, and set SQLite up.

The one door: nothing but SQLite touches the file. SQLite's locks belong to the process, and closing any descriptor of
a file drops all locks the process holds on it (https://www.sqlite.org/howtocorrupt.html, "POSIX advisory locks"):
reading the header with `open` would release a run's locks, and the next reader to leave would delete the run's log.
A file that is refused is left byte for byte as it was. Not here: tables.
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
from crawler.archive.store.articles import FOLDED
from crawler.archive.store.lock import RunLock, run_lock, writing
from crawler.archive.store.migrations import foreign_part, part_without_ours, steps, unknown_step
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
    TookTooLong,
)
from crawler.text.file_names import folded
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from os import PathLike

_log = logging.getLogger(__name__)

APPLICATION_ID = 0x66696E77
"""「finw」: what `PRAGMA application_id` says of an archive."""

_IN_MEMORY = ":memory:"
_SMALLEST = 512  # bytes, SQLite's smallest page; SQLite takes a shorter file for an empty database
_NO_DATABASE = "it is no SQLite database"
_BUSY_SECONDS = 30.0
_FULL_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}  # a quota shows as the latter
_SECONDS_BETWEEN_WORDS = 2.0  # of progress
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_LOOK_SECONDS = 10.0  # to see what a file is takes milliseconds, unless somebody means it to have no end
_STEPS_BETWEEN_LOOKS = 10_000  # of SQLite's machine: a tenth of a millisecond
_MIGRATION_SECONDS, _LOOKS_A_SECOND = 5.0, 10  # how long, how often, to check on another's migration


def open_database(path: str | PathLike[str], *, create: bool = False, lock: RunLock | None = None) -> Database:
    """Open the archive at `path`, migrated forward; `create` makes one where there is none.

    A run passes the `lock` it holds; without one, the lock is taken for the duration of a migration. Looking at what
    the file is has a time limit of its own, since nothing is known of it yet. Raises `TookTooLong` after that,
    `NoArchive`, `NotAnArchive`, `NewerArchive`, `ArchiveDamaged`, `ArchiveOutdated` when a run is using an archive of
    an older version, `ArchiveNotWritten` when the disk has no room for the schema, and `ArchiveError` for anything
    else that SQLite or the disk refuses.
    """
    file = Path(path)
    if str(path) == _IN_MEMORY:  # which no other process can open
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
            _check_version(db, file)
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
        raise ArchiveError(f"{file} cannot be opened as an archive: {error}.") from error
    except OSError as error:
        raise ArchiveError(f"{file} cannot be made: {error.strerror}; name another place with --archive.") from error
    return db


def holds_archive(file: Path) -> bool:
    """Return whether there is an archive at `file`; an empty file does not count.

    Raises `NotAnArchive` if the file is something else, `ArchiveError` if it cannot be read.
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


def kind_of(error: sqlite3.Error) -> int:
    """Return the kind of an error, such as `sqlite3.SQLITE_READONLY`, without details; 0 if it is Python's own."""
    code: int = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF  # https://www.sqlite.org/rescode.html: details are in the bytes above


def file_at(path: Path) -> tuple[int, int] | None:
    """Return what tells the file at a path from every other one, device and inode; `None` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_damage(error: sqlite3.DatabaseError) -> bool:
    """Tell whether an error of SQLite's says that the file itself is no sound database."""
    return kind_of(error) in _DAMAGED


def is_interrupt(error: BaseException | None) -> bool:
    """Tell whether an error says that a time limit has ended a statement."""
    return isinstance(error, sqlite3.Error) and kind_of(error) == sqlite3.SQLITE_INTERRUPT


def limit_time(db: Database, seconds: float | None) -> None:
    """Have whatever SQLite does for `db` end as interrupted once so many seconds have passed; `None`: never."""
    if seconds is None:
        db.conn.set_progress_handler(None, 0)
        return
    until = time.monotonic() + seconds
    db.conn.set_progress_handler(lambda: time.monotonic() > until, _STEPS_BETWEEN_LOOKS)


def _application_id(file: Path) -> int:
    """Return the application id of the database in `file`.

    With `immutable` SQLite assumes that the file does not change: it takes no lock, creates no file beside it and
    does not replay another program's log into it.
    """
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?immutable=1", uri=True)) as asked:
            # It may change all the same: during a checkpoint it can be shorter than its header says.
            asked.execute("PRAGMA writable_schema = ON")
            (found,) = asked.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        if kind_of(error) == sqlite3.SQLITE_NOTADB:
            raise NotAnArchive(file, _NO_DATABASE) from None
        raise _unreadable(file, str(error)) from error
    return int(found)


def _unreadable(file: Path, why: str) -> ArchiveError:
    return ArchiveError(f"{file} cannot be read: {why}; name another file with --archive.")


def _connect(file: Path) -> sqlite3.Connection:
    """Connect, with no implicit transactions (`isolation_level`).

    On a read-only file system SQLite cannot create its own files; nobody can write there, so it needs none.
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
    connection.create_function(FOLDED, 1, folded, deterministic=True)
    return connection


def _check_version(db: Database, file: Path) -> None:
    newer = unknown_step(db)
    if newer is not None:
        raise NewerArchive(file, newer)
    others = part_without_ours(db)
    if others is not None:
        raise NotAnArchive(file, f"it has the {one_line(others)} and nothing of this program's")
    foreign = foreign_part(db)
    if foreign is not None:
        raise ForeignSchema(file, one_line(foreign))


def _prepare(db: Database, file: Path, lock: RunLock | None) -> None:
    """Migrate the schema if needed, and set this connection's options."""
    if _is_behind(db):
        if lock is None:
            _bring_forward_alone(db, file)
        else:
            _bring_forward(db, file)
    elif lock is not None and db.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        db.execute("PRAGMA journal_mode = WAL")  # a backup is stored without it
    # In WAL mode a commit survives a crash of the program without fsync; a power failure may cost the last few.
    db.execute("PRAGMA synchronous = NORMAL")
    # SQLite's default of 2 MB barely holds what one query touches: with 32 MB a search takes half the time. For
    # writing posts 8 MB are as good.
    db.execute(f"PRAGMA cache_size = -{32_768 if lock is None else 8_192}")


def _bring_forward_alone(db: Database, file: Path) -> None:
    """Migrate under the run's lock, or wait a little for another program that is already doing so."""
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
        # Before all else: a file left half made by a crash must not look like another program's.
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
    told = time.monotonic()
    while not index.is_complete(db):
        with writing(db):
            reached = index.go_on(db)
        if time.monotonic() - told > _SECONDS_BETWEEN_WORDS:
            told = time.monotonic()
            _log.warning("%s: the search index is made anew, once: %.0f %%", file, 100 * reached / max(1, last))
