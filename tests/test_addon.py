"""The run as Scrapy's parts have it: begun before any of them is built, shared by all, ended in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import made
import pytest
from scrapy import Request, Spider, signals
from scrapy.exceptions import NotConfigured
from scrapy.http import Response
from scrapy.utils.test import get_crawler
from twisted.python.failure import Failure

from crawler.addon import RunAddon, run_ended, run_ending
from crawler.archive import Archive
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveLocked
from crawler.pipelines.store import StoreInArchive
from crawler.spiders.asking import Target
from crawler.spiders.category import CategorySpider
from crawler.spiders.share import ShareSpider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from scrapy.crawler import Crawler


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


@pytest.fixture
def crawlers(path: Path) -> Iterator[Callable[..., Crawler]]:
    """Return a function that makes a crawler of Scrapy's, with its spider, which is what an add-on finds."""
    begun: list[Crawler] = []

    def make(spider: type[Spider] = CategorySpider, **arguments: Any) -> Crawler:
        settings = {"FINEWS_ARCHIVE": path, "FINEWS_SITE": "finews", "FINEWS_POSTS": None}
        begun.append(get_crawler(spider, settings))
        begun[-1].spider = spider.from_crawler(begun[-1], **arguments)
        return begun[-1]

    yield make
    for crawler in begun:
        for addon in crawler.addons.addons:
            addon.run.close()


def begin(crawler: Crawler) -> RunAddon:
    """Build the add-on as Scrapy does."""
    crawler.addons.addons.append(RunAddon.from_crawler(crawler))
    return RunAddon.of(crawler)


def close_spider(crawler: Crawler, reason: str) -> None:
    crawler.signals.send_catch_log(signals.spider_closed, spider=crawler.spider, reason=reason)


@pytest.mark.parametrize(
    ("spider", "arguments", "scope"),
    [
        (CategorySpider, {}, "usual"),
        (CategorySpider, {"full": True}, "full"),
        (CategorySpider, {"category": "dajiangwang"}, "part"),
        (ShareSpider, {"code": made.ID}, "share"),
    ],
)
def test_a_run_has_the_site_and_scope_of_its_spider(
    crawlers: Any, spider: type[Spider], arguments: dict[str, Any], scope: str
):
    crawler = crawlers(spider, **arguments)
    run = begin(crawler).run
    assert run.site is crawler.spider.site
    assert list(run.archive.db.query("SELECT id, site, scope, outcome FROM runs")) == [
        {"id": run.id, "site": "finews", "scope": scope, "outcome": "running"}
    ]


def test_a_spider_of_another_program_has_no_run_and_touches_no_archive(crawlers: Any, path: Path):
    crawler = crawlers(Spider, name="shell")
    with pytest.raises(NotConfigured):
        RunAddon.from_crawler(crawler)
    with pytest.raises(NotConfigured):
        RunAddon.of(crawler)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [("finished", "finished"), ("shutdown", "interrupted"), ("cancelled", "interrupted"), ("archive", "failed")],
)
def test_a_run_ends_and_releases_the_archive_when_its_spider_is_closed(
    crawlers: Any, path: Path, reason: str, outcome: str
):
    crawler = crawlers()
    addon = begin(crawler)
    close_spider(crawler, reason)
    assert addon.run.report is not None
    assert addon.run.report["outcome"] == outcome
    with run_lock(path), Archive(path) as archive:
        assert next(archive.runs())["outcome"] == outcome


def test_components_may_write_before_a_run_ends_and_get_its_report_afterwards(crawlers: Any):
    crawler = crawlers()
    addon, heard = begin(crawler), list[Any]()

    def write() -> None:
        heard.append(addon.run.archive.db.execute("SELECT outcome FROM runs").fetchone())

    def note(report: dict[str, Any]) -> None:
        heard.append(report)

    crawler.signals.connect(write, run_ending)
    crawler.signals.connect(note, run_ended)
    close_spider(crawler, "finished")
    assert heard == [("running",), addon.run.report]


def test_a_run_that_cannot_write_its_report_is_closed_all_the_same(crawlers: Any, path: Path):
    crawler = crawlers()
    addon, heard = begin(crawler), list[Any]()
    crawler.signals.connect(heard.append, run_ended, weak=False)
    addon.run.archive.db.execute("PRAGMA query_only = 1")
    close_spider(crawler, "finished")
    assert str(addon.trouble) == (
        f"{path} could not be written (attempt to write a readonly database): mend that and run again, what was"
        " stored stays."
    )
    assert (addon.run.report, heard) == (None, [])
    with run_lock(path):
        pass


def test_a_second_run_is_refused_before_it_opens_the_archive(crawlers: Any, path: Path):
    begin(crawlers())
    before = {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()}
    with pytest.raises(ArchiveLocked):
        RunAddon.from_crawler(crawlers())
    assert {file.name: file.stat().st_mtime_ns for file in path.parent.iterdir()} == before


@pytest.mark.parametrize("signal", [signals.spider_error, signals.item_error], ids=["spider", "item"])
def test_an_error_in_reading_a_page_is_a_failure_of_that_page(crawlers: Any, signal: object):
    crawler = crawlers()
    addon = begin(crawler)
    step = StoreInArchive.from_crawler(crawler)
    address = made.post_address()
    request = Request(address.url, cb_kwargs={"target": Target(address=address, found_on=made.HOME.url)})
    response = Response(address.url, request=request)
    failure = Failure(ZeroDivisionError("division by zero"))
    crawler.signals.send_catch_log(signal, item=made.post(), response=response, spider=None, failure=failure)
    (row,) = addon.run.archive.db.query(
        "SELECT state, outcome, reason, article_id, found_on, status, rules FROM links"
    )
    assert row == {
        "state": "failed",
        "outcome": "failed",
        "reason": "error in the program: ZeroDivisionError",
        "article_id": None,
        "found_on": made.HOME.url,
        "status": None,
        "rules": None,
    }
    close_spider(crawler, "finished")
    assert step.writer is addon.writer
    assert addon.run.report is not None
    assert addon.run.report["reasons"] == {"failed: error in the program: ZeroDivisionError": 1}
