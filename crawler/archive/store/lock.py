"""Who may write: one run at a time, by a lock beside the archive; one transaction at a time, by SQLite's own lock.

The operating system holds the run's lock and releases it when the process ends, so a killed run leaves none behind;
the content of the lock file is for people only. POSIX only (`flock`). Not here: readers, who need no lock.
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
    """Proof that this process, or the run it writes for, holds the lock of `archive`."""

    archive: Path


@contextmanager
def run_lock(archive: Path) -> Iterator[RunLock]:
    """Hold the lock of `archive` while the block runs.

    Raises `ArchiveLocked` at once if another process holds it, `ArchiveError` if the lock file cannot be created.
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
    """Hold a transaction that may write from its first statement on; every writing transaction begins here.

    It waits for another program's transaction to end, up to the connection's timeout. A transaction that began by
    reading would be refused at its first write if another program had written in between. Transactions do not nest.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()  # does nothing if the error has already rolled back
        raise


def _take(descriptor: int, archive: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode("utf-8", "replace").strip()
        raise ArchiveLocked(archive, holder or "it says nothing of itself") from None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"pid {os.getpid()}, started {dates.iso(dates.now())}\n".encode())
