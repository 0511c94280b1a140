"""Wait, but keep nobody waiting who wants the run to end. Not here: for what, and how long."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BREATH = 0.5  # seconds, after which somebody who waits looks up


async def rest(seconds: float, goes_on: Callable[[], bool]) -> bool:
    """Wait so long, as long as the run `goes_on`; return whether it still does."""
    until = time.monotonic() + seconds
    while goes_on() and (left := until - time.monotonic()) > 0:  # noqa: ASYNC110  # Scrapy has no event for it
        await asyncio.sleep(min(left, _BREATH))
    return goes_on()
