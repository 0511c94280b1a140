"""What a person can do about an error that reading an archive raised.

Not here: which values this program never stores (`values`).
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING

from crawler.archive.care.values import ODD_VALUES_RAISE, odd_value
from crawler.archive.store.connection import is_interrupt, limit_time
from crawler.errors import ArchiveError, NotAsExpected, TookTooLong
from crawler.language import Sentence

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database

# By the beginning of the name of SQLite's result code: https://www.sqlite.org/rescode.html
_REMEDIES = {
    "SQLITE_BUSY": Sentence("try again when the other program has let go of it"),
    "SQLITE_LOCKED": Sentence("try again when the other program has let go of it"),
    "SQLITE_READONLY": Sentence("see that the file and its folder may be written to"),
    "SQLITE_CANTOPEN": Sentence("see that the file and its folder may be written to"),
    "SQLITE_FULL": Sentence("make room on the disk"),
    "SQLITE_IOERR": Sentence("see to the disk, it may be full or damaged"),
    "SQLITE_CORRUPT": Sentence("`finews check` says what is damaged, a backup brings it back"),
    "SQLITE_NOTADB": Sentence("`finews check` says what is damaged, a backup brings it back"),
}


def explain(error: BaseException | None, db: Database, path: Path, time_limit: float | None) -> ArchiveError | None:
    """Return a sentence for an error that the archive at `path` has caused, open as `db`; `None` for any other."""
    if time_limit is not None and is_interrupt(error):
        return TookTooLong(path, time_limit)
    if isinstance(error, ODD_VALUES_RAISE):
        with suppress(sqlite3.ProgrammingError):  # closed already
            limit_time(db, None)
        odd = odd_value(db)
        return None if odd is None else NotAsExpected(odd)
    remedy = _remedy_for(error) if isinstance(error, sqlite3.DatabaseError) else None
    return (
        None
        if remedy is None
        else ArchiveError("{path} cannot be used ({error}); {remedy}.", path=path, error=error, remedy=remedy)
    )


def _remedy_for(error: sqlite3.DatabaseError) -> str | None:
    """Return what a person can do about an error of SQLite's; `None` if the error is the statement's fault."""
    name = getattr(error, "sqlite_errorname", "")
    return next((remedy for begins, remedy in _REMEDIES.items() if name.startswith(begins)), None)
