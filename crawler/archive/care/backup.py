"""A copy of the archive that can be trusted, taken while runs go on. Not here: restoring, a copy is an archive."""

from __future__ import annotations

import sqlite3
from contextlib import closing, nullcontext
from typing import TYPE_CHECKING, TypedDict

from crawler.archive.store.connection import holds_archive
from crawler.archive.store.lock import lock_file, run_lock
from crawler.drafts import new_draft
from crawler.errors import ArchiveError, UsageError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlite_utils import Database


class BackedUp(TypedDict):
    """A backup that was made: its size, and how many posts and versions were counted in the copy."""

    archive: str
    file: str
    bytes: int
    posts: int
    versions: int


def backup(db: Database, path: Path, file: Path) -> BackedUp:
    """Copy the archive at `path`, open as `db`, to `file` and verify the copy.

    An earlier backup at `file` is replaced, once the new one is found sound; anything else there is left alone.
    Raises `UsageError` for a file that cannot be written, `ArchiveLocked` for one that a run writes, `ArchiveError`
    for a copy that is not sound.
    """
    draft = file.with_name(f".{file.name}.tmp")
    try:
        if file.exists() and (file.samefile(path) or not _is_backup(file)):
            raise UsageError(f"{file} is there already and is no backup of an archive: name another file.")
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft = new_draft(file)
            posts, versions = _copied(db, draft)
            with _lock_of(file):
                # What was left beside an earlier backup must not be played into this one.
                for companion in ("-journal", "-wal", "-shm"):
                    file.with_name(file.name + companion).unlink(missing_ok=True)
                draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        size = file.stat().st_size
        return {"archive": str(path), "file": str(file), "bytes": size, "posts": posts, "versions": versions}
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; name another file.") from error


def _lock_of(file: Path) -> AbstractContextManager[object]:
    """Return the lock of a file that runs have written, as they do into a copy that is gone on with."""
    return run_lock(file) if lock_file(file).exists() else nullcontext()


def _is_backup(file: Path) -> bool:
    try:
        return holds_archive(file)
    except ArchiveError:
        return False


def _copied(db: Database, draft: Path) -> tuple[int, int]:
    """Copy, and return how many posts and versions are in the copy; raise `ArchiveError` if it is not sound."""
    try:
        with closing(sqlite3.connect(draft)) as copy:
            db.conn.backup(copy)  # in one go: step by step, it would begin again whenever a run writes
            # The copy is one file, without companions, so that it can be carried away.
            copy.execute("PRAGMA journal_mode = DELETE")
            faults = [fault for (fault,) in copy.execute("PRAGMA integrity_check(1)") if fault != "ok"]
            if faults:
                said = " ".join(faults[0].split())
                raise ArchiveError(f"The copy is not sound ({said}), nor is the archive: see `finews check`.")
            counted = copy.execute("SELECT (SELECT count(*) FROM posts), (SELECT count(*) FROM versions)")
            posts, versions = counted.fetchone()
            return int(posts), int(versions)
    except sqlite3.DatabaseError as error:
        raise ArchiveError(
            f"{draft.parent} has no sound copy ({error}): see `finews check`, and the disk."
        ) from error
