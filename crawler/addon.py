"""The run, for Scrapy's components: an add-on, built before all of them, which they get with `RunAddon.of`.

The settings load it, so it works for `finews crawl`, `scrapy crawl` and scrapyd alike. It begins the spider's run and
ends it when the spider is closed. Not here: the run itself (`crawler.run`), and what the components do.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.request import getproxies

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.defer import deferred_from_coro

from crawler.archive.ledger.runs import Traffic
from crawler.network.proxies import set_for_scrapy
from crawler.recording.trouble import TROUBLES, trouble_with
from crawler.recording.writer import Writer
from crawler.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from crawler.archive.ledger.runs import RunOutcome
    from crawler.errors import FinewsError
    from crawler.items import Scope
    from crawler.sites.definition import Site

run_ending = object()
"""A signal: the run is about to end. This is the last chance to write into the archive."""

run_ended = object()
"""A signal: the run has ended, with its `report`, and the archive is closed."""

# Scrapy's reasons for the end of a run; any other reason is a failure.
_OUTCOMES: dict[str, RunOutcome] = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
}


@runtime_checkable
class SiteSpider(Protocol):
    """A spider that has a run: its site, and the scope of the run."""

    site: Site
    scope: Scope


class RunAddon:
    """The add-on: `run`, the `writer` of its records, and the `trouble` that kept the archive from being written."""

    def __init__(self, run: Run, crawler: Crawler) -> None:
        """Provide `run` to Scrapy's components."""
        self.run = run
        self.writer = Writer(run.recorder)
        self.trouble: FinewsError | None = None
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Begin a run, as settings and spider say.

        Scrapy has built the spider before: by its site's definition it knows whether its arguments make sense, and a
        run that makes none never begins, nor does one by a proxy that cannot be used. Another's spider
        (`scrapy shell`) has no run.
        """
        if not isinstance(crawler.spider, SiteSpider):
            raise NotConfigured
        settings, spider = crawler.settings, crawler.spider
        path, folder = Path(settings["FINEWS_ARCHIVE"]), settings["FINEWS_POSTS"]
        if settings.getbool("HTTPPROXY_ENABLED"):
            set_for_scrapy(getproxies(), os.environ)
        patience = timedelta(seconds=settings.getfloat("FINEWS_PATIENCE_SECONDS"))
        run = Run(path, spider.site, spider.scope, Path(folder) if folder else None, patience)
        addon = cls(run, crawler)
        crawler.signals.connect(addon.end, signals.spider_closed)
        return addon

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the add-on of `crawler`; if there is none, raise `NotConfigured`, which disables the component."""
        addon = crawler.get_addon(cls)
        if addon is None:
            raise NotConfigured
        return addon

    def give_up(self, error: BaseException) -> bool:
        """End the run early if an error says that nothing more can be kept, and tell whether it does.

        The disk is full, the file is damaged or was made read-only, or somebody has taken it away.
        """
        trouble = trouble_with(self.run.archive, error)
        if trouble is not None and self.trouble is None:
            deferred_from_coro(self._crawler.engine.close_spider_async(reason="archive"))
            self.trouble = trouble
        return trouble is not None

    @contextmanager
    def giving_up(self) -> Iterator[None]:
        """Give up, rather than fail, where the archive is in trouble."""
        try:
            yield
        except TROUBLES as error:
            if not self.give_up(error):
                raise

    def end(self, spider: Spider, reason: str) -> None:  # noqa: ARG002  # the signal's arguments
        """End the run once every record is written; if there is no room for the report, there is none."""
        self._crawler.signals.send_catch_log(run_ending)
        self.writer.end()
        try:
            report = self.run.end(_OUTCOMES.get(reason, "failed"), _traffic(self._crawler.stats))
        except TROUBLES as error:
            self.trouble = self.trouble or trouble_with(self.run.archive, error)
            if self.trouble is None:
                raise
        else:
            self._crawler.signals.send_catch_log(run_ended, report=report)

    def close(self) -> None:
        """Close what the run has open, and stop the writing process if it is still there."""
        self.writer.stop()
        self.run.close()


def _traffic(stats: StatsCollector) -> Traffic:
    """Return what Scrapy counted; requests for robots.txt are included."""
    return Traffic(
        requests=stats.get_value("downloader/request_count", 0),
        not_modified=stats.get_value("downloader/response_status_count/304", 0),
        retries=stats.get_value("retry/count", 0),
        bytes=stats.get_value("finews/bytes", 0),
    )
