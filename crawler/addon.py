"""The Scrapy add-on that gives all components access to the run, with `RunAddon.of`.

Add-ons are built before all other components. This one is loaded by the settings, so it works for `finews crawl`,
`scrapy crawl` and scrapyd alike. It begins the spider's run, and ends it when the spider is closed. Not here: the run
itself (`crawler.run`), and what the components do.
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
from crawler.captures.keeping import Keeper
from crawler.errors import UsageError
from crawler.network.proxies import set_for_scrapy
from crawler.recording.trouble import TROUBLES, trouble_with
from crawler.recording.writer import Writer
from crawler.run import Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from scrapy.statscollectors import StatsCollector

    from crawler.archive.ledger.runs import RunOutcome
    from crawler.errors import FinewsError
    from crawler.items import Scope
    from crawler.sites.definition import Site

run_ending = object()
"""A signal sent when the run is about to end: the last chance to write to the archive."""

run_ended = object()
"""A signal sent with the `report` when the run has ended and the archive is closed."""

# Scrapy's reasons for the end of a run; any other reason is a failure.
_OUTCOMES: dict[str, RunOutcome] = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
}


@runtime_checkable
class SiteSpider(Protocol):
    """A spider that has a run of a site, with a scope."""

    site: Site
    scope: Scope


class RunAddon:
    """The add-on: `run`, the `writer` of its records, and the `trouble` that made it give up, if any.

    `keeper` keeps answers as they were served, unless that is switched off.
    """

    def __init__(self, run: Run, crawler: Crawler, keeper: Keeper | None = None) -> None:
        """Provide `run` to Scrapy's components."""
        self.run = run
        self.writer = Writer(run.recorder)
        self.keeper = keeper
        self.trouble: FinewsError | None = None
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Begin a run according to the settings and the spider.

        Scrapy has already built the spider, which refuses wrong arguments, so that a wrong call never begins a run;
        neither does a wrong setting or a proxy that cannot be used, which raises `UsageError`. Foreign spiders
        (`scrapy shell`) have no run: for them this raises `NotConfigured`.
        """
        if not isinstance(crawler.spider, SiteSpider):
            raise NotConfigured
        settings, spider = crawler.settings, crawler.spider
        captures = is_on(settings, "FINEWS_CAPTURES")
        path, folder = Path(settings["FINEWS_ARCHIVE"]), settings["FINEWS_POSTS"]
        if settings.getbool("HTTPPROXY_ENABLED"):
            set_for_scrapy(getproxies(), os.environ)
        patience = timedelta(seconds=settings.getfloat("FINEWS_PATIENCE_SECONDS"))
        run = Run(path, spider.site, spider.scope, Path(folder) if folder else None, patience)
        addon = cls(run, crawler, _keeper(run, settings) if captures else None)
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
        """End the run early if an error means that nothing more can be stored, and return whether it does.

        Such errors are a full disk, or an archive that is damaged, read-only, moved or deleted.
        """
        trouble = trouble_with(self.run.archive, error)
        if trouble is not None and self.trouble is None:
            deferred_from_coro(self._crawler.engine.close_spider_async(reason="archive"))
            self.trouble = trouble
        return trouble is not None

    @contextmanager
    def giving_up(self) -> Iterator[None]:
        """Run the block; on errors of the archive give up instead of raising them."""
        try:
            yield
        except TROUBLES as error:
            if not self.give_up(error):
                raise

    def end(self, spider: Spider, reason: str) -> None:  # noqa: ARG002  # the signal's arguments
        """End the run once every record is written; if the report cannot be written, note the trouble."""
        self._crawler.signals.send_catch_log(run_ending)
        self.writer.end()
        try:
            if self.keeper is not None:
                self.keeper.end()
            report = self.run.end(_OUTCOMES.get(reason, "failed"), _traffic(self._crawler.stats))
        except TROUBLES as error:
            self.trouble = self.trouble or trouble_with(self.run.archive, error)
            if self.trouble is None:
                raise
        else:
            self._crawler.signals.send_catch_log(run_ended, report=report)

    def close(self) -> None:
        """Stop the writing process if it is still running, and close what the run has open."""
        self.writer.stop()
        self.run.close()


def is_on(settings: BaseSettings, name: str) -> bool:
    """Return whether a setting is on. Raises `UsageError` for one that is neither on nor off."""
    try:
        return settings.getbool(name)
    except ValueError as error:
        raise UsageError("{name} is {value!r}: 1 or 0 is expected.", name=name, value=settings[name]) from error


def _keeper(run: Run, settings: BaseSettings) -> Keeper:
    keeper = Keeper(run.archive.db, run.archive.path, run.site, settings["USER_AGENT"])
    keeper.take_up()
    return keeper


def _traffic(stats: StatsCollector) -> Traffic:
    """Return Scrapy's counts, which include requests for robots.txt."""
    return Traffic(
        requests=stats.get_value("finews/requests", 0),  # Scrapy's count has also those that were held back
        not_modified=stats.get_value("downloader/response_status_count/304", 0),
        retries=stats.get_value("retry/count", 0),
        bytes=stats.get_value("finews/bytes", 0),
    )
