"""Store: have every record written, and pass on what became of its address as a `Recorded`.

Not here: what is written (`crawler.recording.recorder`), in which process (`crawler.recording.writer`), and the run
(`crawler.addon`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.exceptions import DropItem

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive.store.derived import DerivedArticle
from crawler.items import Article, Fetch, Missed
from crawler.recording.recorder import Record
from crawler.recording.trouble import TROUBLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Recorded
    from crawler.recording.writer import Writer


class StoreInArchive:
    """The pipeline step that hands records to `writer`."""

    def __init__(self, writer: Writer, give_up: Callable[[BaseException], bool]) -> None:
        """Use a run's writer; `give_up` ends the run if an error means that nothing more can be written.

        It returns whether the error does.
        """
        self.writer = writer
        self._give_up = give_up

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Use the run's writer, and listen for errors of spiders and steps."""
        addon = RunAddon.of(crawler)
        step = cls(addon.writer, addon.give_up)
        crawler.signals.connect(step.note_error, signals.spider_error)
        crawler.signals.connect(step.note_error, signals.item_error)
        return step

    def open_spider(self) -> None:
        """Write the Markdown that earlier runs could not, for example because they were killed."""
        self.writer.recorder.catch_up()

    async def process_item(self, item: Any) -> Any:
        """Have a record written, and return what became of its address; pass on anything else."""
        record = DerivedArticle(item) if isinstance(item, Article) else item
        if not isinstance(record, Record):
            return item
        future = self.writer.submit(record)
        try:
            return future.result() if future.done() else await asyncio.wrap_future(future)
        except TROUBLES as error:
            if not self._give_up(error):
                raise
            raise DropItem(f"not recorded: {error}", log_level="DEBUG") from error

    def note_error(self, failure: Failure, response: Response | None) -> None:
        """Record a page as failed if reading it raised an error; Scrapy has logged the traceback."""
        if isinstance(failure.value, TROUBLES) and self._give_up(failure.value):
            return
        target = response.request.cb_kwargs.get("target") if response is not None and response.request else None
        if target is not None:
            fetch = Fetch(address=target.address, fetched_at=dates.now(), found_on=target.found_on)
            name = type(failure.value).__name__
            missed = Missed(fetch=fetch, state="failed", reason=f"error in the program: {name}")
            self.writer.submit(missed).add_done_callback(self._note_end)

    def _note_end(self, future: Future[Recorded]) -> None:
        """Give up if a record that nobody waits for could not be written; other errors are raised, and so logged."""
        try:
            future.result()
        except TROUBLES as error:
            if not self._give_up(error):
                raise
