"""Retrying what failed temporarily, each time after a longer wait.

This replaces Scrapy's own retries, which are immediate and ignore `Retry-After`. Not here: lasting failures
(`crawler.middlewares.politeness`), and attempts by later runs (`crawler.revisits`).
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy.downloadermiddlewares.retry import get_retry_request

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive.ledger import hosts
from crawler.middlewares.waiting import named_wait, rest, retry_delay
from crawler.network.failures import IS_PROBE, NO_ANSWER, LastingFailure

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_TEMPORARY = {408, 429, 500, 502, 503, 504, 522, 524}
_MOST_WAITS = 10  # for a host that names a time to wait, over and over
_JITTER = 0.25  # so that requests that failed together are not retried together


class RetryLater:
    """Resends requests that failed temporarily, up to `RETRY_TIMES` times, unless their host is given up."""

    def __init__(
        self,
        crawler: Crawler,
        first_delay: float,
        *,
        goes_on: Callable[[], bool] = lambda: True,
        is_given_up: Callable[[str], bool] = lambda _: False,
    ) -> None:
        """Wait `first_delay` seconds before the first retry, and longer before each further one, while `goes_on`.

        `is_given_up` returns whether the run is done with a host.
        """
        self.crawler = crawler
        self.first_delay = first_delay
        self._goes_on = goes_on
        self._is_given_up = is_given_up

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the delay from the settings, and ask the run's archive about hosts."""
        first_delay, run = crawler.settings.getfloat("FINEWS_RETRY_SECONDS"), RunAddon.of(crawler).run
        return cls(
            crawler,
            first_delay,
            goes_on=lambda: crawler.engine.running,
            is_given_up=lambda host: hosts.gave_up(run.archive.db, host, run.id),
        )

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request again if the answer is a temporary failure."""
        if response.status not in _TEMPORARY or IS_PROBE in request.meta:
            return response
        if named_wait(response, dates.now()) is not None:  # the politeness middleware does that wait
            return self._once_more(request, f"HTTP {response.status}", most=_MOST_WAITS) or response
        return await self._later(request, f"HTTP {response.status}") or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request again if no answer came."""
        if not isinstance(exception, NO_ANSWER) or isinstance(exception, LastingFailure) or IS_PROBE in request.meta:
            return None
        return await self._later(request, exception)

    async def _later(self, request: Request, reason: str | Exception) -> Request | None:
        host = urlsplit(request.url).netloc
        again = None if self._is_given_up(host) else self._once_more(request, reason)
        if again is not None:
            delay = retry_delay(again.meta["retry_times"], self.first_delay)
            delay *= random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  # no secret
            await rest(delay, lambda: self._goes_on() and not self._is_given_up(host))
        return again

    def _once_more(self, request: Request, reason: str | Exception, *, most: int | None = None) -> Request | None:
        assert self.crawler.spider is not None, "requests are made by a spider"
        return get_retry_request(
            request, spider=self.crawler.spider, reason=reason, max_retry_times=most, give_up_log_level="DEBUG"
        )
