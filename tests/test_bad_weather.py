"""Bad weather: real runs against a server that misbehaves.

In all of it every post that can be had is stored, the run ends by itself, memory stays within bounds, and the report
is right.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import re
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bad_server as bad
import pytest

from crawler.archive import Archive
from crawler.ops.check import check
from crawler.ops.sample_site.site import Resource, SampleSite, build, bundled_posts, bundled_site
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

pytestmark = pytest.mark.slow  # whole runs of the program

SITE = bundled_site()
POSTS = sorted(path for path in SITE if "/2022/" in path and "dajiangwang" in path)
CATEGORY = "/category/dajiangwang.html"
SEED = "/dajiangwang/2022/04/20/NW202204202350104915.html"
HOST = "finews.withounder.com"
MEGABYTES = 250
FAILED = "Error: Some pages could not be fetched; the next run asks for them again.\n"


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended: its exit code, its report, what it printed to standard error, its peak of memory in MB."""

    code: int
    report: dict[str, Any]
    errors: str
    peak: float

    @property
    def posts(self) -> dict[str, int]:
        return {name: count for name, count in self.report["posts"].items() if count}


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs into one archive, each in a process of its own whose memory is measured."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, url: str, *arguments: str, under: Sequence[str] = (), **limits: Any) -> Run:
        out, errors = self.folder / "out", self.folder / "err"
        command = [
            *under,
            sys.executable,
            "-m",
            "crawler",
            "crawl",
            "--mirror",
            url,
            "--json",
            "--no-posts",
            *arguments,
        ]
        with out.open("wb") as stdout, errors.open("wb") as stderr:
            child = subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=stdout, stderr=stderr, **limits
            )
            peak = _peak_until_the_end(child)
        told = out.read_text()
        done = Run(
            child.returncode,
            json.loads(told) if told else {},
            errors.read_text(),
            peak,
        )
        assert "Traceback" not in done.errors
        assert done.peak < MEGABYTES
        return done

    @property
    def archive(self) -> Path:
        return self.folder / "output" / "archive.db"

    def stored(self) -> set[str]:
        with Archive(self.archive) as archive:
            return {post["url"].removeprefix(f"https://{HOST}") for post in archive.posts()}

    def texts(self) -> dict[str, str]:
        with Archive(self.archive) as archive:
            return {post["url"]: post["text"] for post in archive.posts()}

    def sql(self, statement: str) -> list[tuple[Any, ...]]:
        with Archive(self.archive) as archive, archive.db.atomic():
            return archive.db.execute(statement).fetchall()


def _peak_until_the_end(child: subprocess.Popen[bytes]) -> float:
    """Wait for a process to end and return its peak of memory in MB: its own, which what wait() tells is not."""
    peak = 0
    while child.poll() is None:
        with contextlib.suppress(OSError):  # it has just ended
            told = Path(f"/proc/{child.pid}/status").read_text()
            peak = max([peak, *(int(found) for found in re.findall(r"VmHWM:\s+(\d+)", told))])
        time.sleep(0.02)
    return peak / 1024


@pytest.fixture
def crawl(tmp_path: Path, environment: dict[str, str]) -> Runs:
    return Runs(tmp_path, environment)


def reasons(run: Run) -> dict[str, int]:
    return dict(run.report["reasons"].items())


def test_what_passes_is_tried_again_and_stored(crawl: Runs):
    sick = [[bad.status(500), bad.served], [bad.reset, bad.served], [bad.truncated, bad.served]]
    sick += [[bad.broken_chunks, bad.served], [bad.reset_in_the_body, bad.served], [bad.noise, bad.served]]
    with bad.serve_badly(SITE, dict(zip(POSTS, sick, strict=False))) as server:
        run = crawl(server.url, "--category", "dajiangwang")
        assert {path: server.tries[path] for path in POSTS[: len(sick)]} == dict.fromkeys(POSTS[: len(sick)], 2)
    assert (run.code, run.errors, run.posts) == (0, "", {"new": 9})
    assert (run.report["retries"], run.report["pending"]) == (6, 0)
    assert set(POSTS) <= crawl.stored()


def test_what_stays_bad_fails_with_the_reason_and_the_others_are_stored(crawl: Runs):
    sick = {
        "cannot be unpacked (gzip)": bad.badly_packed,
        "response data loss": bad.packed("gzip", 0.9),
        "larger than 4 MB": bad.bomb,
        "HTTP 500": bad.status(500),
        "download failed": bad.reset,
    }
    plan = {path: [answer] for path, answer in zip(POSTS, sick.values(), strict=False)}
    with bad.serve_badly(SITE, plan) as server:
        run = crawl(server.url)
    assert (run.code, run.errors) == (1, FAILED)
    assert {f"failed: {reason}": 1 for reason in sick}.items() <= reasons(run).items()
    assert run.posts == {"new": 20, "refused": 1, "failed": 5, "gone": 1}
    assert not set(plan) & crawl.stored()
    assert set(POSTS) - set(plan) <= crawl.stored()
    # When the weather clears, the next run takes them up.
    with bad.serve_badly(SITE, {}) as server:
        assert crawl(server.url).posts["new"] == 5
    assert set(POSTS) <= crawl.stored()


CODINGS = ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, gzip", "br, gzip", "gzip, zstd, deflate"]


@pytest.mark.parametrize("codings", CODINGS)
def test_an_answer_that_is_cut_off_inside_its_packing_is_none(crawl: Runs, whole_texts: dict[str, str], codings: str):
    whole, cut = bad.packed(codings), bad.packed(codings, 0.6)
    plan = {"/": [cut, whole], SEED: [whole], POSTS[0]: [cut, whole], POSTS[1]: [cut] * 4 + [whole]}
    with bad.serve_badly(SITE, plan) as server:
        first = crawl(server.url)
        assert (first.code, first.errors, first.posts["new"]) == (1, FAILED, 24)
        assert reasons(first)["failed: response data loss"] == 1
        assert crawl.sql("SELECT state, etag FROM links WHERE reason = 'response data loss'") == [("failed", None)]
        second = crawl(server.url)
        assert (second.code, second.posts["new"]) == (0, 1)
        assert [("if-none-match" in headers) for headers in server.headers[POSTS[1]]] == [False] * 5
    assert crawl.texts() == whole_texts


@pytest.fixture(scope="module")
def whole_texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The text of every post of the site, as it is stored in good weather."""
    crawl = Runs(tmp_path_factory.mktemp("good"), dict(os.environ))
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url)
    return crawl.texts()


def test_a_second_stream_that_is_cut_off_makes_the_answer_none(crawl: Runs):
    with bad.serve_badly(SITE, {POSTS[0]: [bad.packed_in_two]}) as server:
        run = crawl(server.url, "--category", "dajiangwang")
    assert (run.posts, reasons(run)) == ({"new": 8, "failed": 1}, {"failed: response data loss": 1})


@pytest.mark.parametrize("code", [201, 202, 204, 205, 206, 207, 208, 226, 300, 304])
def test_what_is_no_page_is_not_archived_as_one(crawl: Runs, whole_texts: dict[str, str], code: int):
    answer = bad.status(code) if code in {204, 205, 304} else bad.page_with(code, 0.7)
    reason = f"HTTP {code}" + (" to a request without conditions" if code == 304 else "")
    with bad.serve_badly(SITE, {POSTS[0]: [answer], "/": [answer, bad.served]}) as server:
        first = crawl(server.url)
        assert (first.code, first.errors) == (1, FAILED)
        assert first.report["listing_reasons"] == {f"failed: {reason}": 1}
        server.plan = {}
        assert crawl(server.url).code == 0
    assert crawl.texts() == whole_texts


def test_a_page_that_somebody_on_the_way_has_changed_is_a_page(crawl: Runs):
    with bad.serve_badly(SITE, {POSTS[0]: [bad.page_with(203)]}) as server:
        assert crawl(server.url, "--category", "dajiangwang").posts == {"new": 9}


def test_a_category_s_page_without_posts_is_read_and_what_stands_in_its_place_has_failed(crawl: Runs):
    empty = re.sub(rb"<li>.*?</li>", b"", SITE[CATEGORY].body)
    with bad.serve_badly(SITE, {CATEGORY: [bad.page(empty, ETag='"empty"')]}) as server:
        run = crawl(server.url)
        assert (run.code, run.errors, run.report["listings_failed"]) == (0, "", 0)
        assert run.report["listing_reasons"] == {"fetched: names no post": 1}
        assert crawl(server.url, "--full").code == 0
        server.plan = {CATEGORY: [bad.page(SITE.missing.body, ETag='"error"')]}
        run = crawl(server.url, "--full")
        unusable = "A listing came, but could not be used (names no post); the next run asks for it again."
        assert (run.code, run.errors) == (1, f"Error: {unusable}\n")
        assert run.report["listing_reasons"] == {"failed: names no post": 1}
        assert crawl(server.url).code == 1
        assert not [headers for headers in server.headers[CATEGORY] if headers.get("if-none-match") == '"error"']


def test_endless_bodies_and_endless_headers_end(crawl: Runs):
    plan = dict(zip(POSTS, [[bad.endless], [bad.endless_chunks], [bad.long_header], [bad.bomb]], strict=False))
    with bad.serve_badly(SITE, plan) as server:
        run = crawl(server.url, "--category", "dajiangwang")
    assert run.code == 1
    assert reasons(run) == {"failed: larger than 4 MB": 3, "failed: download failed": 1}
    assert run.posts == {"new": 5, "failed": 4}


def test_a_listing_without_end_is_a_failed_listing(crawl: Runs):
    with bad.serve_badly(SITE, {CATEGORY: [bad.endless]}) as server:
        run = crawl(server.url)
    assert (run.code, run.report["listings_failed"]) == (1, 1)
    assert run.report["listing_reasons"] == {"failed: larger than 16 MB": 1}
    # Home and the feed name most of them all the same.
    assert run.posts["new"] >= 20


def test_a_page_that_takes_ten_seconds_is_waited_for(crawl: Runs):
    with bad.serve_badly(SITE, {POSTS[0]: [bad.late(10)]}) as server:
        run = crawl(server.url, "--category", "dajiangwang")
    assert (run.code, run.posts) == (0, {"new": 9})


def test_a_page_that_never_comes_is_given_up_after_a_time(crawl: Runs, environment: dict[str, str]):
    command = [sys.executable, "-m", "scrapy", "crawl", "category", "-a", "category=dajiangwang"]
    settings = ["DOWNLOAD_TIMEOUT=1", "FINEWS_RETRY_SECONDS=0.01", "AUTOTHROTTLE_ENABLED=0", "DOWNLOAD_DELAY=0"]
    settings += ["FINEWS_POSTS=", f"FINEWS_ARCHIVE={crawl.archive}", "LOG_LEVEL=ERROR"]
    with bad.serve_badly(SITE, {POSTS[0]: [bad.silent]}) as server:
        told = [f"-s{setting}" for setting in [*settings, f"FINEWS_MIRROR={server.url}"]]
        done = subprocess.run(
            [*command, *told],
            cwd=Path(__file__).parent.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert server.tries[POSTS[0]] == 4
    assert (done.returncode, done.stderr) == (0, "")
    assert crawl.sql("SELECT reason FROM links WHERE state = 'failed'") == [("download timeout",)]
    assert set(POSTS[1:]) <= crawl.stored()


@pytest.mark.parametrize("answer", [bad.charset("gb2312"), bad.charset("no-such-code"), bad.in_gb18030])
def test_a_page_is_read_by_its_bytes_whatever_is_said_of_them(crawl: Runs, answer: Any):
    with bad.serve_badly(SITE, {SEED: [answer]}) as server:
        run = crawl(server.url, f"https://{HOST}{SEED}")
    assert (run.code, run.posts) == (0, {"new": 1})
    with Archive(crawl.archive) as archive:
        (post,) = archive.posts()
    assert post["title"] == "推进5G规模化应用！江西出台5G应用“扬帆”行动计划"


def test_noise_in_the_place_of_pages_is_refused(crawl: Runs):
    rubbish = [os.urandom(5000), bytes(5000), b"", b"<html>" * 50_000]
    plan = dict(zip(POSTS, [[bad.page(body, Content_Type="text/html")] for body in rubbish], strict=False))
    with bad.serve_badly(SITE, plan) as server:
        run = crawl(server.url, "--category", "dajiangwang")
    assert reasons(run) == {"refused: unknown layout": 4}
    assert (run.code, run.posts) == (0, {"new": 5, "refused": 4})


def test_a_post_in_whose_place_the_error_page_stands_is_gone_and_comes_back(crawl: Runs):
    error = bad.page(SITE.missing.body, Content_Type="text/html", ETag='"error"')
    with bad.serve_badly(SITE, {POSTS[0]: [error]}) as server:
        first = crawl(server.url)
        assert (first.code, first.posts["gone"]) == (0, 2)
        assert [reason for reason in reasons(first) if "error page" in reason]
        server.plan = {path: [error] for path in POSTS[:2]}
        crawl.sql("UPDATE links SET etag = NULL, last_modified = NULL")
        for _ in range(2):
            run = crawl(server.url, "--full")
            assert reasons(run)["gone: error page"] == 1
        marks = crawl.sql(f"SELECT gone_at IS NOT NULL FROM articles WHERE url LIKE '%{POSTS[1]}'")
        assert marks == [(1,)]
        server.plan = {}
        crawl(server.url, "--full")
    assert crawl.sql("SELECT count(*) FROM articles WHERE gone_at IS NULL AND url LIKE '%/dajiangwang/%'") == [
        (len(POSTS),)
    ]


LONG_WAY = "/way" * 100 + SEED  # longer than a reason may be, and the post all the same


@pytest.mark.parametrize("target", ["/", SEED, LONG_WAY])
def test_a_post_that_leads_to_another_page_twice_is_gone(crawl: Runs, target: str):
    others = [path for path in POSTS if path != SEED][:2]
    with bad.serve_badly(SITE, {others[0]: [bad.redirect(target)]}) as server:
        first = crawl(server.url)
        reason = f"redirected to {one_line(f'https://{HOST}{target}', 160)}"
        assert (reasons(first)[f"refused: {reason}"], first.posts["gone"]) == (1, 1)
        server.plan = {path: [bad.redirect(target)] for path in others}
        second, third = crawl(server.url, "--full"), crawl(server.url, "--full")
        assert any("/NewsData/" in path for _, path in server.asked)
    assert reasons(second)[f"refused: {reason}"] == 1
    assert [told for told in reasons(second) if told.startswith(f"gone: {reason}; expired: ")]
    assert reasons(third)[f"gone: {reason}"] == 1
    assert crawl.sql(f"SELECT gone_at IS NOT NULL FROM articles WHERE url LIKE '%{others[1]}'") == [(1,)]


def test_redirects_in_circles_and_to_forbidden_addresses_are_refused_without_a_request(crawl: Runs):
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0)
        port = trap.getsockname()[1]
        forbidden = [
            f"http://127.0.0.1:{port}{POSTS[0]}",
            f"http://localhost:{port}{POSTS[1]}",
            "http://169.254.169.254/latest/meta-data/",
            f"http://10.0.0.1{POSTS[3]}",
            f"http://[::1]{POSTS[4]}",
            "file:///etc/passwd",
            f"https://{HOST}:22{POSTS[6]}",
        ]
        plan = {path: [bad.redirect(target)] for path, target in zip(POSTS, forbidden, strict=False)}
        plan[POSTS[7]] = [bad.redirect(POSTS[7])]
        with bad.serve_badly(SITE, plan) as server:
            run = crawl(server.url, "--category", "dajiangwang")
            assert {path: server.tries[path] for path in plan} == {**dict.fromkeys(POSTS[:7], 1), POSTS[7]: 6}
        with pytest.raises(BlockingIOError):
            trap.accept()
    assert run.report["reasons"].pop("refused: redirected in circles") == 1
    assert sorted(run.report["reasons"]) == sorted(f"refused: redirected to {target}" for target in forbidden)
    assert run.posts == {"new": 1, "refused": 8}


# What a host asks for.


def test_a_host_that_asks_for_two_seconds_is_left_alone_for_two_seconds(crawl: Runs):
    busy = bad.status(503, Retry_After="2")
    with bad.serve_badly(SITE, {POSTS[0]: [busy, bad.served]}) as server:
        run = crawl(server.url, "--category", "dajiangwang")
        first, second = (at for at, path in server.asked if path == POSTS[0])
    assert second - first >= 1.9
    assert (run.code, run.posts, run.report["retries"]) == (0, {"new": 9}, 1)


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_host_that_asks_for_an_hour_is_left_alone_by_the_next_run_too(crawl: Runs, code: int, form: str):
    hour = datetime.now(UTC) + timedelta(hours=1)
    busy = bad.status(code, Retry_After="3600" if form == "seconds" else format_datetime(hour, usegmt=True))
    with bad.serve_badly(SITE, {"/": [busy]}) as server:
        first = crawl(server.url)
        assert [path for _, path in server.asked] == ["/robots.txt", "/"]
        second = crawl(server.url)
        assert len(server.asked) == 2
        crawl.sql(f"UPDATE hosts SET wait_until = '{datetime.now(UTC).isoformat(timespec='seconds')}'")
        server.plan = {}
        third = crawl(server.url)
    for run in (first, second):
        assert (run.code, run.posts, run.errors.count("\n")) == (0, {}, run.errors.count("left alone"))
        (said,) = run.report["hosts"].values()
        until = datetime.fromisoformat(said.removeprefix("asks to be left alone until "))
        assert abs(until - hour) < timedelta(seconds=30)
    assert second.report["requests"] == 0
    assert third.posts["new"] == 25


@pytest.mark.parametrize("asked_for", [None, "60 seconds", "-5", "0", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_a_host_that_is_always_too_busy_is_given_up_whatever_it_asks_for(crawl: Runs, asked_for: str | None):
    busy = bad.status(429, **({"Retry_After": asked_for} if asked_for else {}))
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--limit", "1", "--no-share")
        server.asked.clear()
        server.plan = {path: [busy] for path in SITE if path != "/robots.txt"}
        run = crawl(server.url, "--full")
        assert len(server.asked) <= 40
    assert (run.code, run.report["outcome"]) == (1, "failed")
    assert run.report["hosts"][HOST].startswith("given up after ")


@pytest.mark.parametrize("code", [401, 403, 451, 503])
def test_a_host_that_refuses_everything_is_given_up(crawl: Runs, code: int):
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--limit", "1", "--no-share")
        server.asked.clear()
        server.plan = {path: [bad.status(code)] for path in SITE if path != "/robots.txt"}
        run = crawl(server.url, "--full")
        assert len(server.asked) <= 40
    assert (run.code, run.report["outcome"]) == (1, "failed")
    assert re.fullmatch(rf"given up after \d+ failures in a row \(HTTP {code}\)", run.report["hosts"][HOST])


def test_a_wait_with_decimals_is_kept_and_told_once(crawl: Runs):
    busy = bad.status(429, Retry_After="1.5")
    with bad.serve_badly(SITE, {path: [busy, bad.served] for path in POSTS}) as server:
        run = crawl(server.url, "--log-format", "text", "--category", "dajiangwang")
        times = [at for at, path in server.asked if path in POSTS]
    assert (run.code, run.posts) == (0, {"new": 9})
    assert max(later - earlier for earlier, later in pairwise(times)) >= 1.5
    assert run.errors.count("asks to be left alone") < len(POSTS)


def test_what_is_left_when_a_host_asks_for_an_hour_is_pending_and_taken_up_later(crawl: Runs):
    busy = bad.status(503, Retry_After="3600")
    with bad.serve_badly(SITE, {key: [busy] for key in POSTS[:5]}) as server:
        first = crawl(server.url, "--category", "dajiangwang")
        assert first.report["pending"] + sum(first.posts.values()) == 9
        assert first.report["pending"] >= 5
        crawl.sql("UPDATE hosts SET wait_until = NULL")
        server.plan = {}
        second = crawl(server.url)
    assert second.report["pending"] == 0
    assert set(POSTS) <= crawl.stored()


def test_a_host_that_fails_throughout_is_given_up_and_asked_once_by_the_next_run(crawl: Runs):
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--limit", "1", "--no-share")
        server.asked.clear()
        server.plan = {path: [bad.reset] for path in SITE if path != "/robots.txt" and "GetNewsText" not in path}
        first = crawl(server.url)
        asked = len(server.asked)
        second = crawl(server.url)
        assert asked <= 40
        assert len(server.asked) - asked <= 20
        server.plan = {}
        third = crawl(server.url)
    assert (first.code, second.code, third.code) == (1, 1, 0)
    assert (first.report["outcome"], second.report["outcome"]) == ("failed", "failed")
    assert first.report["pending"] > 0
    for run in (first, second):
        assert list(run.report["hosts"]) == [HOST]
        assert run.report["hosts"][HOST].startswith("given up after ")
    assert third.report["hosts"] == {}
    assert len(crawl.stored()) == 25


@pytest.fixture
def closed() -> str:
    """The address of a port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as unused:
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


NAMELESS = "http://mirror.invalid"  # what a name is without a network


@pytest.mark.parametrize("command", [["crawl"], ["share", "NW202204202350104915", "NW202204182347990071"]])
@pytest.mark.parametrize("is_known", [False, True], ids=["first run", "later run"])
def test_without_a_network_a_run_says_so_within_ten_seconds(
    crawl: Runs, finews: Callable[..., subprocess.CompletedProcess[str]], command: list[str], *, is_known: bool
):
    if is_known:  # robots.txt is known, and there are posts to go on with
        with bad.serve_badly(SITE, {}) as server:
            assert crawl(server.url, "--limit", "1").posts["new"] == 1
    done = finews(*command, "--mirror", NAMELESS, "--json")
    assert json.loads(done.stdout)["seconds"] < 10
    asked = "finews.zning.xyz, raw.githubusercontent.com" if command[0] == "share" else HOST
    sentence = (
        f"Error: No answer from {asked} (cannot resolve host): see whether a server runs at {NAMELESS}, the mirror;"
        " the next run asks again."
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, sentence)
    assert "Traceback" not in done.stderr


def test_without_a_network_many_share_links_take_no_longer_than_one(
    crawl: Runs, finews: Callable[..., subprocess.CompletedProcess[str]]
):
    with bad.serve_badly(SITE, {}) as server:  # robots.txt is known from now on, and the pace for the site
        crawl(server.url, "--limit", "1", "--share", "always")
    codes = [f"NW2022042023{number:08}" for number in range(60)]
    report = json.loads(finews("share", *codes, "--mirror", NAMELESS, "--json").stdout)
    assert report["seconds"] < 6
    assert report["pending"] + report["posts"]["failed"] >= 60
    assert report["requests"] < 30  # those that were sent


def test_what_was_pending_without_a_network_is_fetched_when_there_is_one(crawl: Runs, closed: str):
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--limit", "1", "--no-share")
        without = crawl(closed)
        assert (without.code, without.report["outcome"]) == (1, "failed")
        assert without.report["pending"] + without.posts.get("failed", 0) > 10
        assert crawl(server.url).report["pending"] == 0
    assert len(crawl.stored()) == 25


def test_a_host_that_cannot_be_reached_ends_the_run_with_a_sentence(crawl: Runs, closed: str):
    run = crawl(closed)
    told = "given up after 2 failures in a row (robots.txt: download connection refused)"
    assert (run.code, run.posts, run.report["hosts"]) == (1, {}, {HOST: told})
    assert run.report["listing_reasons"] == {"failed: robots.txt: download connection refused": 1}
    assert run.errors == (
        f"Error: No answer from {HOST} (download connection refused): see whether a server runs at {closed},"
        " the mirror; the next run asks again.\n"
    )


def test_a_proxy_that_is_not_there_is_told_as_the_proxy(crawl: Runs, closed: str):
    run = by_way_of(crawl, "ALL_PROXY", closed)(NAMELESS)
    reason = f"the proxy {closed.removeprefix('http://')}: download connection refused"
    assert run.errors == (
        f"Error: No answer from {HOST} ({reason}): see whether the proxy runs at that address; the next run asks"
        " again.\n"
    )


def test_a_server_that_refuses_twice_is_reached_once_it_has_answered(crawl: Runs):
    plan = {"/robots.txt": [bad.reset, bad.reset, bad.served], "/": [bad.reset, bad.reset, bad.served]}
    with bad.serve_badly(SITE, plan) as server:
        run = crawl(server.url)
    assert (run.code, run.posts["new"]) == (0, 25)


def test_a_certificate_that_nobody_trusts_is_told_with_its_host(crawl: Runs, tmp_path: Path):
    with bad.serve_badly(SITE, {}, tls=bad.certificate_for("localhost", tmp_path)) as server:
        address = server.url.removeprefix("https://").replace("127.0.0.1", "localhost")
        run = crawl(f"https://{address}")
        assert server.asked == []
    reason = (
        f"robots.txt: the certificate of {address} is not trusted: see whether this machine's clock is right, and"
        " name the authorities to trust with SSL_CERT_FILE"
    )
    assert (run.code, run.errors, run.report["hosts"]) == (1, FAILED, {HOST: f"given up ({reason})"})


def test_a_certificate_of_another_host_is_told_with_the_host_that_was_asked(crawl: Runs, tmp_path: Path):
    tls = bad.certificate_for("www.example.com", tmp_path)
    trusting = replace(crawl, environment={**crawl.environment, "SSL_CERT_FILE": str(tmp_path / "tls.pem")})
    with bad.serve_badly(SITE, {}, tls=tls) as server:
        run = trusting(server.url)
    assert (
        f"certificate that {server.url.removeprefix('https://')} shows is another host's" in run.report["hosts"][HOST]
    )


def test_what_robots_txt_forbids_is_told_as_that(crawl: Runs):
    with bad.serve_badly(SITE, {"/robots.txt": [bad.page(b"User-agent: *\nDisallow: /\n")]}) as server:
        run = crawl(server.url)
        assert [path for _, path in server.asked] == ["/robots.txt"]
        server.plan = {"/robots.txt": [bad.page(b"User-agent: *\nDisallow: /*/2022/\n")]}
        crawl.sql("UPDATE hosts SET robots = NULL, robots_at = NULL")
        posts = crawl(server.url, "--category", "dajiangwang")
    sentence = "Error: The site's robots.txt forbids these pages, and it is obeyed: ask whoever runs the site.\n"
    assert (run.code, run.errors, run.posts) == (1, sentence, {})
    assert (posts.code, posts.errors, posts.posts) == (1, sentence, {"refused": 9})


FORBIDDING = b"User-agent: *\nDisallow: /dajiangwang/\n"


@pytest.mark.parametrize(
    "answers",
    [
        {"/robots.txt": bad.page(b"\xef\xbb\xbf" + FORBIDDING)},
        {"/robots.txt": bad.redirect("/rules.txt"), "/rules.txt": bad.page(FORBIDDING)},
        {"/robots.txt": bad.redirect("http://www.example.com/rules"), "/rules": bad.page(FORBIDDING)},
        {"/robots.txt": bad.page(FORBIDDING + b"# filling\n" * 200_000)},
        {"/robots.txt": bad.page(gzip.compress(FORBIDDING + b"# filling\n" * 200_000), Content_Encoding="gzip")},
        {"/robots.txt": bad.endless_after(FORBIDDING)},
    ],
    ids=["byte order mark", "redirect", "redirect to another host", "long", "long and packed", "endless"],
)
def test_robots_txt_is_obeyed_however_it_comes(crawl: Runs, answers: dict[str, Any]):
    with bad.serve_badly(SITE, {path: [answer] for path, answer in answers.items()}) as server:
        run = crawl(server.url)
        assert not [path for _, path in server.asked if path in POSTS]
    assert reasons(run)["refused: forbidden by robots.txt"] == 5  # as many as home shows
    assert run.posts["new"] > 5


def test_a_robots_txt_that_is_cut_off_inside_its_packing_cannot_be_had(crawl: Runs):
    body = gzip.compress(FORBIDDING * 20)[:-12]
    with bad.serve_badly(SITE, {"/robots.txt": [bad.page(body, Content_Encoding="gzip")]}) as server:
        run = crawl(server.url)
        assert {path for _, path in server.asked} == {"/robots.txt"}
    assert run.report["listing_reasons"] == {"failed: robots.txt: response data loss": 1}


def slow_site(delay: str) -> SampleSite:
    robots = Resource(f"User-agent: *\nCrawl-delay: {delay}\n".encode(), "text/plain", 0, '"slow"')
    return SampleSite({**SITE.resources, "/robots.txt": robots}, SITE.missing)


def test_a_crawl_delay_is_kept_between_any_two_requests(crawl: Runs):
    with bad.serve_badly(slow_site("1"), {}) as server:
        run = crawl(server.url, "--category", "dajiangwang", "--limit", "3")
        times = [at for at, path in server.asked if path != "/robots.txt"]
    assert (run.code, run.posts, len(times)) == (0, {"new": 3}, 4)
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.5


def test_who_wants_the_run_to_end_does_not_wait_for_a_crawl_delay(environment: dict[str, str], tmp_path: Path):
    with bad.serve_badly(slow_site("20"), {}) as server:
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json", "--no-posts"],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            while len(server.asked) < 2:
                time.sleep(0.01)
            time.sleep(1)
            child.terminate()
            began = time.monotonic()
            output, _ = child.communicate(timeout=60)
    assert time.monotonic() - began < 10
    report = json.loads(output)
    assert (child.returncode, report["outcome"], report["posts"]["new"]) == (130, "interrupted", 0)
    assert report["pending"] > 10


@pytest.mark.parametrize(
    "hanging", [bad.silent, bad.trickling, bad.endless_slowly], ids=["silent", "headers", "body"]
)
def test_who_wants_the_run_to_end_does_not_wait_for_a_page_that_hangs(
    environment: dict[str, str], tmp_path: Path, hanging: Any
):
    with bad.serve_badly(SITE, {path: [hanging] for path in POSTS[:3]}) as server:
        command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json", "--no-posts"]
        child = subprocess.Popen(
            [*command, "--category", "dajiangwang"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True
        )
        with child:
            while not all(server.tries[path] for path in POSTS[:3]):
                time.sleep(0.01)
            time.sleep(1)
            child.terminate()
            began = time.monotonic()
            output, _ = child.communicate(timeout=60)
    assert time.monotonic() - began < 5
    report = json.loads(output)
    assert (child.returncode, report["outcome"], report["pending"]) == (130, "interrupted", 3)
    assert (report["posts"]["new"], report["posts"]["failed"], report["hosts"]) == (6, 0, {})


def test_who_wants_the_run_to_end_does_not_wait_for_robots_txt(environment: dict[str, str], tmp_path: Path):
    with bad.serve_badly(SITE, {"/robots.txt": [bad.silent]}) as server:
        command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json", "--no-posts"]
        child = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True)
        with child:
            while not server.asked:
                time.sleep(0.01)
            child.terminate()
            began = time.monotonic()
            output, _ = child.communicate(timeout=60)
    assert time.monotonic() - began < 5
    report = json.loads(output)
    assert (child.returncode, report["outcome"]) == (130, "interrupted")
    assert (report["listing_reasons"], report["hosts"]) == ({}, {})


# Addresses.


def test_a_mirror_may_have_an_ipv6_address(crawl: Runs):
    with bad.serve_badly(SITE, {}, host="::1") as server:
        assert crawl(server.url, "--category", "dajiangwang").posts == {"new": 9}


def test_an_etag_goes_back_byte_for_byte(crawl: Runs):
    etag = b'"\xb9\xfa\xc3\xa9"'.decode("latin-1")
    page = bad.page(SITE[SEED].body, ETag=etag)
    with bad.serve_badly(SITE, {SEED: [page, page]}) as server:
        crawl(server.url)
        crawl(server.url, "--full")
        assert server.headers[SEED][-1]["if-none-match"] == etag


@pytest.mark.parametrize("written", ["/\xd0\xc2/x.html", "/%D0%C2/x.html"], ids=["raw", "escaped"])
def test_where_a_redirect_leads_is_told_by_the_bytes_it_has(crawl: Runs, written: str):
    with bad.serve_badly(SITE, {POSTS[0]: [bad.redirect(written)]}) as server:
        run = crawl(server.url, "--category", "dajiangwang")
    assert reasons(run) == {f"refused: redirected to https://{HOST}/%D0%C2/x.html": 1}


# Proxies.

SPEAKS_SOCKS = (
    "names a proxy that speaks socks5, which this program does not: name one that speaks HTTP, or unset it.\n"
)


def by_way_of(crawl: Runs, name: str, proxy: str) -> Runs:
    """Return runs whose environment names this proxy and no other."""
    others = {key: value for key, value in crawl.environment.items() if not key.lower().endswith("_proxy")}
    return replace(crawl, environment={**others, name: proxy})


@pytest.mark.parametrize("name", ["ALL_PROXY", "all_proxy", "https_proxy", "HTTP_PROXY"])
def test_a_proxy_that_speaks_no_http_is_refused_before_anything_is_asked(crawl: Runs, name: str):
    run = by_way_of(crawl, name, "socks5://127.0.0.1:1080")("http://mirror.invalid")
    assert (run.code, run.errors) == (2, f"Error: {name.upper()} {SPEAKS_SOCKS}")
    assert not crawl.archive.exists()


@pytest.mark.parametrize(
    ("mirror", "asked"), [("http", "http://mirror.invalid/robots.txt"), ("https", "mirror.invalid:443")]
)
def test_a_proxy_that_wants_a_password_is_told_as_the_proxy(crawl: Runs, mirror: str, asked: str):
    with bad.serve_badly(SITE, {asked: [bad.status(407)]}) as server:
        run = by_way_of(crawl, "ALL_PROXY", server.url)(f"{mirror}://mirror.invalid")
        assert [path for _, path in server.asked] == [asked]
    address = server.url.removeprefix("http://")
    reason = f"robots.txt: the proxy {address} answers HTTP 407: give the name and password it wants in its address"
    assert (run.code, run.report["hosts"]) == (1, {HOST: f"given up ({reason})"})


# The share host.


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (bad.page(b"{" * 5000), "share link: the answer is not JSON"),
        (bad.page(b"[" * 100_000), "share link: the answer is not JSON"),
        (bad.page(b'{"text": 1}'), "share link: the answer holds no text"),
        (bad.reset, "share link: download failed"),
        (bad.status(500), "share link: HTTP 500"),
        (bad.endless, "share link: larger than 4 MB"),
        (bad.redirect("http://127.0.0.1:1/"), "share link: redirected to http://127.0.0.1:1/"),
    ],
)
def test_a_share_host_that_fails_is_an_outcome_of_its_post_and_no_failed_run(crawl: Runs, answer: Any, reason: str):
    texts = {path: [answer] for path in SITE if "GetNewsText" in path}
    gone = "/NewsData/GetNewsText.do?id=202204212351950072"
    with bad.serve_badly(SITE, {**texts, gone: [answer]}) as server:
        run = crawl(server.url)
    assert (run.code, run.posts) == (0, {"new": 24, "refused": 1, "gone": 2})
    assert reasons(run) == {f"gone: HTTP 404; expired: HTTP 404; {reason}": 2, "refused: no title": 1}


def test_a_share_host_whose_name_leads_nowhere_fails_by_itself(
    crawl: Runs, environment: dict[str, str], tmp_path: Path
):
    (tmp_path / "shareless.py").write_text(
        "from crawler.middlewares.mirror import MirrorDownloadHandler\n"
        "from crawler.middlewares.whole import WholeAnswersHandler\n\n\n"
        "class ShareHostIsDown(MirrorDownloadHandler):\n"
        "    async def download_request(self, request):\n"
        "        if 'GetNewsText' in request.url:\n"
        "            nowhere = request.replace(url='http://share.invalid/')\n"
        "            return await WholeAnswersHandler.download_request(self, nowhere)\n"
        "        return await super().download_request(request)\n"
    )
    handlers = json.dumps(dict.fromkeys(("http", "https"), "shareless.ShareHostIsDown"))
    settings = ["FINEWS_RETRY_SECONDS=0.01", "AUTOTHROTTLE_ENABLED=0", "DOWNLOAD_DELAY=0", "FINEWS_POSTS="]
    settings += [f"FINEWS_ARCHIVE={crawl.archive}", "LOG_LEVEL=ERROR", f"DOWNLOAD_HANDLERS={handlers}"]
    with bad.serve_badly(SITE, {}) as server:
        told = [f"-s{setting}" for setting in [*settings, f"FINEWS_MIRROR={server.url}"]]
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "category", *told],
            cwd=Path(__file__).parent.parent,
            env={**environment, "PYTHONPATH": f"{environment['PYTHONPATH']}:{tmp_path}"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.returncode, done.stderr) == (0, "")
    # By the third post that asks there, the host may have been given up.
    why = {reason for (reason,) in crawl.sql("SELECT reason FROM links WHERE state = 'gone' AND kind = 'post'")}
    begins = "HTTP 404; expired: HTTP 404; share link: "
    assert why
    assert why <= {f"{begins}cannot resolve host", f"{begins}finews.zning.xyz is given up (cannot resolve host)"}
    assert len(crawl.stored()) == 24


# The disk and the clock.


def _room(size: int) -> Callable[[], None]:
    """Return what lets no file of the process grow beyond `size` bytes, as a full disk would."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@pytest.mark.parametrize(
    "size", [200_000, 425_000, 525_000], ids=["as it is made", "as it sets out", "amidst its posts"]
)
def test_a_full_disk_ends_the_run_and_loses_nothing_that_was_stored(crawl: Runs, size: int):
    with bad.serve_badly(SITE, {}) as server:
        full = crawl(server.url, preexec_fn=_room(size))
        assert full.code == 1
        assert full.report == {}
        assert full.errors.startswith("Error: output/archive.db could not be written (")
        assert full.errors.endswith("mend that and run again, what was stored stays.\n")
        before = crawl.stored()
        again = crawl(server.url)
    assert (again.code, again.report["pending"]) == (0, 0)
    assert len(crawl.stored()) == 25
    assert before <= crawl.stored()
    assert check(crawl.archive, None)["findings"] == []


@pytest.mark.parametrize("size", [200_000, 434_000, 455_000], ids=["as it is made", "as it sets out", "as it ends"])
def test_a_full_disk_ends_a_look_behind_share_links_in_a_sentence(crawl: Runs, size: int) -> None:
    full = subprocess.run(
        [sys.executable, "-m", "crawler", "share", "NW202204202350104915", "--mirror", "http://127.0.0.1:9"],
        cwd=crawl.folder,
        env=crawl.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_room(size),
    )
    assert (full.returncode, full.stdout) == (1, "")
    last = full.stderr.splitlines()[-1]
    assert last.startswith("Error: output/archive.db could not be written (")
    assert last.endswith("mend that and run again, what was stored stays.")
    assert "Traceback" not in full.stderr
    assert check(crawl.archive, None)["findings"] == []


def _damage(path: Path) -> None:
    """Overwrite every page of an archive but the first, as a bad disk might."""
    with path.open("r+b") as file:
        size, page = path.stat().st_size, 4096
        file.seek(page)
        file.write(b"\x55" * (size - page))


def _damage_the_posts(path: Path) -> None:
    """Overwrite the pages of the table that posts are stored in, and no other: it is met only when one is written."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'versions'").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\x55" * 4096)


@pytest.mark.parametrize("damage", [_damage, _damage_the_posts])
@pytest.mark.parametrize("command", ["crawl", "share"])
def test_a_damaged_archive_ends_a_run_with_the_sentence_that_check_has_for_it(
    crawl: Runs, damage: Callable[[Path], None], command: str
):
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--limit", "1", "--no-share")
        damage(crawl.archive)
        given = ["share", "NW202204182348410002"] if command == "share" else ["crawl"]
        run = subprocess.run(
            [sys.executable, "-m", "crawler", *given, "--mirror", server.url, "--json"],
            cwd=crawl.folder,
            env=crawl.environment,
            capture_output=True,
            text=True,
            check=False,
        )
    said = [line for line in run.stderr.splitlines() if line.startswith("Error: ")]
    assert (run.returncode, run.stdout, len(said)) == (1, "", 1)
    assert "Traceback" not in run.stderr
    assert "error in the program" not in run.stderr
    assert said[0].startswith("Error: output/archive.db: The file is damaged (")
    assert said[0].endswith("): bring back a backup, or save what can be read with `finews export`.")


def _delete(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink()


def _replace(path: Path) -> None:
    Archive(path.with_name("other.db"), create=True).close()
    _delete(path)
    path.with_name("other.db").rename(path)


def _move(path: Path) -> None:
    path.rename(path.with_name("elsewhere.db"))


@pytest.mark.parametrize("do", [_delete, _replace, _move])
@pytest.mark.parametrize("limit", [9, 200], ids=["a short run", "a long run"])
def test_a_run_whose_archive_is_taken_away_says_so(crawl: Runs, do: Callable[[Path], None], limit: int):
    seed = next(post for post in bundled_posts() if post.id == "NW202204202350104915")
    site = build([replace(seed, id=f"NW2022042023{number:08}") for number in range(limit)])
    at = sorted(path for path in site if "/2022/" in path)[limit // 2]
    plan = {at: [bad.once(lambda: do(crawl.archive)), bad.served]}
    with bad.serve_badly(site, plan) as server:
        run = crawl(server.url)
    assert (run.code, run.report) == (1, {})
    assert run.errors == (
        "Error: output/archive.db was deleted, moved or replaced while a run wrote to it: what the run stored went"
        " with the old file. Run again to fetch it once more.\n"
    )


@pytest.fixture
def bound_by_modes() -> list[str]:
    """The command under which file modes count, for root too."""
    return ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []


@pytest.mark.parametrize(
    ("read_only", "sentence"),
    [
        (".", "output/archive.db.lock cannot be made: Permission denied; a run needs to write there."),
        (
            "archive.db",
            "output/archive.db cannot be written to (attempt to write a readonly database): a run needs to.",
        ),
    ],
)
def test_an_archive_that_can_only_be_read_is_a_sentence(
    crawl: Runs, bound_by_modes: list[str], read_only: str, sentence: str
):
    with bad.serve_badly(SITE, {}) as server:
        crawl(server.url, "--category", "dajiangwang")
        asked, folder = len(server.asked), crawl.archive.parent
        (folder / "archive.db.lock").unlink(missing_ok=read_only == ".")
        path = folder / read_only
        mode = path.stat().st_mode
        path.chmod(mode & ~0o222)
        try:
            run = crawl(server.url, under=bound_by_modes)
        finally:
            path.chmod(mode)
        assert len(server.asked) == asked
    assert (run.code, run.errors, run.report) == (1, f"Error: {sentence}\n", {})


def test_a_clock_that_was_set_back_keeps_nothing_from_being_asked_for(crawl: Runs):
    with bad.serve_badly(SITE, {POSTS[0]: [bad.status(500)] * 4 + [bad.served]}) as server:
        crawl(server.url)
        # What a clock that was a year ahead has left behind.
        for table, columns in (
            ("links", ("found_at", "fetched_at", "read_at", "next_try_at")),
            ("hosts", ("robots_at", "wait_until")),
            ("runs", ("started_at", "finished_at")),
        ):
            for column in columns:
                crawl.sql(f"UPDATE {table} SET {column} = replace({column}, substr({column}, 1, 4), '2199')")
        crawl.sql("UPDATE hosts SET wait_until = '2199-01-01T00:00:00+00:00'")
        server.asked.clear()
        run = crawl(server.url, "--full")
        asked = Counter(path for _, path in server.asked)
    assert (run.code, run.posts["new"], run.report["pending"]) == (0, 1, 0)
    assert asked["/robots.txt"] == 3  # of the site, of the share host, and of the place of expired posts
    assert set(POSTS) <= set(asked)
    assert crawl.sql("SELECT max(next_try_at) < '2100' FROM links") == [(1,)]
