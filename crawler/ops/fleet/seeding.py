"""What is known of a site, as an archive for the node that it moves to: its posts, addresses, hosts and runs.

With it nothing is asked twice, and no wait that a host has asked for is forgotten. Not here: bringing it there
(`running`), and taking it in, which the node does (`crawler.snapshots.taking_over`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.archive import Archive
from crawler.archive.merging.merge import Merge
from crawler.archive.merging.snapshots import UNFOLLOWED
from crawler.archive.store.connection import one_state
from crawler.archive.store.lock import run_lock

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database


class OfSite(NamedTuple):
    """What is taken of an archive: all that belongs to a site."""

    site: str

    def posts(self, db: Database, after: int, count: int) -> list[int]:
        """Return the rows of the next so many posts behind `after`."""
        found = db.execute(
            "SELECT id FROM posts WHERE site = ? AND id > ? ORDER BY id LIMIT ?", [self.site, after, count]
        )
        return [row for (row,) in found]

    @property
    def links(self) -> tuple[str, list[str]]:
        """The same of addresses, as an SQL condition with its values."""
        return "site = ?", [self.site]


def write_seed(archive: Path, site: str, file: Path) -> None:
    """Write what the archive knows of a site into a new archive at `file`. Raises `ArchiveError`."""
    with (
        Archive(archive) as source,
        run_lock(file) as lock,
        Archive(file, create=True, lock=lock) as seed,
        one_state(source.db),
    ):
        Merge(source.db, seed.db, OfSite(site), UNFOLLOWED).run(str(archive), dates.now(), None)
