"""Whole runs by a definition that does not fit yet: what its author is told first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bad_server
import pytest
from test_definition_files import GARDEN

from crawler.ops.sample_site.site import Resource, SampleSite, bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from conftest import Run

pytestmark = pytest.mark.slow

HOME = "<a href=/2024/moss>Moss</a> <a href=/2024/fern>Fern</a> <a href=/about/>About</a>"
POST = "<h1>Moss</h1><time datetime='2024-03-04 10:00'>4 March</time><article><p>Words about moss.</p></article>"
BLOG = "https://blog.example"


@pytest.fixture
def crawl(finews: Run, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Crawl a garden of these pages; return the exit code and the error that is printed.

    What a page redirects to is given in place of its source, and keys of the definition that differ by `changes`.
    """

    def run(pages: Mapping[str, str], changes: str = "", robots: str = "") -> tuple[int, str]:
        (tmp_path / "my.yaml").write_text(GARDEN + changes, encoding="utf-8")
        plain = {"/robots.txt": robots, **{path: page for path, page in pages.items() if not page.startswith("http")}}
        served = {path: Resource(page.encode(), "text/html", 0, f'"{path}"') for path, page in plain.items()}
        plan = {path: [bad_server.redirect(page)] for path, page in pages.items() if page.startswith("http")}
        with bad_server.serve_badly(SampleSite(served, bundled_site().missing), plan) as server:
            done = finews("crawl", "--site", "my.yaml", "--mirror", server.url, "--no-posts", "--log-format", "json")
            errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
        return done.returncode, "\n".join(errors).removeprefix("Error: ").replace(server.url, "MIRROR")

    return run


def test_a_home_page_that_names_no_post_is_shown_by_try(crawl: Callable[..., tuple[int, str]]) -> None:
    assert crawl({"/": HOME}) == (
        1,
        (
            "The home page came, but names no post: no link on it has the form of a post's address (`addresses.post`"
            f" of the definition). `finews try --site my.yaml --mirror MIRROR {BLOG}/` shows where its links lead."
        ),
    )


def test_so_it_is_where_a_feed_names_posts(crawl: Callable[..., tuple[int, str]]) -> None:
    rss = f"<rss><channel><item><link>{BLOG}/moss.html</link></item></channel></rss>"
    code, error = crawl({"/": HOME, "/rss": rss, "/moss.html": POST}, "feed: /rss\n")
    assert (code, error[:43]) == (1, "The home page came, but names no post: no l")


def test_a_page_in_place_of_a_feed_is_told(crawl: Callable[..., tuple[int, str]]) -> None:
    assert crawl(
        {"/": "<a href=/moss.html>Moss</a>", "/moss.html": POST, "/rss": "<html>?</html>"}, "feed: /rss\n"
    ) == (
        1,
        "A listing came, but could not be used (no feed and no sitemap, but <html>); the next run asks for it again.",
    )


def test_a_home_page_on_another_host_is_named(crawl: Callable[..., tuple[int, str]]) -> None:
    assert crawl({"/": "https://www.blog.example/"}) == (
        1,
        (
            "The home page redirects to https://www.blog.example/: if the site has moved there, put www.blog.example"
            " first in `hosts` of the definition."
        ),
    )


def test_a_home_page_at_another_path_is_named(crawl: Callable[..., tuple[int, str]]) -> None:
    assert crawl({"/": f"{BLOG}/en/"}) == (
        1,
        (
            f"The home page redirects to {BLOG}/en/: if that is where the site begins, write its path into `start` of"
            f" the definition."
        ),
    )


@pytest.mark.parametrize("changes", ["", "feed: /rss\nsitemap: /sitemap.xml\n"])
def test_a_robots_txt_that_forbids_all_is_said_to(crawl: Callable[..., tuple[int, str]], changes: str) -> None:
    assert crawl({"/": HOME}, changes, robots="User-agent: *\nDisallow: /\n") == (
        1,
        "The site's robots.txt forbids these pages, and it is obeyed: ask whoever runs the site.",
    )


def test_a_robots_txt_that_forbids_the_home_page_alone_is_named(crawl: Callable[..., tuple[int, str]]) -> None:
    rss = f"<rss><channel><item><link>{BLOG}/moss.html</link></item></channel></rss>"
    pages = {"/": HOME, "/rss": rss, "/moss.html": POST}
    assert crawl(pages, "feed: /rss\n", robots="User-agent: *\nDisallow: /$\n") == (
        1,
        "The site's robots.txt forbids some of the listings (1), and it is obeyed: leave them out of the definition.",
    )
