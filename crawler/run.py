"""A run, and what it owns: the lock, the open archive, its number and its report.

Everything that writes to an archive for long is a run: a crawl, fetching share links, an import. A `Run` takes the
archive's lock, opens and migrates the archive, and gets its number; nothing else in its process opens the archive. It
closes what it opened, however the run ends. Not here: Scrapy, whose components get the run from `crawler.addon`, and
what is written (`crawler.recording`).
"""

from __future__ import annotations

import sqlite3
import time
import weakref
from contextlib import ExitStack
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive import Archive
from crawler.archive.ledger import hosts, runs, sites
from crawler.archive.ledger.runs import Traffic
from crawler.archive.store.connection import holds_archive, kind_of
from crawler.archive.store.lock import run_lock, writing
from crawler.errors import ArchiveError, ArchiveNotWritten, ArchiveReplaced, UsageError
from crawler.recording.recorder import Recorder

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from crawler.archive.ledger.runs import Report, RunOutcome
    from crawler.items import Scope
    from crawler.sites.definition import Site

_NO_TRAFFIC = Traffic()


class Run:
    """A run of `site`: its `id`, its open `archive`, and the `recorder` that writes its records.

    When the run has ended, `report` is what `finews crawl --json` prints.
    """

    def __init__(
        self,
        path: Path,
        site: Site,
        scope: Scope,
        posts_folder: Path | None = None,
        patience: timedelta = hosts.PATIENCE,
    ) -> None:
        """Begin a run of this `scope` in the archive at `path`, which is created if there is none.

        Markdown goes to `posts_folder`, created if needed, or nowhere if that is `None`. A host that asks for a wait
        longer than `patience` is left to a later run. Raises `ArchiveLocked` during another run, `UsageError` if the
        folder cannot be created, `ArchiveError` if the archive cannot be used or written to.
        """
        self.site, self.patience = site, patience
        self.report: Report | None = None
        self._began = time.monotonic()
        holds_archive(path)  # raises before any file is created beside something that is not an archive
        with ExitStack() as opening:
            lock = opening.enter_context(run_lock(path))
            if posts_folder is not None:
                _make(posts_folder)
            self.archive = opening.enter_context(Archive(path, create=True, lock=lock))
            self.id = _begin(self.archive, site, scope, writes_files=posts_folder is not None)
            # Called once: at the end of the run, or else at the end of the program.
            self._close = weakref.finalize(self, opening.pop_all().close)
        self.recorder = Recorder(self.archive, site, self.id, posts_folder)

    def __enter__(self) -> Self:
        """Return the run itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what the run has open."""
        self.close()

    def end(self, outcome: RunOutcome, traffic: Traffic = _NO_TRAFFIC) -> Report:
        """End the run, close what it has open, and return its report. A run that gave up on its site has failed.

        Raises `sqlite3.DatabaseError` if the report cannot be written, for example because the disk is full; the next
        run then records this one as interrupted. Raises `ArchiveReplaced` if the archive's file is gone or replaced.
        """
        db, seconds = self.archive.db, time.monotonic() - self._began
        try:
            if not self.archive.is_in_place():
                raise ArchiveReplaced(self.archive.path)
            if outcome == "finished" and any(hosts.gave_up(db, host, self.id) for host in self.site.hosts[:1]):
                outcome = "failed"
            with writing(db):
                self.report = runs.finish(
                    db,
                    self.id,
                    outcome,
                    now=dates.now(),
                    seconds=seconds,
                    traffic=traffic,
                    patience=self.patience,
                    without_file=self.recorder.unwritten,
                )
        finally:
            self.close()
        return self.report

    def close(self) -> None:
        """Close the archive and release its lock, unless that has already been done."""
        self._close()


def _begin(archive: Archive, site: Site, scope: Scope, *, writes_files: bool) -> int:
    """Begin a run and return its number; raise `ArchiveError` if nothing can be written."""
    try:
        with writing(archive.db):
            run_id = runs.begin(archive.db, site.name, dates.now(), scope, writes_files=writes_files)
            sites.note(archive.db, site, run_id)
    except sqlite3.OperationalError as error:
        if kind_of(error) == sqlite3.SQLITE_READONLY:
            raise ArchiveError(
                "{path} cannot be written to ({error}): a run needs to.", path=archive.path, error=error
            ) from error
        raise ArchiveNotWritten(archive.path, str(error)) from error
    return run_id


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            "{folder} cannot be made: {reason}; name another with --posts.", folder=folder, reason=error.strerror
        ) from error
