"""Taking in the seed: the archive that a site brings along when it moves here from another node.

So its ledger goes on: nothing is requested twice, no wait that a host asked for is forgotten. Once taken in, the same
seed is recognised and not read again. Markdown files are not written for it. Not here: where a seed comes from.
"""

from __future__ import annotations

import glob
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive import Archive
from crawler.archive.merging import snapshots
from crawler.archive.merging.merge import Merge
from crawler.archive.store.connection import holds_archive, open_database
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveNotWritten

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from sqlite_utils import Database


def take_over(path: Path, seed: Traversable) -> None:
    """Take `seed`, an archive or a snapshot, into the archive at `path`, which is made if there is none.

    Raises `ArchiveLocked` during a run, and `ArchiveError` if either cannot be used or there is no room.
    """
    holds_archive(path)  # raises before any file is created beside something that is not an archive
    with run_lock(path) as lock, Archive(path, create=True, lock=lock) as archive:
        begins = f".{path.name}.seed-"
        for left in path.parent.glob(f"{glob.escape(begins)}*"):  # by a run that was killed
            shutil.rmtree(left, ignore_errors=True)
        try:
            with TemporaryDirectory(dir=path.parent, prefix=begins) as folder:
                copy = Path(folder) / "seed"
                with seed.open("rb") as source, copy.open("wb") as target:
                    shutil.copyfileobj(source, target)
                with closing(open_database(copy)) as db:
                    _merge(db, archive.db)
        except OSError as error:
            raise ArchiveNotWritten(path, error.strerror or str(error)) from error
        except sqlite3.OperationalError as error:
            raise ArchiveNotWritten(path, str(error)) from error


def _merge(source: Database, target: Database) -> None:
    news = snapshots.news(source, target)
    if news.is_new:
        mark = snapshots.mark_after(source, target)
        Merge(source, target, news.since, snapshots.UNFOLLOWED).run("", dates.now(), mark)
