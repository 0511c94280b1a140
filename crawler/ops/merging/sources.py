"""The archives that are to be merged: found, fetched, looked at, and copied, so that nothing of them is changed.

A copy is one state of its archive, even while a run writes there; it is checked and brought to the current schema
before anything is taken from it. Not here: what is taken (`crawler.archive.merging`).
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import tempfile
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from sqlite_utils import Database

from crawler.archive.care import archives
from crawler.archive.merging import captures, snapshots
from crawler.archive.store import connection
from crawler.archive.store.migrations import steps
from crawler.errors import ArchiveError, NotAnArchive, UsageError
from crawler.language import Sentence
from crawler.ops.merging.download import download

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crawler.archive.merging.snapshots import News

_ADDRESS = re.compile(r"https?://", re.IGNORECASE)
_PATIENCE = 30.0  # seconds that SQLite waits for somebody who writes
_LOOK_SECONDS = 10.0  # for checking the schema
_TRIES = 3  # for a copy of a file that somebody begins to write to


class Source(NamedTuple):
    """An archive to be merged: its `name` for people, and the `file` it is in, which is never written to."""

    name: str
    file: Path


def named(arguments: Iterable[str], lines: Iterable[str]) -> list[str]:
    """Return the archives that a person names: `-` stands for those that `lines` name, one each.

    Raises `UsageError` if there are none.
    """
    names: list[str] = []
    for argument in arguments:
        names += filter(None, (line.strip() for line in lines)) if argument == "-" else [argument]
    if not names:
        raise UsageError("No archive is named: give files or addresses of archives, or their list after `-`.")
    return list(dict.fromkeys(names))


def is_address(name: str) -> bool:
    """Tell whether an archive is named by an address."""
    return _ADDRESS.match(name) is not None


@contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """Yield a folder for copies beside an archive whose lock this process holds; it goes when the block ends.

    What a killed merge has left there goes at the beginning. Raises `ArchiveError` if there can be none.
    """
    real = target.resolve()
    begins = f".{real.name}.merge-"
    for left in real.parent.glob(f"{begins}*"):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
    try:
        with tempfile.TemporaryDirectory(dir=real.parent, prefix=begins) as folder:
            yield Path(folder)
    except OSError as error:
        raise ArchiveError(
            "{folder} has no room for a copy of an archive ({reason}): make some, or merge smaller ones first.",
            folder=real.parent,
            reason=error.strerror or error,
        ) from error


def found(name: str, target: Path, folder: Path) -> Source:
    """Return the archive that a person names, fetched into `folder` if it is an address.

    Raises `UsageError` if it is not there or is `target` itself, `ArchiveError` if it is none or cannot be fetched.
    """
    if is_address(name):
        return Source(_without_password(name), download(name, folder / "fetched"))
    file = Path(name)
    if not file.exists():
        raise UsageError("{file} does not exist: name archives, or addresses of archives.", file=file)
    if target.exists() and file.samefile(target):
        raise UsageError("{file} is the archive that others are to be merged into: name others.", file=file)
    return Source(name, file)


def news(source: Source, target: Database, *, with_captures: bool) -> News | None:
    """Return what is new in an archive; `None` if its schema is older, so that it is not known yet.

    Captures count only `with_captures`.

    Raises `ArchiveError`.
    """
    with _explained(source), closing(_opened(source)) as opened:
        db = Database(opened)
        _check_schema(db, source)
        if steps.pending(db):
            return None
        found = snapshots.news(db, target)
        has_captures = with_captures and captures.mark_of(db) != archives.captures_mark(target, found.archive_id)
        return found._replace(is_new=found.is_new or has_captures)


@contextmanager
def copied(source: Source, folder: Path) -> Iterator[Database]:
    """Copy an archive and yield the copy, of the current schema, but for its search index. Raises `ArchiveError`."""
    copy = folder / "copy.db"
    try:
        with _explained(source):
            _copy(source, copy)
            db = Database(sqlite3.connect(copy, isolation_level=None))
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA cell_size_check = ON")
            _check_schema(db, source)
            _check_pages(db, source)
            steps.apply(db)
        with closing(db.conn):
            yield db
    finally:
        for left in folder.glob(f"{copy.name}*"):
            left.unlink(missing_ok=True)


def _copy(source: Source, copy: Path) -> None:
    for _ in range(_TRIES):
        before = _state(source.file)
        with closing(_opened(source)) as opened, closing(sqlite3.connect(copy)) as target:
            opened.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")
        if _is_written(source.file) or _state(source.file) == before:
            return
    raise ArchiveError("{name} is being replaced again and again: merge it when that has ended.", name=source.name)


def _opened(source: Source) -> sqlite3.Connection:
    """Open an archive to read from it.

    Without a log beside it nobody writes to it, and SQLite need not make one: the file is opened as immutable.
    """
    file = source.file
    if not connection.holds_archive(file):
        raise NotAnArchive(file, Sentence("it is empty"))
    mode = "mode=ro" if _is_written(file) else "immutable=1"
    opened = sqlite3.connect(f"{file.absolute().as_uri()}?{mode}", uri=True, isolation_level=None, timeout=_PATIENCE)
    opened.execute("PRAGMA cell_size_check = ON")
    return opened


def _is_written(file: Path) -> bool:
    """Tell whether somebody writes to an archive, or was killed as he did."""
    real = file.resolve()
    logs = (real.with_name(f"{real.name}{end}") for end in ("-wal", "-journal"))
    return any(log.exists() and log.stat().st_size for log in logs)


def _state(file: Path) -> tuple[int, int, int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _check_schema(db: Database, source: Source) -> None:
    """Refuse what would run by itself; the file may be made to take forever over it."""
    connection.limit_time(db, _LOOK_SECONDS)
    connection.check_version(db, source.file)
    connection.limit_time(db, None)


def _check_pages(db: Database, source: Source) -> None:
    """Refuse a damaged archive before anything is taken from it."""
    (fault,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if fault != "ok":
        raise _unusable(source, fault)


@contextmanager
def _explained(source: Source) -> Iterator[None]:
    """Say of an archive that cannot be read that it was not merged, and of which it is."""
    try:
        yield
    except NotAnArchive as error:
        raise ArchiveError(
            "{name} is not a finews archive ({found}); it was left untouched, and nothing of it was merged.",
            name=source.name,
            found=error.found,
        ) from error
    except sqlite3.DatabaseError as error:
        raise _unusable(source, str(error)) from error


def _unusable(source: Source, fault: str) -> ArchiveError:
    return ArchiveError(
        "{name} cannot be merged ({fault}): bring back a backup of it, or copy it once more.",
        name=source.name,
        fault=" ".join(fault.split()),
    )


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
