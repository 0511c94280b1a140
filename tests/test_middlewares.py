"""The middlewares, each by itself: what they let pass, hold back, refuse and remember for the next run."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import made
import pytest
from scrapy import Request, Spider
from scrapy.core.downloader import Slot
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from twisted.internet.defer import Deferred
from twisted.internet.error import NoRouteError

from crawler import dates
from crawler.archive import Archive
from crawler.archive.ledger import hosts, links, runs
from crawler.archive.ledger.links import End
from crawler.archive.store import posts
from crawler.middlewares.conditional import AskConditionally
from crawler.middlewares.guard import GuardAddresses
from crawler.middlewares.politeness import BePolite
from crawler.middlewares.redirect import FollowToTheSame
from crawler.middlewares.retry import RetryLater
from crawler.middlewares.robots import ObeyRobots
from crawler.middlewares.waiting import end_waiting
from crawler.network.failures import IS_PROBE, NetworkFailure
from crawler.network.not_requested import ForbiddenAddress, NotRequested, Postponed, Unreachable
from crawler.sites.loading import rules_version
from crawler.spiders.asking import Target

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from crawler.items import Fetch

HOST, OTHER_HOST = "finews.withounder.com", "finews.zning.xyz"
POST = made.post_address().url
ROBOTS = f"https://{HOST}/robots.txt"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """Return an archive in which run 1 has begun."""
    with Archive(tmp_path / "archive.db", create=True) as opened:
        begin(opened)
        yield opened


def begin(archive: Archive) -> int:
    return runs.begin(archive.db, "finews", dates.now())


def host(archive: Archive, name: str = HOST) -> hosts.Host:
    return hosts.known(archive.db, name)


def now(**later: float) -> str:
    """Write the present, or a time after it, to the fraction of a second."""
    return (datetime.now(UTC) + timedelta(**later)).isoformat()


class Answers:
    """A download that gives these answers in turn, the last one ever after, and knows what was asked for."""

    def __init__(self, *answers: Response | Exception, takes: float = 0) -> None:
        self.answers = list(answers)
        self.takes = takes
        self.asked: list[Request] = []

    async def __call__(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(self.takes)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def urls(self) -> list[str]:
        return [request.url for request in self.asked]


def answer(status: int = 200, body: bytes = b"", url: str = POST, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(url, status=status, body=body, headers=named)


def ended(*steps: Awaitable[Any]) -> list[Any]:
    """Return what came of steps that were taken at the same time: each one's result, or its exception."""

    async def together() -> list[Any]:
        return await asyncio.gather(*steps, return_exceptions=True)

    return asyncio.run(together())


def timed(*steps: Awaitable[Any]) -> tuple[float, list[Any]]:
    began = time.monotonic()
    results = ended(*steps)
    return time.monotonic() - began, results


def said(results: list[Any]) -> list[str | None]:
    """Return the reasons of what was not asked for, `None` for what may be."""
    assert all(result is None or isinstance(result, NotRequested) for result in results)
    return [None if result is None else str(result) for result in results]


# robots.txt.

# What may keep a host's robots.txt from being had, and the reason that is given.
NOT_TO_BE_HAD: list[tuple[Response | Exception, str]] = [
    (answer(500), "robots.txt: HTTP 500"),
    (answer(503), "robots.txt: HTTP 503"),
    (answer(429), "robots.txt: HTTP 429"),
    (answer(206), "robots.txt: HTTP 206"),
    (answer(304), "robots.txt: HTTP 304"),
    (CannotResolveHostError("x"), "robots.txt: cannot resolve host"),
    (DownloadConnectionRefusedError("x"), "robots.txt: download connection refused"),
    (DownloadTimeoutError("x"), "robots.txt: download timeout"),
    (ResponseDataLossError("x"), "robots.txt: response data loss"),
    (DownloadCancelledError("x"), "robots.txt: download cancelled"),
    (NetworkFailure("cannot be unpacked (br)"), "robots.txt: cannot be unpacked (br)"),
    (Postponed("asks to be left alone"), "asks to be left alone"),
]


def obeying(archive: Archive, *answers: Response | Exception, takes: float = 0) -> tuple[ObeyRobots, Answers]:
    """Return the middleware of one run, and the download it asks for robots.txt by."""
    download = Answers(*answers, takes=takes)
    middleware = ObeyRobots(archive.db, made.latest_run(archive.db), "finews-archive", download)
    return middleware, download


def robots(text: str) -> Response:
    return answer(body=text.encode(), url=ROBOTS)


def asked_of(middleware: ObeyRobots, *urls: str) -> list[str | None]:
    requests = [Request(url) for url in urls]
    return said(ended(*map(middleware.process_request, requests)))


FORBIDDING = "User-agent: *\nDisallow: /dajiangwang/\n"
FORBIDDEN = "forbidden by robots.txt"
ALLOWED = f"https://{HOST}/emnews/"


def test_what_robots_txt_forbids_is_refused_by_its_rule(archive: Archive):
    middleware, download = obeying(archive, robots(FORBIDDING))
    (refusal, allowed) = ended(*(middleware.process_request(Request(url)) for url in (POST, ALLOWED)))
    assert isinstance(refusal, ForbiddenAddress)
    assert (str(refusal), refusal.rule, allowed) == (FORBIDDEN, "robots.txt", None)
    assert download.urls == [ROBOTS]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("User-agent: finews-archive\nDisallow: /\n\nUser-agent: *\nAllow: /\n", FORBIDDEN),
        ("User-agent: *\nDisallow: /\n\nUser-agent: finews-archive\nAllow: /\n", None),
        ("User-agent: other\nDisallow: /\n", None),
        ("User-agent: *\nDisallow: /*.html$\n", FORBIDDEN),
        ("", None),
        ("<html>not found</html>", None),
    ],
)
def test_the_rules_for_this_program_s_agent_are_obeyed(archive: Archive, text: str, reason: str | None):
    middleware, _ = obeying(archive, robots(text))
    assert asked_of(middleware, POST) == [reason]


def test_many_simultaneous_requests_fetch_robots_txt_once(archive: Archive):
    middleware, download = obeying(archive, robots(FORBIDDING), takes=0.02)
    assert asked_of(middleware, *[POST, ALLOWED] * 25) == [FORBIDDEN, None] * 25
    assert download.urls == [ROBOTS]


def test_each_host_has_a_robots_txt_of_its_own(archive: Archive):
    middleware, download = obeying(archive, robots(FORBIDDING), robots(""))
    assert asked_of(middleware, POST, f"http://{OTHER_HOST}/dajiangwang/") == [FORBIDDEN, None]
    assert download.urls == [ROBOTS, f"http://{OTHER_HOST}/robots.txt"]


def test_robots_txt_itself_is_always_allowed(archive: Archive):
    middleware, download = obeying(archive, robots("User-agent: *\nDisallow: /\n"))
    assert asked_of(middleware, ROBOTS) == [None]
    assert download.urls == []


def test_robots_txt_is_stored_for_the_runs_of_a_day(archive: Archive):
    middleware, _ = obeying(archive, robots(FORBIDDING))
    asked_of(middleware, POST)
    assert host(archive).robots == FORBIDDING
    begin(archive)
    again, download = obeying(archive, robots(""))
    assert asked_of(again, POST) == [FORBIDDEN]
    assert download.urls == []


@pytest.mark.parametrize(
    ("age", "is_asked"), [({"hours": -23}, False), ({"hours": -25}, True), ({"hours": 1}, True)], ids=str
)
def test_robots_txt_is_fetched_again_after_a_day_or_if_the_clock_was_set_back(
    archive: Archive, age: dict[str, float], is_asked: bool
):
    hosts.note(archive.db, HOST, robots=FORBIDDING, robots_at=now(**age))
    middleware, download = obeying(archive, robots(""))
    assert asked_of(middleware, POST) == [None if is_asked else FORBIDDEN]
    assert (download.urls, host(archive).robots) == (([ROBOTS], "") if is_asked else ([], FORBIDDING))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418])
def test_a_missing_robots_txt_forbids_nothing_and_is_stored_as_empty(archive: Archive, status: int):
    middleware, download = obeying(archive, answer(status, FORBIDDING.encode()))
    assert asked_of(middleware, POST, ALLOWED) == [None, None]
    assert (download.urls, host(archive).robots) == ([ROBOTS], "")
    again, download = obeying(archive, robots(FORBIDDING))
    assert asked_of(again, POST) == [None]
    assert download.urls == []


def leading(*targets: str, status: int = 302) -> list[Response]:
    """Return the answers of addresses that each lead to the next."""
    return [answer(status, url=ROBOTS, Location=target) for target in targets]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("many", range(6))
def test_five_redirects_of_a_robots_txt_are_followed_also_to_other_hosts(archive: Archive, status: int, many: int):
    targets = [f"http://robots{number}.example/rules" for number in range(many)]
    middleware, download = obeying(archive, *leading(*targets, status=status), robots(FORBIDDING))
    assert asked_of(middleware, POST, ALLOWED) == [FORBIDDEN, None]
    assert download.urls == [ROBOTS, *targets]
    assert (host(archive).robots, host(archive, "robots0.example").robots) == (FORBIDDING, None)


def test_a_robots_txt_with_too_many_redirects_forbids_nothing(archive: Archive):
    middleware, download = obeying(archive, *leading(ROBOTS))
    assert asked_of(middleware, POST) == [None]
    assert (len(download.urls), host(archive).robots) == (6, "")


def test_a_robots_txt_that_redirects_to_a_forbidden_address_is_unreachable(archive: Archive):
    forbidden = ForbiddenAddress("not an address of the site", "hosts")
    middleware, _ = obeying(archive, *leading("http://10.0.0.1/robots.txt"), forbidden)
    (result,) = ended(middleware.process_request(Request(POST)))
    assert isinstance(result, Unreachable)
    assert str(result) == (
        "robots.txt: redirected to http://10.0.0.1/robots.txt, which is not an address of the site"
    )


@pytest.mark.parametrize("status", [302, 308])
def test_a_redirect_without_a_target_counts_as_a_missing_robots_txt(archive: Archive, status: int):
    middleware, _ = obeying(archive, answer(status, url=ROBOTS, Location="javascript:alert(1)"))
    assert asked_of(middleware, POST) == [None]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_robots_txt_may_begin_with_a_byte_order_mark(archive: Archive, encoding: str):
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    middleware, _ = obeying(archive, answer(url=ROBOTS, body=f"{mark}{FORBIDDING}".encode(encoding)))
    assert asked_of(middleware, POST, ALLOWED) == [FORBIDDEN, None]


def test_a_stored_byte_order_mark_is_ignored(archive: Archive):
    hosts.note(archive.db, HOST, robots=f"\ufeff{FORBIDDING}", robots_at=now())
    middleware, _ = obeying(archive, answer(404))
    assert asked_of(middleware, POST) == [FORBIDDEN]


@pytest.mark.parametrize("separator", ["\r", "\r\n", "\n"])
def test_a_robots_txt_may_have_any_line_endings(archive: Archive, separator: str):
    middleware, _ = obeying(archive, robots(FORBIDDING.replace("\n", separator)))
    assert asked_of(middleware, POST, ALLOWED) == [FORBIDDEN, None]


@pytest.mark.parametrize(
    ("trouble", "reason"), NOT_TO_BE_HAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_unreachable_robots_txt_forbids_everything_and_the_host_is_given_up(
    archive: Archive, trouble: Response | Exception, reason: str
):
    middleware, download = obeying(archive, trouble)
    results = ended(*(middleware.process_request(Request(url)) for url in (POST, ALLOWED)))
    assert [(type(result), str(result)) for result in results] == [(Unreachable, reason)] * 2
    assert download.urls == [ROBOTS]
    known = host(archive)
    assert (known.robots, known.failure, known.given_up_run_id) == (None, reason, 1)


@pytest.mark.parametrize(
    ("trouble", "reason"), NOT_TO_BE_HAD, ids=lambda value: value if isinstance(value, str) else ""
)
def test_an_old_robots_txt_is_obeyed_while_the_new_one_is_unreachable(
    archive: Archive, trouble: Response | Exception, reason: str
):
    at = now(days=-30)
    hosts.note(archive.db, HOST, robots=FORBIDDING, robots_at=at)
    middleware, download = obeying(archive, trouble)
    assert asked_of(middleware, POST, ALLOWED) == [FORBIDDEN, None], reason
    assert download.urls == [ROBOTS]
    assert host(archive) == hosts.Host(host=HOST, robots=FORBIDDING, robots_at=at)


def test_the_next_run_tries_an_unreachable_robots_txt_again(archive: Archive):
    middleware, _ = obeying(archive, answer(500))
    asked_of(middleware, POST)
    begin(archive)
    again, _ = obeying(archive, robots(FORBIDDING))
    assert asked_of(again, POST) == [FORBIDDEN]


@pytest.mark.parametrize(
    ("written", "delay"),
    [("2", 2.0), ("0.5", 0.5), ("60", 60.0), ("61", 60.0), ("86400", 60.0), ("0", None), ("soon", None), ("", None)],
)
def test_a_crawl_delay_is_passed_on_and_shortened_to_a_minute(archive: Archive, written: str, delay: float | None):
    middleware, _ = obeying(archive, robots(f"User-agent: *\nCrawl-delay: {written}\n"))
    request = Request(POST)
    assert ended(middleware.process_request(request)) == [None]
    assert request.meta.get("crawl_delay") == delay


def test_only_the_first_500_kib_of_a_robots_txt_count(archive: Archive):
    filling = "# \n" * (500 * 1024 // 3 + 1)
    middleware, download = obeying(archive, robots(f"{FORBIDDING}{filling}Disallow: /emnews/\n"))
    assert asked_of(middleware, POST, ALLOWED) == [FORBIDDEN, None]
    (asked,) = download.asked
    assert asked.meta == {"robots": True, "first_bytes": 500 * 1024, "download_maxsize": 0}


def test_a_line_cut_off_at_500_kib_does_not_count(archive: Archive):
    begin = "User-agent: *\nDisallow: /dajiangwang/\n"
    filling = "#" * (500 * 1024 - len(begin) - len("\nDisallow: /e"))
    middleware, _ = obeying(archive, robots(f"{begin}{filling}\nDisallow: /emnews/only-this\n"))
    assert asked_of(middleware, POST, f"https://{HOST}/else.html") == [FORBIDDEN, None]


def test_a_robots_txt_of_garbage_forbids_nothing(archive: Archive):
    middleware, _ = obeying(archive, answer(body=bytes(range(256)) * 10))
    assert asked_of(middleware, POST) == [None]


# Politeness.


class Polite:
    """The middleware of one run, and the download it sees by whether a host is there."""

    def __init__(self, archive: Archive, *probed: Response | Exception, takes: float = 0, **settings: Any) -> None:
        self.download = Answers(*(probed or [DownloadTimeoutError("x")]), takes=takes)
        self.middleware = BePolite(archive.db, made.latest_run(archive.db), self.download, **settings)

    def ask(self, *urls: str, **meta: Any) -> list[str | None]:
        """Return why each of these may not be asked for, `None` if it may."""
        return said(ended(*(self.middleware.process_request(Request(url, meta=dict(meta))) for url in urls)))

    def answer(self, *answers: Response | Exception, **meta: Any) -> None:
        """Have requests answered so, one after the other."""
        ended(self.answered(*answers, **meta))

    async def answered(self, *answers: Response | Exception, **meta: Any) -> None:
        for each in answers:
            if isinstance(each, Exception):
                assert await self.middleware.process_exception(Request(POST, meta=meta), each) is None
            else:
                assert await self.middleware.process_response(Request(each.url, meta=meta), each) is each


@pytest.fixture
def polite(archive: Archive) -> Iterator[Callable[..., Polite]]:
    """Return a function that makes the middleware of one run after the other."""
    made_so_far: list[Polite] = []

    def make(*probed: Response | Exception, **how: Any) -> Polite:
        if made_so_far:
            made_so_far[-1].middleware.note_requests()
            begin(archive)
        made_so_far.append(Polite(archive, *probed, **how))
        return made_so_far[-1]

    yield make
    made_so_far[-1].middleware.note_requests()


def test_patience_and_the_number_of_failures_before_giving_up_are_settings(polite: Callable[..., Polite]):
    run = polite(patience=timedelta(seconds=5), give_up_after=2)
    run.answer(answer(503, Retry_After="8"))
    assert [reason is not None and "asks to be left alone" in reason for reason in run.ask(POST)] == [True]
    patient = polite(patience=timedelta(seconds=5), give_up_after=2)
    other = f"http://{OTHER_HOST}/"
    patient.answer(answer(500, url=other))
    assert patient.ask(other) == [None]
    patient.answer(answer(500, url=other))
    assert patient.ask(other) == [f"{OTHER_HOST} is given up (HTTP 500)"]


def test_the_longest_crawl_delay_is_a_setting(archive: Archive):
    download = Answers(robots("User-agent: *\nCrawl-delay: 30\n"))
    middleware = ObeyRobots(archive.db, 1, "finews-archive", download, longest_delay=2.5)
    request = Request(POST)
    ended(middleware.process_request(request))
    assert request.meta["crawl_delay"] == 2.5


def test_a_host_that_asks_for_no_wait_is_requested_at_once(polite: Callable[..., Polite]):
    took, results = timed(polite().middleware.process_request(Request(POST)))
    assert results == [None]
    assert took < 1


def test_a_run_waits_for_a_host_that_asks_for_a_short_wait(archive: Archive, polite: Callable[..., Polite]):
    until = now(seconds=0.5)
    hosts.note(archive.db, HOST, wait_until=until)
    assert polite().ask(POST, POST, POST) == [None] * 3
    assert now() >= until


def test_waiting_for_one_host_does_not_delay_another(archive: Archive, polite: Callable[..., Polite]):
    hosts.note(archive.db, OTHER_HOST, wait_until=now(hours=1))
    assert polite().ask(POST) == [None]


def test_requests_that_already_wait_observe_a_new_wait(archive: Archive, polite: Callable[..., Polite]):
    hosts.note(archive.db, HOST, wait_until=now(seconds=0.5))
    run = polite()
    busy = run.answered(answer(503, Retry_After="3600"))
    (first, _) = ended(run.middleware.process_request(Request(POST)), busy)
    assert isinstance(first, Postponed)


def test_a_wait_beyond_a_run_s_patience_is_left_to_the_next_run(archive: Archive, polite: Callable[..., Polite]):
    until = dates.iso(dates.now() + timedelta(seconds=90))
    hosts.note(archive.db, HOST, wait_until=until)
    for _ in range(2):
        assert polite().ask(POST) == [f"{HOST} asks to be left alone until {until}"]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_the_wait_of_a_busy_host_is_observed_by_the_next_run(
    archive: Archive, polite: Callable[..., Polite], status: int, form: str
):
    until = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    asked_for = "3600" if form == "seconds" else f"{until:%a, %d %b %Y %H:%M:%S} GMT"
    polite().answer(answer(status, Retry_After=asked_for))
    known = host(archive)
    assert known.wait_until is not None
    assert abs(datetime.fromisoformat(known.wait_until) - until) <= timedelta(seconds=2)
    assert (known.failures, known.wait_reason) == (0, None)
    assert polite().ask(POST) == [f"{HOST} asks to be left alone until {known.wait_until}"]


@pytest.mark.parametrize("status", [200, 301, 304, 404, 500])
def test_only_busy_hosts_can_ask_for_a_wait(archive: Archive, polite: Callable[..., Polite], status: int):
    polite().answer(answer(status, Retry_After="3600"))
    assert host(archive).wait_until is None


NO_TIME = [
    {},
    *({"Retry_After": written} for written in ("soon", "60 seconds", "-5", "0", "Thu, 01 Jan 1970 00:00:00 GMT")),
]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("headers", NO_TIME, ids=str)
def test_a_busy_host_that_names_no_time_counts_as_failed(
    archive: Archive, polite: Callable[..., Polite], status: int, headers: dict[str, str]
):
    polite().answer(answer(status, **headers))
    assert (host(archive).wait_until, host(archive).failures) == (None, 1)


@pytest.mark.parametrize("status", [429, 503])
def test_busy_answers_to_simultaneous_requests_count_once(
    archive: Archive, polite: Callable[..., Polite], caplog: pytest.LogCaptureFixture, status: int
):
    polite().answer(*[answer(status, Retry_After="30")] * 16)
    assert (host(archive).failures, len(caplog.messages)) == (1, 1)


@pytest.mark.parametrize("status", [429, 503])
def test_a_host_that_is_too_busy_after_every_wait_is_given_up(
    archive: Archive, polite: Callable[..., Polite], status: int
):
    polite()
    for _ in range(10):
        hosts.note(archive.db, HOST, wait_until=None)  # as if the wait were over
        Polite(archive).answer(answer(status, Retry_After="30"))
    assert (host(archive).failures, host(archive).given_up_run_id) == (10, 1)


def test_a_wait_beyond_a_run_s_patience_does_not_count_as_a_failure(archive: Archive, polite: Callable[..., Polite]):
    polite().answer(answer(503, Retry_After="3600"))
    assert host(archive).failures == 0


def test_a_host_that_was_too_busy_gets_one_request_at_a_time_until_it_answers_well(polite: Callable[..., Polite]):
    run = polite()
    run.answer(answer(429))
    took, _ = timed(*(run.middleware.process_request(Request(POST)) for _ in range(3)))
    assert 0.9 <= took < 3
    run.answer(answer(200))
    took, _ = timed(*(run.middleware.process_request(Request(POST)) for _ in range(3)))
    assert took < 0.4


def test_nothing_waits_for_a_host_that_is_given_up_meanwhile(polite: Callable[..., Polite]):
    ended_for: list[tuple[str, str]] = []
    run = polite(give_up_after=1, end_waiting=lambda name, error: ended_for.append((name, str(error()))))
    run.answer(answer(500, url=f"http://{OTHER_HOST}/"))
    delayed = [run.middleware.process_request(Request(POST, meta={"crawl_delay": 30.0})) for _ in range(2)]
    took, results = timed(*delayed, run.answered(answer(500)))
    assert said(results) == [None, f"{HOST} is given up (HTTP 500)", None]
    assert took < 5
    assert ended_for == [(name, f"{name} is given up (HTTP 500)") for name in (OTHER_HOST, HOST)]


def test_requests_in_the_queue_of_one_host_are_ended():
    async def queued() -> tuple[list[Any], int]:
        slot, other = Slot(concurrency=1, delay=60), Slot(concurrency=1, delay=60)
        downloader: Any = SimpleNamespace(slots={HOST: slot, OTHER_HOST: other})
        waiting: list[Deferred[Any]] = [Deferred() for _ in range(3)]
        slot.queue.extend((Request(POST), each) for each in waiting)
        other.queue.append((Request(POST), Deferred()))
        for name in (HOST, "unknown.invalid"):
            end_waiting(downloader, name, lambda: Postponed("it is given up"))
        loop = asyncio.get_running_loop()
        futures = [each.asFuture(loop) for each in waiting]
        return await asyncio.gather(*futures, return_exceptions=True), len(other.queue)

    results, left = asyncio.run(queued())
    assert (said(results), left) == (["it is given up"] * 3, 1)


def test_a_crawl_delay_applies_between_requests_to_the_same_host_only(polite: Callable[..., Polite]):
    middleware, out = polite().middleware, []

    async def ask(url: str) -> None:
        await middleware.process_request(Request(url, meta={"crawl_delay": 0.1}))
        out.append((url, time.monotonic()))

    began = time.monotonic()
    ended(*(ask(POST) for _ in range(4)), ask(f"http://{OTHER_HOST}/"))
    assert [url for url, _ in out].index(f"http://{OTHER_HOST}/") < 2
    waits = [moment - began for url, moment in out if url == POST]
    assert [wait >= turn * 0.1 for turn, wait in enumerate(waits)] == [True] * 4


# Budgets.


def until_midnight() -> str:
    return dates.iso(hosts.next_day(dates.now()))


def asked_enough(times: int) -> str:
    return f"{HOST} has been asked {times} times today: left alone until {until_midnight()}"


def test_the_daily_budget_of_a_host_applies_to_all_runs_together(archive: Archive, polite: Callable[..., Polite]):
    run = polite(budget=3)
    assert run.ask(POST, POST) == [None, None]
    next_run = polite(budget=3)
    assert next_run.ask(POST) == [None]
    assert next_run.ask(POST, f"http://{OTHER_HOST}/") == [asked_enough(3), None]
    assert host(archive).wait_until == until_midnight()
    assert polite(budget=3).ask(POST) == [asked_enough(3)]


def test_a_budget_applies_to_one_day(archive: Archive, polite: Callable[..., Polite]):
    hosts.note(archive.db, HOST, day="2022-04-21", requests=3)
    assert polite(budget=3).ask(POST) == [None]
    polite()  # the next run: the first has ended
    assert (host(archive).day, host(archive).requests) == (hosts.day_of(dates.now()), 1)


def test_without_a_budget_requests_are_unlimited_and_stored_every_hundred_times(
    archive: Archive, polite: Callable[..., Polite]
):
    run = polite()
    assert run.ask(*[POST] * 250) == [None] * 250
    assert host(archive).requests == 200  # a killed run has counted so many
    polite()
    assert host(archive).requests == 250


# Giving up.

FAILURES = [
    answer(500),
    answer(503),
    CannotResolveHostError("x"),
    DownloadTimeoutError("x"),
    ResponseDataLossError("x"),
]


@pytest.mark.parametrize("failure", FAILURES, ids=["500", "503", "dns", "timeout", "cut off"])
def test_a_host_is_given_up_after_ten_failures_in_a_row(
    archive: Archive, polite: Callable[..., Polite], failure: Response | Exception
):
    run = polite()
    run.answer(*[failure] * 9)
    assert (run.ask(POST), host(archive).failures, host(archive).given_up_run_id) == ([None], 9, None)
    run.answer(failure)
    known = host(archive)
    assert (known.failures, known.given_up_run_id) == (10, 1)
    assert run.ask(POST, f"http://{OTHER_HOST}/") == [f"{HOST} is given up ({known.failure})", None]


@pytest.mark.parametrize("status", [200, 206, 304, 404, 410])
def test_an_answer_resets_the_number_of_failures(archive: Archive, polite: Callable[..., Polite], status: int):
    run = polite()
    run.answer(*[answer(500)] * 9, answer(status), *[answer(500)] * 9)
    assert (host(archive).failures, host(archive).given_up_run_id) == (9, None)


@pytest.mark.parametrize(
    "error", [ForbiddenAddress("no", "hosts"), Postponed("later"), ValueError("x"), IgnoreRequest("x")]
)
def test_errors_other_than_the_network_s_do_not_count_as_failures_of_the_host(
    archive: Archive, polite: Callable[..., Polite], error: Exception
):
    polite().answer(*[error] * 20)
    assert host(archive).failures == 0


def test_failures_in_a_row_are_counted_across_runs(archive: Archive, polite: Callable[..., Polite]):
    polite().answer(*[answer(500)] * 5)
    polite().answer(*[answer(500)] * 5)
    assert (host(archive).failures, host(archive).given_up_run_id) == (10, 2)


def test_the_next_run_tries_a_host_that_was_given_up_once(archive: Archive, polite: Callable[..., Polite]):
    polite().answer(*[answer(500)] * 10)
    run = polite()
    assert run.ask(POST) == [None]
    run.answer(DownloadTimeoutError("x"))
    assert run.ask(POST) == [f"{HOST} is given up (download timeout)"]
    assert (host(archive).failures, host(archive).given_up_run_id) == (11, 2)
    recovered = polite()
    recovered.answer(answer(200))
    assert recovered.ask(POST) == [None]
    assert (host(archive).failures, host(archive).failure) == (0, None)


def by_a_proxy() -> NetworkFailure:
    failure = NetworkFailure("the proxy 127.0.0.1:3128: download connection refused")
    failure.__cause__ = DownloadConnectionRefusedError("x")
    return failure


NO_CONTACT = [
    CannotResolveHostError("x"),
    DownloadConnectionRefusedError("x"),
    DownloadTimeoutError("x"),
    NoRouteError("x"),
    by_a_proxy(),
]


@pytest.mark.parametrize("failure", NO_CONTACT, ids=repr)
def test_as_long_as_nothing_has_answered_a_host_is_given_up_after_its_second_try(
    archive: Archive, polite: Callable[..., Polite], failure: Exception
):
    run = polite()
    run.answer(*[failure] * 4)  # first tries, made at the same time
    assert run.ask(POST) == [None]
    run.answer(failure, retry_times=1)
    assert (host(archive).failures, host(archive).given_up_run_id) == (5, 1)
    assert run.ask(POST) == [f"{HOST} is given up ({host(archive).failure})"]


def test_as_long_as_nothing_has_answered_a_host_is_given_up_after_one_try_that_took_long(
    archive: Archive, polite: Callable[..., Polite]
):
    run = polite(first_contact=0.0)
    assert run.ask(POST) == [None]
    run.answer(DownloadTimeoutError("x"))
    assert (host(archive).failures, host(archive).given_up_run_id) == (1, 1)


def test_as_long_as_nothing_has_answered_a_host_is_given_up_at_once_if_another_was(
    archive: Archive, polite: Callable[..., Polite]
):
    run = polite()
    run.answer(CannotResolveHostError("x"), retry_times=1)
    request = Request(f"http://{OTHER_HOST}/")
    ended(run.middleware.process_exception(request, CannotResolveHostError("x")))
    assert (host(archive, OTHER_HOST).failures, host(archive, OTHER_HOST).given_up_run_id) == (1, 1)


@pytest.mark.parametrize(
    "contact", [answer(200), answer(404), answer(500), ResponseDataLossError("x"), NetworkFailure("x")], ids=repr
)
def test_a_host_is_not_given_up_so_soon_once_anything_has_answered(
    archive: Archive, polite: Callable[..., Polite], contact: Response | Exception
):
    run = polite(first_contact=0.0)
    assert run.ask(POST) == [None]
    if isinstance(contact, Response):
        contact = contact.replace(url=f"http://{OTHER_HOST}/")
    run.answer(contact, *[CannotResolveHostError("x")] * 3, retry_times=1)
    assert host(archive).given_up_run_id is None


HOME = made.HOME.url


@pytest.mark.parametrize("status", [200, 304, 404])
def test_a_host_that_still_serves_a_page_it_served_before_is_not_given_up(
    archive: Archive, polite: Callable[..., Polite], status: int
):
    run = polite(answer(status))
    run.answer(answer(200, url=HOME), *[answer(500)] * 10)
    assert (run.download.urls, host(archive).failures, host(archive).given_up_run_id) == ([HOME], 0, None)
    assert run.download.asked[0].meta == {IS_PROBE: True}
    assert run.ask(POST) == [None]


@pytest.mark.parametrize(
    "trouble",
    [answer(500), DownloadTimeoutError("x"), NetworkFailure("x"), Postponed("x"), ForbiddenAddress("x", "x")],
    ids=repr,
)
def test_a_host_that_no_longer_answers_anything_is_given_up(
    archive: Archive, polite: Callable[..., Polite], trouble: Response | Exception
):
    run = polite(trouble)
    run.answer(answer(200, url=HOME), *[answer(500)] * 10)
    assert (run.download.urls, host(archive).given_up_run_id) == ([HOME], 1)


def test_a_failed_probe_does_not_count_as_another_failure(archive: Archive, polite: Callable[..., Polite]):
    polite().answer(*[answer(500)] * 20, **{IS_PROBE: True})
    assert host(archive).failures == 0


# Retries.


class Retrying:
    """The middleware with a first delay of so many seconds, and three retries."""

    def __init__(self, first_delay: float, **asking: Callable[..., bool]) -> None:
        self.crawler = get_crawler(Spider, {"RETRY_TIMES": 3})
        self.crawler.spider = Spider("test")
        self.crawler.spider.crawler = self.crawler
        self.middleware = RetryLater(self.crawler, first_delay, **asking)

    def tries(self, end: Response | Exception, most: int = 20, **meta: Any) -> tuple[list[float], Any]:
        """Return how long each retry of a request that always ends so was waited for, and what it ended as."""
        waits: list[float] = []
        result: Any = Request(POST, meta=meta)
        while isinstance(result, Request) and len(waits) <= most:
            request = result
            step = (
                self.middleware.process_exception if isinstance(end, Exception) else self.middleware.process_response
            )
            took, (result,) = timed(step(request, end))
            waits.append(took)
        return waits[:-1], result


PASSING = [*(answer(status) for status in (408, 429, 500, 502, 503, 504, 522, 524)), *FAILURES[2:]]


@pytest.mark.parametrize("end", PASSING, ids=lambda end: str(end.status) if isinstance(end, Response) else repr(end))
def test_temporary_failures_are_retried_three_times_each_after_a_longer_wait(end: Response | Exception):
    retrying = Retrying(0.02)
    waits, result = retrying.tries(end)
    assert result is (None if isinstance(end, Exception) else end)
    assert [wait >= least for wait, least in zip(waits, (0.015, 0.06, 0.24), strict=True)] == [True] * 3
    assert retrying.crawler.stats.get_value("retry/count") == 3


@pytest.mark.parametrize("end", PASSING, ids=lambda end: str(end.status) if isinstance(end, Response) else repr(end))
def test_what_a_host_that_is_given_up_has_failed_is_not_retried(end: Response | Exception):
    retrying = Retrying(10, is_given_up=lambda name: name == HOST)
    assert retrying.tries(end) == ([], None if isinstance(end, Exception) else end)


def test_a_retry_is_not_waited_for_once_its_host_is_given_up():
    said = iter([False, False, True, True])
    waits, _ = Retrying(10, is_given_up=lambda _: next(said)).tries(CannotResolveHostError("x"))
    assert [wait < 2 for wait in waits] == [True]


LASTING: list[Response | Exception] = [
    *(answer(status) for status in (200, 301, 304, 400, 401, 403, 404, 410, 451, 501)),
    ForbiddenAddress("no", "hosts"),
    Postponed("later"),
    DownloadCancelledError("x"),
    IgnoreRequest("x"),
    EOFError("x"),
    ValueError("x"),
]


@pytest.mark.parametrize("end", LASTING, ids=lambda end: str(end.status) if isinstance(end, Response) else repr(end))
def test_lasting_failures_are_not_retried(end: Response | Exception):
    assert Retrying(0).tries(end) == ([], None if isinstance(end, Exception) else end)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_host_that_names_a_time_is_retried_ten_times_without_an_additional_wait(status: int):
    waits, result = Retrying(10).tries(answer(status, Retry_After="1"))
    assert len(waits) == 10
    assert max(waits) < 1
    assert isinstance(result, Response)


@pytest.mark.parametrize("headers", NO_TIME, ids=str)
def test_a_busy_host_that_names_no_time_is_retried_like_any_other(headers: dict[str, str]):
    waits, _ = Retrying(0.001).tries(answer(429, **headers))
    assert len(waits) == 3


def test_retry_after_is_ignored_on_other_statuses():
    waits, _ = Retrying(0.001).tries(answer(500, Retry_After="1"))
    assert len(waits) == 3


@pytest.mark.parametrize("end", PASSING, ids=lambda end: str(end.status) if isinstance(end, Response) else repr(end))
def test_a_probe_is_not_retried(end: Response | Exception):
    assert Retrying(10).tries(end, **{IS_PROBE: True})[0] == []


# The guard, and redirects, which pass it too.

FORBIDDEN_ADDRESSES = [
    "http://127.0.0.1/",
    "http://127.0.0.1:8000/2022/04/20/NW1.html",
    "http://localhost/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.1.1/2022/04/20/NW1.html",
    "http://[fd00::1]/",
    "http://169.254.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[fe80::1]/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "http://100.100.100.200/latest/meta-data/",
    f"https://{HOST}:8443/dajiangwang/2022/04/20/{made.ID}.html",
    f"http://{HOST}:443/",
    f"https://{HOST}:80/",
    f"http://{HOST}:0/",
    f"ftp://{HOST}/",
    "file:///etc/passwd",
    f"file://{HOST}/etc/passwd",
    f"gopher://{HOST}/",
    f"data:text/html,{made.ID}",
    f"s3://{HOST}/x",
    f"https://user@{HOST}/",
    f"https://user:password@{HOST}/",
    f"https://@{HOST}/",
    f"https://{HOST}@evil.example/",
    f"https://{HOST}%00.evil.example/",
    f"https://{HOST}%2eevil.example/",
    f"https://evil.example#{HOST}",
    f"https://evil.example/{HOST}/",
    f"https://{HOST}.evil.example/",
    f"https://evil-{HOST}/",
    f"https://{HOST}../",
    f"https://x.{HOST}/",
    "https://finews.withounder.com。evil.example/",
    "https://evil.example/2022/04/20/NW1.html",
]


def guarded(url: str) -> None:
    GuardAddresses(made.SITE).process_request(Request(url))


@pytest.mark.parametrize("url", FORBIDDEN_ADDRESSES)
def test_what_is_not_an_address_of_the_site_is_refused(url: str):
    with pytest.raises(ForbiddenAddress) as refused:
        guarded(url)
    assert (str(refused.value), refused.value.rule) == ("not an address of the site", "hosts")


@pytest.mark.parametrize(
    "url",
    [
        HOME,
        f"http://{HOST}/",
        f"https://{HOST}:443/",
        f"http://{HOST}:80/",
        f"https://{HOST.upper()}/",
        f"https://{HOST}./",  # the same name, in full
        "HTTPS://Finews.Zning.Me/",
        "https://finews.zning.me/x?y=z",
        f"http://{OTHER_HOST}/NewsData/GetNewsText.do?id={made.ID}",
        made.SHARE,
        f"https://{HOST}/@user/x",
        f"https://{HOST}\\@evil.example/",  # a slash to Scrapy, as to browsers: a path on the host
        ROBOTS,
    ],
)
def test_every_address_on_the_site_s_own_hosts_and_ports_may_be_requested(url: str):
    guarded(url)


def redirected(url: str, location: str | bytes, status: int = 302, **meta: Any) -> Request | Response:
    response = Response(url, status=status, headers={"Location": location})
    return FollowToTheSame(made.SITE).process_response(Request(url, meta=meta), response)


@pytest.mark.parametrize("target", FORBIDDEN_ADDRESSES)
@pytest.mark.parametrize("url", [POST, HOME, ROBOTS], ids=["post", "home", "robots.txt"])
def test_a_redirect_to_what_is_not_an_address_of_the_site_is_refused(url: str, target: str):
    with pytest.raises(ForbiddenAddress, match=r"^redirected to ") as refused:
        redirected(url, target)
    assert refused.value.rule == "another page"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_up_to_five_redirects_to_the_same_page_are_followed(status: int):
    target = POST.replace(HOST, "finews.zning.me")
    for followed in range(5):
        request = redirected(POST, target, status, redirects_followed=followed)
        assert isinstance(request, Request)
        assert (request.url, request.meta) == (target, {"redirects_followed": followed + 1})
    with pytest.raises(ForbiddenAddress, match="redirected in circles"):
        redirected(POST, target, status, redirects_followed=5)


@pytest.mark.parametrize(
    ("url", "target"),
    [(POST, HOME), (POST, made.post_address("NW1").url), (HOME, made.FEED.url), (ROBOTS, HOME), (HOME, ROBOTS)],
)
def test_a_redirect_to_another_page_of_the_site_is_refused(url: str, target: str):
    with pytest.raises(ForbiddenAddress, match=f"^redirected to {target}$"):
        redirected(url, target)


SHARED_TEXT = f"http://{OTHER_HOST}/NewsData/GetNewsText.do?id={made.ID}"


@pytest.mark.parametrize(
    ("url", "host"), [(POST, OTHER_HOST), (SHARED_TEXT, HOST), (HOME, OTHER_HOST), (made.CATEGORY.url, OTHER_HOST)]
)
def test_the_same_path_on_a_host_without_such_pages_is_another_page(url: str, host: str):
    target = url.replace(urlsplit(url).netloc, host)
    with pytest.raises(ForbiddenAddress, match=r"^redirected to "):
        redirected(url, target)


@pytest.mark.parametrize("url", [POST, SHARED_TEXT, HOME, made.CATEGORY.url])
def test_a_redirect_to_another_scheme_is_followed(url: str):
    other = {"http": "https", "https": "http"}[urlsplit(url).scheme]
    request = redirected(url, urlunsplit(urlsplit(url)._replace(scheme=other)))
    assert isinstance(request, Request)


def test_a_location_header_cannot_control_the_terminal():
    with pytest.raises(ForbiddenAddress, match=r"^redirected to x:\]0;pwned$"):
        redirected(POST, b"x:\x1b]0;pwned\x07")


def test_an_answer_that_is_no_redirect_or_has_no_target_is_passed_on():
    for response in (Response(POST, headers={"Location": HOME}), Response(POST, status=302)):
        assert FollowToTheSame(made.SITE).process_response(Request(POST), response) is response


# Conditional requests.

VALIDATORS = {"etag": '"a"', "last_modified": "Wed, 20 Apr 2022 08:00:00 GMT"}
CONDITIONAL = {b"If-None-Match": [b'"a"'], b"If-Modified-Since": [b"Wed, 20 Apr 2022 08:00:00 GMT"]}


def headers_for(archive: Archive, target: Target | None) -> dict[bytes, list[bytes]]:
    """Return the headers of a request for what the frontier has taken from the ledger."""
    if target is not None:
        target = replace(target, known=links.known(archive.db, target.address.url))
    request = Request(POST, cb_kwargs={"target": target} if target else {})
    AskConditionally(made.RULES).process_request(request)
    return dict(request.headers)


def read(archive: Archive, address: Any, state: Any, rules: str | None = made.RULES, **how: Any) -> None:
    settle(archive, replace(made.fetch(address), **VALIDATORS), End(state=state, rules=rules, **how))


def settle(archive: Archive, fetch: Fetch, end: End) -> None:
    with archive.db.atomic():
        links.record_outcome(archive.db, "finews", fetch, end, run_id=1)


@pytest.fixture
def with_post(archive: Archive) -> Archive:
    with archive.db.atomic():
        posts.store(archive.db, made.article(), 1)
    return archive


@pytest.mark.parametrize(
    ("address", "state", "how"),
    [
        (made.post_address(), "stored", {"article_id": 1}),
        (made.post_address(), "refused", {}),
        (made.HOME, "fetched", {}),
        (made.FEED, "fetched", {}),
        (made.CATEGORY, "fetched", {}),
    ],
    ids=["stored post", "refused post", "home", "feed", "category"],
)
def test_a_page_that_was_read_with_a_result_is_requested_conditionally(
    with_post: Archive, address: Any, state: Any, how: Any
):
    read(with_post, address, state, **how)
    assert headers_for(with_post, Target(address=address)) == CONDITIONAL


def test_a_target_without_known_state_is_requested_unconditionally(with_post: Archive):
    read(with_post, made.HOME, "fetched")
    request = Request(made.HOME.url, cb_kwargs={"target": Target(address=made.HOME)})
    AskConditionally(made.RULES).process_request(request)
    assert dict(request.headers) == {}


@pytest.mark.parametrize("state", ["refused", "failed", "gone", "found"])
def test_a_listing_that_was_ever_read_is_requested_conditionally_even_if_it_failed_since(
    archive: Archive, state: Any
):
    read(archive, made.HOME, "fetched")
    settle(archive, made.fetch(made.HOME, status=None), End(state=state))
    assert headers_for(archive, Target(address=made.HOME)) == CONDITIONAL


@pytest.mark.parametrize(
    ("address", "state", "rules"),
    [
        (made.post_address(), "stored", made.RULES),  # without an article: somebody deleted it
        (made.post_address(), "failed", made.RULES),
        (made.post_address(), "gone", made.RULES),
        (made.post_address(), "found", made.RULES),
        (made.HOME, "refused", made.RULES),
        (made.HOME, "failed", made.RULES),
        (made.share_address(), "stored", made.RULES),
        (made.post_address(), "refused", rules_version(replace(made.SITE, start=("/mended/",)))),
        (made.HOME, "fetched", rules_version(replace(made.SITE, start=("/mended/",)))),
        (made.HOME, "fetched", None),
    ],
)
def test_pages_not_read_or_read_by_other_rules_are_requested_unconditionally(
    archive: Archive, address: Any, state: Any, rules: str | None
):
    read(archive, address, state, rules)
    assert headers_for(archive, Target(address=address)) == {}


def test_addresses_unknown_to_the_ledger_are_requested_unconditionally(archive: Archive):
    assert headers_for(archive, Target(address=made.post_address())) == {}
    assert headers_for(archive, None) == {}
