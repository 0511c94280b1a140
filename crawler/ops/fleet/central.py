"""What the central archive knows of a fleet's sites and of its nodes' archives. Only reads."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crawler.archive import Archive
from crawler.archive.care import archives
from crawler.archive.ledger import runs
from crawler.archive.merging import marks
from crawler.archive.store.connection import holds_archive
from crawler.ops.fleet.deciding import Central, LatestRun

if TYPE_CHECKING:
    from pathlib import Path


def central(path: Path) -> Central:
    """Return what the archive at `path` knows, which is nothing if there is none. Raises `ArchiveError`."""
    if not holds_archive(path):
        return Central("", {}, {})
    with Archive(path) as archive:
        own = archives.own_id(archive.db)
        latest = {
            site: LatestRun(made_in or own, datetime.fromisoformat(started_at))
            for site, made_in, started_at in runs.latest_by_site(archive.db)
        }
        states = {each: marks.digest(mark) for each, mark in archives.marks(archive.db).items()}
    return Central(own, latest, states)
