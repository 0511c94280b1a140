"""Whole runs: the command, a real server on loopback, real HTTP, and what the archive and the folder hold then."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import outlets
import pytest
from fixture_pages import PAGES, expected

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.dates import iso
from crawler.ops.sample_site.server import RunningServer, SeenRequest, serve
from crawler.ops.sample_site.site import Resource, SampleSite, build, bundled_extras, bundled_posts, bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.ops.sample_site.source import SourcePost

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.slow  # whole runs of the program

SEED = "NW202204202350104915"
GONE_WITH_SHARED_TEXT = "NW202204182347990071"
GONE_ALTOGETHER = "202204212351950072"
WITHOUT_LAYOUT = "202204212351703007"
FORBIDDEN = "The site's robots.txt forbids these pages, and it is obeyed: ask whoever runs the site."
NO_SUCH_PAGE = (
    "The site has no page for nosuch (HTTP 404): give a slug or an address that its own pages link to; a crawl of the"
    " whole site finds every category."
)
SOME_FAILED = "Some pages could not be fetched; the next run asks for them again."
NAMES_NO_POST = (
    "The home page came, but names no post: no link on it has the form of a post's address (`addresses.post` of the"
    " definition). `finews try --mirror {mirror} https://finews.withounder.com/` shows where its links lead."
)
WARNING = re.compile(r"WARNING: (refused|failed) \S+: (.+)")
MINIMA = Path(__file__).parent.parent / "crawler" / "sites" / "minima.yaml"


@dataclass(frozen=True, slots=True)
class Crawls:
    """Crawls of one server into one archive."""

    run: Run
    server: RunningServer
    folder: Path

    def __call__(self, *arguments: str, trouble: str = "") -> dict[str, Any]:
        """Crawl, and return the report; the run must end well, or with this sentence and exit code 1.

        Of what it asked for, only what was refused or failed may be warned of, with the reason the report has.
        """
        done = self.run("crawl", "--mirror", self.server.url, "--json", *arguments)
        report: dict[str, Any] = json.loads(done.stdout)
        lines, trouble = done.stderr.splitlines(), trouble.format(mirror=self.server.url)
        warned = {WARNING.sub(r"\1: \2", line) for line in lines if WARNING.match(line)}
        assert [line for line in lines if not WARNING.match(line)] == ([f"Error: {trouble}"] if trouble else [])
        assert warned <= report["reasons"].keys() | report["listing_reasons"].keys()
        assert done.returncode == (1 if trouble else 0)
        return report

    def asked(self) -> list[str]:
        """Return what the server was asked for since the last time, robots.txt left out."""
        targets = [request.target for request in self.server.requests if request.target != "/robots.txt"]
        self.server.requests.clear()
        return targets

    @property
    def archive(self) -> Path:
        return self.folder / "output" / "archive.db"

    @property
    def posts(self) -> Path:
        return self.folder / "output" / "_posts"

    def post(self, name: str) -> dict[str, Any]:
        with Archive(self.archive) as archive:
            return archive.post(name)

    def stored(self) -> set[str]:
        with Archive(self.archive) as archive:
            return {post["post_id"] for post in archive.posts()}

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.posts.iterdir()}

    def change(self, sql: str, *values: str) -> None:
        """Change the archive between two runs, to which time seems to have passed."""
        with closing(sqlite3.connect(self.archive)) as db, db:
            db.execute(sql, values)

    def make_posts_due(self) -> None:
        self.change("UPDATE links SET next_try_at = '2022-04-21T00:00:00+00:00' WHERE kind = 'post'")


@pytest.fixture
def crawl(finews: Run, tmp_path: Path) -> Iterator[Crawls]:
    with serve(bundled_site()) as server:
        yield Crawls(finews, server, tmp_path)


def test_a_run_takes_in_every_post_of_the_site(crawl: Crawls) -> None:
    report = crawl()
    assert {name: report[name] for name in ("run", "site", "outcome", "not_modified", "retries", "pending")} == {
        "run": 1,
        "site": "finews",
        "outcome": "finished",
        "not_modified": 0,
        "retries": 0,
        "pending": 0,
    }
    assert report["posts"] == {"new": 25, "changed": 0, "unchanged": 0, "refused": 1, "failed": 0, "gone": 1}
    assert report["reasons"] == {
        "gone: HTTP 404; expired: HTTP 404; share link: the answer holds no text": 1,
        "refused: no title": 1,
    }
    # Two posts are gone, and one page names no outlet.
    assert report["elsewhere"] == {"expired: gone": 2, "share: failed": 2, "share: stored": 1}
    assert report["requests"] == len(crawl.server.requests)
    served = {post.id for post in bundled_posts() if post.title} | {GONE_WITH_SHARED_TEXT}
    with Archive(crawl.archive) as archive:
        assert {post["post_id"] for post in archive.posts()} == served
    assert len(crawl.files()) == len(served)


def test_a_post_is_archived_as_its_page_reads(crawl: Crawls) -> None:
    crawl("--category", "dajiangwang")
    row, (_, post) = crawl.post(SEED), expected("finews/seed")
    named = ("post_id", "url", "share_url", "title", "source", "published_at", "html", "markdown", "text", "summary")
    assert {name: row[name] for name in named} == {name: post[name] for name in named}
    assert (row["category"], row["tags"], row["mentions"]) == ("dajiangwang", ["大江网新闻"], [])


def test_requests_go_to_the_mirror_with_the_original_host(crawl: Crawls) -> None:
    crawl()
    hosts = {request.target.partition("?")[0]: request.host for request in crawl.server.requests}
    assert hosts["/"] == "finews.withounder.com"
    assert hosts["/NewsData/GetNewsText.do"] == "finews.zning.xyz"
    assert crawl.server.requests[0].target == "/robots.txt"


def test_nothing_is_asked_for_twice_in_a_run(crawl: Crawls) -> None:
    crawl()
    asked = crawl.asked()
    assert sorted(asked) == sorted(set(asked))


def test_a_second_run_changes_nothing(crawl: Crawls) -> None:
    crawl()
    before = crawl.files()
    crawl.asked()
    report = crawl()
    assert report["posts"] == {"new": 0, "changed": 0, "unchanged": 0, "refused": 0, "failed": 0, "gone": 0}
    assert (report["requests"], report["not_modified"], crawl.asked()) == (1, 1, ["/"])
    assert crawl.files() == before


def test_a_full_run_of_an_unchanged_site_changes_nothing(crawl: Crawls) -> None:
    first = crawl()
    before = crawl.files()
    asked = set(crawl.asked())
    report = crawl("--full")
    # The one that was taken from behind its share link has no page, now as before.
    assert report["posts"] == {"new": 0, "changed": 0, "unchanged": 24, "refused": 1, "failed": 0, "gone": 2}
    # All but the two that are gone, their share links, and robots.txt have validators.
    assert report["not_modified"] == 25 + first["listings"]
    assert asked - set(crawl.asked()) == {
        f"/NewsData/GetNewsText.do?id={GONE_WITH_SHARED_TEXT}",
        f"/zning1994/finews/main/old_post/2022-04-18-{GONE_WITH_SHARED_TEXT}.md",
        "/NewsData/GetNewsText.do?id=init",  # asked once, for an outlet
    }
    assert crawl.files() == before


def test_a_changed_post_becomes_a_revision_and_its_file_is_rewritten(crawl: Crawls) -> None:
    crawl()
    changed = [replace(post, title="更正：" + post.title) if post.id == SEED else post for post in bundled_posts()]
    crawl.server.site = build(changed, bundled_extras())
    crawl.make_posts_due()
    report = crawl()
    assert report["posts"]["changed"] == 1
    assert (crawl.post(SEED)["revision"], crawl.post(SEED)["title"][:3]) == (2, "更正：")
    assert b"revision: 2\n" in crawl.files()[f"2022-04-20-{SEED}.md"][0]


def test_a_post_that_vanished_keeps_its_text(crawl: Crawls) -> None:
    crawl()
    text = crawl.post(SEED)["text"]
    crawl.server.site = build([post for post in bundled_posts() if post.id != SEED], bundled_extras())
    assert crawl("--full")["posts"]["gone"] == 3
    assert crawl.post(SEED)["text"] == text
    assert crawl.post(SEED)["gone_at"] is not None
    crawl.server.site = bundled_site()
    crawl("--full")
    assert crawl.post(SEED)["gone_at"] is None


def test_a_post_that_is_gone_is_taken_from_behind_its_share_link(crawl: Crawls) -> None:
    crawl()
    post = crawl.post(GONE_WITH_SHARED_TEXT)
    with sqlite3.connect(crawl.archive) as db:
        assert db.execute("SELECT via FROM revisions WHERE article_id = ?", [post["id"]]).fetchall() == [("share",)]
    db.close()
    assert post["title"] == "景德镇陶瓷出口首季增长两成 跨境电商占比过半"
    assert post["source"] == "大江网"
    assert post["share_url"].endswith(f"infoCode={GONE_WITH_SHARED_TEXT}")


def test_without_share_links_a_post_that_is_gone_is_gone(crawl: Crawls) -> None:
    report = crawl("--no-share")
    assert report["posts"]["gone"] == 2
    assert report["reasons"]["gone: HTTP 404; expired: HTTP 404"] == 2
    assert not [target for target in crawl.asked() if "GetNewsText" in target]


def test_a_category_alone_is_crawled_without_the_others(crawl: Crawls) -> None:
    report = crawl("--category", "Career In touxingPEVC")
    assert report["posts"]["new"] == 2
    assert crawl.asked()[0] == "/category/Career%20In%20touxingPEVC.html"
    assert report["listings"] == 1


def test_a_page_given_by_its_address_is_crawled_alone(crawl: Crawls) -> None:
    report = crawl(f"/2022/04/21/{WITHOUT_LAYOUT}.html")
    assert report["posts"]["new"] == 1
    assert crawl.asked() == [f"/2022/04/21/{WITHOUT_LAYOUT}.html"]
    assert crawl.post(WITHOUT_LAYOUT)["title"] == "Lumen Motors：现金足以支撑L7车型投产"


def test_what_a_limit_leaves_is_pending_and_taken_up_by_the_next_run(crawl: Crawls) -> None:
    first = crawl("--limit", "5", "--category", "dajiangwang")
    assert (sum(first["posts"].values()), first["pending"]) == (5, 4)
    second = crawl()
    assert (second["posts"]["new"], second["pending"]) == (25 - first["posts"]["new"], 0)


def test_a_full_run_asks_for_known_posts_that_are_listed_no_more(crawl: Crawls) -> None:
    crawl()
    without_seed = build([post for post in bundled_posts() if post.id != SEED], bundled_extras())
    page = f"/dajiangwang/2022/04/20/{SEED}.html"
    crawl.server.site = SampleSite({**without_seed.resources, page: bundled_site()[page]}, bundled_site().missing)
    crawl.asked()
    crawl()
    assert page not in crawl.asked()
    crawl("--full")
    assert page in crawl.asked()


def test_what_robots_txt_forbids_is_refused_without_a_request(crawl: Crawls) -> None:
    forbidding = Resource(b"User-agent: *\nDisallow: /dajiangwang/\n", "text/plain", 0, '"r"')
    crawl.server.site = SampleSite({**bundled_site().resources, "/robots.txt": forbidding}, bundled_site().missing)
    report = crawl("--category", "dajiangwang", trouble=FORBIDDEN)
    assert report["reasons"] == {"refused: forbidden by robots.txt": 9}
    assert crawl.asked() == ["/category/dajiangwang.html"]


def test_markdown_is_written_where_it_is_wanted_or_not_at_all(crawl: Crawls) -> None:
    crawl("--no-posts", "--category", "dajiangwang")
    assert not crawl.posts.exists()
    crawl.make_posts_due()
    crawl("--posts", "elsewhere", "--category", "dajiangwang")
    assert len(list((crawl.folder / "elsewhere").iterdir())) == 8  # one is gone from the site since


def test_a_site_that_cannot_be_reached_is_a_failed_run_not_a_traceback(finews: Run, tmp_path: Path) -> None:
    with serve(bundled_site()) as server:
        url = server.url
    done = finews("crawl", "--mirror", url, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["outcome"], report["listings"], report["listings_failed"]) == (
        1,
        "failed",
        0,
        1,
    )
    reason = "robots.txt: download connection refused"
    assert report["listing_reasons"] == {f"failed: {reason}": 1}
    assert list(report["hosts"]) == ["finews.withounder.com"]
    assert "Traceback" not in done.stderr
    assert (tmp_path / "output" / "archive.db").exists()


def test_a_second_run_at_the_same_time_is_turned_away(crawl: Crawls, environment: dict[str, str]) -> None:
    program = (
        "import pathlib, sys, time\nfrom crawler.archive.store.lock import run_lock\n"
        f"with run_lock(pathlib.Path({str(crawl.archive)!r})):\n    print('held', flush=True)\n    sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = crawl.run("crawl", "--mirror", crawl.server.url)
        assert done.returncode == 75
        assert done.stderr.startswith(f"Error: Another run holds output/archive.db (pid {holder.pid}, started ")
        holder.communicate()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_an_interrupted_run_keeps_what_it_has_and_the_next_goes_on(
    how: signal.Signals, finews: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    with serve(build(outlets.posts(400, 80))) as server:  # five of each, so that home names them all
        arguments = ["crawl", "--mirror", server.url, "--json"]
        child = subprocess.Popen(
            [sys.executable, "-m", "crawler", *arguments],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        with child:
            deadline = time.monotonic() + 30
            while len(server.requests) < 100 and time.monotonic() < deadline:
                time.sleep(0.01)
            child.send_signal(how)
            output, _ = child.communicate(timeout=30)
        first = json.loads(output)
        second = json.loads(finews(*arguments).stdout)
    assert (child.returncode, first["outcome"]) == (130, "interrupted")
    assert first["posts"]["new"] + first["pending"] == 400
    assert first["pending"] > 0
    assert (second["posts"]["new"], second["pending"]) == (first["pending"], 0)


def test_the_share_command_fetches_what_stands_behind_a_link(crawl: Crawls) -> None:
    link = f"http://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode={GONE_WITH_SHARED_TEXT}"
    done = crawl.run("share", link, GONE_ALTOGETHER, "--mirror", crawl.server.url, "--json")
    report = json.loads(done.stdout)
    assert report["posts"] == {"new": 1, "changed": 0, "unchanged": 0, "refused": 0, "failed": 1, "gone": 0}
    assert report["reasons"] == {"failed: share link: the answer holds no text; expired: HTTP 404": 1}
    assert done.returncode == 1
    assert crawl.post(GONE_WITH_SHARED_TEXT)["title"] == crawl.post(link)["title"] != ""


def test_a_share_link_of_a_known_post_that_says_the_same_changes_nothing(crawl: Crawls) -> None:
    crawl()
    known = crawl.post("NW202204182348410002")
    done = crawl.run("share", "NW202204182348410002", "--mirror", crawl.server.url, "--json")
    assert json.loads(done.stdout)["posts"]["unchanged"] == 1
    assert {**crawl.post("NW202204182348410002"), "last_seen_at": ""} == {**known, "last_seen_at": ""}


def test_a_post_that_came_from_behind_its_share_link_is_read_again_when_its_page_is_back(crawl: Crawls) -> None:
    crawl()
    (gone, _) = bundled_extras().gone
    assert gone.id == GONE_WITH_SHARED_TEXT
    back = replace(gone, body='<p>页面回来了。</p><p class="em_media">（文章来源：大江网）</p>')
    crawl.server.site = build([*bundled_posts(), back], bundled_extras())
    assert crawl("--full")["posts"]["changed"] == 1
    assert crawl.post(GONE_WITH_SHARED_TEXT)["text"] == "页面回来了。\n（文章来源：大江网）"


def test_a_share_link_that_says_otherwise_is_a_revision_and_the_page_that_says_the_same_is_none(
    crawl: Crawls,
) -> None:
    crawl()
    before = crawl.post(SEED)
    longer = f"{before['html']}<p>分享正文还说了这些。</p>"
    texts = {**bundled_extras().share_texts, SEED: {"text": longer}}
    crawl.server.site = build(bundled_posts(), replace(bundled_extras(), share_texts=texts))
    crawl.run("share", SEED, "--mirror", crawl.server.url)
    after = crawl.post(SEED)
    kept = ("title", "published_at", "url", "share_url", "category", "source", "tags")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["revision"], after["html"]) == (2, longer)
    assert crawl("--full")["posts"]["changed"] == 0
    assert (crawl.post(SEED)["revision"], crawl.post(SEED)["html"]) == (2, longer)


def test_an_unknown_category_is_said_to_be_while_none_is_known(crawl: Crawls) -> None:
    report = crawl("--category", "nosuch", trouble=NO_SUCH_PAGE)
    assert report["listing_reasons"] == {"gone: HTTP 404": 1}
    for options in ([], ["--full"]):
        crawl.asked()
        crawl(*options)
        assert "/category/nosuch.html" not in crawl.asked()


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("dajiangwng", "did you mean dajiangwang (大江网新闻)?"),
        ("大江网闻", "did you mean dajiangwang (大江网新闻)?"),
        ("大 江", "did you mean dajiangwang (大江网新闻)?"),
        ("x", "known are "),
    ],
)
def test_a_category_that_is_not_among_the_known_ones_is_not_asked_for(crawl: Crawls, typed: str, near: str) -> None:
    crawl()
    crawl.asked()
    done = crawl.run("crawl", "--mirror", crawl.server.url, "--category", typed)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: The site finews has no category {typed}: {near}")
    assert done.stderr.endswith(
        " One that no page has linked to yet is asked for by address: finews crawl ADDRESS.\n"
    )
    assert crawl.asked() == []
    with closing(sqlite3.connect(crawl.archive)) as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    crawl("https://finews.withounder.com/category/dajiangwang.html")


@pytest.mark.parametrize("typed", ["dajiangwang", "大江网", "大江网新闻", "DAJIANGWANG"])
def test_a_known_category_is_crawled_by_its_name(crawl: Crawls, typed: str) -> None:
    crawl()
    crawl.asked()
    assert crawl("--category", typed)["listings"] == 1
    assert crawl.asked()[0] == "/category/dajiangwang.html"


def test_a_category_is_asked_for_as_long_as_the_home_page_has_not_named_all(crawl: Crawls) -> None:
    crawl("--category", "dajiangwang")
    assert crawl("--category", "shanghaizhengquanbao")["listings"] == 1


def test_a_site_that_names_no_post_any_more_is_looked_into(crawl: Crawls) -> None:
    empty = Resource(b"<html><body>maintenance</body></html>", "text/html", 0, '"e"')
    crawl.server.site = SampleSite({"/": empty, "/feed.xml": empty}, bundled_site().missing)
    done = crawl.run("crawl", "--mirror", crawl.server.url, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["listings"], report["listings_failed"]) == (1, 0, 2)
    assert report["listing_reasons"] == {
        "refused: names no post": 1,
        "failed: no feed and no sitemap, but <html>": 1,
    }


# Cheap: a run asks for what is new, and for nothing else.

POSTS, OUTLETS = 200, 20
NONE = {"new": 0, "changed": 0, "unchanged": 0, "refused": 0, "failed": 0, "gone": 0}
UNCHANGED_HOME = SeenRequest("GET", "/", 304, "finews.withounder.com")


def _addresses(*posts: SourcePost) -> list[str]:
    return [post.address for post in posts]


@pytest.fixture(scope="module")
def crawled_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that keeps what the first crawl of `outlets_read` left."""
    return tmp_path_factory.mktemp("crawled") / "output"


@pytest.fixture
def outlets_read(finews: Run, tmp_path: Path, crawled_once: Path) -> Iterator[Crawls]:
    """Crawls of a site of 200 posts in 20 categories, which has been crawled once."""
    with serve(build(outlets.posts(POSTS, OUTLETS))) as server:
        crawl = Crawls(finews, server, tmp_path)
        if not crawled_once.exists():
            assert crawl()["posts"] == {**NONE, "new": POSTS}
            crawl.asked()
            shutil.copytree(crawl.archive.parent, crawled_once)
        shutil.copytree(crawled_once, crawl.archive.parent, dirs_exist_ok=True)
        yield crawl


def publish(crawl: Crawls, *posts: SourcePost) -> None:
    """Have the site show these posts too, from now on."""
    crawl.server.site = build([*outlets.posts(POSTS, OUTLETS), *posts])


def new_posts(*of_outlets: int) -> list[SourcePost]:
    """Make a post newer than all others for each outlet."""
    return [outlets.post(POSTS + index, outlet) for index, outlet in enumerate(of_outlets)]


def test_an_unchanged_site_costs_one_request(outlets_read: Crawls) -> None:
    report = outlets_read()
    assert (report["requests"], report["not_modified"], report["posts"]) == (1, 1, NONE)
    assert outlets_read.server.requests == [UNCHANGED_HOME]


def test_twelve_new_posts_in_four_categories_cost_fifteen_requests(outlets_read: Crawls) -> None:
    new = new_posts(0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3)
    publish(outlets_read, *new)
    report = outlets_read()
    assert (report["requests"], report["posts"]["new"], report["pending"]) == (15, 12, 0)
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", outlets.category(0), *_addresses(*new)])


def test_five_new_posts_in_a_category_may_not_be_all(outlets_read: Crawls) -> None:
    new = new_posts(0, 0, 0, 0, 0, 1, 1, 1, 1)
    publish(outlets_read, *new)
    outlets_read()
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", outlets.category(0), *_addresses(*new)])


def test_a_category_newly_met_is_read_once(outlets_read: Crawls) -> None:
    first, second = new_posts(OUTLETS, OUTLETS)
    publish(outlets_read, first)
    outlets_read()
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", outlets.category(OUTLETS), first.address])
    publish(outlets_read, first, second)
    outlets_read()
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", second.address])


@pytest.mark.parametrize(("hours", "is_read"), [(7, True), (1, False)], ids=["missed", "usual"])
def test_after_a_missed_run_the_categories_of_what_is_new_are_read(
    outlets_read: Crawls, hours: int, is_read: bool
) -> None:
    (new,) = new_posts(0)
    below = replace(outlets.post(POSTS + 1, 0), date=outlets.post(0, 0).date)  # put in below what home shows
    publish(outlets_read, new, below)
    before = iso(datetime.now(UTC) - timedelta(hours=hours))
    outlets_read.change("UPDATE links SET read_at = ? WHERE kind = 'home'", before)
    report = outlets_read()
    missed = [outlets.category(0), below.address] if is_read else []
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", new.address, *missed])
    assert report["posts"]["new"] == (2 if is_read else 1)


def test_a_post_that_is_named_again_is_counted_but_not_asked_for(outlets_read: Crawls) -> None:
    (new,) = new_posts(0)
    publish(outlets_read, new)
    report = outlets_read()
    # Home names five posts of each outlet; four of the feed's ten newest are none of them.
    named = set(re.findall(r"NW\d+", outlets_read.server.site["/"].body.decode()))
    named |= set(re.findall(r"NW\d+", outlets_read.server.site["/feed.xml"].body.decode()))
    assert report["posts"] == {**NONE, "new": 1, "unchanged": len(named) - 1}
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", new.address])


def test_posts_that_are_due_are_looked_at_again_once_home_has_changed_and_conditionally(outlets_read: Crawls) -> None:
    due = _addresses(*outlets.posts(POSTS, OUTLETS)[:3])
    for path in due:
        outlets_read.change("UPDATE links SET next_try_at = found_at WHERE url LIKE ?", f"%{path}")
    outlets_read()
    assert outlets_read.asked() == ["/"]
    (new,) = new_posts(0)
    publish(outlets_read, new)
    report = outlets_read()
    assert report["not_modified"] == 3
    assert sorted(outlets_read.asked()) == sorted(["/", "/feed.xml", new.address, *due])
    publish(outlets_read, *new_posts(0, 1))
    outlets_read()
    assert not set(outlets_read.asked()) & set(due)


def test_a_run_in_part_asks_for_its_page_in_full_and_only_for_posts_it_has_yet_to_read(outlets_read: Crawls) -> None:
    (new,) = new_posts(0)
    publish(outlets_read, new)
    report = outlets_read("--category", "outlet0")
    assert (report["scope"], report["not_modified"], report["posts"]) == (
        "part",
        0,
        {**NONE, "new": 1, "unchanged": POSTS // OUTLETS},
    )
    assert outlets_read.asked() == [outlets.category(0), new.address]


def test_a_full_run_visits_every_listing_and_every_post_conditionally(outlets_read: Crawls) -> None:
    report = outlets_read("--full")
    assert (report["scope"], report["posts"]) == ("full", {**NONE, "unchanged": POSTS})
    assert report["requests"] == report["not_modified"] == POSTS + OUTLETS + 2


# Listings that fail.

ERROR_PAGE = Resource("<html><body>系统繁忙</body></html>".encode(), "text/html; charset=utf-8", 0, '"error"')


def without_home(posts: list[SourcePost]) -> SampleSite:
    """Make the site of these posts, whose home page is an error page with status 200."""
    site = build(posts)
    return SampleSite({**site.resources, "/": ERROR_PAGE}, site.missing)


def test_an_error_page_in_home_s_place_hides_nothing(finews: Run, tmp_path: Path) -> None:
    old, new = outlets.posts(20, 4), [outlets.post(20, 1), outlets.post(21, 1), outlets.post(22, 3)]
    with serve(without_home(old)) as server:
        crawl = Crawls(finews, server, tmp_path)
        first = crawl(trouble=NAMES_NO_POST)
        assert (first["posts"]["new"], first["listing_reasons"]) == (20, {"refused: names no post": 1})
        server.site = without_home([*old, *new])
        second = crawl(trouble=NAMES_NO_POST)
        assert (second["posts"]["new"], second["listing_reasons"]) == (3, {"refused: names no post": 1})
        assert len(crawl.stored()) == 23
        # The page that hides the real one is asked for in full each time, and so is the real one then.
        server.site = build([*old, *new])
        server.requests.clear()
        assert crawl()["posts"] == {**NONE, "unchanged": 20}  # as many as home shows
        assert server.requests[0].status == 200
        assert (crawl()["requests"], len(crawl.stored())) == (1, 23)


def test_an_error_page_that_comes_and_goes_leaves_what_home_is_known_by(outlets_read: Crawls) -> None:
    home, (new,) = outlets_read.server.site, new_posts(0)
    outlets_read.server.site = without_home([*outlets.posts(POSTS, OUTLETS), new])
    for found in (1, 0):
        report = outlets_read(trouble=NAMES_NO_POST)
        assert (report["posts"]["new"], report["posts"]["failed"]) == (found, 0)
        listings = ["/", "/feed.xml", *map(outlets.category, range(OUTLETS))]
        assert sorted(outlets_read.asked()) == sorted([*listings, *[new.address] * found])
    outlets_read.server.site = home
    outlets_read.server.requests.clear()
    outlets_read.run("crawl", "--mirror", outlets_read.server.url)
    assert outlets_read.server.requests == [UNCHANGED_HOME]


class _Troubled(BaseHTTPRequestHandler):
    """Answers with what `site` has, and with status 500 what is in `broken`."""

    protocol_version = "HTTP/1.1"
    site: ClassVar[SampleSite]
    broken: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        found = self.site.get(self.path, self.site.missing)
        known = self.headers.get("If-None-Match") == found.etag
        status = 500 if self.path in self.broken else 404 if found is self.site.missing else 304 if known else 200
        body = found.body if status == 200 else b""
        self.send_response(status)
        self.send_header("ETag", found.etag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def troubled(finews: Run, tmp_path: Path) -> Iterator[Crawls]:
    """Crawls of a server that answers some of what it has with status 500, `_Troubled`."""
    _Troubled.site, _Troubled.broken, _Troubled.asked = build(outlets.posts(20, 4)), set(), []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Troubled) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield Crawls(finews, RunningServer(f"http://127.0.0.1:{server.server_port}", _Troubled.site), tmp_path)
        server.shutdown()


def test_home_that_fails_hides_nothing(troubled: Crawls) -> None:
    _Troubled.broken = {"/"}
    report = troubled(trouble=SOME_FAILED)
    assert (report["posts"], report["pending"], report["retries"]) == ({**NONE, "new": 20}, 0, 3)
    assert (report["listings"], report["listing_reasons"]) == (5, {"failed: HTTP 500": 1})
    _Troubled.broken = set()
    assert troubled()["posts"] == {**NONE, "unchanged": 20}
    assert troubled()["requests"] == 1


def test_posts_that_failed_are_taken_up_by_the_next_run_though_home_has_not_changed(troubled: Crawls) -> None:
    broken = _addresses(*outlets.posts(20, 4)[:2])
    _Troubled.broken = set(broken)
    first = troubled(trouble=SOME_FAILED)
    assert (first["posts"], first["reasons"]) == ({**NONE, "new": 18, "failed": 2}, {"failed: HTTP 500": 2})
    _Troubled.broken = set()
    _Troubled.asked.clear()
    second = troubled()
    assert (second["posts"], second["pending"]) == ({**NONE, "new": 2}, 0)
    assert sorted(_Troubled.asked) == sorted(["/", *broken])


# Kill-proof.

# What may be on its way when a run is killed: the spider lets 24 pages be so.
ON_THE_WAY = 24


def _on_the_way(archive: Path, run_id: int, asked: set[str], folder: Path) -> set[str]:
    """Return what a killed run had asked for and not yet settled; its files are left as they are."""
    copy = shutil.copytree(archive.parent, folder, ignore=shutil.ignore_patterns("_posts"))
    with closing(sqlite3.connect(copy / archive.name)) as db:
        rows = db.execute("SELECT url FROM links JOIN fetches ON link_id = links.id WHERE last_run_id = ?", [run_id])
        settled = {urlsplit(url).path for (url,) in rows}
    return asked - settled


def test_killed_runs_lose_nothing_and_ask_again_only_for_what_was_on_its_way(
    finews: Run, tmp_path: Path, environment: dict[str, str]
) -> None:
    posts = outlets.posts(600, 20)
    pages = set(_addresses(*posts))
    again: Counter[str] = Counter()
    with serve(build(posts)) as server:
        crawl = Crawls(finews, server, tmp_path)
        for run_id, served in enumerate((100, 200, 300, 400), start=1):
            before = len(server.requests)
            child = subprocess.Popen(
                [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json"],
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.DEVNULL,
            )
            with child:
                deadline = time.monotonic() + 60
                while len(pages & {request.target for request in server.requests}) < served:
                    assert time.monotonic() < deadline
                    time.sleep(0.005)
                child.kill()
            asked = {request.target for request in server.requests[before:]} & pages
            on_the_way = _on_the_way(crawl.archive, run_id, asked, tmp_path / f"killed-{run_id}")
            assert len(on_the_way) <= ON_THE_WAY
            again.update(on_the_way)
        last = crawl()
        times = Counter(request.target for request in server.requests if request.target in pages)
    assert {post.id for post in posts} == crawl.stored()
    assert {page: count - 1 for page, count in times.items() if count > 1} == dict(again)
    assert finews("check").returncode == 0
    with Archive(crawl.archive) as archive:
        *killed, ended = reversed(list(runs.reports(archive.db)))
    assert ended == last
    assert (last["outcome"], last["pending"]) == ("finished", 0)
    assert sum(report["posts"]["new"] for report in (*killed, last)) == 600
    for report, later in pairwise([*killed, last]):
        assert report["outcome"] == "interrupted"
        began, end = (datetime.fromisoformat(report[name]) for name in ("started_at", "finished_at"))
        assert began <= end <= datetime.fromisoformat(later["started_at"])
        assert report["seconds"] == (end - began).total_seconds()
        assert report["requests"] >= report["posts"]["new"] > 0


# Redirects.


class _Redirects(BaseHTTPRequestHandler):
    """Answers with the page of `pages`, or redirects where `moved` says."""

    pages: ClassVar[dict[str, bytes]] = {}
    moved: ClassVar[dict[str, str]] = {}

    def do_GET(self) -> None:
        where = self.moved.get(self.path)
        self.send_response(302 if where else 200 if self.path in self.pages else 404)
        if where:
            self.send_header("Location", where)
        body = self.pages.get(self.path, b"")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_redirect_is_followed_to_the_same_post_only(finews: Run, tmp_path: Path) -> None:
    page = f"/dajiangwang/2022/04/20/{SEED}.html"
    links = {name: f"/x/2022/04/20/NW{name}.html" for name in ("away", "file", "other", "home", "circle")}
    listing = "".join(f'<a href="{path}">x</a>' for path in (f"/old{page}", *links.values()))
    _Redirects.pages = {"/": listing.encode(), "/feed.xml": b"<feed/>", page: bundled_site()[page].body}
    _Redirects.moved = {
        f"/old{page}": f"https://finews.zning.me{page}",
        links["away"]: "http://192.0.2.1/2022/04/20/NWaway.html",
        links["file"]: "file:///etc/passwd",
        links["other"]: page,
        links["home"]: "/",
        links["circle"]: links["circle"],
    }
    with ThreadingHTTPServer(("127.0.0.1", 0), _Redirects) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        done = finews("crawl", "--mirror", f"http://127.0.0.1:{server.server_port}", "--json", "--no-share")
        server.shutdown()
    report = json.loads(done.stdout)
    assert report["posts"] == {"new": 1, "changed": 0, "unchanged": 0, "refused": 5, "failed": 0, "gone": 0}
    assert set(report["reasons"]) == {
        "refused: redirected in circles",
        "refused: redirected to file:///etc/passwd",
        "refused: redirected to http://192.0.2.1/2022/04/20/NWaway.html",
        "refused: redirected to https://finews.withounder.com/",
        f"refused: redirected to https://finews.withounder.com{page}",
    }
    with Archive(tmp_path / "output" / "archive.db") as archive:
        assert [post["post_id"] for post in archive.posts()] == [SEED]


def _minima(pages: dict[str, str]) -> SampleSite:
    """A minima blog of posts with these words by path, all named by its home page."""
    home = "".join(f'<a class="post-link" href="{path}">x</a>' for path in pages)
    post = '<h1 class="post-title">{0}</h1><div class="post-content" itemprop="articleBody"><p>{0}</p></div>'
    sources = {"/": home, "/feed.xml": "<feed/>", **{path: post.format(words) for path, words in pages.items()}}
    served = {
        path: Resource(source.encode(), "text/html; charset=utf-8", 0, f'"{zlib.crc32(source.encode())}"')
        for path, source in sources.items()
    }
    return SampleSite(served, bundled_site().missing)


def test_two_posts_of_one_id_do_not_take_each_other_s_place(crawl: Crawls) -> None:
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "first", "/2022/01/10/weekly.html": "second"})
    report = crawl("--site", "minima")
    assert (report["posts"]["new"], report["posts"]["refused"]) == (1, 1)
    assert report["reasons"] == {"refused: another address has a post of this id": 1}
    again = crawl("--site", "minima", "--full")
    assert (again["posts"]["changed"], again["posts"]["unchanged"], again["posts"]["refused"]) == (0, 1, 1)


def test_a_post_that_was_published_again_at_another_address_is_a_revision(crawl: Crawls) -> None:
    crawl.server.site = _minima({"/2021/12/08/weekly.html": "first"})
    crawl("--site", "minima")
    crawl.server.site = _minima({"/2021/12/09/weekly.html": "first, and longer"})
    assert crawl("--site", "minima")["posts"]["changed"] == 1
    assert crawl.post("weekly")["url"] == "https://blog.example/2021/12/09/weekly.html"
    assert list(crawl.files()) == ["2021-12-09-weekly.md"]
    again = crawl("--site", "minima", "--full")["posts"]
    assert (again["changed"], again["unchanged"], again["gone"]) == (0, 1, 1)
    assert crawl.post("weekly")["gone_at"] is None


def test_two_sites_with_a_post_of_one_name_do_not_take_each_other_s_file(crawl: Crawls) -> None:
    other = MINIMA.read_text(encoding="utf-8").replace("name: minima", "name: other")
    (crawl.folder / "other.yaml").write_text(other.replace("blog.example", "other.example"), encoding="utf-8")
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "first"})
    crawl("--site", "minima")
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "second"})
    done = crawl.run("crawl", "--site", "other.yaml", "--mirror", crawl.server.url)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(
        "Error: output/_posts/2022-01-03-weekly.md is a post of the site minima:"
        " give other a folder of its own with --posts."
    )
    assert b"first" in crawl.files()["2022-01-03-weekly.md"][0]


def test_a_mended_definition_reaches_what_is_stored(crawl: Crawls) -> None:
    crawl.server.site = _minima({"/notes/2022/01/03/weekly.html": "words"})
    text = MINIMA.read_text(encoding="utf-8").replace("name: minima", "name: mine")
    (crawl.folder / "mine.yaml").write_text(text)
    crawl("--site", "mine.yaml")
    assert crawl.post("weekly")["source"] is None
    (crawl.folder / "mine.yaml").write_text(text.replace("    source:", "    source:\n      - {css: .post-title}"))
    assert crawl("--site", "mine.yaml", "--full")["not_modified"] == 0
    assert (crawl.post("weekly")["source"], crawl.post("weekly")["revision"]) == ("words", 1)
    assert crawl("--site", "mine.yaml", "--full")["not_modified"] == 3  # home, the feed and the post


def test_another_site_is_another_yaml_file(finews: Run, tmp_path: Path) -> None:
    (tmp_path / "my.yaml").write_text(MINIMA.read_text(encoding="utf-8").replace("name: minima", "name: garden"))
    pages = {
        "/": "home",
        "/feed.xml": "feed",
        "/garden/2024/03/05/first-frost.html": "post",
        "/2024/04/01/über-grün.html": "post-without-category",
    }
    served = {
        path: Resource(
            (PAGES / "minima" / case / "page.html").read_bytes(), "text/html; charset=utf-8", 0, f'"{case}"'
        )
        for path, case in pages.items()
    }
    with serve(SampleSite(served, bundled_site().missing)) as server:
        done = finews("crawl", "--site", "my.yaml", "--mirror", server.url, "--json")
    report = json.loads(done.stdout)
    assert (report["site"], report["posts"]["new"]) == ("garden", 2)
    written = sorted(path.name for path in (tmp_path / "output" / "_posts").iterdir())
    assert written == ["2024-03-05-first-frost.md", "2024-04-01-über-grün.md"]


def test_scrapy_itself_lists_and_runs_the_spiders_from_a_checkout(
    environment: dict[str, str], tmp_path: Path
) -> None:
    def scrapy(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *arguments],
            cwd=Path(__file__).parent.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert scrapy("list").split() == ["category", "share", "snapshot"]
    with serve(bundled_site()) as server:
        own = {"FINEWS_MIRROR": server.url, "FINEWS_ARCHIVE": tmp_path / "a.db", "FINEWS_POSTS": tmp_path / "posts"}
        quick = {"AUTOTHROTTLE_ENABLED": 0, "DOWNLOAD_DELAY": 0}
        settings = [argument for name, value in {**own, **quick}.items() for argument in ("-s", f"{name}={value}")]
        scrapy("crawl", "category", "-a", "category=dajiangwang", *settings)
    with Archive(tmp_path / "a.db") as archive:
        assert archive.stats()["categories"] == {"dajiangwang": 9}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["category", "-a", "limit=²"], "limit is '²': give a number of posts, 1 or more."),
        (["category", "-a", "page="], "page is '': give what it is to name, with commas between, or leave it out."),
        (
            ["category", "-a", "colour=red"],
            "The spider knows no argument colour: see its from_crawler for those it does.",
        ),
        (["share"], "No share link was given: give info codes or addresses, as -a code=NW202204202350104915."),
        (
            ["category", "-s", "FINEWS_SITE=no.yaml"],
            "no.yaml: cannot be read (No such file or directory); give a YAML",
        ),
    ],
)
def test_scrapy_tells_of_a_wrong_argument_in_a_sentence(
    environment: dict[str, str], arguments: list[str], sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", *arguments, "-s", "LOG_LEVEL=ERROR"],
        cwd=Path(__file__).parent.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"[asyncio] ERROR: {sentence}" in done.stderr


def test_the_log_is_lines_on_standard_error_and_the_report_on_standard_output_where_there_is_no_terminal(
    crawl: Crawls,
) -> None:
    done = crawl.run("crawl", "--mirror", crawl.server.url)
    assert done.returncode == 0
    assert all(
        re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) run=1 \w", line)
        for line in done.stderr.splitlines()
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Run 1 of finews finished in ")
    assert lines[1:] == [
        "Posts: 25 new · 0 changed · 0 unchanged · 1 refused · 0 failed · 1 gone · 0 pending",
        "  1 gone: HTTP 404; expired: HTTP 404; share link: the answer holds no text",
        "  1 refused: no title",
        "  looked elsewhere: 2 source files gone · 2 share links failed · 1 share link stored",
        f"Archive: output{os.sep}archive.db · Markdown: output{os.sep}_posts",
    ]
