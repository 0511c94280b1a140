"""A published site in a real browser, opened from a disk: read, searched, and safe whatever was published."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import made
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.items import Category, Mention
from crawler.web.published.site import publish

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Request

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]

HOSTILE = "江西\"'><script>alert(1)</script><img src=x onerror=alert(2)></script><svg onload=alert(3)>"
BODY = (
    f"<p>{HOSTILE}</p><script src='https://elsewhere.example/x.js'></script>"
    "<img src='https://elsewhere.example/x.png' onerror='alert(4)'><iframe src='https://elsewhere.example/'></iframe>"
    "<a href='javascript:alert(5)'>江西</a><style>@import 'https://elsewhere.example/x.css'</style>"
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "新闻 #1 100%"
    with Archive(tmp_path_factory.mktemp("archive") / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for number in range(30):
            posts.store(archive.db, made.article(f"NW{number:02}", title=f"第{number}篇：工业互联网"), 1)
        posts.store(archive.db, made.article(), 1)
        hostile = made.article(
            "NW'\"><b>",
            title=HOSTILE,
            html=BODY,
            source=HOSTILE,
            category=Category(slug=HOSTILE, name=HOSTILE, url="https://finews.withounder.com/category/x.html"),
            tags=(HOSTILE,),
            mentions=(Mention(code="1.600000", name=HOSTILE, count=1),),
        )
        posts.store(archive.db, hostile, 1)
        publish(archive.path, folder)
    return folder


@pytest.fixture(scope="module")
def browser(site: Path) -> Iterator[Browser]:  # noqa: ARG001  # written first: Playwright keeps an event loop running
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


class Watched:
    """A page of the browser, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, site: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.page: Page = self.context.new_page()
        self.base = site.as_uri()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))

    def _note_failure(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # the reader went on to another page
            self.complaints.append(f"not loaded: {request.url}")

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.base}/{path}")
        return self.page

    def search(self, query: str) -> list[str]:
        self.page.fill("#q", query)
        self.page.press("#q", "Enter")
        self.page.wait_for_selector("#found [role=status] strong, #found [role=alert]")
        return self.page.locator(".hit h2").all_inner_texts()

    def close(self) -> None:
        self.context.close()
        assert self.complaints == []
        assert [url for url in self.requests if not url.startswith(self.base)] == []


@pytest.fixture
def watched(browser: Browser, site: Path) -> Iterator[Watched]:
    opened = Watched(browser, site)
    yield opened
    opened.close()


def test_a_post_is_found_read_and_followed_from_a_disk(watched: Watched) -> None:
    page = watched.open("index.html")
    assert watched.search("行动计划") == ["江西出台5G行动计划"]
    assert page.locator(".hit mark").all_inner_texts() == ["行动计划"]
    page.click(".hit h2 a")
    assert page.inner_text("h1") == "江西出台5G行动计划"
    page.click("a.outlet")
    assert page.inner_text("h1") == "大江网"
    page.click("a[hreflang=en]")
    assert page.get_attribute("html", "lang") == "en"
    page.go_back()
    page.go_back()
    assert page.inner_text("h1") == "江西出台5G行动计划"


def test_hits_are_narrowed_down_by_links_and_as_they_were_again(watched: Watched) -> None:
    page = watched.open("index.html")
    assert len(watched.search("江西")) == 20
    page.wait_for_selector("aside .ranked")
    assert page.locator("aside h2").all_inner_texts() == ["媒体", "栏目", "日期"]
    page.click("aside a:has-text('script')")  # a name that is hostile
    page.wait_for_selector(".filters .on")
    assert page.locator(".hit h2").all_inner_texts() == [HOSTILE]
    page.wait_for_selector("aside .ranked")
    assert page.locator("aside h2").all_inner_texts() == ["栏目", "日期"]
    page.click(".filters .on")
    page.wait_for_selector(".pager")
    assert page.inner_text("#found strong") == "32 篇"


def test_results_are_turned_and_ordered_in_both_languages(watched: Watched) -> None:
    page = watched.open("en/index.html")
    assert len(watched.search("工业")) == 20
    assert page.inner_text("#found strong") == "30 posts"
    page.click(".pager a")
    page.wait_for_selector(".hit")
    assert page.locator(".hit").count() == 10
    page.click("text=newest first")
    page.wait_for_selector(".hit")
    assert page.locator(".hit").count() == 20
    page.click(".hit h2 a")
    assert "/en/post/NW" in page.url
    watched.open("en/search.html?q=%E6%B2%A1%E6%9C%89%E8%BF%99%E4%B8%AA&page=x&sort=y")
    page.wait_for_selector("#found strong")
    assert page.inner_text("#found strong") == "Nothing was found."


def test_nothing_that_was_published_runs_or_asks_anybody(watched: Watched) -> None:
    page = watched.open("index.html")
    assert watched.search(HOSTILE) == [HOSTILE]
    page.click(".hit h2 a")
    assert page.inner_text("h1") == HOSTILE
    for link in ("a.outlet", ".byline a:nth-of-type(2)", ".tags a"):
        page.click(link)
        page.wait_for_load_state("networkidle")
        page.go_back()
    watched.open("search.html?q=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&sort=%3Cb%3E&page=%3Cb%3E")
    page.wait_for_selector("#found [role=status] strong")


def test_all_but_the_search_is_read_without_javascript(browser: Browser, site: Path) -> None:
    opened = Watched(browser, site, java_script_enabled=False)
    page = opened.open("index.html")
    page.click(".day li a.title")
    assert page.inner_text("h1")
    page.fill("#q", "江西")
    page.press("#q", "Enter")
    page.wait_for_load_state()
    assert page.locator("noscript").is_visible()
    opened.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_keeps_anybody_out(browser: Browser, site: Path, scheme: Any, width: int) -> None:
    opened = Watched(browser, site, color_scheme=scheme, viewport={"width": width, "height": 800})
    for path in ("index.html", "search.html", "search.html?q=5G", "search.html?q=xyzxyz", f"post/{made.ID}.html"):
        page = opened.open(path)
        page.wait_for_load_state("networkidle")
        assert Axe().run(page).response["violations"] == [], path
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    opened.context.close()  # axe itself asks for the stylesheet, and is refused
