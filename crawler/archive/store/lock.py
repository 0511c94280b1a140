"""Who may write: one run at a time, by a lock beside the archive, and one transaction at a time, by SQLite's.

The operating system holds the lock. It dies with its process, so a killed run leaves none behind; what the file says
is only for people. POSIX only (`flock`). Not here: readers, who need no lock.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler import dates
from crawler.errors import ArchiveError, ArchiveLocked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database


@dataclass(frozen=True, slots=True)
class RunLock:
    """Says that this process, or the run it writes for, holds the lock of `archive`."""

    archive: Path


@contextmanager
def run_lock(archive: Path) -> Iterator[RunLock]:
    """Hold the lock of `archive` for as long as the block runs.

    Raises `ArchiveLocked` at once when another process holds it, `ArchiveError` when there is no place for it.
    """
    path = archive.with_name(f"{archive.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ArchiveError(f"{path} cannot be made: {error.strerror}; a run needs to write there.") from error
    try:
        _take(descriptor, archive)
        yield RunLock(archive)
    finally:
        os.close(descriptor)


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Hold a transaction that may write from its first statement on; the only way this program begins one.

    It waits for another program's to end, as long as the connection is patient. One that read first would be refused
    at once when it comes to write, if another program had written in between. Transactions do not nest.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()  # does nothing where the error has done it
        raise


def _take(descriptor: int, archive: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode("utf-8", "replace").strip()
        raise ArchiveLocked(archive, holder or "it says nothing of itself") from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"pid {os.getpid()}, started {dates.iso(dates.now())}\n".encode())
