"""The names of posts' files, of which no two are one on any file system.

`2022-04-20-NW202204202350104915.md`; an id that folds as one stored before it does is marked. So a name never
changes for another post's sake, and the same archive gives the same names. Not here: the mark
(`crawler.text.file_names`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archive.store import articles
from crawler.errors import NotAsExpected
from crawler.markdown.post_file import file_name
from crawler.text.file_names import is_marked, is_plain, marked

if TYPE_CHECKING:
    from sqlite_utils import Database


class FileNames:
    """The names for the posts of the archive that is open as `db`."""

    def __init__(self, db: Database) -> None:
        """Make room for the ids, and read none yet."""
        articles.make_room_for_ids(db)
        self._db = db
        self._last = 0  # row whose id is known

    def of(self, published_at: str, post_id: str) -> str:
        """Return the name of a stored post's file; `published_at` is ISO 8601.

        Raises `NotAsExpected` for an id that leads out of the folder: somebody has put it into the archive.
        """
        if not is_plain(post_id):
            raise NotAsExpected(f"the id {post_id!r} is no file's name")
        self._last = articles.note_first_ids(self._db, self._last)
        first = articles.first_alike(self._db, post_id)
        is_apart = first in {None, post_id} and not is_marked(post_id)
        return file_name(published_at, post_id if is_apart else marked(post_id))
