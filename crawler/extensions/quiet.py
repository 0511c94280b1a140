"""How Scrapy logs what goes wrong, but for errors of the archive: they end the run, whose sentence says more.

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
    """The formatter: an error of SQLite's in a callback is no traceback a page."""

    def spider_error(
        self, failure: Failure, request: Request, response: Response | Failure, spider: Spider
    ) -> LogFormatterResult:
        """Say that a callback failed, in a whisper if it is the archive that did."""
        said = super().spider_error(failure, request, response, spider)
        error = failure.value
        is_trouble = isinstance(error, sqlite3.DatabaseError) and (
            is_damage(error) or isinstance(error, sqlite3.OperationalError)
        )
        return {**said, "level": logging.DEBUG} if is_trouble else said
