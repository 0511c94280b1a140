"""Logging a run: one line per event with the number of the run, for people or as JSON.

Events go to Python's logging, so `scrapy crawl` and scrapyd have them in their own logs; with `FINEWS_LOG_FORMAT`
they are written to standard error in the program's own format. Not here: the live line on a terminal, and the report.
"""

from __future__ import annotations

import json
import logging
import time
from typing import TYPE_CHECKING, Any

from scrapy import signals

from crawler.addon import RunAddon, run_ended
from crawler.items import Recorded
from crawler.text.words import counted

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from crawler.archive.ledger.runs import Report

_log = logging.getLogger(__name__)
_OURS = __name__.partition(".")[0]
_TROUBLE = {"refused", "failed"}


class LogEvents:
    """The extension; `form` is `text`, `json`, or "" to use whatever logging is already set up."""

    def __init__(self, site: str, run_id: int, form: str) -> None:
        """Log run `run_id` of `site`."""
        self.site, self.run_id, self.form = site, run_id, form
        self._handler: logging.Handler | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the format from the settings, and observe the run."""
        run = RunAddon.of(crawler).run
        extension = cls(run.site.name, run.id, crawler.settings["FINEWS_LOG_FORMAT"])
        crawler.signals.connect(extension.begin, signals.spider_opened)
        crawler.signals.connect(extension.note, signals.item_scraped)
        crawler.signals.connect(extension.end, run_ended)
        return extension

    def begin(self, spider: Spider) -> None:
        """Start logging."""
        if self.form:
            self._handler = line_handler(self.form, self.run_id)
            logging.getLogger().addHandler(self._handler)
            logging.getLogger(_OURS).setLevel(logging.INFO)
        self._emit(logging.INFO, f"run of {self.site} begins", event="begin", site=self.site, spider=spider.name)

    def note(self, item: Any) -> None:
        """Log what became of an address."""
        if not isinstance(item, Recorded):
            return
        kind, url = item.address.kind, item.address.url
        # The result of a request made on behalf of a post shows in the outcome of that post.
        is_elsewhere = kind in {"share", "expired"} and item.outcome is None
        level = logging.WARNING if item.fetch_outcome in _TROUBLE and not is_elsewhere else logging.INFO
        if item.fetch_outcome == "unchanged" and kind == "post":  # most of a full run
            level = logging.DEBUG
        reason = f": {item.reason}" if item.reason else ""
        fields = {"kind": kind, "url": url, "outcome": item.fetch_outcome, "reason": item.reason}
        self._emit(level, f"{item.fetch_outcome} {url}{reason}", event="address", **fields)

    def end(self, report: Report) -> None:
        """Log how the run ended, and stop logging."""
        counts = ", ".join(f"{count} {outcome}" for outcome, count in report["posts"].items() if count)
        message = f"run {report['outcome']}, {counted(report['requests'], 'request')}: {counts or 'nothing new'}"
        self._emit(logging.INFO, message, event="end", report=report)
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)

    def _emit(self, level: int, message: str, **fields: Any) -> None:
        _log.log(level, message, extra={"fields": {"run": self.run_id, **fields}})


class _Line(logging.Formatter):
    """Formats lines for people: time in UTC, level, run, message."""

    def __init__(self, run_id: int) -> None:
        super().__init__()
        self.run_id = run_id

    def format(self, record: logging.LogRecord) -> str:
        message = " | ".join(_message(self, record).splitlines())
        return f"{_moment(record)} {record.levelname} run={self.run_id} {message}"


class _Json(_Line):
    """Formats JSON lines: the same, and the fields of an event."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {"at": _moment(record), "level": record.levelname, "run": self.run_id, "event": "log"}
        fields |= getattr(record, "fields", {})
        return json.dumps({**fields, "message": _message(self, record)}, ensure_ascii=False)


def line_handler(form: str, run_id: int) -> logging.Handler:
    """Return a handler that writes the program's events, and warnings of others, to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Json(run_id) if form == "json" else _Line(run_id))
    handler.addFilter(lambda record: record.name.startswith(_OURS) or record.levelno >= logging.WARNING)
    return handler


def _moment(record: logging.LogRecord) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))


def _message(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """Return a record's message, with its traceback if it has one."""
    message = record.getMessage()
    return f"{message}\n{formatter.formatException(record.exc_info)}" if record.exc_info else message
