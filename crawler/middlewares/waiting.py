"""Wait: before a retry, as long as a host asks for, and no longer than the run goes on. Not here: for what."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from crawler.archive.ledger.hosts import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.http import Response

BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The answers of a host that is asked too much for the moment."""

_SECONDS = re.compile(r"[0-9]+(?:\.[0-9]*)?")
_FACTOR = 4  # each retry waits so many times longer
_LONGEST_RETRY = 60.0  # seconds
_BREATH = 0.5  # seconds, after which somebody who waits looks up


async def rest(seconds: float, goes_on: Callable[[], bool]) -> bool:
    """Wait so long, as long as the run `goes_on`; return whether it still does."""
    until = time.monotonic() + seconds
    while goes_on() and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110  # Scrapy has no event for it
        await asyncio.sleep(min(left, _BREATH))
    return goes_on()


def retry_delay(tries: int, first: float) -> float:
    """Return the seconds to wait before trying once more, after `tries` tries; `first` is what follows the first."""
    return float(min(first * _FACTOR ** (tries - 1), _LONGEST_RETRY))


def named_wait(response: Response, now: datetime) -> datetime | None:
    """Return until when a host that is too busy asks to be left alone; `None` when it is not, or asks for no wait.

    A time that is over is no wait: such a host is waited for as if it had named none.
    """
    header = response.headers.get("Retry-After") if response.status in BUSY else None
    until = retry_after(header.decode("latin-1"), now) if header else None
    return until if until is not None and until > now else None


def retry_after(written: str, now: datetime) -> datetime | None:
    """Read a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); `None` when it is neither.

    Seconds may have decimals, as some servers write them. Never before `now`, and at most a day after.
    """
    text = written.strip()
    if _SECONDS.fullmatch(text):
        return now + timedelta(seconds=min(float(text), LONGEST_WAIT.total_seconds()))
    try:
        named = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    point = named if named.tzinfo else named.replace(tzinfo=UTC)
    return min(max(point, now), now + LONGEST_WAIT)
