"""Who may write: one run at a time, by a lock file beside the archive; one transaction at a time, by SQLite's lock.

The operating system releases the lock when its process ends, so a killed run leaves none behind; the content of the
lock file is only for people. The lock file is beside the real file, whatever symbolic links lead there. On Linux, a
socket name made from the archive's inode is taken as well, because a hard link does not tell its other names.
POSIX only (`flock`). Not here: readers, who need no lock.
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

_NO_PLAIN_FILE = "{} is not a regular file, and a run needs one there: take it away."
_BY_ANOTHER_NAME = "by another name of the file"


@dataclass(frozen=True, slots=True)
class RunLock:
    """Proof that this process, or the run it writes for, holds the lock of `archive`.

    `resources` releases the lock, and `socket_names` are the names bound for it; a process that only writes for the
    run has neither.
    """

    archive: Path
    resources: ExitStack | None = None
    socket_names: set[str] = field(default_factory=set)

    def take_file(self) -> None:
        """Lock the archive's file itself, once it exists. Raises `ArchiveLocked` if another process has locked it."""
        if self.resources is None or sys.platform != "linux":
            return
        with suppress(FileNotFoundError):
            file = self.archive.stat()
            name = f"\0finews-archive {file.st_dev}:{file.st_ino}"
            if name not in self.socket_names:
                _bind(name, self.archive, self.resources)
                self.socket_names.add(name)


@contextmanager
def run_lock(archive: Path) -> Iterator[RunLock]:
    """Hold the lock of `archive` while the block runs.

    Raises `ArchiveLocked` at once if another process holds it, under this or another name of the file, and
    `ArchiveError` if the lock file cannot be created.
    """
    path = lock_file(archive)
    with ExitStack() as resources:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # For the owner alone, or else any user could hold it; and never through a link to another file.
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | os.O_NOFOLLOW, 0o600)
            resources.callback(os.close, descriptor)
            is_plain = stat.S_ISREG(os.fstat(descriptor).st_mode)
            if is_plain:
                _take(descriptor, archive)
        except OSError as error:
            if error.errno == ELOOP:
                raise ArchiveError(_NO_PLAIN_FILE.format(path)) from None
            raise ArchiveError(
                "{path} cannot be made: {reason}; a run needs to write there.", path=path, reason=error.strerror
            ) from error
        if not is_plain:
            raise ArchiveError(_NO_PLAIN_FILE.format(path))
        lock = RunLock(archive, resources)
        lock.take_file()
        yield lock


def lock_file(archive: Path) -> Path:
    """Return the path of an archive's lock file: beside the archive, or the file that a symbolic link leads to."""
    try:
        real = archive.resolve() if archive.is_symlink() else archive
    except (OSError, RuntimeError):  # a circle of links
        real = archive
    return real.with_name(f"{real.name}.lock")


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Run the block in a transaction that may write from its first statement on.

    Every writing transaction starts here. It waits for another program's transaction to end, up to the connection's
    timeout. A transaction that started by reading would fail at its first write if another program had written in
    between. Transactions do not nest.
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
        raise ArchiveLocked(archive, _holder(descriptor) or "it does not say which") from None
    with suppress(OSError):  # a full disk: the lock is held all the same, and the archive reports the disk itself
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"pid {os.getpid()}, started {dates.iso(dates.now())}\n".encode())


def _holder(descriptor: int) -> str:
    """Return what the lock file says about its holder; "" if the process it names no longer exists."""
    holder = one_line(os.read(descriptor, 200).decode("utf-8", "replace"))
    process = re.match(r"pid (\d{1,9}), ", holder)
    if process is not None:
        try:
            os.kill(int(process[1]), 0)  # only tests whether the process exists
        except ProcessLookupError:
            return ""
        except OSError:  # another user's process
            return holder
    return holder


def _bind(name: str, archive: Path, resources: ExitStack) -> None:
    """Bind a name in Linux's abstract socket namespace, as only one process can, until `resources` is closed."""
    holder = resources.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        holder.bind(name)
    except OSError as error:
        if error.errno == EADDRINUSE:
            raise ArchiveLocked(archive, _BY_ANOTHER_NAME) from None
