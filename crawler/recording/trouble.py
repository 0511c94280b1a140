"""What keeps a run from writing, as a sentence: the disk is full, the file is damaged, somebody has taken it away.

Not here: what is done then (`crawler.addon`), and files of Markdown, which a run does without.
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
"""What an error must be to be asked about."""


def trouble_with(archive: Archive, error: BaseException) -> FinewsError | None:
    """Return what is the matter with an archive that a run writes; `None` for an error of the program's own."""
    if isinstance(error, TROUBLES) and not archive.is_in_place():
        return ArchiveReplaced(archive.path)
    if isinstance(error, FinewsError):
        return error
    if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
        return ArchiveDamaged(archive.path, str(error))
    if isinstance(error, sqlite3.OperationalError | WriterLostError):
        return ArchiveNotWritten(archive.path, str(error))
    return None
