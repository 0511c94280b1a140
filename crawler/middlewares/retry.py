"""Try again what failed for the moment, each time after a longer wait.

In place of Scrapy's own, which tries again at once and does not know of `Retry-After`. Not here: failures that last
(`crawler.middlewares.politeness`), and the next run's tries (`crawler.revisits`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import get_retry_request

from crawler import dates
from crawler.middlewares.waiting import named_wait, rest, retry_delay
from crawler.network.failures import IS_PROBE, NO_ANSWER, LastingFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_PASSING = {408, 429, 500, 502, 503, 504, 522, 524}
_MOST_WAITS = 10  # for a host that names the time itself, over and over
_JITTER = 0.25  # so that what failed together does not come back together


class RetryLater:
    """Sends requests that failed for the moment out again, up to `RETRY_TIMES` times."""

    def __init__(self, crawler: Crawler, first_delay: float, *, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Wait `first_delay` seconds before the first retry, longer before each other, while the run `goes_on`."""
        self.crawler = crawler
        self.first_delay = first_delay
        self._goes_on = goes_on

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the delay from the settings."""
        first_delay = crawler.settings.getfloat("FINEWS_RETRY_SECONDS")
        return cls(crawler, first_delay, goes_on=lambda: crawler.engine.running)

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request once more when the answer is one that passes."""
        if response.status not in _PASSING or IS_PROBE in request.meta:
            return response
        if named_wait(response, dates.now()) is not None:  # waiting as it says is politeness' business
            return self._once_more(request, f"HTTP {response.status}", most=_MOST_WAITS) or response
        return await self._later(request, f"HTTP {response.status}") or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request once more when no answer came."""
        if not isinstance(exception, NO_ANSWER) or isinstance(exception, LastingFailure) or IS_PROBE in request.meta:
            return None
        return await self._later(request, exception)

    async def _later(self, request: Request, reason: str | Exception) -> Request | None:
        again = self._once_more(request, reason)
        if again is not None:
            delay = retry_delay(again.meta["retry_times"], self.first_delay)
            delay *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret
            await rest(delay, self._goes_on)
        return again

    def _once_more(self, request: Request, reason: str | Exception, *, most: int | None = None) -> Request | None:
        assert self.crawler.spider is not None, "requests are made by a spider"
        return get_retry_request(
            request, spider=self.crawler.spider, reason=reason, max_retry_times=most, give_up_log_level="DEBUG"
        )
