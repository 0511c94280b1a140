"""Making a verified copy of the archive, even during a run. Not here: restoring, since the copy is an archive."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, TypedDict

from sqlite_utils import Database

from crawler.archive.store import articles, versions
from crawler.archive.store.connection import holds_archive
from crawler.archive.store.lock import lock_file, run_lock
from crawler.drafts import draft_of
from crawler.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path


class BackupResult(TypedDict):
    """A finished backup: its size in bytes, and the number of posts and versions counted in the copy.

    `made_folder` is the folder that had to be made for it, if any.
    """

    archive: str
    file: str
    bytes: int
    posts: int
    versions: int
    made_folder: str | None


def backup(db: Database, path: Path, file: Path) -> BackupResult:
    """Copy the archive at `path`, open as `db`, to `file` and verify the copy.

    An earlier backup at `file` is replaced once the new one has been verified; any other file there is left alone.
    Raises `UsageError` if the file cannot be written, `ArchiveLocked` if a run is writing it, `ArchiveError` if the
    copy is damaged.
    """
    try:
        if file.exists() and (file.samefile(path) or not _is_backup(file)):
            raise UsageError("{file} exists and is not a backup of an archive: name another file.", file=file)
        made_folder = _make_folder(file.parent)
        with draft_of(file) as draft:
            posts, versions = _copied(db, draft)
            with _lock_of(file):
                # Journals left beside an earlier backup must not be replayed into this one.
                for companion in ("-journal", "-wal", "-shm"):
                    file.with_name(file.name + companion).unlink(missing_ok=True)
                draft.replace(file)
        size = file.stat().st_size
        return {
            "archive": str(path),
            "file": str(file),
            "bytes": size,
            "posts": posts,
            "versions": versions,
            "made_folder": made_folder,
        }
    except OSError as error:
        raise UsageError(
            "{file} cannot be written: {reason}; name another file.", file=file, reason=error.strerror
        ) from error


def _make_folder(folder: Path) -> str | None:
    """Make the folder of a backup, and return its name; `None` if it is there. Raises `OSError`."""
    if folder.is_dir():
        return None
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def _lock_of(file: Path) -> AbstractContextManager[object]:
    """Return the lock of `file` if there is one, because runs may be writing to an earlier backup."""
    return run_lock(file) if lock_file(file).exists() else nullcontext()


def _is_backup(file: Path) -> bool:
    try:
        return holds_archive(file)
    except ArchiveError:
        return False


def _copied(db: Database, draft: Path) -> tuple[int, int]:
    """Copy, and return the number of posts and versions in the copy; raise `ArchiveError` if it is damaged."""
    try:
        with closing(sqlite3.connect(draft)) as copy:
            db.conn.backup(copy)  # in one go; in steps it would start over whenever a run writes
            # Without a write-ahead log the copy is a single file that can be moved.
            copy.execute("PRAGMA journal_mode = DELETE")
            faults = [fault for (fault,) in copy.execute("PRAGMA integrity_check(1)") if fault != "ok"]
            if faults:
                fault = " ".join(faults[0].split())
                raise ArchiveError(
                    "The copy is not sound ({fault}), nor is the archive: see `finews check`.", fault=fault
                )
            return articles.count(Database(copy)), versions.count(Database(copy))
    except sqlite3.DatabaseError as error:
        raise ArchiveError(
            "{parent} has no sound copy ({error}): see `finews check`, and the disk.",
            parent=draft.parent,
            error=error,
        ) from error
