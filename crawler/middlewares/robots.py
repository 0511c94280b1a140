"""Obey robots.txt: what it forbids is not asked for, and its crawl-delay is handed on.

As RFC 9309 has it: it may lead elsewhere, five times and to other hosts; of a long one the first 500 KiB count; none
(4xx) forbids nothing, one that cannot be had (5xx, no answer) everything, and one that was had is good for a day,
which is why the archive keeps it. Not here: how a delay is kept (`crawler.middlewares.politeness`), and where it may
lead (`crawler.middlewares.guard`).
"""

from __future__ import annotations

import asyncio
import codecs
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
from crawler.items import PAGES
from crawler.middlewares.redirect import redirected_to
from crawler.middlewares.whole import FIRST_BYTES, STOPPED
from crawler.network.failures import IS_ROBOTS, NOTHING_USABLE, words_for
from crawler.network.not_requested import ForbiddenAddress, Postponed, RunEnds, Unreachable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Self

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from sqlite_utils import Database

_GOOD_FOR = timedelta(days=1)
LONGEST = 500 * 1024
"""Bytes; RFC 9309 asks for so many to be read, and more are not waited for."""

_MOST_REDIRECTS = 5
_NAME = "robots.txt"
_BEGINNING = {IS_ROBOTS: True, FIRST_BYTES: LONGEST, "download_maxsize": 0}
_NOT_TOLD = {HTTPStatus.NOT_MODIFIED, HTTPStatus.TOO_MANY_REQUESTS}  # nothing is said of whether there is one
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


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
        if IS_ROBOTS in request.meta or urlsplit(request.url).path == f"/{_NAME}":  # always allowed: RFC 9309, 2.2.2
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
                return _rules_of(known.robots)
        try:
            text = await self._fetch(f"{origin}/{_NAME}")
        except Unreachable as error:
            if known.robots is not None:
                return _rules_of(known.robots)
            hosts.note(self.db, host, failure=str(error), given_up_run_id=self.run_id)
            raise
        hosts.note(self.db, host, robots=text, robots_at=dates.iso(now))
        return _rules_of(text)

    async def _fetch(self, url: str) -> str:
        """Return what robots.txt says now, "" when there is none; raise `Unreachable` when that cannot be known."""
        for _ in range(1 + _MOST_REDIRECTS):
            response = await self._answer(url)
            target = redirected_to(response)
            if target is None:
                return _text_of(response)
            url = target
        return ""  # as if there were none: RFC 9309, 2.3.1.2

    async def _answer(self, url: str) -> Response:
        """Return the answer at `url`, whatever it is; raise `Unreachable` when there is none."""
        request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta=dict(_BEGINNING))
        try:
            return await self._download(request)
        except RunEnds:
            raise
        except Postponed as error:
            raise Unreachable(str(error)) from error
        except ForbiddenAddress as error:
            raise Unreachable(f"{_NAME}: redirected to {url}, which is {error}") from error
        except NOTHING_USABLE as error:
            raise Unreachable(f"{_NAME}: {words_for(error)}") from error


def _text_of(response: Response) -> str:
    """Return the text that an answer holds, "" when it says that there is none; else raise `Unreachable`."""
    if response.status in PAGES:
        is_whole = len(response.body) < LONGEST and STOPPED not in response.flags
        return _decoded(response.body[:LONGEST], is_whole=is_whole)
    is_none = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if response.status == HTTPStatus.NO_CONTENT or (is_none and response.status not in _NOT_TOLD):
        return ""
    raise Unreachable(f"{_NAME}: HTTP {response.status}")


def _decoded(body: bytes, *, is_whole: bool) -> str:
    """Decode what should be UTF-8; what is not whole ends before its last line, which may say less than it should."""
    encoding = next((name for mark, name in _MARKS.items() if body.startswith(mark)), "utf-8-sig")
    text = body.decode(encoding, "replace")
    return text if is_whole else text.rpartition("\n")[0]


def _rules_of(text: str) -> Protego:
    """Read the rules; a byte order mark that was kept with them would hide the first."""
    return Protego.parse(text.removeprefix("\ufeff"))
