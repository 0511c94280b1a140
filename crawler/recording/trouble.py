"""Why a run cannot write its archive, as an error for people: a full disk, or a damaged, moved or removed file.

Not here: what follows from that (`crawler.addon`), and Markdown files, without which a run goes on.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from crawler.archive.store.connection import is_damage
from crawler.errors import ArchiveDamaged, ArchiveNotWritten, ArchiveReplaced, FinewsError
from crawler.recording.writer import WriterLostError

if TYPE_CHECKING:
    from crawler.archive import Archive

TROUBLES = (FinewsError, sqlite3.DatabaseError, WriterLostError)
"""The types of errors that `trouble_with` can explain."""


def trouble_with(archive: Archive, error: BaseException) -> FinewsError | None:
    """Return the user's error behind an `error` met while writing the archive; `None` if it is a bug."""
    if isinstance(error, TROUBLES) and not archive.is_in_place():
        return ArchiveReplaced(archive.path)
    if isinstance(error, FinewsError):
        return error
    if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
        return ArchiveDamaged(archive.path, str(error))
    if isinstance(error, sqlite3.OperationalError | WriterLostError):
        return ArchiveNotWritten(archive.path, str(error))
    return None
