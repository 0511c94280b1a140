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
    from subprocess import CompletedProcess

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
        """Crawl by the definition with these keys changed; return the report."""
        return json.loads(self.crawled(*options, "--json", **changes).stdout)  # type: ignore[no-any-return]

    def crawled(self, *options: str, **changes: Any) -> CompletedProcess[str]:
        """Crawl by the definition with these keys changed; return what the command printed."""
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
        return self.run("crawl", "--site", "my.yaml", "--mirror", self.server.url, *options)

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


def test_posts_that_an_older_program_read_in_a_wrong_encoding_are_requested_anew(garden: Garden) -> None:
    garden.pages["/"] = "".join(f"<a href=/{name}.html>x</a>" for name in ("moss", "fern", "pond"))
    garden.pages["/moss.html"] = POST.format("moss \ufffd")
    garden.pages["/fern.html"] = POST.replace("About", "").replace("Words about", "").format("½­Î÷³öÌ¨ÐÐ¶¯")
    garden.crawl(title="Before")
    garden.pages |= {f"/{name}.html": POST.format(name) for name in ("moss", "fern")}
    garden.asked()

    report = garden.crawl(title="After")

    assert sorted(garden.asked()) == ["/", "/fern.html", "/moss.html"]
    assert report["posts"]["changed"] == 2
    garden.crawl(title="After")
    assert garden.asked() == ["/"]


NEXT = {**yaml.safe_load(GARDEN)["layouts"][0], "next": [{"css": "a[rel=next]", "attribute": "href"}]}


def parted(words: str, further: str = "") -> str:
    return POST.replace("Words about {0}.", words).format("moss") + further


def test_an_article_of_several_pages_is_one_post(garden: Garden) -> None:
    garden.pages |= {
        "/": "<a href=/moss.html>Moss</a>",
        "/moss.html": parted("One.", "<a rel=next href=moss.html?p=2>2</a>"),
        "/moss.html?p=2": parted("Two.", "<a rel=next href=/moss_3.html>3</a>"),
        "/moss_3.html": parted("Three.", "<a rel=next href=/moss.html>1</a>"),
    }

    report = garden.crawl(layouts=[NEXT])

    assert (report["posts"]["new"], report["reasons"]) == (1, {})
    assert garden.asked() == ["/", "/moss.html", "/moss.html?p=2", "/moss_3.html"]
    with Archive(garden.folder / "output" / "archive.db") as archive:
        [moss] = archive.db.execute("SELECT text FROM articles").fetchall()
    assert moss == ("One.\nTwo.\nThree.",)


@pytest.mark.parametrize(
    ("third", "reason"),
    [
        (None, "failed: further page: HTTP 404"),
        ("<p>no layout</p>", "refused: further page: unknown layout"),
    ],
)
def test_half_an_article_is_not_stored(garden: Garden, third: str | None, reason: str) -> None:
    garden.pages |= {
        "/": "<a href=/moss.html>Moss</a>",
        "/moss.html": parted("One.", "<a rel=next href=/moss_2.html>2</a>"),
        "/moss_2.html": parted("Two.", "<a rel=next href=/moss_3.html>3</a>"),
        **({"/moss_3.html": third} if third else {}),
    }

    assert garden.crawl(layouts=[NEXT])["reasons"] == {reason: 1}
    assert garden.stored() == set()
    garden.pages["/moss_3.html"] = parted("Three.")
    garden.crawl("--full", layouts=[NEXT])
    assert garden.stored() == {MOSS}


def test_pages_that_name_one_address_are_one_post(garden: Garden) -> None:
    layout = yaml.safe_load(GARDEN)["layouts"][0]
    canonical = {**layout, "canonical": [{"css": "link[rel=canonical]", "attribute": "href"}]}
    head = f"<link rel=canonical href={MOSS}>"
    garden.pages |= {
        "/": "<a href=/m-moss.html>Moss</a><a href=/moss.html>Moss</a><a href=/fern.html>Fern</a>",
        "/moss.html": head + POST.format("moss"),
        "/m-moss.html": head + POST.format("small moss"),
    }

    first = garden.crawl(layouts=[canonical])
    second = garden.crawl("--full", layouts=[canonical])

    assert garden.stored() == {MOSS, FERN}
    assert first["posts"]["new"] == 2
    assert {outcome: count for outcome, count in second["posts"].items() if count} == {"unchanged": 3}
    assert json.loads(garden.run("show", "moss", "--format", "json").stdout)["title"] == "About moss"
    assert json.loads(garden.run("show", "https://blog.example/m-moss.html", "--format", "json").stdout)["id"]


def test_a_pattern_that_never_ends_ends_no_run(garden: Garden) -> None:
    form = {"match": r"^/(?P<id>(?:[a-z]+)+)\.htm$"}
    garden.pages["/"] = f"<a href=/{'a' * 60}.html>x</a>"

    assert garden.crawl(addresses={"post": [form]})["listing_reasons"] == {"refused: too costly to read": 1}
