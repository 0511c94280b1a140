"""Obey robots.txt: what it forbids is not asked for, and its crawl-delay is handed on.

As RFC 9309 has it: no robots.txt (4xx) forbids nothing, one that cannot be had (5xx, no answer) everything, and one
that was had is good for a day, which is why the archive keeps it. Not here: how a delay is kept
(`crawler.middlewares.politeness`).
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from crawler import dates
from crawler.addon import RunAddon
from crawler.archive.ledger import hosts
from crawler.failures import NOTHING_USABLE, words_for
from crawler.not_requested import ForbiddenAddress, Postponed, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from sqlite_utils import Database

_GOOD_FOR = timedelta(days=1)
_LONGEST = 500 * 1024  # bytes; RFC 9309 asks for so many to be read
_NAME = "robots.txt"


class ObeyRobots:
    """Asks each host's robots.txt once a day, and each request by it."""

    def __init__(
        self,
        db: Database,
        run_id: int,
        agent: str,
        download: Callable[[Request], Awaitable[Response]],
        *,
        longest_delay: float = 60.0,
    ) -> None:
        """Keep what robots.txt says in the archive open as `db`; obey as `agent`; fetch it by `download`.

        Who asks for a longer delay than `longest_delay` seconds gets this much.
        """
        self.db, self.run_id, self.agent, self.longest_delay = db, run_id, agent, longest_delay
        self._download = download
        self._asking: dict[str, asyncio.Future[Protego]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read agent and delay from the settings, and take part in the run."""

        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        run, settings = RunAddon.of(crawler).run, crawler.settings
        longest_delay = settings.getfloat("FINEWS_LONGEST_CRAWL_DELAY")
        return cls(run.archive.db, run.id, settings["ROBOTSTXT_USER_AGENT"], download, longest_delay=longest_delay)

    async def process_request(self, request: Request) -> None:
        """Raise `ForbiddenAddress` for what is forbidden; note the delay that is asked for in `request.meta`."""
        if urlsplit(request.url).path == f"/{_NAME}":
            return
        rules = await self._rules(request.url)
        if not rules.can_fetch(request.url, self.agent):
            raise ForbiddenAddress("forbidden by robots.txt", _NAME)
        delay = rules.crawl_delay(self.agent)
        if delay:
            request.meta["crawl_delay"] = min(float(delay), self.longest_delay)

    async def _rules(self, url: str) -> Protego:
        """Return the rules of the host of `url`, asked for once however many requests wait for them."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._asking:
            self._asking[origin] = asyncio.ensure_future(self._read(origin, parts.netloc))
        return await asyncio.shield(self._asking[origin])

    async def _read(self, origin: str, host: str) -> Protego:
        """Return the rules of a host: as the archive has them, anew, or in need as they were."""
        known, now = hosts.known(self.db, host), dates.now()
        if known.robots is not None and known.robots_at is not None:
            age = now - datetime.fromisoformat(known.robots_at)
            if timedelta() <= age < _GOOD_FOR:
                return Protego.parse(known.robots)
        try:
            text = await self._fetch(f"{origin}/{_NAME}")
        except Unreachable as error:
            if known.robots is not None:
                return Protego.parse(known.robots)
            hosts.note(self.db, host, failure=str(error), given_up_run_id=self.run_id)
            raise
        hosts.note(self.db, host, robots=text, robots_at=dates.iso(now))
        return Protego.parse(text)

    async def _fetch(self, url: str) -> str:
        """Return what robots.txt says now, "" when there is none; raise `Unreachable` when that cannot be known."""
        request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta={"download_maxsize": 2 * _LONGEST})
        try:
            response = await self._download(request)
        except ForbiddenAddress:  # redirected to another page
            return ""
        except Postponed as error:
            raise Unreachable(str(error)) from error
        except NOTHING_USABLE as error:
            raise Unreachable(f"{_NAME}: {words_for(error)}") from error
        if response.status == HTTPStatus.OK:
            return response.body[:_LONGEST].decode("utf-8", "replace")
        if response.status == HTTPStatus.TOO_MANY_REQUESTS or response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(f"{_NAME}: HTTP {response.status}")
        return ""
