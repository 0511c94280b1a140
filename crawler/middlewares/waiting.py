"""How long to wait, before a retry or because a host asks for it, waiting, and having others wait no longer.

Not here: what for.
"""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler.archive.ledger.hosts import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.core.downloader import Downloader
    from scrapy.http import Response

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The statuses with which a host says that it gets too many requests."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_FACTOR = 4  # each retry waits this many times longer
_LONGEST_RETRY = 60.0  # seconds
_POLL_SECONDS = 0.5  # how often to check whether the run goes on


async def rest(seconds: float, goes_on: Callable[[], bool]) -> bool:
    """Wait for this many seconds, or until the run no longer `goes_on`; return whether it still does."""
    until = time.monotonic() + seconds
    while goes_on() and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110  # Scrapy has no event for it
        await asyncio.sleep(min(left, _POLL_SECONDS))
    return goes_on()


def end_waiting(downloader: Downloader, host: str, error: Callable[[], Exception]) -> None:
    """Have requests that wait in Scrapy's queue for their turn with a host fail, each with an `error` of its own."""
    slot = downloader.slots.get(urlsplit(f"//{host}").hostname or "")
    while slot is not None and slot.queue:
        _request, waiting = slot.queue.popleft()
        waiting.errback(error())


def retry_delay(tries: int, first: float) -> float:
    """Return the seconds to wait after this many `tries`; after the first these are `first` seconds."""
    return float(min(first * _FACTOR ** (tries - 1), _LONGEST_RETRY))


def named_wait(response: Response, now: datetime) -> datetime | None:
    """Return until when a host that is too busy asks to be left alone; `None` if it is not, or names no time.

    A time in the past counts as none.
    """
    header = response.headers.get("Retry-After") if response.status in BUSY else None
    until = retry_after(header.decode("latin-1"), now) if header else None
    return until if until is not None and until > now else None


def retry_after(written: str, now: datetime) -> datetime | None:
    """Read a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); `None` if it is neither.

    Seconds may have decimals, as some servers write them. The result is timezone-aware, not before `now` and at
    most a day after.
    """
    text = written.strip()
    if _SECONDS.fullmatch(text):
        return now + timedelta(seconds=min(float(text), LONGEST_WAIT.total_seconds()))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    until = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max(until, now), now + LONGEST_WAIT)
