"""Whole crawls of sites whose addresses are odd: in another script or encoding, or with what servers add to them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bad_server as bad
import pytest

from crawler.archive import Archive
from crawler.ops.sample_site.site import Resource, SampleSite, bundled_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

pytestmark = pytest.mark.slow  # whole runs of the program

SITE = bundled_site()
HOST = "finews.withounder.com"
POSTS = sorted(path for path in SITE if "/2022/" in path and "dajiangwang" in path)
NAMED = len(POSTS) + 1  # by their category's page, one of them under the address of another
CATEGORY = "/category/dajiangwang.html"
DEFINITION = """
name: old
title: 旧闻
timezone: Asia/Shanghai
hosts: [{host}]
start: [/]
addresses:
  post:
    - match: '^/show\\.asp\\?.*\\bid=(?P<id>\\d+)'
    - match: '/(?P<id>\\d+)\\.html$'
layouts:
  - name: post
    sign: <h1>
    title: [{{css: h1}}]
    date: [{{css: time}}]
    body: [{{css: div}}]
"""


@dataclass(frozen=True, slots=True)
class Crawl:
    """Runs into one archive; `before` is Python that is run before the program."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, mirror: str, *arguments: str, before: str = "pass") -> dict[str, Any]:
        """Crawl and return the report, with the exit code as `code`."""
        start = f"{before}\nfrom crawler.cli import main\nmain()"
        done = subprocess.run(
            [sys.executable, "-c", start, "crawl", "--mirror", mirror, "--json", "--no-posts", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return {**json.loads(done.stdout), "code": done.returncode}

    def define(self, host: str) -> str:
        """Write the definition of a site at a host, and return its file."""
        (self.folder / "old.yaml").write_text(DEFINITION.format(host=host), encoding="utf-8")
        return "old.yaml"

    def stored(self) -> dict[str, str]:
        """Return the posts of the archive: their addresses, and their titles."""
        with Archive(self.folder / "output" / "archive.db") as archive:
            return {post["url"]: post["title"] for post in archive.posts()}


@pytest.fixture
def crawl(tmp_path: Path, environment: dict[str, str]) -> Crawl:
    return Crawl(tmp_path, environment)


def page(body: bytes) -> Resource:
    return Resource(body, "text/html", 0, f'"{hash(body)}"')


def post(number: int, encoding: str) -> Resource:
    text = f"<h1>第{number}条新闻</h1><time>2022-04-20 10:00</time><div><p>{'江西新闻，' * 30}</p></div>"
    return page(text.encode(encoding))


def site(pages: Mapping[str, Resource]) -> SampleSite:
    return SampleSite(pages, page(b"gone"))


def home(links: Sequence[bytes], encoding: str, filling: int = 40) -> Resource:
    named = b"".join(b'<p><a href="%s">' % link + "新闻".encode(encoding) + b"</a></p>" for link in links)
    return page(("<p>" + "江西新闻，" * filling + "</p>").encode(encoding) + named)


GBK = "新".encode("gbk")
LINKS = [b"/" + GBK + b"/1.html", b"/%D0%C2/2.html", b"/show.asp?a=" + GBK + b"&amp;id=3", b"/show.asp?a=%d0%c2&id=4"]
IN_QUERIES = ["/show.asp?a=%D0%C2&id=3", "/show.asp?a=%D0%C2&id=4"]


@pytest.mark.parametrize(
    ("encoding", "of_the_first"), [("gbk", "/%E6%96%B0/1.html"), ("utf-8", "/%D0%C2/1.html")], ids=["GBK", "UTF-8"]
)
def test_addresses_in_gbk_are_asked_for_as_a_browser_would(crawl: Crawl, encoding: str, of_the_first: str):
    asked = [of_the_first, "/%D0%C2/2.html", *IN_QUERIES]
    posts = {path: post(number, encoding) for number, path in enumerate(map(bad.unquote, asked), start=1)}
    if len(posts) < len(asked):  # bytes that are no UTF-8 look alike once they are decoded
        raise AssertionError("the server cannot tell the pages from each other")
    with bad.serve_badly(site({"/": home(LINKS, encoding, 400), **posts}), {}) as server:
        report = crawl(server.url, "--site", crawl.define("old.example"))
    assert (report["code"], report["posts"]["new"], report["posts"]["gone"]) == (0, 4, 0)
    assert sorted(server.targets) == sorted(["/robots.txt", "/", *asked])
    assert crawl.stored() == {f"https://old.example{path}": f"第{n}条新闻" for n, path in enumerate(asked, start=1)}


UNICODE, ASCII = "新闻.example", "xn--efvy88h.example"


@pytest.mark.parametrize("written", [UNICODE, ASCII])
def test_a_host_in_another_script_is_the_site_s_in_either_form(crawl: Crawl, written: str):
    links = [f"https://{UNICODE}/a/1.html", f"https://{ASCII}/a/2.html", f"//{UNICODE}./a/3.html", "/a/4.html"]
    links += [f"https://{UNICODE.replace('.', '。')}/a/5.html", f"HTTPS://{ASCII.upper()}:443/a/6.html"]
    pages = {f"/a/{number}.html": post(number, "utf-8") for number in range(1, 7)}
    start = home([link.encode() for link in links], "utf-8")
    with bad.serve_badly(site({"/": start, **pages}), {}) as server:
        report = crawl(server.url, "--site", crawl.define(written))
        hosts = {headers["host"] for asked in server.headers.values() for headers in asked}
    assert (report["code"], report["posts"]["new"]) == (0, 6)
    assert hosts == {ASCII}
    assert crawl.stored() == {f"https://{ASCII}{path}": f"第{n}条新闻" for n, path in enumerate(pages, start=1)}


def decorated(path: str, number: int) -> str:
    """Return an address of a post as servers write them; each leads to the same."""
    return [
        f"{path};jsessionid=0A1B2C{number}.node1",
        f"//{HOST}.{path}",
        f"https://{HOST}/{path}",
        path.replace("/2022/", "//2022///"),
        f"{path};JSESSIONID=AB?from=home",
        f"https://{HOST}.:443{path}#top",
    ][number % 6]


def test_what_servers_add_to_addresses_makes_no_others_of_them(crawl: Crawl):
    body = SITE[CATEGORY].body.decode()
    for number, path in enumerate(POSTS):
        assert path in body
        body = body.replace(path, decorated(path, number))
    with bad.serve_badly(SITE, {CATEGORY: [bad.page(body.encode())]}) as server:
        report = crawl(server.url, "--category", "dajiangwang")
        again = crawl(server.url, "--category", "dajiangwang", "--full")
        asked = [path for _, path in server.asked if "/2022/" in path]
    assert (report["code"], report["posts"]["new"]) == (0, NAMED)
    assert again["posts"]["new"] + again["posts"]["changed"] == 0
    assert len(set(asked)) == NAMED
    assert {f"https://{HOST}{path}" for path in POSTS} <= crawl.stored().keys()


@pytest.mark.parametrize("way", ["[::1]", "six.example"])
def test_a_host_that_has_an_ipv6_address_alone_is_asked(crawl: Crawl, way: str):
    only_ipv6 = (
        "import socket\n"
        "real = socket.getaddrinfo\n"
        "def lookup(host, *rest, **named):\n"
        "    return real('::1' if host in ('six.example', b'six.example') else host, *rest, **named)\n"
        "socket.getaddrinfo = lookup"
    )
    with bad.serve_badly(SITE, {}, host="::1") as server:
        report = crawl(server.url.replace("[::1]", way), "--category", "dajiangwang", before=only_ipv6)
    assert (report["code"], report["posts"]["new"]) == (0, NAMED)


@pytest.mark.parametrize("etag", [b'"\xb9\xfa"', b'W/"\xc3\xa9\xff\x80"', '"新"'.encode()])
def test_an_etag_of_any_bytes_is_answered_with_not_modified(crawl: Crawl, etag: bytes):
    sent = etag.decode("latin-1")
    served = bad.page(SITE[POSTS[0]].body, ETag=sent)
    with bad.serve_badly(SITE, {POSTS[0]: [served, bad.status(304, ETag=sent)]}) as server:
        crawl(server.url, "--category", "dajiangwang")
        report = crawl(server.url, "--full")
        assert server.headers[POSTS[0]][1]["if-none-match"] == sent
    assert (report["code"], report["posts"]["changed"], report["posts"]["failed"]) == (0, 0, 0)
