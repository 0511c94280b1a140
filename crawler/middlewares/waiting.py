"""Wait: before a retry, as long as a host asks for, and no longer than the run goes on. Not here: for what."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from crawler.archive.ledger.hosts import LONGEST_WAIT

if TYPE_CHECKING:
    from collections.abc import Callable

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


def retry_after(written: str, now: datetime) -> datetime | None:
    """Read a `Retry-After` header, seconds or a date (RFC 9110, 10.2.3); `None` when it is neither.

    Never before `now`, and at most a day after.
    """
    text = written.strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[:9])  # more digits than that are more than a day in any case
        return now + min(timedelta(seconds=seconds), LONGEST_WAIT)
    try:
        named = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    point = named if named.tzinfo else named.replace(tzinfo=UTC)
    return min(max(point, now), now + LONGEST_WAIT)
