"""Eight days of a site in a minute: what a schedule of runs stores, what it asks for, and when it speaks up.

The clock is `faketime`'s, set anew before each run; the runs are children of one process that has loaded the program,
since starting it takes longer than what it does here.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from statistics import median
from typing import IO, TYPE_CHECKING, Any

import pytest

from crawler.archive import Archive
from crawler.ops.check import check
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import build, bundled_posts
from crawler.ops.sample_site.source import SITE_ZONE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.ops.sample_site.source import SourcePost

pytestmark = pytest.mark.slow

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGIN = datetime(2022, 4, 20, tzinfo=SITE_ZONE)  # a Wednesday
LAST_POST = datetime(2022, 4, 24, 23, 54, tzinfo=SITE_ZONE)
KEPT = 3 * DAY  # by the site
PROGRAM = """
import gc, importlib, json, os, sys
from scrapy.core.downloader.handlers import http11
from scrapy.settings import default_settings
from crawler import settings
from crawler.archive.watch import watchman
from crawler.cli import main
from crawler.ops import run
from crawler.spiders import category, share

parts = [
    *default_settings.DOWNLOADER_MIDDLEWARES_BASE, *default_settings.SPIDER_MIDDLEWARES_BASE,
    *default_settings.EXTENSIONS_BASE, *settings.DOWNLOADER_MIDDLEWARES, *settings.SPIDER_MIDDLEWARES,
    *settings.EXTENSIONS, *settings.ITEM_PIPELINES, default_settings.STATS_CLASS, default_settings.DUPEFILTER_CLASS,
    settings.DOWNLOAD_HANDLERS["http"], default_settings.SCHEDULER, default_settings.SCHEDULER_PRIORITY_QUEUE,
]
for part in parts:
    importlib.import_module(part.rpartition(".")[0])
gc.freeze()  # or else each child would copy what it only looks through
for line in sys.stdin:
    child = os.fork()
    if not child:
        try:
            main(json.loads(line))
        except SystemExit as end:
            sys.stdout.flush()
            os._exit(end.code or 0)  # there is a thousand modules to take down
    _, status = os.waitpid(child, 0)
    print("ended", os.waitstatus_to_exitcode(status), flush=True)
"""


def every(step: timedelta, begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += step


def posts_of_five_days() -> list[SourcePost]:
    """Make a post every forty minutes, of three outlets in turn."""
    seed = next(post for post in bundled_posts() if post.id == "NW202204202350104915")
    navigation = seed.body.rstrip().splitlines()[-1]
    outlets = ["dajiangwang", "kejiribao", "guangmingwang"]
    return [
        replace(
            seed,
            id=f"NW{at:%Y%m%d}{number:012}",
            title=f"第{number}条消息",
            date=at,
            category=outlets[number % 3],
            tag=f"{outlets[number % 3]}新闻",
            body=f"<p>第{number}条。</p>\n\n{navigation.replace('dajiangwang', outlets[number % 3])}",
        )
        for number, at in enumerate(every(40 * MINUTE, BEGIN + 34 * MINUTE, LAST_POST))
    ]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Runs at set times. `clock` is the file that tells `faketime` the time, `program` what starts the runs."""

    clock: Path
    program: subprocess.Popen[str]
    command: list[str]
    reports: dict[datetime, dict[str, Any]] = field(default_factory=dict)

    def run(self, at: datetime) -> None:
        """Crawl as if it were that time, and keep the report with its exit code."""
        self.clock.write_text(f"{at.timestamp() - time.time():+.3f}")
        assert self.program.stdin is not None, "it was asked for"
        assert self.program.stdout is not None, "likewise"
        self.program.stdin.write(json.dumps(self.command) + "\n")
        self.program.stdin.flush()
        told, code = _told(self.program.stdout)
        self.reports[at] = {**json.loads(told), "code": code}


def _told(output: IO[str]) -> tuple[str, int]:
    lines = []
    for line in output:
        if line.startswith("ended "):
            return "".join(lines), int(line.split()[1])
        lines.append(line)
    raise AssertionError("the program has ended")


@contextmanager
def schedule(folder: Path, environment: dict[str, str], mirror: str) -> Iterator[Schedule]:
    told = ["faketime", "-f", "+0d", "printenv", "LD_PRELOAD"]
    library = subprocess.run(told, capture_output=True, text=True, check=True).stdout.strip()
    clock = folder / "clock"
    clock.write_text("+0")
    faked = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        cwd=folder,
        env={**environment, **faked},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with program:
        yield Schedule(clock, program, ["crawl", "--mirror", mirror, "--alarm", "--json"])
        assert program.stdin is not None, "it was asked for"
        program.stdin.close()


def test_eight_days_of_a_schedule(tmp_path: Path, environment: dict[str, str]):
    posts = posts_of_five_days()
    with serve(build([])) as server, schedule(tmp_path, environment, server.url) as runs:
        for now in every(2 * HOUR, BEGIN + 2 * HOUR, LAST_POST + KEPT):
            server.site = build([post for post in posts if now - KEPT < post.date <= now], built_at=now)
            runs.run(now)
    reports = runs.reports

    with Archive(tmp_path / "output" / "archive.db") as archive:
        stored = {post["post_id"]: datetime.fromisoformat(post["first_seen_at"]) for post in archive.posts()}
    assert stored.keys() == {post.id for post in posts}
    assert max(stored[post.id] - post.date for post in posts) < 2 * HOUR + MINUTE
    assert check(tmp_path / "output" / "archive.db", tmp_path / "output" / "_posts")["findings"] == []
    assert {report["outcome"] for report in reports.values()} == {"finished"}

    # Each post is asked for when it is new, looked at again now and then, and found to be gone.
    assert sum(report["requests"] for report in reports.values()) == len(server.requests)
    assert len(server.requests) < 5 * len(posts) + 3 * len(reports)
    assert median(report["requests"] for at, report in reports.items() if at > LAST_POST) <= 2

    spoke = {at: report["alarms"] for at, report in reports.items() if report["alarms"]}
    first = min(spoke)
    assert LAST_POST + 12 * HOUR < first < LAST_POST + 36 * HOUR
    assert list(spoke) == [at for at in reports if at >= first]  # from then on at every run
    assert {at: report["code"] for at, report in reports.items()} == {at: int(at >= first) for at in reports}
    for at, (alarm,) in spoke.items():
        assert (alarm["kind"], alarm["site"], alarm["numbers"]["since"]) == (
            "silence",
            "finews",
            LAST_POST.isoformat(timespec="seconds"),
        )
        said_since = datetime.fromisoformat(alarm["numbers"]["said_since"])
        assert abs(said_since - first) < MINUTE
        assert (f"(said since {first.astimezone(LAST_POST.tzinfo):%Y-%m-%d %H:%M} +08:00)" in alarm["sentence"]) == (
            at - first > DAY
        )
