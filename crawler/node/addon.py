"""The Scrapy add-on for archives that are collected: it takes in a seed before a run, and makes a snapshot after it.

It works in scrapyd and wherever else its settings are given, and does nothing without them. A snapshot that cannot be
made is told at the end of the run; the next one makes up for it. Not here: what is in a snapshot
(`crawler.snapshots`), and who collects it.
"""

from __future__ import annotations

import logging
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import NotConfigured
from scrapy.signals import spider_opened

from crawler.addon import RunAddon, SiteSpider, is_on, run_ended
from crawler.errors import ArchiveLocked, FinewsError, UsageError
from crawler.node.wanted import goes_to_items, making_of
from crawler.snapshots.making import begin, make
from crawler.snapshots.taking_over import take_over

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from crawler.snapshots.making import Making

_log = logging.getLogger(__name__)


class NodeAddon:
    """The add-on; `trouble` is why no snapshot could be made, if that is so."""

    def __init__(self, crawler: Crawler, archive: Path, making: Making | None) -> None:
        """Make snapshots of the archive as `making` says, or none."""
        self.trouble: FinewsError | None = None
        self.making = making
        self._archive = archive
        if making is not None:
            crawler.signals.connect(self.begin, spider_opened)
            crawler.signals.connect(self.make, run_ended)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the settings, and take in the seed. Raises `FinewsError` if either cannot be done."""
        settings, archive = crawler.settings, Path(crawler.settings["FINEWS_ARCHIVE"])
        making, is_seeded = making_of(settings), is_on(settings, "FINEWS_SEED")
        if making is None and not is_seeded:
            raise NotConfigured
        if is_seeded and isinstance(crawler.spider, SiteSpider):
            take_over(archive, _seed())
        return cls(crawler, archive, making)

    def update_settings(self, settings: BaseSettings) -> None:
        """Write no feed beside the snapshots, into the folder that scrapyd hands out."""
        if goes_to_items(settings):
            settings.set("FEEDS", {}, priority="cmdline")  # scrapyd gives it as an argument of its command

    def begin(self, spider: Spider) -> None:
        """Say that a run begins here."""
        assert self.making is not None, "this is called only if there is one"
        if isinstance(spider, SiteSpider):
            with self._telling():
                begin(RunAddon.of(spider.crawler).run.archive, self.making.folder)

    def make(self, **_report: Any) -> None:
        """Make a snapshot; if another run has begun meanwhile, that one will."""
        assert self.making is not None, "this is called at the end of a run only if there is one"
        with self._telling():
            try:
                make(self._archive, self.making)
            except ArchiveLocked:
                _log.info("no snapshot is made here, as another run has begun")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except FinewsError as error:
            self.trouble = error
            _log.error("%s", error)


def _seed() -> Traversable:
    seed = files("crawler").joinpath("seed", "archive.db")
    if not seed.is_file():
        raise UsageError(
            "FINEWS_SEED is 1, and the program was deployed without {seed}: deploy it with one, or leave that out.",
            seed="crawler/seed/archive.db",
        )
    return seed
