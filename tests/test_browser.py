"""The pages in a real browser: what a reader does, on a phone and a wide screen, in light and dark, by keyboard.

Chromium is the machine's own (Debian's package `chromium`); a machine that has none skips these tests.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

import browsing
import made
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from crawler.items import Category, Mention
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning"),  # see `chromium`
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine: apt-get install chromium"),
]
SIZES = {"phone": (320, 640), "desktop": (1280, 900)}
SCHEMES = ("light", "dark")
SEED = "/post/NW202204202350104915"
HOSTILE = '"><script>top.hacked=1</script><img src=https://evil.example/x onerror=top.hacked=1>'


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the archive of the demonstration, with a changed post and a hostile one, and yield its address."""
    archive = tmp_path_factory.mktemp("browser") / "archive.db"
    # In a process of its own: Playwright has its event loop running in this one.
    with serve(bundled_site()) as site:
        crawl = ["crawl", "--mirror", site.url, "--no-posts", "--archive", str(archive)]
        subprocess.run([sys.executable, "-m", "crawler", *crawl], check=True, capture_output=True)
    hostile = (
        "<h4>深</h4><h1></h1><script>top.hacked=1</script><img src=https://evil.example/x onerror=top.hacked=1>"
        "<a href='javascript:top.hacked=1'>x</a><iframe src=https://evil.example></iframe><a href=https://e.example></a>"
        "<table><tr><td>甲</td></tr></table><pre>" + "长" * 200 + "</pre><ul><p>不在列表里</p></ul>"
    )
    browsing.fill(
        archive,
        made.article("NW1", title="江西新建基站", html="<p>江西新建基站100个。</p>", published_at=made.PUBLISHED),
        made.article(
            "NW1",
            title="江西新建基站",
            html="<p>江西新建基站120个。</p><p>明年更多。</p>",
            authors=("Ann Moss", "张三", "Wolfeschlegelsteinhausenbergerdorff" * 2),
            image="https://finews.withounder.com/a.jpg",
            published_at=made.PUBLISHED,
            seen_at=made.LATER,
        ),
        made.article(
            "NW666",
            title=HOSTILE,
            html=hostile,
            source=HOSTILE,
            authors=(HOSTILE,),
            category=Category(slug="hostile", name=HOSTILE, url=""),
            tags=(HOSTILE,),
            mentions=(Mention(code="1.600160", name=HOSTILE, count=1),),
            published_at=made.PUBLISHED + timedelta(minutes=1),
        ),
    )
    command = [sys.executable, "-m", "crawler", "serve", "--archive", str(archive), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip().rstrip("/")
        finally:
            server.terminate()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()
    # It waits for Playwright's own process, and complains that the loop has been closed when that has ended.
    for thread in threading.enumerate():
        if thread.name.startswith("asyncio-waitpid-"):
            thread.join(10)


class Reader:
    """A page of the browser, which notes what it asks for and what goes wrong."""

    def __init__(self, browser: Browser, server: str, *, size: str = "desktop", scheme: str = "light") -> None:
        width, height = SIZES[size]
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            locale="zh-CN",
        )
        self.page: Page = self._context.new_page()
        self.server = server
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", lambda message: self.wrong.append(message.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def open(self, path: str) -> Page:
        self.page.goto(self.server + path)
        return self.page

    @property
    def path(self) -> str:
        """Where the reader is."""
        return unquote(self.page.url.removeprefix(self.server))


@pytest.mark.parametrize(("size", "scheme"), [*product(SIZES, SCHEMES)])
def test_a_reader_finds_the_seed_post_follows_a_security_and_comes_back(
    chromium: Browser, served: str, size: str, scheme: str
) -> None:
    with Reader(chromium, served, size=size, scheme=scheme) as reader:
        page = reader.open("/")
        page.get_by_role("searchbox").fill("江西 5G")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=*")
        page.get_by_role("link", name="推进5G规模化应用").click()
        assert reader.path == SEED
        assert page.locator("h1").inner_text().startswith("推进5G规模化应用")
        page.get_by_role("link", name="大江网", exact=True).first.click()
        assert reader.path == "/outlet/大江网"
        page.locator("svg.bars a").last.click()
        assert reader.path.startswith("/day/2022-04-")
        page.get_by_role("link", name="English").click()
        assert reader.path.startswith("/en/day/2022-04-")
        assert page.locator("html").get_attribute("lang") == "en"
        page.go_back()
        page.go_back()
        page.go_back()
        assert reader.path == SEED
        page.get_by_role("link", name="Markdown").click()
        assert "layout: post" in page.content()
        assert reader.wrong == []


def test_a_reader_follows_a_security_and_reads_a_diff(chromium: Browser, served: str) -> None:
    with Reader(chromium, served) as reader:
        page = reader.open("/post/NW1")
        page.get_by_role("link", name="贵州茅台").click()
        assert reader.path == "/security/600519.SH"
        assert page.locator("svg.bars").get_attribute("aria-label") == "各时段的篇数，最多 1"
        page.get_by_role("link", name="江西新建基站").click()
        page.get_by_role("link", name="2 个版本").click()
        assert reader.path == "/post/NW1/changes"
        assert page.locator(".figures td").all_inner_texts() == ["100个", "120个", "江西新建基站120个。"]
        page.get_by_role("link", name="合为一篇").click()
        assert page.locator(".one ins").all_inner_texts() == ["江西新建基站120个。", "明年更多。"]


PAGES = [
    "/", "/search", "/search?q=%E6%B1%9F%E8%A5%BF", "/search?q=%E7%81%AB%E6%98%9F+-x", SEED, "/post/NW1",
    "/post/NW666", "/post/NW1/changes", "/post/NW1/changes?view=one", "/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91",
    "/day/2022-04-20",
    "/author/Ann%20Moss", f"/author/{'Wolfeschlegelsteinhausenbergerdorff' * 2}", "/authors",
    "/search?q=%E6%B1%9F%E8%A5%BF&author=Ann%20Moss",
    "/category/dajiangwang", "/security/600519", "/outlets", "/categories", "/securities", "/days", "/runs",
    "/why?address=NW1", "/coverage?since=2022", "/nowhere", "/en/",
]  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("path", PAGES)
def test_nothing_keeps_anybody_out_of_a_page(chromium: Browser, served: str, path: str, scheme: str) -> None:
    with Reader(chromium, served, scheme=scheme) as reader:
        page = reader.open(path)
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_narrow_phone(chromium: Browser, served: str, path: str) -> None:
    with Reader(chromium, served, size="phone") as reader:
        page = reader.open(path)
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        found = Axe().run(page).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_on_a_phone_figures_and_both_sides_of_a_change_need_no_scrolling(chromium: Browser, served: str) -> None:
    stored, begun = "td:nth-of-type(3)", "td:nth-of-type(2)"
    needed = {"/post/NW1/changes": ".sides td", "/coverage?since=2022": stored, "/runs": begun}
    with Reader(chromium, served, size="phone") as reader:
        for path, cells in needed.items():
            boxes = [cell.bounding_box() for cell in reader.open(path).locator(cells).all()]
            ends = [box["x"] + box["width"] for box in boxes if box]
            assert ends, path
            assert max(ends) <= SIZES["phone"][0], path


@pytest.mark.parametrize(
    "path",
    [
        "/post/NW666",
        f"/search?q={quote(HOSTILE)}",
        f"/outlet/{quote(HOSTILE, safe='')}",
        f"/author/{quote(HOSTILE, safe='')}",
        "/",
    ],
)
def test_what_is_hostile_runs_nothing_and_requests_nothing(chromium: Browser, served: str, path: str) -> None:
    with Reader(chromium, served) as reader:
        page = reader.open(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hacked") is None
        assert [url for url in reader.asked if not url.startswith(f"{served}/")] == []
        assert reader.wrong == []


def test_the_keyboard_alone_leads_everywhere(chromium: Browser, served: str) -> None:
    with Reader(chromium, served) as reader:
        page = reader.open("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "q"
        page.keyboard.type("5G/VR")
        assert page.locator("#q").input_value() == "5G/VR"
        page.keyboard.press("Enter")
        page.wait_for_url("**/search?q=5G%2FVR")


def test_a_page_can_be_read_without_script(chromium: Browser, served: str) -> None:
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    page.goto(f"{served}{SEED}")
    assert page.locator(".body p").count() > 5
    page.locator("summary").click()
    assert page.locator(".cite p").first.is_visible()
    context.close()


def test_a_page_prints_as_its_article_alone(chromium: Browser, served: str) -> None:
    with Reader(chromium, served) as reader:
        page = reader.open(SEED)
        page.emulate_media(media="print")
        assert [page.locator(part).first.is_visible() for part in (".masthead", "footer", ".body")] == [
            False,
            False,
            True,
        ]
