"""The pages, asked without a network: what is on them, where they lead, what is said when there is nothing."""

from __future__ import annotations

import json
import re
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import browsing
import made
import pytest

from crawler.archive import Archive
from crawler.archive.store import posts
from crawler.archive.store.lock import writing
from crawler.items import Category, Mention

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browsing import Answer, Browser

DAY = timedelta(days=1)
STORY = "<p>" + "江西省工信厅印发行动计划，到二〇二三年建成五G基站十万个，覆盖全部县城。" * 4 + "</p>"
SECOND = made.article(
    "NW2",
    title="江西再建5G基站",
    html="<p>江西今年新建5G基站100个。</p>",
    published_at=made.PUBLISHED + DAY,
    mentions=(Mention(code="1.600519", name="茅台", count=1),),
    tags=("5G",),
)
CHANGED = made.article(
    "NW2",
    title="江西再建5G基站",
    html="<p>江西今年新建5G基站120个。</p><p>明年更多。</p>",
    published_at=made.PUBLISHED + DAY,
    mentions=(Mention(code="1.600519", name="茅台", count=1),),
    tags=("5G",),
    seen_at=made.LATER,
)
TOLD = [
    made.article(f"NW{number}", title="江西建成基站", html=STORY, source=outlet, published_at=made.PUBLISHED + late)
    for number, outlet, late in [(5, "大江网", timedelta()), (6, "新华社", timedelta(hours=3))]
]
ODD = "a/b.json?#%"
HOSTILE = '"><script>alert(1)</script>'
ARTICLES = [
    made.article(),
    SECOND,
    CHANGED,
    *TOLD,
    made.article(
        "NW9",
        title="旧闻",
        html="<p>旧闻一则。</p>",
        source=ODD,
        published_at=made.PUBLISHED - 400 * DAY,
        category=Category(slug=ODD, name="", url=""),
        mentions=(),
        tags=(),
        authors=("Ann Moss", HOSTILE, ODD),
        image="https://finews.withounder.com/5g.jpg",
    ),
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    path = tmp_path_factory.mktemp("pages") / "archive.db"
    browsing.fill(path, *ARTICLES)
    with browsing.browsing(path) as opened:
        yield opened


def test_the_front_page_has_the_newest_posts_by_day(browser: Browser) -> None:
    front = browser.get("/")
    assert front.status == 200
    assert front.words(".day h2") == [
        "2022年4月21日 星期四1 篇",
        "2022年4月20日 星期三3 篇",
        "2021年3月16日 星期二1 篇",
    ]
    assert front.words(".day .title") == [
        "江西再建5G基站",
        "江西建成基站",
        "江西建成基站",
        "江西出台5G行动计划",
        "旧闻",
    ]
    assert front.words(".day time") == ["16:44", "19:44", "16:44", "16:44", "16:44"]
    assert {"/day/2022-04-20", "/post/NW2", "/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91"} <= set(front.links(".day"))
    assert {"/security/600519.SH", "/category/dajiangwang"} <= set(front.links("aside"))
    assert front.page.css("svg.bars a") != []


def test_a_post_has_all_that_is_known_of_it(browser: Browser) -> None:
    post = browser.get("/en/post/NW2")
    assert post.words("h1") == ["江西再建5G基站"]
    assert post.words(".body p") == ["江西今年新建5G基站120个。", "明年更多。"]
    assert post.words(".byline") == ["大江网 21 April 2022, 16:44 大江网新闻2 revisions"]
    assert post.words(".facts dt") == ["Published", "First seen", "Last seen", "Id"]
    assert post.words(".facts dd") == ["2022-04-21 16:44:59", "2022-04-21 09:00:00", "2022-04-21 10:30:00", "NW2"]
    assert {
        "/en/security/600519.SH",
        "/en/search?q=%225G%22",
        "/en/post/NW2.md",
        "/en/post/NW2.txt",
        "/en/post/NW2.json",
        "/en/post/NW2/changes",
        made.post_address("NW2").url,
        made.share_address("NW2").url,
    } <= set(post.links("article, aside")) | set(post.links("aside")) | set(post.links("article"))
    assert post.page.css_first("link[rel=canonical]").attributes["href"] == "http://127.0.0.1:8080/post/NW2"
    assert post.page.css_first("link[rel=prev]").attributes["href"] == "/en/post/NW6"
    assert [text.partition("江西再建5G基站")[0] for text in post.words(".cite p")] == ["大江网 (2022) ‘", "大江网. "]
    assert post.words("title") == ["江西再建5G基站 · finews archive"]


@pytest.mark.parametrize(
    ("public_url", "name", "cited"),
    [
        ("", made.ID, made.post_address().url),
        ("https://news.example.org", made.ID, f"https://news.example.org/post/{made.ID}"),
        ("https://news.example.org", "note", "https://news.example.org/post/note"),
        ("", "note", None),
    ],
)
def test_a_post_is_cited_where_others_can_read_it(
    tmp_path: Path, public_url: str, name: str, cited: str | None
) -> None:
    browsing.fill(tmp_path / "a.db", made.article(), made.article("note", url=None, share_url=None))
    with browsing.browsing(tmp_path / "a.db", public_url=public_url, names=["news.example.org"]) as opened:
        post = opened.get(f"/en/post/{name}")
    harvard, _ = post.words(".cite p")
    assert (post.status, re.findall(r"Available at: (\S+)", harvard)) == (200, [cited] if cited else [])
    asked = quote(made.post_address().url, safe="") if name == made.ID else "note"
    assert f"/en/why?address={asked}" in post.links("aside")


def test_a_post_names_its_authors_and_leads_to_its_lead_image(browser: Browser) -> None:
    post = browser.get("/en/post/NW9")
    assert post.words(".byline .author") == ["Ann Moss", HOSTILE, ODD]
    assert [node.attributes["content"] for node in post.page.css("meta[name=author]")] == ["Ann Moss", HOSTILE, ODD]
    assert "https://finews.withounder.com/5g.jpg" in post.links("aside")
    assert post.page.css("img, article script") == []
    assert (
        browser.get("/post/NW9.txt").text.split("\n")[1] == f"2021-03-16 16:44 · {ODD} · Ann Moss, {HOSTILE}, {ODD}"
    )
    assert post.words(".cite p")[0].startswith(f"Ann Moss, {HOSTILE} and {ODD} (2021) ‘旧闻’, {ODD}, 16 March.")
    nobody = browser.get("/en/post/NW2")
    assert (nobody.words(".author"), nobody.page.css("meta[name=author]")) == ([], [])


def test_a_list_by_an_author_has_a_chart_and_a_feed_with_the_authors_of_each_post(browser: Browser) -> None:
    shown = browser.get("/author/Ann%20Moss")
    assert shown.page.css("svg.bars a") != []
    feed = browser.get("/author/Ann%20Moss.atom").text
    assert re.findall(r"<entry>.*?</entry>", feed)[0].count("<author>") == 3
    (listed,) = json.loads(browser.get("/author/Ann%20Moss.json").text)["posts"]
    assert listed["authors"] == ["Ann Moss", HOSTILE, ODD]


def test_a_search_is_narrowed_down_to_an_author(browser: Browser) -> None:
    found = browser.get("/en/search?q=%E6%97%A7%E9%97%BB")
    assert found.words("aside h2") == ["Outlets", "Authors", "Categories", "Narrow down"]
    assert "/en/search?q=%E6%97%A7%E9%97%BB&author=Ann+Moss" in found.links("aside")
    narrowed = browser.get("/en/search?q=%E6%97%A7%E9%97%BB&author=Ann+Moss")
    assert (narrowed.words(".filters .on"), narrowed.words(".hit h2")) == (["author: Ann Moss ×remove"], ["旧闻"])
    assert narrowed.page.css_first('form.narrow input[name="author"]').attributes["value"] == "Ann Moss"
    unknown = browser.get("/en/search?q=5G&author=Ann")
    assert unknown.words(".note") == ["No author is called Ann: did you mean Ann Moss?"]


def test_a_post_can_be_asked_for_by_any_of_its_addresses_and_in_former_revisions(browser: Browser) -> None:
    by_address = browser.get(
        "/post/" + "https%3A%2F%2Ffinews.withounder.com%2Fdajiangwang%2F2022%2F04%2F20%2FNW2.html"
    )
    assert by_address.page.css_first("link[rel=canonical]").attributes["href"].endswith("/post/NW2")
    former = browser.get("/en/post/NW2?revision=1")
    assert former.words(".body p") == ["江西今年新建5G基站100个。"]
    assert former.words(".note") == ["This is revision 1. Read the latest"]
    assert browser.get("/post/NW2?revision=3").status == 404


def test_who_else_told_a_story_and_who_was_first(browser: Browser) -> None:
    assert browser.get("/en/post/NW6").words("aside .ranked li")[-2:] == [
        "大江网20 April 2022, 16:44 · first",
        "新华社20 April 2022, 19:44",
    ]
    story = browser.get("/en/story/NW6")
    assert story.words(".day .title") == ["江西建成基站", "江西建成基站"]
    assert story.page.css_first("link[rel=canonical]").attributes["href"] == "http://127.0.0.1:8080/story/NW5"


def test_changes_have_figures_first_then_sentences(browser: Browser) -> None:
    side = browser.get("/en/post/NW2/changes")
    assert side.words(".step h2") == ["Revision 1 to 2 21 April 2022, 10:30"]
    assert side.words(".figures td") == ["100个", "120个", "江西今年新建5G基站120个。"]
    assert side.words(".sides td") == ["江西今年新建5G基站100个。", "江西今年新建5G基站120个。", "", "明年更多。"]
    one = browser.get("/en/post/NW2/changes?view=one")
    assert one.words(".one p") == ["江西今年新建5G基站100个。江西今年新建5G基站120个。", "明年更多。"]
    assert (one.words(".one del"), one.words(".one ins")) == (
        ["江西今年新建5G基站100个。"],
        ["江西今年新建5G基站120个。", "明年更多。"],
    )
    assert browser.get("/en/post/NW9/changes").words(".empty") == [
        "There is one revision of this post: nothing has changed since it was first seen."
    ]


def test_a_search_marks_its_hits_and_can_be_narrowed_down(browser: Browser) -> None:
    found = browser.get("/en/search?q=%E6%B1%9F%E8%A5%BF+5G")
    assert found.words(".found strong") == ["2 posts"]
    assert found.words(".hit h2") == ["江西再建5G基站", "江西出台5G行动计划"]
    assert found.words(".hit h2 mark") == ["江西", "5G", "江西", "5G"]
    assert found.words(".hit .snippet mark")[:2] == ["江西", "5G"]
    assert found.words("aside h2") == ["When", "Outlets", "Categories", "Securities", "Narrow down"]
    narrowed = browser.get("/en/search?q=%E6%B1%9F%E8%A5%BF&source=%E6%96%B0%E5%8D%8E%E7%A4%BE&since=2022-04")
    assert narrowed.words(".filters .on") == ["from: 2022-04 ×remove", "outlet: 新华社 ×remove"]
    assert narrowed.links(".filters")[:2] == [
        "/en/search?q=%E6%B1%9F%E8%A5%BF&source=%E6%96%B0%E5%8D%8E%E7%A4%BE",
        "/en/search?q=%E6%B1%9F%E8%A5%BF&since=2022-04",
    ]
    assert narrowed.words(".hit h2") == ["江西建成基站"]


def test_a_search_that_finds_nothing_says_what_was_understood(browser: Browser) -> None:
    nothing = browser.get("/en/search?q=%E6%B1%9F%E8%A5%BF+%E7%81%AB%E6%98%9F+-%E5%B9%BF%E5%91%8A")
    assert nothing.words(".empty li") == ["江西 4 posts", "火星 0 posts", "without 广告"]
    assert browser.get("/en/search?q=%21").words(".note") == [
        "The query has no word in it, only signs: give a word, or part of a sentence in quotes."
    ]
    unknown = browser.get("/en/search?q=5G&source=%E6%96%B0%E5%8D%8E")
    assert unknown.words(".note") == ["No outlet is called 新华: did you mean 新华社?"]


def test_each_story_can_be_shown_once(browser: Browser) -> None:
    once = browser.get("/en/search?q=%E5%BB%BA%E6%88%90&collapse=1")
    assert once.words(".hit .muted") == ["大江网 · 20 April 2022, 16:44 · told by 1 other"]


@pytest.mark.parametrize(
    ("address", "title", "posts"),
    [
        ("/outlet/%E6%96%B0%E5%8D%8E%E7%A4%BE", "新华社", ["江西建成基站"]),
        ("/outlet/a%2Fb%2Ejson%3F%23%25", ODD, ["旧闻"]),
        ("/category/a%2Fb%2Ejson%3F%23%25", ODD, ["旧闻"]),
        ("/author/Ann%20Moss", "Ann Moss", ["旧闻"]),
        ("/author/a%2Fb%2Ejson%3F%23%25", ODD, ["旧闻"]),
        ("/author/%22%3E%3Cscript%3Ealert%281%29%3C%2Fscript%3E", HOSTILE, ["旧闻"]),
        (
            "/category/dajiangwang",
            "大江网新闻",
            ["江西再建5G基站", "江西建成基站", "江西建成基站", "江西出台5G行动计划"],
        ),
        ("/day/2021-03-16", "2021年3月16日 星期二", ["旧闻"]),
        ("/day/2021-03", "2021年3月", ["旧闻"]),
        ("/day/2021", "2021年", ["旧闻"]),
        ("/day/2020", "2020年", []),
        (
            "/security/600519",
            "贵州茅台 600519.SH",
            ["江西再建5G基站", "江西建成基站", "江西建成基站", "江西出台5G行动计划"],
        ),
        ("/security/00700.HK", "腾讯控股 00700.HK", ["江西建成基站", "江西建成基站", "江西出台5G行动计划"]),
    ],
)
def test_lists_have_the_posts_that_have_something_in_common(
    browser: Browser, address: str, title: str, posts: list[str]
) -> None:
    shown = browser.get(address)
    assert (shown.status, shown.words("h1"), shown.words(".day .title")) == (200, [title], posts)
    listed = json.loads(browser.get(f"{address}.json").text)
    assert [post["title"] for post in listed["posts"]] == posts
    feed = browser.get(f"{address}.atom")
    assert feed.headers["content-type"] == "application/atom+xml"
    assert re.findall(r"<entry>.*?<title>(.*?)</title>", feed.text) == posts


def test_a_security_has_the_names_it_was_printed_under(browser: Browser) -> None:
    names = browser.get("/en/security/600519").words("aside .ranked li")
    assert names == ["茅台21 April 2022 · 1", "贵州茅台20 April 2022 · 3"]


def test_pages_of_a_list_lead_to_each_other(tmp_path: Path) -> None:
    articles = [
        made.article(
            f"NW{number}",
            title=f"第{number}条",
            html=f"<p>第{number}条。</p>",
            published_at=made.PUBLISHED + number * timedelta(minutes=1),
        )
        for number in range(120)
    ]
    browsing.fill(tmp_path / "archive.db", *articles)
    with browsing.browsing(tmp_path / "archive.db") as browser:
        titles, address = list[str](), "/outlet/%E5%A4%A7%E6%B1%9F%E7%BD%91"
        while address:
            shown = browser.get(address)
            titles += shown.words(".day .title")
            following = shown.page.css_first("link[rel=next]")
            address = following.attributes["href"] if following else ""
        assert titles == [f"第{number}条" for number in reversed(range(120))]
        back = browser.get(shown.page.css_first(".pager a[rel=prev]").attributes["href"])
        assert back.words(".day .title") == titles[50:100]
        first = browser.get(back.page.css_first(".pager a[rel=prev]").attributes["href"])
        assert (first.words(".day .title"), first.page.css_first("link[rel=prev]")) == (titles[:50], None)


def test_what_there_is_most_of_comes_first_and_days_the_latest_first(browser: Browser) -> None:
    assert browser.get("/en/outlets").words(".names li") == ["大江网3", "a/b.json?#%1", "新华社1"]
    assert browser.get("/en/authors").words(".names li") == [f"{HOSTILE}1", "Ann Moss1", f"{ODD}1"]
    assert browser.get("/en/categories").words(".names li") == ["大江网新闻4", "a/b.json?#%1"]
    assert browser.get("/en/securities").words(".names li") == ["贵州茅台 600519.SH4", "腾讯控股 00700.HK3"]
    assert browser.get("/days").links(".names") == ["/day/2022-04-21", "/day/2022-04-20", "/day/2021-03-16"]


def test_long_lists_of_names_come_a_page_at_a_time(tmp_path: Path) -> None:
    articles = [
        made.article(f"NW{number}", title=f"第{number}条", html=f"<p>第{number}条。</p>", source=f"第{number}家")
        for number in range(450)
    ]
    browsing.fill(tmp_path / "archive.db", *articles)
    with browsing.browsing(tmp_path / "archive.db") as browser:
        first = browser.get("/outlets")
        second = browser.get(first.page.css_first("link[rel=next]").attributes["href"])
        assert len({*first.links(".names"), *second.links(".names")}) == 450
        assert second.page.css_first("link[rel=prev]").attributes["href"] == "/outlets"
        assert second.page.css_first("link[rel=next]") is None


def test_runs_addresses_and_coverage_are_told(browser: Browser) -> None:
    assert browser.get("/en/runs").words("tbody th") == ["1"]
    why = browser.get("/en/why?address=NW2")
    assert why.words(".step h2") == [made.post_address("NW2").url]
    assert why.words(".told li")[1].startswith("2022-04-21 09:00:00 run 1: new, HTTP 200")
    assert browser.get("/en/why?address=NW404").words(".empty") == ["This was never seen."]
    coverage = browser.get("/en/coverage?since=2021")
    assert coverage.words("tbody th") == ["2022-04-21", "2022-04-20", "2021-03-16"]
    assert coverage.words("tbody td a")[0] == "大江网新闻"


@pytest.mark.parametrize(
    ("address", "near"),
    [
        ("/post/NW", ["/post/NW2", "/post/NW202204202350104915", "/post/NW5"]),
        ("/outlet/%E6%96%B0%E5%8D%8E", ["/outlet/%E6%96%B0%E5%8D%8E%E7%A4%BE"]),
        ("/author/An%20Moss", ["/author/Ann%20Moss"]),
        ("/category/dajiang", ["/category/dajiangwang"]),
        ("/category/%E5%A4%A7%E6%B1%9F", ["/category/dajiangwang"]),
        ("/security/%E8%8C%85", ["/security/600519.SH"]),
        ("/day/2022-02-31", ["/day/2022-04-21"]),
        ("/day/2022-04-20T10:00", ["/day/2022-04-21"]),
        ("/story/NW9", ["/post/NW9"]),
        ("/nowhere/at/all", []),
    ],
)
def test_what_there_is_not_is_a_page_that_says_what_is_near(browser: Browser, address: str, near: list[str]) -> None:
    missing = browser.get(address)
    assert (missing.status, missing.words("h1")) == (404, ["没有这个页面"])
    assert missing.links(".names") == near


def test_a_time_that_is_none_is_said_to_be_none(browser: Browser) -> None:
    wrong = browser.get("/en/search?q=5G&since=yesterday")
    assert (wrong.status, wrong.words("h1")) == (400, ["The question cannot be answered"])
    said = {"en": "'gestern' is not a time: write", "zh": "'gestern' 不是时间"}
    for language, begin in said.items():
        assert browser.get(f"/{language}/search?q=x&since=gestern").words("main p")[0].startswith(begin)


def test_pages_speak_the_reader_s_language_and_links_keep_it(browser: Browser) -> None:
    by_default, preferred = browser.get("/"), browser.get("/", accept_language="en-US,en;q=0.9,zh;q=0.1")
    assert [each.page.css_first("html").attributes["lang"] for each in (by_default, preferred)] == ["zh-CN", "en"]
    assert preferred.headers["vary"] == "Accept-Language"
    chosen = browser.get("/en/search?q=5G", accept_language="zh")
    assert chosen.page.css_first("html").attributes["lang"] == "en"
    links = [link for part in ("main", ".masthead", "footer") for link in chosen.links(part)]
    assert [link for link in links if not link.startswith(("/en/", "/zh/", "/api"))] == []
    assert "/zh/search?q=5G" in chosen.links("footer")


def test_every_page_can_be_reached_by_links_and_no_link_is_broken(browser: Browser) -> None:
    seen: dict[str, Answer] = {}
    waiting = {"/"}
    while waiting:
        address = waiting.pop()
        seen[address] = browser.get(address)
        is_page = seen[address].headers.get("content-type", "").startswith("text/html")
        goes_on = is_page and not address.startswith("/search")  # a search can be narrowed down without end
        found = browsing.all_addresses(seen[address]) if goes_on else set()
        waiting |= {each.partition("#")[0] for each in found if not each.startswith(("/en/", "/zh/"))} - seen.keys()
        assert len(seen) < 500
    broken = {address: answer.status for address, answer in seen.items() if answer.status != 200}
    assert {address for address in broken if not address.startswith("/coverage")} == set()
    kinds = {address.split("/")[1].partition("?")[0].partition(".")[0] for address in seen}
    assert kinds == {
        "", "latest", "search", "post", "outlet", "outlets", "author", "authors", "category", "categories",
        "security", "securities", "day", "days", "story", "runs", "why", "coverage", "api", "static",
    }  # fmt: skip


def test_other_forms_of_a_post_are_those_of_the_command_line(browser: Browser) -> None:
    markdown = browser.get("/post/NW2.md")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert markdown.text.startswith("---\nlayout: post\ntitle: 江西再建5G基站\n")
    text = browser.get("/post/NW2.txt")
    assert text.text == "江西再建5G基站\n2022-04-21 16:44 · 大江网\n\n江西今年新建5G基站120个。\n明年更多。\n"
    whole: dict[str, Any] = json.loads(browser.get("/post/NW2.json").text)
    assert (whole["post_id"], whole["revision"], whole["tags"]) == ("NW2", 2, ["5G"])
    assert browser.get("/post/NW404.json").text == '{"error":"The archive has nothing under this name."}'


def test_an_empty_archive_says_how_to_fill_it(tmp_path: Path) -> None:
    browsing.fill(tmp_path / "archive.db")
    with browsing.browsing(tmp_path / "archive.db") as browser:
        assert browser.get("/en/").words(".empty") == ["Nothing is archived yet. Fill the archive with: finews crawl"]
        for address in ("/outlets", "/days", "/runs", "/coverage", "/latest.atom", "/latest.json", "/search?q=5G"):
            assert browser.get(address).status == 200


def test_an_archive_that_is_gone_is_said_to_be_and_one_in_its_place_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    browsing.fill(path, made.article())
    with ExitStack() as stack:
        browser = stack.enter_context(browsing.browsing(path))
        assert browser.get("/").status == 200
        for file in tmp_path.glob("archive.db*"):
            file.unlink()
        gone = browser.get("/en/")
        assert (gone.status, gone.headers["retry-after"]) == (503, "5")
        assert gone.words("h1") == ["The archive has no answer now"]
        assert str(tmp_path) not in gone.text
        browsing.fill(path, SECOND)
        assert browser.get("/").words(".day .title") == ["江西再建5G基站"]


def test_of_an_id_of_two_sites_the_first_post_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    browsing.fill(path, made.article("NW1", title="甲题"))
    with Archive(path) as archive, writing(archive.db):
        other = made.article("NW1", title="乙题", site="garden", url="https://garden.example/NW1.html")
        posts.store(archive.db, other, 1)
    with browsing.browsing(path) as browser:
        answers = [browser.get(f"/post/NW1{form}") for form in ("", "/changes", ".json", ".md")]
    assert [answer.status for answer in answers] == [200] * 4
    assert "甲题" in answers[0].text
