"""Errors that keep a spider from starting, logged as sentences. Not here: the errors (`crawler.errors`)."""

from __future__ import annotations

import logging

from crawler.errors import FinewsError


class _SentencesOnly(logging.Filter):
    """Reduces the log record of a `FinewsError` to its sentence, without the traceback around it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FinewsError):
            record.msg, record.args, record.exc_info = str(error), (), None
        return True


_sentences_only = _SentencesOnly()


def log_as_sentences() -> None:
    """Have errors that keep a spider from starting logged as sentences, where Scrapy leaves them to asyncio."""
    logging.getLogger("asyncio").addFilter(_sentences_only)  # the same filter is added once only
