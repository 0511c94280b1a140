"""Archive: hand every record to the writer, and end the run with its report.

It holds the archive's lock from the first item to the last. Not here: what is written
(`crawler.pipelines.archivist`), and in which process (`crawler.pipelines.writer`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DropItem
from scrapy.utils.defer import deferred_from_coro

from crawler import dates
from crawler.archive import Archive
from crawler.archive.lock import run_lock
from crawler.archive.prepared import Prepared
from crawler.archive.runs import RunOutcome, Traffic
from crawler.errors import UsageError
from crawler.items import Article, Fetch, Missed
from crawler.pipelines.archivist import Archivist, Record
from crawler.pipelines.writer import Writer, WriterLostError
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector
    from twisted.python.failure import Failure

    from crawler.items import Archived

# How Scrapy says why a run ended; anything else is a failure.
_OUTCOMES: dict[str, RunOutcome] = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
}


class StoreInArchive:
    """The step, and the run it belongs to.

    `report` is the run's report once it has ended; `trouble` what kept the archive from being written, if anything
    did.
    """

    def __init__(self, path: str, site: str, folder: str, *, stop: Callable[[], None] = lambda: None) -> None:
        """Take the lock of the archive at `path` and begin a run of `site`, a name or a file.

        Markdown goes into `folder`, "" for nowhere; `stop` is called to end the run early.
        """
        self.report: dict[str, Any] | None = None
        self.trouble: str | None = None
        self._stop = stop
        self._began = time.monotonic()
        with ExitStack() as opening:
            opening.enter_context(run_lock(Path(path)))
            self.archive = opening.enter_context(Archive(path, create=True))
            archivist = Archivist.of_new_run(self.archive, load_site(site), Path(folder) if folder else None)
            self.writer = Writer(archivist)
            self._open = opening.pop_all()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read archive, site and folder from the settings, and listen for errors and for the end."""

        def stop() -> None:
            deferred_from_coro(crawler.engine.close_spider_async(reason="archive"))

        settings = crawler.settings
        _make(settings["FINEWS_POSTS"])
        step = cls(settings["FINEWS_ARCHIVE"], settings["FINEWS_SITE"], settings["FINEWS_POSTS"], stop=stop)

        def end(spider: Spider, reason: str) -> None:  # noqa: ARG001  # the signal's arguments
            step.end(_OUTCOMES.get(reason, "failed"), _traffic(crawler.stats))

        crawler.signals.connect(end, signals.spider_closed, weak=False)
        crawler.signals.connect(step.note_error, signals.spider_error)
        crawler.signals.connect(step.note_error, signals.item_error)
        return step

    def open_spider(self) -> None:
        """Write the Markdown that a run which was killed has not."""
        self.writer.archivist.catch_up()

    async def process_item(self, item: Any) -> Any:
        """Have a record written and hand on what became of its address."""
        record = Prepared(item) if isinstance(item, Article) else item
        if not isinstance(record, Record):
            return item
        ended = self.writer.submit(record)
        try:
            return ended.result() if ended.done() else await asyncio.wrap_future(ended)
        except (sqlite3.OperationalError, WriterLostError) as error:
            self._give_up(str(error))
            raise DropItem(f"not archived: {error}", log_level="DEBUG") from error

    def note_error(self, failure: Failure, response: Response | None) -> None:
        """Count a page the program itself stumbled over as failed; Scrapy has logged the traceback.

        A spider that could not write to the archive when it set out has no page to show, and its trouble is ours.
        """
        if isinstance(failure.value, sqlite3.OperationalError):
            self._give_up(str(failure.value))
        asked = response.request.cb_kwargs.get("asked") if response is not None and response.request else None
        if asked is not None:
            fetch = Fetch(address=asked.address, fetched_at=dates.now(), found_on=asked.found_on)
            name = type(failure.value).__name__
            missed = Missed(fetch=fetch, state="failed", reason=f"error in the program: {name}")
            self.writer.submit(missed).add_done_callback(self._note_end)

    def end(self, outcome: RunOutcome, traffic: Traffic) -> None:
        """End the run, keep its report, close the archive and let go of the lock.

        Without room for the report there is none; the next run puts this one down as interrupted.
        """
        seconds = time.monotonic() - self._began
        with self._open:
            try:
                self.report = self.writer.end(outcome, seconds, traffic)
            except sqlite3.OperationalError as error:
                self.trouble = str(error)

    def _note_end(self, ended: Future[Archived]) -> None:
        """Note why a record that nobody waits for could not be written; what is no trouble of the disk is logged."""
        try:
            ended.result()
        except (sqlite3.OperationalError, WriterLostError) as error:
            self._give_up(str(error))

    def _give_up(self, trouble: str) -> None:
        """End the run: after a full disk, or a file made read-only, nothing more can be kept."""
        if self.trouble is None:
            self._stop()
        self.trouble = trouble


def _make(folder: str) -> None:
    try:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror}; name another with --posts.") from error


def _traffic(stats: StatsCollector) -> Traffic:
    """Read what Scrapy counted; robots.txt is among the requests."""
    return Traffic(
        requests=stats.get_value("downloader/request_count", 0),
        not_modified=stats.get_value("downloader/response_status_count/304", 0),
        retries=stats.get_value("retry/count", 0),
        bytes=stats.get_value("downloader/response_bytes", 0),
    )
