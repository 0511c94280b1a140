"""Whole runs: the command, a real server on loopback, real HTTP, and what the archive and the folder hold then."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from fixture_pages import PAGES, expected

from crawler.archive import Archive
from crawler.ops.sample_site.server import RunningServer, serve
from crawler.ops.sample_site.site import Resource, SampleSite, build, bundled_extras, bundled_posts, bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Run = Callable[..., subprocess.CompletedProcess[str]]

SEED = "NW202204202350104915"
GONE_WITH_SHARED_TEXT = "NW202204182347990071"
GONE_ALTOGETHER = "202204212351950072"
WITHOUT_LAYOUT = "202204212351703007"
EVERY_POST_REFUSED = "Every post was refused: has the site changed, or does its definition not fit?"
NOT_ONE_NAMED = "Not one post was named: has the site changed, or does its definition not fit?"
MINIMA = Path(__file__).parent.parent / "crawler" / "sites" / "minima.yaml"


@dataclass(frozen=True, slots=True)
class Crawls:
    """Crawls of one server into one archive."""

    run: Run
    server: RunningServer
    folder: Path

    def __call__(self, *arguments: str, trouble: str = "") -> dict[str, Any]:
        """Crawl, and return the report; the run must end well, or with this sentence and exit code 1."""
        done = self.run("crawl", "--mirror", self.server.url, "--json", *arguments)
        assert done.stderr == (f"Error: {trouble}\n" if trouble else "")
        assert done.returncode == (1 if trouble else 0)
        report: dict[str, Any] = json.loads(done.stdout)
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

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.posts.iterdir()}


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
        "gone: HTTP 404; share link: the answer holds no text": 1,
        "refused: no title": 1,
    }
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
    report = crawl()
    # The one that was taken from behind its share link has no page, now as before.
    assert report["posts"] == {"new": 0, "changed": 0, "unchanged": 24, "refused": 1, "failed": 0, "gone": 2}
    assert report["not_modified"] == 24
    assert crawl.files() == before


def test_a_changed_post_becomes_a_revision_and_its_file_is_rewritten(crawl: Crawls) -> None:
    crawl()
    changed = [replace(post, title="更正：" + post.title) if post.id == SEED else post for post in bundled_posts()]
    crawl.server.site = build(changed, bundled_extras())
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
    crawl()
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
    assert report["reasons"]["gone: HTTP 404"] == 2
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
    report = crawl("--category", "dajiangwang", trouble=EVERY_POST_REFUSED)
    assert report["reasons"] == {"refused: forbidden by robots.txt": 9}
    assert crawl.asked() == ["/category/dajiangwang.html"]


def test_markdown_is_written_where_it_is_wanted_or_not_at_all(crawl: Crawls) -> None:
    crawl("--no-posts", "--category", "dajiangwang")
    assert not crawl.posts.exists()
    crawl("--posts", "elsewhere", "--category", "dajiangwang")
    assert len(list((crawl.folder / "elsewhere").iterdir())) == 8  # one is gone from the site since


def test_a_site_that_cannot_be_reached_is_a_failed_run_not_a_traceback(finews: Run, tmp_path: Path) -> None:
    with serve(bundled_site()) as server:
        url = server.url
    done = finews("crawl", "--mirror", url, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["outcome"], report["listings"], report["listings_failed"]) == (
        1,
        "finished",
        0,
        2,
    )
    assert "Traceback" not in done.stderr
    assert (tmp_path / "output" / "archive.db").exists()


def test_a_second_run_at_the_same_time_is_turned_away(crawl: Crawls, environment: dict[str, str]) -> None:
    program = (
        "import pathlib, sys, time\nfrom crawler.archive.lock import run_lock\n"
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
    seed = next(post for post in bundled_posts() if post.id == SEED)
    many = [replace(seed, id=f"NW2022042023{number:08}") for number in range(400)]
    with serve(build(many)) as server:
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
    assert report["reasons"] == {"failed: share link: the answer holds no text": 1}
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
    assert crawl()["posts"]["changed"] == 1
    assert crawl.post(GONE_WITH_SHARED_TEXT)["text"] == "页面回来了。\n（文章来源：大江网）"


def test_a_share_link_that_says_otherwise_is_a_revision_and_the_page_has_the_last_word(crawl: Crawls) -> None:
    crawl()
    before = crawl.post(SEED)
    texts = {**bundled_extras().share_texts, SEED: {"text": "<p>分享正文。</p>"}}
    crawl.server.site = build(bundled_posts(), replace(bundled_extras(), share_texts=texts))
    crawl.run("share", SEED, "--mirror", crawl.server.url)
    after = crawl.post(SEED)
    kept = ("title", "published_at", "url", "share_url", "category", "source", "tags")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert (after["revision"], after["text"]) == (2, "分享正文。")
    assert crawl()["posts"]["changed"] == 1
    assert (crawl.post(SEED)["revision"], crawl.post(SEED)["text"]) == (3, before["text"])


def test_an_unknown_category_is_said_to_be(crawl: Crawls) -> None:
    report = crawl("--category", "nosuch", trouble=NOT_ONE_NAMED)
    assert report["listing_reasons"] == {"gone: HTTP 404": 1}


def test_a_site_that_names_no_post_any_more_is_looked_into(crawl: Crawls) -> None:
    empty = Resource(b"<html><body>maintenance</body></html>", "text/html", 0, '"e"')
    crawl.server.site = SampleSite({"/": empty, "/feed.xml": empty}, bundled_site().missing)
    assert crawl(trouble=NOT_ONE_NAMED)["listings"] == 2


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
        path: Resource(source.encode(), "text/html; charset=utf-8", 0, f'"{index}{len(source)}"')
        for index, (path, source) in enumerate(sources.items())
    }
    return SampleSite(served, bundled_site().missing)


def test_two_posts_of_one_id_do_not_take_each_other_s_place(crawl: Crawls) -> None:
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "first", "/2022/01/10/weekly.html": "second"})
    report = crawl("--site", "minima")
    assert (report["posts"]["new"], report["posts"]["refused"]) == (1, 1)
    assert report["reasons"] == {"refused: another address has a post of this id": 1}
    again = crawl("--site", "minima")
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
    (crawl.folder / "other.yaml").write_text(
        MINIMA.read_text(encoding="utf-8").replace("name: minima", "name: other")
    )
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "first"})
    crawl("--site", "minima")
    crawl.server.site = _minima({"/2022/01/03/weekly.html": "second"})
    done = crawl.run("crawl", "--site", "other.yaml", "--mirror", crawl.server.url)
    assert done.returncode == 1
    assert done.stderr.startswith(
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
    assert crawl("--site", "mine.yaml")["not_modified"] == 0
    assert (crawl.post("weekly")["source"], crawl.post("weekly")["revision"]) == ("words", 1)
    assert crawl("--site", "mine.yaml")["not_modified"] == 1


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

    assert scrapy("list").split() == ["category", "share"]
    with serve(bundled_site()) as server:
        own = {"FINEWS_MIRROR": server.url, "FINEWS_ARCHIVE": tmp_path / "a.db", "FINEWS_POSTS": tmp_path / "posts"}
        quick = {"AUTOTHROTTLE_ENABLED": 0, "DOWNLOAD_DELAY": 0}
        settings = [argument for name, value in {**own, **quick}.items() for argument in ("-s", f"{name}={value}")]
        scrapy("crawl", "category", "-a", "category=dajiangwang", *settings)
    with Archive(tmp_path / "a.db") as archive:
        assert archive.stats()["categories"] == {"dajiangwang": 9}


def test_progress_is_plain_lines_where_there_is_no_terminal(crawl: Crawls) -> None:
    done = crawl.run("crawl", "--mirror", crawl.server.url)
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Run 1 of finews finished in ")
    assert lines[1:] == [
        "Posts: 25 new · 0 changed · 0 unchanged · 1 refused · 0 failed · 1 gone · 0 pending",
        "  1 gone: HTTP 404; share link: the answer holds no text",
        "  1 refused: no title",
        f"Archive: output{os.sep}archive.db · Markdown: output{os.sep}_posts",
    ]
