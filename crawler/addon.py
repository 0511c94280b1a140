"""The run as Scrapy's parts have it: an add-on, built before all of them, which they ask for with `RunAddon.of`.

By way of the settings it is there for `finews crawl`, `scrapy crawl` and scrapyd alike. It begins the run that the
spider is for, and ends it when the spider is closed. Not here: the run (`crawler.run`), and what its parts do.
"""

from __future__ import annotations

import os
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable
from urllib.request import getproxies

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.defer import deferred_from_coro

from crawler.archive.ledger.runs import Traffic
from crawler.proxies import set_for_scrapy
from crawler.recording.writer import Writer
from crawler.run import Run

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

    from crawler.archive.ledger.runs import RunOutcome
    from crawler.items import Scope
    from crawler.sites.definition import Site

run_ending = object()
"""A signal: the run is about to end; whoever has something to write into the archive does so now."""

run_ended = object()
"""A signal: the run has ended, with its `report`, and the archive is closed."""

# How Scrapy says why a run ended; anything else is a failure.
_OUTCOMES: dict[str, RunOutcome] = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
}


@runtime_checkable
class SiteSpider(Protocol):
    """A spider that a run is for: of which site, and about what."""

    site: Site
    scope: Scope


class RunAddon:
    """The add-on: `run`, the `writer` of its records, and the `trouble` that kept the archive from being written."""

    def __init__(self, run: Run, crawler: Crawler) -> None:
        """Have Scrapy's parts take part in `run`."""
        self.run = run
        self.writer = Writer(run.recorder)
        self.trouble: str | None = None
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
        """Return the run `crawler` is for; if there is none, raise `NotConfigured`, which switches a part off."""
        addon = crawler.get_addon(cls)
        if addon is None:
            raise NotConfigured
        return addon

    def give_up(self, trouble: str) -> None:
        """End the run early: after a full disk, or a file made read-only, nothing more can be kept."""
        if self.trouble is None:
            deferred_from_coro(self._crawler.engine.close_spider_async(reason="archive"))
        self.trouble = trouble

    def end(self, spider: Spider, reason: str) -> None:  # noqa: ARG002  # the signal's arguments
        """End the run once all that was brought is written; without room for its report there is none."""
        self._crawler.signals.send_catch_log(run_ending)
        self.writer.end()
        try:
            report = self.run.end(_OUTCOMES.get(reason, "failed"), _traffic(self._crawler.stats))
        except sqlite3.OperationalError as error:
            self.trouble = str(error)
        else:
            self._crawler.signals.send_catch_log(run_ended, report=report)

    def close(self) -> None:
        """Close what the run has open, and end whatever writes for it, if it has not come to its end."""
        self.writer.stop()
        self.run.close()


def _traffic(stats: StatsCollector) -> Traffic:
    """Read what Scrapy counted; robots.txt is among the requests."""
    return Traffic(
        requests=stats.get_value("downloader/request_count", 0),
        not_modified=stats.get_value("downloader/response_status_count/304", 0),
        retries=stats.get_value("retry/count", 0),
        bytes=stats.get_value("finews/bytes", 0),
    )
