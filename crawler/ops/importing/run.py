"""Import posts that are kept as files: one run of its own, with its report.

Files are read by processes beside this one, and written by its recorder in their order, many in one transaction. Not
here: finding files (`folder`, `history`), reading them (`reading`) and writing them (`crawler.recording.recorder`).
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain
from threading import Event
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive.care import undoing
from crawler.archive.ledger.runs import Report
from crawler.archive.store import files
from crawler.archive.store.lock import writing
from crawler.errors import FinewsError, MarkdownNotWritten, UsageError
from crawler.items import PostFile
from crawler.ops.importing.folder import post_files
from crawler.ops.importing.history import file_versions
from crawler.ops.importing.reading import as_noted, content_hash, read_files
from crawler.ops.importing.warc import ServedPage, served_pages, warc_files
from crawler.ops.processes import end_with_parent
from crawler.recording.taking_in import ReadFile
from crawler.run import Run
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.ledger.runs import RunOutcome
    from crawler.archive.store.files import RefusedFile
    from crawler.items import UnreadFile
    from crawler.sites.definition import Site

    _File = PostFile | UnreadFile | ReadFile | ServedPage

_DEFAULT = "finews"  # the site whose files these are if nobody says which
_BATCH = 128  # files at most that are read at a time, and stored in one transaction
_BATCH_BYTES = 128 * 1024  # of their contents, after which a batch ends: what is made of them takes ten times as much
_FEW = 4  # files that are read without a process for it
_PROCESSES = 4  # at most: more read faster than one can store
_AHEAD = 1  # batches read before they are wanted: enough to keep every process busy, few enough to fit into memory


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportOptions:
    """Where to import to: the `archive`, the folder of Markdown `posts` (`None`: none), posts of which `site`.

    Without a `site`, they are of finews, and files that do not say so are refused. `history`: every version that git
    has of the files. `progress` is told how many files were taken in so far.
    """

    archive: Path
    posts: Path | None
    site: str | None = None
    history: bool = False
    progress: Callable[[int], None] = lambda _: None


class ImportReport(Report):
    """The report of an import, with the files that were refused."""

    refused: list[RefusedFile]


def import_posts(paths: Sequence[Path], options: ImportOptions) -> ImportReport:
    """Import the files at `paths` and below them and return the run's report, with a list of what was `refused`.

    Raises `UsageError` when there is nothing at a path, and what opening an archive raises. Interrupted, it keeps
    what was stored.
    """
    site = load_site(options.site or _DEFAULT)
    for path in paths:
        if not options.history and not os.path.lexists(path):
            raise UsageError(
                "{path} does not exist: give files, or folders such as a Jekyll site's _posts.", path=path
            )
    at = dates.now()
    # The archive makes sentences of what SQLite reports.
    with Run(options.archive, site, "import", options.posts) as run, run.archive:
        count = 0
        run.recorder.catch_up()
        outcome: RunOutcome = "failed"
        try:
            warcs, others = ([], paths) if options.history else warc_files(paths)
            given = file_versions(paths) if options.history else post_files(others, options.archive)
            found = chain(_without_known(given, run.archive.db, site), served_pages(warcs, site))
            with _first_interrupt_noted() as interrupted:
                for batch in _read_ahead(found, site, at, is_named=options.site is not None):
                    run.recorder.take_in(batch)
                    count += len(batch)
                    options.progress(count)
                    if interrupted.is_set():
                        raise KeyboardInterrupt
            outcome = "finished"
        except KeyboardInterrupt:
            outcome = "interrupted"
            run.recorder.catch_up()
        finally:
            with writing(run.archive.db):
                undoing.drop_unchanged(run.archive.db, run.id)
            refused = files.refused(run.archive.db, run.id)
            report = run.end(outcome)
        if run.recorder.trouble is not None:
            raise MarkdownNotWritten(run.recorder.trouble)
        return {**report, "refused": refused}


def _without_known(given: Iterable[PostFile | UnreadFile], db: Database, site: Site) -> Iterator[_File]:
    """Yield files, those that an earlier import has read with the same content as such."""
    for file in given:
        if isinstance(file, PostFile):
            path, content = as_noted(file.path), content_hash(file, site)
            known = files.post_of(db, site.name, path, file.commit, content)
            if known is not None:
                yield ReadFile(path, file.commit, content_hash=content, article_id=known)
                continue
        yield file


def _read_ahead(found: Iterator[_File], site: Site, at: datetime, *, is_named: bool) -> Iterator[list[ReadFile]]:
    """Yield what was read, batch by batch and in order; without starting processes where there is little to read."""
    batches = _batches(found)
    first = next(batches, [])
    while (following := next(batches, [])) and _is_little(first):
        yield read_files(first, site, at, is_named=is_named)
        first = following
    if not following:
        yield read_files(first, site, at, is_named=is_named)
        return
    processes = min(os.cpu_count() or 1, _PROCESSES)
    read = partial(read_files, site=site, at=at, is_named=is_named)
    context = multiprocessing.get_context("spawn")  # a copy of this process would share its open archive
    with ProcessPoolExecutor(processes, context, initializer=end_with_parent) as pool:
        with _interrupts_blocked():  # and so they stay in the processes, which the first batch starts
            pending = deque(pool.submit(read, batch) for batch in (first, following))
        while pending:
            while len(pending) < processes + _AHEAD and (batch := next(batches, [])):
                pending.append(pool.submit(read, batch))
            try:
                yield pending.popleft().result()
            except BrokenProcessPool as error:
                raise FinewsError(
                    "A process that reads files was ended, for want of memory perhaps: run again, nothing is lost."
                ) from error


def _is_little(batch: Sequence[_File]) -> bool:
    """Tell whether reading a batch takes less time than handing it to another process."""
    return sum(isinstance(file, PostFile | ServedPage) for file in batch) <= _FEW


def _batches(found: Iterator[_File]) -> Iterator[list[_File]]:
    """Yield files in batches that are neither too many nor too large."""
    batch: list[_File] = []
    size = 0
    for file in found:
        batch.append(file)
        size += _size(file)
        if len(batch) == _BATCH or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _size(file: _File) -> int:
    return len(file.content) if isinstance(file, PostFile) else file.size if isinstance(file, ServedPage) else 0


@contextmanager
def _first_interrupt_noted() -> Iterator[Event]:
    """Note the first Ctrl-C rather than stop wherever it comes, such as between a file's opening and closing.

    A second one, by someone who does not want to wait for the batch, stops there.
    """
    interrupted, before = Event(), signal.getsignal(signal.SIGINT)

    def note(*_: object) -> None:
        interrupted.set()
        signal.signal(signal.SIGINT, before)

    signal.signal(signal.SIGINT, note)
    try:
        yield interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Let Ctrl-C end the import, and not each of its processes with a traceback."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
