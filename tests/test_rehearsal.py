"""Captured pages read anew: what would be otherwise is reported, and applied as corrections of the rules."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.archive import Archive
from crawler.captures.files import folder_of
from crawler.ops.check import check
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site
from crawler.sites.loading import load_site, rules_version

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    Finews = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program

BUNDLED = (Path(__file__).parent.parent / "crawler" / "sites" / "finews.yaml").read_text(encoding="utf-8")
POST = "NW202204202350104915"
FIELDS = (
    *("title", "published_at", "source", "authors", "category", "tags"),
    *("mentions", "share_url", "image", "text"),
)


def definition(folder: Path, *changes: tuple[str, str]) -> Path:
    """Write the bundled definition with some changes, each of which must be one."""
    text = BUNDLED
    for pattern, replacement in changes:
        text, count = re.subn(pattern, replacement, text, count=1, flags=re.DOTALL)
        assert count == 1, pattern
    file = folder / f"{len(list(folder.glob('*.yaml')))}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


NO_DATE = (
    r"    date:\n.*?    tags:",
    "    date:\n      - {css: 'meta[name=\"none\"]', attribute: content}\n    tags:",
)
WRONG_OUTLET = (
    r"    source: &source\n.*?\n    (\w+):",
    "    source: &source\n      - {css: title, pattern: '^(..)'}\n    \\1:",
)


@pytest.fixture
def crawl(finews: Finews) -> Callable[..., dict[str, Any]]:
    def run(*options: str) -> dict[str, Any]:
        with serve(bundled_site()) as server:
            done = finews("crawl", "--mirror", server.url, "--json", *options)
        report: dict[str, Any] = json.loads(done.stdout)
        return report

    return run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output" / "archive.db"


def counts(report: dict[str, Any], field: str) -> dict[str, int]:
    return {change: count for change, count in report["fields"][field].items() if count}


def test_the_same_rules_find_the_same(finews: Finews, crawl: Callable[..., dict[str, Any]]):
    crawl()
    done = finews("rehearse", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert (report["pages"], report["posts"], report["refused_now"], report["stored_now"]) == (25, 25, 0, 0)
    assert report["fields"] == {field: {"unchanged": 24, "filled": 0, "emptied": 0, "changed": 0} for field in FIELDS}
    assert (report["examples"], report["outlets"], report["reasons"], report["is_worse"]) == ([], {}, {}, False)


def test_a_broken_date_rule_is_caught_with_field_layout_and_count(
    finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path
):
    crawl()
    broken = str(definition(tmp_path, NO_DATE))
    done = finews("rehearse", "--site", broken, "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["refused_now"], report["reasons"], report["is_worse"]) == (23, {"no date": 23}, True)
    assert counts(report, "published_at") == {"unchanged": 1, "emptied": 23}
    assert counts(report["layouts"]["page"], "published_at") == {"emptied": 23}
    assert report["layouts"]["page"]["refused_now"] == 23
    assert report["outlets"]["大江网"]["fields"]["published_at"]["emptied"] == 8
    assert {example["change"] for example in report["examples"]} == {"refused"}
    assert finews("show", POST).returncode == 0  # nothing is stored
    told = finews("rehearse", "--site", broken)
    assert told.returncode == 1
    assert told.stdout.splitlines()[:2] == [
        "25 pages read, 23 of stored posts would be refused, 0 refused ones would be stored.",
        "  23 refused: no date",
    ]
    assert "layout page\n  published_at: 0 unchanged, 0 filled, 23 emptied, 0 changed\n" in told.stdout


def test_an_example_says_by_how_much(finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path):
    crawl()
    shifted = definition(tmp_path, (r"timezone: Asia/Shanghai", "timezone: Asia/Tokyo"))
    report = json.loads(finews("rehearse", "--site", str(shifted), "--json").stdout)
    assert (report["pages"], report["is_worse"]) == (25, False)
    assert {(each["field"], each["change"], each["by"]) for each in report["examples"]} == {
        ("published_at", "changed", -3600)
    }


def test_a_sample_is_always_the_same(finews: Finews, crawl: Callable[..., dict[str, Any]]):
    crawl()
    first, second = (json.loads(finews("rehearse", "--sample", "5", "--json").stdout) for _ in range(2))
    assert 0 < first["pages"] <= 5
    assert first == second


def test_a_report_is_written_as_a_page_that_loads_nothing(
    finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path
):
    crawl()
    broken = str(definition(tmp_path, NO_DATE))
    finews("rehearse", "--site", broken, "--html", "report.html")
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert "23 of stored posts would be refused" in page
    assert '<td>published_at</td><td class="n">0</td><td class="n">0</td><td class="n bad">23</td>' in page
    assert "src=" not in page
    assert "<script" not in page


def test_every_page_that_is_kept_is_read_if_that_is_asked_for(finews: Finews, crawl: Callable[..., dict[str, Any]]):
    crawl()
    crawl("--full")  # revisits, which are the same pages once more
    assert json.loads(finews("rehearse", "--all", "--json").stdout)["pages"] == 25
    assert json.loads(finews("rehearse", "--since", "2100", "--json").stdout)["pages"] == 0


def outlets(path: Path) -> dict[str, str | None]:
    with Archive(path) as archive:
        return {post["post_id"]: post["source"] for post in archive.posts()}


def test_outlets_that_were_read_wrongly_are_mended_and_what_was_known_stays_known(
    finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path, path: Path
):
    crawl("--site", str(definition(tmp_path, WRONG_OUTLET)))
    wrong = outlets(path)
    assert wrong[POST] == "推进"
    time.sleep(1.1)
    before = datetime.now(UTC).isoformat(timespec="seconds")
    time.sleep(1.1)
    done = finews("reread", "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, done.stderr, report["outcome"], report["scope"]) == (0, "", "finished", "reread")
    corrected = {post_id: source for post_id, source in outlets(path).items() if source != wrong[post_id]}
    assert report["posts"]["changed"] == len(corrected) >= 20
    assert corrected[POST] == "大江网"
    with Archive(path) as archive:
        assert [(each["revision"], each["via"]) for each in archive.history(POST)] == [(1, "page"), (2, "rules")]
        found = {
            (source, as_of): archive.search("5G+VR", source=[source], as_of=as_of)["total"]
            for source in ("推进", "大江网")
            for as_of in (None, before)
        }
        read_by = archive.db.execute("SELECT rules FROM links WHERE kind = 'post' AND state = 'stored'").fetchall()
    assert found == {("推进", None): 0, ("推进", before): 1, ("大江网", None): 1, ("大江网", before): 0}
    assert {rules for (rules,) in read_by if rules} == {rules_version(load_site("finews"))}
    assert "2  seen " in finews("history", POST).stdout
    assert "(rules)" in finews("history", POST).stdout
    assert "source: 大江网\n" in next((tmp_path / "output" / "_posts").glob(f"*{POST}.md")).read_text("utf-8")
    assert check(path, path.parent / "_posts")["findings"] == []
    again = json.loads(finews("reread", "--json").stdout)
    assert sum(again["posts"].values()) == 0  # every page is read by these rules


def test_a_crawl_after_a_reread_finds_nothing_new(
    finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path
):
    crawl("--site", str(definition(tmp_path, WRONG_OUTLET)))
    finews("reread", "--json")
    posts = crawl("--full")["posts"]
    assert (posts["new"], posts["changed"]) == (0, 0)
    assert len(json.loads(finews("history", POST, "--json").stdout)) == 2


def test_posts_that_the_rules_refuse_stay_and_those_they_refused_before_are_stored(
    finews: Finews, crawl: Callable[..., dict[str, Any]], tmp_path: Path, path: Path
):
    broken = str(definition(tmp_path, NO_DATE))
    crawl("--site", broken)
    before, refused = outlets(path), json.loads(finews("rehearse", "--json").stdout)["stored_now"]
    stored = json.loads(finews("reread", "--json").stdout)["posts"]["new"]
    assert len(outlets(path)) == len(before) + stored
    assert stored == refused >= 15
    before = outlets(path)
    report = json.loads(finews("reread", "--site", broken, "--json").stdout)
    assert (report["posts"]["changed"], report["posts"]["refused"]) == (0, 0)
    assert outlets(path) == before
    assert check(path, path.parent / "_posts")["findings"] == []


def test_a_deleted_post_does_not_come_back(finews: Finews, crawl: Callable[..., dict[str, Any]], path: Path):
    crawl()
    finews("delete", POST, "--yes")
    with Archive(path) as archive:
        archive.db.execute("UPDATE links SET rules = 'older'")
    finews("reread", "--json")
    assert POST not in outlets(path)
    assert json.loads(finews("rehearse", "--json").stdout)["stored_now"] == 0


def test_records_that_cannot_be_read_are_counted(finews: Finews, crawl: Callable[..., dict[str, Any]], path: Path):
    crawl()
    for file in folder_of(path).iterdir():
        file.unlink()
    report = json.loads(finews("rehearse", "--json").stdout)
    assert (report["unreadable"], report["pages"]) == (25, 0)
