"""Politeness to each host: wait as long as it asks, keep its crawl delay and daily budget, give up when it is down.

`Retry-After` (on 429 and 503) and failures are stored in the archive for the next run. Not here: robots.txt
(`crawler.middlewares.robots`), retries (`crawler.middlewares.retry`), and the pace for a host that answers well,
which is the business of Scrapy's AutoThrottle.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler import dates
from crawler.addon import RunAddon, run_ending
from crawler.archive.ledger import hosts
from crawler.middlewares.waiting import BUSY, end_waiting, named_wait, rest
from crawler.network.failures import IS_PROBE, NO_ANSWER, NOTHING_USABLE, is_without_contact, words_for
from crawler.network.not_requested import NotRequested, Postponed, RunEnds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from sqlite_utils import Database

    from crawler.archive.ledger.hosts import Host

_ONE_AT_A_TIME = 0.5  # seconds between two requests to a host that has been too busy
_NO_SIGN_OF_LIFE: tuple[type[Exception], ...] = (*NOTHING_USABLE, NotRequested)
_COUNTED_BY = 100  # requests after which their number is stored again

_log = logging.getLogger(__name__)


class BePolite:
    """Delays requests for as long as their host asks, and stops them when it is down or its budget is spent."""

    def __init__(
        self,
        db: Database,
        run_id: int,
        download: Callable[[Request], Awaitable[Response]],
        *,
        budget: int = 0,
        patience: timedelta = hosts.PATIENCE,
        give_up_after: int = 10,
        first_contact: float = 2.0,
        goes_on: Callable[[], bool] = lambda: True,
        end_waiting: Callable[[str, Callable[[], Exception]], None] = lambda *_: None,
    ) -> None:
        """Store what is learnt about hosts in the archive open as `db`.

        Each host gets at most `budget` requests a day, 0 for no limit. The longest wait that is accepted is
        `patience`. A host is given up after `give_up_after` failures in a row, unless an address it answered before
        is answered again; `download` makes that request. As long as nothing at all has answered in this run, two
        tries are enough, or one after `first_contact` seconds, or after another host was given up so. `goes_on`
        returns whether the run is to continue, and `end_waiting` has the requests fail that still wait for their turn
        with a host that is given up.
        """
        self.db, self.run_id = db, run_id
        self.budget, self.patience, self.give_up_after = budget, patience, give_up_after
        self.first_contact = first_contact
        self._download = download
        self._goes_on = goes_on
        self._end_waiting = end_waiting
        self._hosts: dict[str, Host] = {}
        self._free_at: dict[str, float] = {}  # by the monotonic clock
        self._busy: set[str] = set()  # hosts that said they were too busy, and have not answered well since
        self._answered: dict[str, str] = {}  # the address that each host last answered well
        self._any_contact = False  # whether anything has answered in this run, well or not
        self._first_asked_at: float | None = None  # when anything was first asked, by the monotonic clock
        self._any_silent = False  # whether a host was given up without ever having answered

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the limits from the settings, and use the run's archive."""

        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        def end_waiting_for(host: str, error: Callable[[], Exception]) -> None:
            end_waiting(crawler.engine.downloader, host, error)

        run = RunAddon.of(crawler).run
        middleware = cls(
            run.archive.db,
            run.id,
            download,
            budget=crawler.settings.getint("FINEWS_REQUESTS_A_DAY"),
            patience=run.patience,
            give_up_after=crawler.settings.getint("FINEWS_GIVE_UP_AFTER"),
            goes_on=lambda: crawler.engine.running,
            end_waiting=end_waiting_for,
        )
        crawler.signals.connect(middleware.note_requests, run_ending)
        return middleware

    def note_requests(self) -> None:
        """Store the number of requests to each host."""
        try:
            for host in self._hosts.values():
                hosts.note(self.db, host.host, day=host.day, requests=host.requests)
        except sqlite3.DatabaseError as error:  # for example a full disk, which the end of the run reports in full
            _log.warning("how often each host was asked could not be written down (%s)", error)

    async def process_request(self, request: Request) -> None:
        """Wait until the host may be asked; raise `Postponed` if that will not be in this run."""
        host = self._host(request)
        self._check(host)
        while pause := self._pause(host, request.meta.get("crawl_delay", 0.0)):
            await self._rest(pause, host)
            self._check(host)
        if self._first_asked_at is None:
            self._first_asked_at = time.monotonic()
        self._count(host)

    async def process_response(self, request: Request, response: Response) -> Response:
        """Learn from an answer whether the host is busy, failing or fine."""
        host, self._any_contact = self._host(request), True
        until = named_wait(response, dates.now())
        if until is not None:
            await self._leave_alone(host, request, response, until)
        elif _is_trouble(response.status):
            if response.status in BUSY:
                self._busy.add(host.host)
            await self._fail(host, request, f"HTTP {response.status}")
        else:
            self._answered[host.host] = request.url
            self._forgive(host)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Count a failure if the host did not answer; errors unrelated to the network are ignored."""
        if not isinstance(exception, NO_ANSWER):
            return
        host, self._any_contact = self._host(request), self._any_contact or not is_without_contact(exception)
        await self._fail(host, request, words_for(exception))
        if not self._any_contact and self._is_enough(request):  # there may be no network at all
            self._any_silent = True
            self._give_up(host)

    def _host(self, request: Request) -> Host:
        name = urlsplit(request.url).netloc
        if name not in self._hosts:
            self._hosts[name] = hosts.known(self.db, name)
        return self._hosts[name]

    def _check(self, host: Host) -> None:
        """Raise `Postponed` if the run is done with a host."""
        now = dates.now()
        if self._is_given_up(host):
            raise _given_up(host)
        if host.wait_left(now) > self.patience:
            raise Postponed(f"{host.host} {host.wait_in_words()}")
        if self.budget and host.day == hosts.day_of(now) and host.requests >= self.budget:
            self._wait(host, hosts.next_day(now), f"has been asked {self.budget} times today")
            raise Postponed(f"{host.host} {host.wait_in_words()}")

    def _pause(self, host: Host, delay: float) -> float:
        """Return the seconds to wait before trying again; 0 lets this request go, and reserves its slot.

        Observes the wait that the host asked for, and `delay` seconds since the request before. A host that was too
        busy gets one request at a time until it answers well again.
        """
        if left := host.wait_left(dates.now()).total_seconds():
            return left
        delay = max(delay, _ONE_AT_A_TIME if host.host in self._busy else 0.0)
        now = time.monotonic()
        if delay and (left := self._free_at.get(host.host, now) - now) > 0:
            return left
        self._free_at[host.host] = now + delay
        return 0.0

    async def _rest(self, seconds: float, host: Host) -> None:
        """Wait, but not for a host that is given up meanwhile; raise `RunEnds` if the run ends."""
        await rest(seconds, lambda: self._goes_on() and not self._is_given_up(host))
        if not self._goes_on():
            raise RunEnds

    def _is_given_up(self, host: Host) -> bool:
        return host.given_up_run_id == self.run_id

    def _count(self, host: Host) -> None:
        today = hosts.day_of(dates.now())
        host.requests = host.requests + 1 if host.day == today else 1
        host.day = today
        if host.requests % _COUNTED_BY == 0:  # so that requests of a killed run count too
            hosts.note(self.db, host.host, day=host.day, requests=host.requests)

    async def _leave_alone(self, host: Host, request: Request, response: Response, until: datetime) -> None:
        """Observe the wait that a host asks for, and count a failure unless the wait is too long for this run anyway.

        Further such answers, to requests sent before the host asked, are not counted.
        """
        now, is_news = dates.now(), host.host not in self._busy or not host.wait_left(dates.now())
        self._busy.add(host.host)
        if until - now > host.wait_left(now):
            self._wait(host, until, is_news=is_news)
        if is_news and until - now <= self.patience:
            await self._fail(host, request, f"HTTP {response.status}")

    def _wait(self, host: Host, until: datetime, reason: str | None = None, *, is_news: bool = True) -> None:
        # Rounded up to full seconds.
        host.wait_until, host.wait_reason = dates.iso(until + timedelta(seconds=bool(until.microsecond))), reason
        hosts.note(self.db, host.host, wait_until=host.wait_until, wait_reason=reason)
        if is_news:
            _log.warning("%s %s", host.host, host.wait_in_words())

    def _forgive(self, host: Host) -> None:
        self._busy.discard(host.host)
        if host.failures and not self._is_given_up(host):  # else the run's end reports why it was given up
            host.failures = 0
            hosts.note(self.db, host.host, failures=0, failure=None)

    async def _fail(self, host: Host, request: Request, failure: str) -> None:
        """Count a failure; after too many in a row, test whether the host answers at all, and give up if not."""
        if IS_PROBE in request.meta:
            return
        host.failures, host.failure = host.failures + 1, failure
        hosts.note(self.db, host.host, failures=host.failures, failure=failure)
        if host.failures < self.give_up_after or self._is_given_up(host):
            return
        if await self._is_there(host):
            self._forgive(host)  # only certain addresses fail
        elif not self._is_given_up(host):
            self._give_up(host)
            _log.warning("%s is given up after %s failures in a row (%s)", host.host, host.failures, failure)

    def _give_up(self, host: Host) -> None:
        host.given_up_run_id = self.run_id
        hosts.note(self.db, host.host, given_up_run_id=self.run_id)
        self._end_waiting(host.host, lambda: _given_up(host))

    def _is_enough(self, request: Request) -> bool:
        """Return whether the run has tried often or long enough for a first answer."""
        waited = 0.0 if self._first_asked_at is None else time.monotonic() - self._first_asked_at
        return self._any_silent or "retry_times" in request.meta or waited > self.first_contact

    async def _is_there(self, host: Host) -> bool:
        """Request once more what the host last answered well in this run; return whether it answers again."""
        url = self._answered.pop(host.host, None)
        if url is None:
            return False
        probe = Request(url, callback=NO_CALLBACK, dont_filter=True, meta={IS_PROBE: True})
        try:
            response = await self._download(probe)
        except _NO_SIGN_OF_LIFE:
            return False
        return not _is_trouble(response.status)


def _given_up(host: Host) -> Postponed:
    return Postponed(f"{host.host} is given up ({host.failure})")


def _is_trouble(status: int) -> bool:
    """Return whether an answer means that the host serves nothing, or nothing to us; a missing page does not."""
    return status >= HTTPStatus.BAD_REQUEST and status not in {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
