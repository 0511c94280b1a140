"""Keeping errors of the archive out of Scrapy's log: they end the run, and its error message says more.

Not here: the program's own log (`crawler.extensions.events`).
"""

from __future__ import annotations

import logging
import sqlite3
from typing import TYPE_CHECKING

from scrapy.logformatter import LogFormatter, LogFormatterResult

from crawler.archive.store.connection import is_damage

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.http import Response
    from twisted.python.failure import Failure


class QuietAboutTheArchive(LogFormatter):
    """Scrapy's log formatter, except that SQLite's errors in callbacks do not log a traceback per page."""

    def spider_error(
        self, failure: Failure, request: Request, response: Response | Failure, spider: Spider
    ) -> LogFormatterResult:
        """Log that a callback failed, at the debug level if that is the archive's fault."""
        entry = super().spider_error(failure, request, response, spider)
        error = failure.value
        is_trouble = isinstance(error, sqlite3.DatabaseError) and (
            is_damage(error) or isinstance(error, sqlite3.OperationalError)
        )
        return {**entry, "level": logging.DEBUG} if is_trouble else entry
