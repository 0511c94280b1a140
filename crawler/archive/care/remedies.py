"""What a person can do about SQLite's errors. Not here: values that another program has changed (`values`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

# By the beginning of the name of SQLite's result code: https://www.sqlite.org/rescode.html
_REMEDIES = {
    "SQLITE_BUSY": "try again when the other program has let go of it",
    "SQLITE_LOCKED": "try again when the other program has let go of it",
    "SQLITE_READONLY": "see that the file and its folder may be written to",
    "SQLITE_CANTOPEN": "see that the file and its folder may be written to",
    "SQLITE_FULL": "make room on the disk",
    "SQLITE_IOERR": "see to the disk, it may be full or damaged",
    "SQLITE_CORRUPT": "`finews check` says what is damaged, a backup brings it back",
    "SQLITE_NOTADB": "`finews check` says what is damaged, a backup brings it back",
}


def remedy_for(error: sqlite3.DatabaseError) -> str | None:
    """Return what a person can do about an error of SQLite's; `None` if the error is the statement's fault."""
    name = getattr(error, "sqlite_errorname", "")
    return next((remedy for begins, remedy in _REMEDIES.items() if name.startswith(begins)), None)
