"""Showing a run's progress as a live line on a terminal.

The counts are read from the ledger. Not here: the log (`crawler.extensions.events`), and the report at the end.
"""

from __future__ import annotations

import logging
import sys
import time
from gettext import gettext as _
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text
from scrapy import signals
from scrapy.exceptions import NotConfigured
from twisted.internet.task import LoopingCall

from crawler.addon import RunAddon, run_ending
from crawler.archive.ledger import runs

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.run import Run

_ALWAYS_SHOWN = {"new", "changed", "unchanged", "refused"}
_SECONDS = 0.5  # between updates


class ShowProgress:
    """The extension, enabled by `FINEWS_PROGRESS`."""

    def __init__(self, run: Run, crawler: Crawler, console: Console) -> None:
        """Show the progress of `run`, carried out by `crawler`, on `console`."""
        self.run, self.crawler = run, crawler
        self.console = console
        self._live = Live(console=console, transient=True, auto_refresh=False)
        self._loop = LoopingCall(self._show)
        self._began = time.monotonic()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Observe the run if progress is wanted and there is a terminal to show it on; else raise `NotConfigured`."""
        console = Console(stderr=True)
        if not crawler.settings.getbool("FINEWS_PROGRESS") or not console.is_terminal:
            raise NotConfigured
        extension = cls(RunAddon.of(crawler).run, crawler, console)
        crawler.signals.connect(extension.begin, signals.spider_opened)
        crawler.signals.connect(extension.end, run_ending)
        return extension

    def begin(self) -> None:
        """Show the line."""
        self._live.start()
        _log_to(sys.stderr)  # which the live display has replaced, so that log lines appear above it
        self._loop.start(_SECONDS, now=False)

    def end(self) -> None:
        """Remove the line."""
        self._loop.stop()
        self._live.stop()
        _log_to(sys.stderr)

    def _show(self) -> None:
        with RunAddon.of(self.crawler).giving_up():
            self._live.update(self._line(), refresh=True)

    def _line(self) -> Text:
        db, run_id = self.run.archive.db, self.run.id
        counts = runs.tally(db, run_id)
        # Rare outcomes are shown only if there are any, so that the line fits a terminal.
        shown = [f"{counts[name]} {_(name)}" for name in counts if counts[name] or name in _ALWAYS_SHOWN]
        pages = self.crawler.stats.get_value("response_received_count", 0)
        rate = pages / max(time.monotonic() - self._began, 0.1)
        pending = runs.pending(db, run_id)
        line = _("{pages} pages, {rate:.0f}/s, {pending} pending: {counts}")
        return Text(line.format(pages=pages, rate=rate, pending=pending, counts=" · ".join(shown)), no_wrap=True)


def _log_to(stream: TextIO) -> None:
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler) and not isinstance(handler, logging.FileHandler):
            handler.setStream(stream)
