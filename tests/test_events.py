"""The log of a run: a line an event on standard error, with the number of the run, for people and for machines."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest

from crawler.extensions import events
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import Any

    Finews = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program

_CATEGORY = "Career In touxingPEVC"
_PAGE = "https://finews.withounder.com/category/Career%20In%20touxingPEVC.html"
_POSTS = [
    "https://finews.withounder.com/career/in/touxingpevc/2022/04/19/NW202204192349410021.html",
    "https://finews.withounder.com/career/in/touxingpevc/2022/04/21/NW202204212351100022.html",
]
_EMPTY_TITLE = "https://finews.withounder.com/shanghaizhengquanbao/2022/04/20/NW202204202350720061.html"


def crawled(finews: Finews, *arguments: str) -> subprocess.CompletedProcess[str]:
    with serve(bundled_site()) as server:
        return finews("crawl", "--mirror", server.url, *arguments)


def test_an_unattended_run_is_logged_with_one_line_per_event(finews: Finews):
    done = crawled(finews, "--category", _CATEGORY)
    lines = done.stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ INFO run=1 ", line) for line in lines)
    first, listing, *posts, last = (line.partition(" run=1 ")[2] for line in lines)
    assert (first, listing, last) == ("run of finews begins", f"read {_PAGE}", "run finished, 4 requests: 2 new")
    assert sorted(posts) == [f"new {url}" for url in _POSTS]


def test_the_log_for_machines_has_one_json_document_per_line(finews: Finews):
    done = crawled(finews, "--category", _CATEGORY, "--log-format", "json", "--json")
    documents = [json.loads(line) for line in done.stderr.splitlines()]
    assert {(each["level"], each["run"]) for each in documents} == {("INFO", 1)}
    moments = [each.pop("at") for each in documents]
    assert moments == sorted(moments)
    begin, listing, *posts, end = [
        {key: value for key, value in each.items() if key not in {"level", "run"}} for each in documents
    ]
    assert begin == {"event": "begin", "site": "finews", "spider": "category", "message": "run of finews begins"}
    assert listing == {
        "event": "address",
        "kind": "category",
        "url": _PAGE,
        "outcome": "read",
        "reason": None,
        "message": f"read {_PAGE}",
    }
    assert sorted(post["url"] for post in posts) == _POSTS
    assert (end.pop("event"), end.pop("message")) == ("end", "run finished, 4 requests: 2 new")
    assert end == {"report": json.loads(done.stdout)}


def test_refusals_are_logged_as_warnings_with_the_reason(finews: Finews):
    done = crawled(finews, _EMPTY_TITLE, "--log-format", "text", "--json")
    (line,) = [line for line in done.stderr.splitlines() if "WARNING" in line]
    assert line.partition("Z ")[2] == f"WARNING run=1 refused {_EMPTY_TITLE}: no title"


def test_auxiliary_requests_that_give_nothing_are_not_warnings(finews: Finews):
    lines = [line.partition("Z ")[2] for line in crawled(finews).stderr.splitlines()]
    shares = [line for line in lines if "NewsShare" in line]
    assert {line.partition(" http")[0] for line in shares} == {"INFO run=1 failed"}
    assert [line for line in lines if line.startswith("WARNING")] == [
        f"WARNING run=1 refused {_EMPTY_TITLE}: no title"
    ]


def test_with_a_json_report_nothing_is_logged_unless_requested(finews: Finews):
    assert crawled(finews, "--category", _CATEGORY, "--json").stderr == ""


def test_a_run_with_an_unchanged_home_page_logs_three_lines(finews: Finews):
    with serve(bundled_site()) as server:
        finews("crawl", "--mirror", server.url)
        done = finews("crawl", "--mirror", server.url)
    assert [line.partition(" run=2 ")[2] for line in done.stderr.splitlines()] == [
        "run of finews begins",
        "unchanged https://finews.withounder.com/",
        "run finished, 1 request: nothing new",
    ]


def test_a_refused_run_says_so_in_one_line_whatever_the_log_format(finews: Finews):
    done = finews("crawl", "--site", "nosuch", "--log-format", "json")
    assert (done.returncode, done.stderr) == (
        2,
        "Error: nosuch: is not a site; give finews, minima, notes, or a .yaml file.\n",
    )


@pytest.fixture
def record() -> logging.LogRecord:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        told = (type(error), error, error.__traceback__)
    return logging.LogRecord("scrapy.core", logging.ERROR, __file__, 1, "wrong: %s", ("this",), told)


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_traceback_is_logged_on_one_line(form: str, record: logging.LogRecord):
    handler = events.line_handler(form, 7)
    line = handler.format(record)
    assert "\n" not in line
    assert handler.filter(record)
    message: Any = json.loads(line)["message"] if form == "json" else line
    assert "wrong: this" in message
    assert "ValueError: two" in message


def test_only_warnings_of_other_libraries_are_logged(record: logging.LogRecord):
    record.levelno = logging.INFO
    assert not events.line_handler("text", 1).filter(record)
