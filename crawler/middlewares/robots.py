"""Obeying robots.txt: what it forbids is not requested, and its crawl delay is passed on.

As RFC 9309 says: up to five redirects are followed, also to other hosts; only the first 500 KiB count; a missing file
(4xx) forbids nothing, and an unreachable one (5xx, no answer) everything; a fetched file is valid for a day, so the
archive stores it. Not here: keeping the delay (`crawler.middlewares.politeness`), and what redirects are allowed
(`crawler.middlewares.guard`).
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
"""The number of bytes read of a robots.txt, the least that RFC 9309 demands."""

_MOST_REDIRECTS = 5
_NAME = "robots.txt"
_REQUEST_META = {IS_ROBOTS: True, FIRST_BYTES: LONGEST, "download_maxsize": 0}
_INCONCLUSIVE = {HTTPStatus.NOT_MODIFIED, HTTPStatus.TOO_MANY_REQUESTS}  # do not say whether there is a file
_BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class ObeyRobots:
    """Fetches each host's robots.txt once a day, and checks every request against it."""

    def __init__(
        self,
        db: Database,
        run_id: int,
        agent: str,
        download: Callable[[Request], Awaitable[Response]],
        *,
        longest_delay: float = 60.0,
    ) -> None:
        """Store robots.txt in the archive open as `db`; obey the rules for `agent`; fetch with `download`.

        Longer crawl delays are shortened to `longest_delay` seconds.
        """
        self.db, self.run_id, self.agent, self.longest_delay = db, run_id, agent, longest_delay
        self._download = download
        self._rules_by_origin: dict[str, asyncio.Future[Protego]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read agent and delay from the settings, and use the run's archive."""

        async def download(request: Request) -> Response:
            return await crawler.engine.download_async(request)

        run, settings = RunAddon.of(crawler).run, crawler.settings
        longest_delay = settings.getfloat("FINEWS_LONGEST_CRAWL_DELAY")
        return cls(run.archive.db, run.id, settings["ROBOTSTXT_USER_AGENT"], download, longest_delay=longest_delay)

    async def process_request(self, request: Request) -> None:
        """Raise `ForbiddenAddress` for a forbidden address; put the crawl delay into `request.meta`."""
        if IS_ROBOTS in request.meta or urlsplit(request.url).path == f"/{_NAME}":  # always allowed: RFC 9309, 2.2.2
            return
        rules = await self._rules(request.url)
        if not rules.can_fetch(request.url, self.agent):
            raise ForbiddenAddress("forbidden by robots.txt", _NAME)
        delay = rules.crawl_delay(self.agent)
        if delay:
            request.meta["crawl_delay"] = min(float(delay), self.longest_delay)

    async def _rules(self, url: str) -> Protego:
        """Return the rules for the host of `url`, which are fetched once however many requests wait for them."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._rules_by_origin:
            self._rules_by_origin[origin] = asyncio.ensure_future(self._read(origin, parts.netloc))
        return await asyncio.shield(self._rules_by_origin[origin])

    async def _read(self, origin: str, host: str) -> Protego:
        """Return the rules of a host: stored ones if recent, else fetched ones, or if that fails the stored ones."""
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
        """Return the text of robots.txt, "" if there is none; raise `Unreachable` if that cannot be found out."""
        for _ in range(1 + _MOST_REDIRECTS):
            response = await self._answer(url)
            target = redirected_to(response)
            if target is None:
                return _text_of(response)
            url = target
        return ""  # as if there were none: RFC 9309, 2.3.1.2

    async def _answer(self, url: str) -> Response:
        """Return the answer at `url`, whatever its status; raise `Unreachable` if there is none."""
        request = Request(url, callback=NO_CALLBACK, dont_filter=True, meta=dict(_REQUEST_META))
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
    """Return the text in an answer, "" if it says that there is none; otherwise raise `Unreachable`."""
    if response.status in PAGES:
        is_whole = len(response.body) < LONGEST and STOPPED not in response.flags
        return _decoded(response.body[:LONGEST], is_whole=is_whole)
    is_none = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR
    if response.status == HTTPStatus.NO_CONTENT or (is_none and response.status not in _INCONCLUSIVE):
        return ""
    raise Unreachable(f"{_NAME}: HTTP {response.status}")


def _decoded(body: bytes, *, is_whole: bool) -> str:
    """Decode a body that should be UTF-8; if it is not whole, drop its last line, which may be incomplete."""
    encoding = next((name for mark, name in _BYTE_ORDER_MARKS.items() if body.startswith(mark)), "utf-8-sig")
    text = body.decode(encoding, "replace")
    return text if is_whole else text.rpartition("\n")[0]


def _rules_of(text: str) -> Protego:
    """Parse the rules, without a byte order mark, which would hide the first one."""
    return Protego.parse(text.removeprefix("\ufeff"))
