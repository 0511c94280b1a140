"""Who may write: one run at a time, by a lock beside the archive; one transaction at a time, by SQLite's own lock.

The operating system holds the lock. It dies with its process, so a killed run leaves none behind; what the file says
is only for people. It stands beside the real file, whatever links lead there. On Linux the file itself is taken as
well, by a name that no file system has: of a hard link nobody can tell what else it is called. POSIX only (`flock`).
Not here: readers, who need no lock.
"""

from __future__ import annotations

import fcntl
import os
import re
import socket
import stat
import sys
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from errno import EADDRINUSE, ELOOP
from typing import TYPE_CHECKING

from crawler import dates
from crawler.errors import ArchiveError, ArchiveLocked
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

_NO_PLAIN_FILE = "{} is no plain file, and a run needs one there: take it away."
_BY_ANOTHER_NAME = "by another name of the file"


@dataclass(frozen=True, slots=True)
class RunLock:
    """Says that this process, or the run it writes for, holds the lock of `archive`.

    `held` lets go of what belongs to it, `taken` are the files among that; a process that only writes for the run has
    none of it.
    """

    archive: Path
    held: ExitStack | None = None
    taken: set[str] = field(default_factory=set)

    def take_file(self) -> None:
        """Take the archive's file itself, as soon as there is one. Raises `ArchiveLocked` when another has it."""
        if self.held is None or sys.platform != "linux":
            return
        with suppress(FileNotFoundError):
            found = self.archive.stat()
            name = f"\0finews-archive {found.st_dev}:{found.st_ino}"
            if name not in self.taken:
                _bind(name, self.archive, self.held)
                self.taken.add(name)


@contextmanager
def run_lock(archive: Path) -> Iterator[RunLock]:
    """Hold the lock of `archive` while the block runs.

    Raises `ArchiveLocked` at once when another process holds it, by this or by another name of the file, and
    `ArchiveError` when there is no place for it.
    """
    path = lock_file(archive)
    with ExitStack() as held:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # The owner's alone, or else anybody could hold it; and no link that leads to another file.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW, 0o600)
            held.callback(os.close, descriptor)
            is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if is_plain:
                _take(descriptor, archive)
        except OSError as error:
            if error.errno == ELOOP:
                raise ArchiveError(_NO_PLAIN_FILE.format(path)) from None
            raise ArchiveError(f"{path} cannot be made: {error.strerror}; a run needs to write there.") from error
        if not is_plain:
            raise ArchiveError(_NO_PLAIN_FILE.format(path))
        lock = RunLock(archive, held)
        lock.take_file()
        yield lock


def lock_file(archive: Path) -> Path:
    """Return where the lock of an archive is: beside the file that a symbolic link leads to."""
    try:
        real = archive.resolve() if archive.is_symlink() else archive
    except (OSError, RuntimeError):  # it leads in circles
        real = archive
    return real.with_name(f"{real.name}.lock")


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
        raise ArchiveLocked(archive, _holder(descriptor) or "it says nothing of itself") from None
    with suppress(OSError):  # on a full disk: it is held all the same, and the archive has its own word for that
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"pid {os.getpid()}, started {dates.iso(dates.now())}\n".encode())


def _holder(descriptor: int) -> str:
    """Return what the holder of a lock says of itself; "" if the process it names is not there."""
    holder = one_line(os.read(descriptor, 200).decode("utf-8", "replace"))
    found = re.match(r"pid (\d{1,9}), ", holder)
    if found is not None:
        try:
            os.kill(int(found[1]), 0)  # asks whether it is there, and does nothing
        except ProcessLookupError:
            return ""
        except OSError:  # another user's
            return holder
    return holder


def _bind(name: str, archive: Path, held: ExitStack) -> None:
    """Take a name in Linux's abstract namespace, which one process can have at a time, until `held` is let go of."""
    taken = held.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        taken.bind(name)
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise ArchiveLocked(archive, _BY_ANOTHER_NAME) from None
