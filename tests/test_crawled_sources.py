"""Whole runs over sites whose posts are found in feeds and sitemaps, or were refused by an earlier definition."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from test_definition_files import GARDEN

from crawler.archive import Archive
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import Resource, SampleSite, bundled_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Run

    from crawler.ops.sample_site.server import RunningServer

pytestmark = pytest.mark.slow

POST = "<h1>About {0}</h1><time datetime='2024-03-04 10:00'>4 March</time><article><p>Words about {0}.</p></article>"
INDEX = '<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{}</sitemapindex>'
MOSS, FERN, POND = (
    "https://blog.example/moss.html",
    "https://blog.example/fern.html",
    "https://blog.example/pond.html",
)


def urlset(*urls: str) -> str:
    locations = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{locations}</urlset>'


def rss(*urls: str) -> str:
    items = "".join(f"<item><title>x</title><link>{url}</link></item>" for url in urls)
    return f'<rss version="2.0"><channel><link>https://blog.example/</link>{items}</channel></rss>'


class Garden:
    """A garden's blog that is served from a mapping and crawled by a definition that can be changed."""

    def __init__(self, run: Run, server: RunningServer, folder: Path) -> None:
        self.run, self.server, self.folder = run, server, folder
        self.pages: dict[str, str | bytes] = {f"/{name}.html": POST.format(name) for name in ("moss", "fern", "pond")}

    def crawl(self, *options: str, **changes: Any) -> dict[str, Any]:
        """Crawl by the definition with these keys changed; return the report and why listings were not read."""
        served = {
            path: Resource(
                body if isinstance(body, bytes) else body.encode(),
                "application/octet-stream" if isinstance(body, bytes) else "text/html",
                0,
                f'"{zlib.crc32(repr(body).encode())}"',
            )
            for path, body in self.pages.items()
        }
        self.server.site = SampleSite(served, bundled_site().missing)
        (self.folder / "my.yaml").write_text(yaml.safe_dump({**yaml.safe_load(GARDEN), **changes}), encoding="utf-8")
        done = self.run("crawl", "--site", "my.yaml", "--mirror", self.server.url, "--json", *options)
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    def stored(self) -> set[str]:
        with Archive(self.folder / "output" / "archive.db") as archive:
            return {post["url"] for post in archive.posts()}

    def asked(self) -> list[str]:
        targets = [request.target for request in self.server.requests if request.target != "/robots.txt"]
        self.server.requests.clear()
        return targets


@pytest.fixture
def garden(finews: Run, tmp_path: Path) -> Iterator[Garden]:
    with serve(bundled_site()) as server:
        yield Garden(finews, server, tmp_path)


def test_posts_are_found_in_feeds_and_sitemaps(garden: Garden) -> None:
    garden.pages |= {
        "/": "<a href=/moss.html>Moss</a>",
        "/rss": rss(FERN),
        "/sitemap.xml": INDEX.format(
            "<sitemap><loc>https://blog.example/news.xml.gz</loc></sitemap>"
            "<sitemap><loc>https://evil.example/x.xml</loc></sitemap>"
        ),
        "/news.xml.gz": gzip.compress(urlset(POND, "https://blog.example/about/").encode()),
    }

    report = garden.crawl(feed="/rss", sitemap="/sitemap.xml")

    assert (report["posts"]["new"], report["listings"], report["listing_reasons"]) == (3, 4, {})
    assert garden.stored() == {MOSS, FERN, POND}


def test_a_site_may_have_nothing_but_a_sitemap(garden: Garden) -> None:
    garden.pages["/sitemap.xml"] = urlset(MOSS)
    garden.crawl(start=[], sitemap=["/sitemap.xml"])
    garden.pages["/sitemap.xml"] = urlset(MOSS, FERN)
    garden.asked()

    garden.crawl(start=[], sitemap=["/sitemap.xml"])

    assert garden.asked() == ["/sitemap.xml", "/fern.html"]
    assert garden.stored() == {MOSS, FERN}


def test_of_an_index_only_sitemaps_that_have_changed_are_read_again(garden: Garden) -> None:
    entry = "<sitemap><loc>https://blog.example/{}.xml</loc><lastmod>{}</lastmod></sitemap>"
    garden.pages |= {"/1.xml": urlset(MOSS), "/2.xml": urlset(FERN)}
    garden.pages["/sitemap.xml"] = INDEX.format(entry.format(1, "2020-01-01") + entry.format(2, "2020-01-01"))
    garden.crawl(start=[], sitemap="/sitemap.xml")
    garden.pages["/2.xml"] = urlset(FERN, POND)
    garden.pages["/sitemap.xml"] = INDEX.format(entry.format(1, "2020-01-01") + entry.format(2, "2099-01-01"))
    garden.asked()

    garden.crawl(start=[], sitemap="/sitemap.xml")

    assert garden.asked() == ["/sitemap.xml", "/2.xml", "/pond.html"]


def test_a_feed_that_is_none_or_names_no_post_is_reported(garden: Garden) -> None:
    garden.pages |= {"/": "<a href=/moss.html>Moss</a>", "/feed.xml": "<html><h1>404</h1></html>", "/rss": rss()}

    report = garden.crawl(feed=["/feed.xml", "/rss"])

    assert report["listing_reasons"] == {
        "failed: no feed and no sitemap, but <html>": 1,
        "fetched: names no post": 1,
    }
    with Archive(garden.folder / "output" / "archive.db") as archive:
        rows = archive.db.execute("SELECT url, state, reason FROM links WHERE kind = 'feed' ORDER BY url").fetchall()
    assert rows == [
        ("https://blog.example/feed.xml", "failed", "no feed and no sitemap, but <html>"),
        ("https://blog.example/rss", "fetched", "names no post"),
    ]


def test_a_start_page_with_a_query_is_asked_for(garden: Garden) -> None:
    garden.pages["/list.php"] = "<a href=/moss.html>Moss</a>"

    garden.crawl(start=["/list.php?c=7"])

    assert garden.asked() == ["/list.php?c=7", "/moss.html"]


def test_a_mended_definition_asks_again_for_what_the_old_one_refused(garden: Garden) -> None:
    garden.pages["/"] = "<a href=/moss.html>Moss</a>"
    wrong = [{**yaml.safe_load(GARDEN)["layouts"][0], "title": [{"css": "h2"}]}]
    assert garden.crawl(layouts=wrong)["reasons"] == {"refused: no title": 1}
    garden.asked()
    garden.crawl(layouts=wrong)
    assert garden.asked() == ["/"]

    report = garden.crawl()

    assert garden.asked() == ["/", "/moss.html"]
    assert report["posts"]["new"] == 1
    garden.crawl()
    assert garden.asked() == ["/"]
