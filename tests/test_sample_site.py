"""The bundled sample site: what its pages look like, and how it is served."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import formatdate
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.ops.sample_site.server import RunningServer, SeenRequest, serve
from crawler.ops.sample_site.site import (
    BUILT_AT,
    SHARE_SHELL,
    SHARE_TEXT,
    SampleSite,
    build,
    bundled_extras,
    bundled_posts,
    bundled_site,
)
from crawler.ops.sample_site.source import SITE_ZONE, SourcePost, category_address, read_post

SEED = "/dajiangwang/2022/04/20/NW202204202350104915.html"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def site() -> SampleSite:
    return bundled_site()


@pytest.fixture(scope="module")
def posts() -> dict[str, SourcePost]:
    return {post.id: post for post in bundled_posts()}


def text_of(site: SampleSite, path: str) -> str:
    return site[path].body.decode()


def links_in(page: str, selector: str = "section a") -> list[str]:
    return [str(link.attributes["href"]) for link in LexborHTMLParser(page).css(selector)]


def get(server: RunningServer, path: str, method: str = "GET", **headers: str) -> tuple[HTTPResponse, bytes]:
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers=named)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


# source posts


def test_a_source_post_is_read_by_lines() -> None:
    text = (
        '---\nlayout: post\ntitle: "他说"好"：涨"\ndate: 2022-04-20 16:44:59 +0800\n'
        "categories: Career In touxingPEVC\ntags: Career In投行PEVC新闻\n---\n<p>正文</p>\n"
    )
    assert read_post("2022-04-20-NW1.md", text) == SourcePost(
        id="NW1",
        title='他说"好"：涨',
        date=datetime(2022, 4, 20, 16, 44, 59, tzinfo=SITE_ZONE),
        category="Career In touxingPEVC",
        tag="Career In投行PEVC新闻",
        body="<p>正文</p>\n",
    )


def test_a_date_without_a_zone_is_shown_eight_hours_later(posts: dict[str, SourcePost]) -> None:
    assert posts["202112082206935001"].date == datetime(2021, 12, 8, 20, 47, 49, tzinfo=SITE_ZONE)


def test_a_date_without_a_zone_can_move_a_post_to_the_next_day(posts: dict[str, SourcePost]) -> None:
    assert posts["202112082206672002"].address == "/emnews/2021/12/09/202112082206672002.html"


def test_a_post_behind_a_blank_line_keeps_its_front_matter_as_body() -> None:
    text = '\n---\ntitle: "题"\n---\n\n正文\n'
    midnight = datetime(2022, 4, 21, tzinfo=SITE_ZONE)
    assert read_post("2022-04-21-7.md", text) == SourcePost("7", "7", midnight, "", "", text, has_layout=False)


def test_a_file_without_a_date_in_its_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'-1\.md' is not called YYYY-MM-DD-<id>\.md"):
        read_post("-1.md", "---\n---\n")


def test_an_address_is_split_at_the_spaces_of_the_category(posts: dict[str, SourcePost]) -> None:
    ids = ("NW202204192349410021", "NW202204202350500031", "NW202204212351250041")
    assert [posts[post_id].address for post_id in ids] == [
        "/career/in/touxingpevc/2022/04/19/NW202204192349410021.html",
        "/anxinguojizhengquan(xianggang)/2022/04/20/NW202204202350500031.html",
        "/21shijijingjibaodao/21caijingapp/2022/04/21/NW202204212351250041.html",
    ]


# pages


def test_every_bundled_post_has_a_page(site: SampleSite, posts: dict[str, SourcePost]) -> None:
    assert {post.address for post in posts.values()} <= site.keys()


def test_a_site_has_these_other_addresses(site: SampleSite, posts: dict[str, SourcePost]) -> None:
    assert sorted(site.keys() - {post.address for post in posts.values()}) == [
        "/",
        "/NewsData/GetNewsText.do",
        "/NewsData/GetNewsText.do?id=202204212351911006",
        "/NewsData/GetNewsText.do?id=NW202204182347990071",
        "/NewsData/GetNewsText.do?id=NW202204182348410002",
        "/category/21shijijingjibaodao 21caijingAPP.html",
        "/category/Career In touxingPEVC.html",
        "/category/anxinguojizhengquan(xianggang).html",
        "/category/dajiangwang.html",
        "/category/meirikejicaixun.html",
        "/category/shanghaizhengquanbao.html",
        "/category/sitenews.html",
        "/emnews/",
        "/feed.xml",
        "/html_News/NewsShare.html",
        "/robots.txt",
    ]


def test_the_seed_stands_in_its_page_twice(site: SampleSite) -> None:
    page = text_of(site, SEED)
    assert page.count("<p>4月20日，记者从江西省工信厅获悉") == 2
    assert links_in(page, 'a[href*="NewsShare.html"]') == [
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
    ]


def test_the_first_quote_of_an_article_ends_its_description(site: SampleSite) -> None:
    meta = LexborHTMLParser(text_of(site, SEED)).css_first('meta[property="og:description"]')
    assert str(meta.attributes["content"]).endswith("新业态和新模式。</p>\n<p class=")


def test_an_article_with_securities_is_parsed_in_front_of_the_real_one(site: SampleSite) -> None:
    tree = LexborHTMLParser(text_of(site, "/dajiangwang/2022/04/18/NW202204182348410002.html"))
    assert len(tree.css("span.em_stock_key_common")) == 2 * len(tree.css("section span.em_stock_key_common"))


def test_only_the_section_holds_one_article(site: SampleSite) -> None:
    section = LexborHTMLParser(text_of(site, SEED)).css("section")
    assert len(section) == 1
    lines = [line.strip() for line in section[0].text().splitlines() if line.strip()]
    assert lines[:2] == [
        "(GMT+8, Asia/Shanghai, CST) 2022-04-20 16:44:59",
        "推进5G规模化应用！江西出台5G应用“扬帆”行动计划",
    ]
    assert lines[-4:] == [
        "（文章来源：大江网）",
        "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
        "返回大江网新闻｜返回首页",
        "tags: 大江网新闻",
    ]


@pytest.mark.parametrize(
    ("address", "heading"),
    [
        (
            "/career/in/touxingpevc/2022/04/19/NW202204192349410021.html",
            "<h1>投行笔记：PE/VC 眼中的<科创板>与北交所</h1>",
        ),
        (
            "/shanghaizhengquanbao/2022/04/20/NW202204202350300013.html",
            "<h1>泰柯重工申请撤销<ST> 交易所问询持续经营能力</h1>",
        ),
        (
            "/dajiangwang/2022/04/20/NW202204202350660006.html",
            "<h1>物流企业R&D投入创新高 “公转水”试点年省运费两千万</h1>",
        ),
        (
            "/dajiangwang/2022/04/21/NW202204212351020007.html",
            '<h1>老字号如何变"新"？一家酱园的数字化账本</h1>',
        ),
        ("/shanghaizhengquanbao/2022/04/20/NW202204202350720061.html", "<h1></h1>"),
    ],
)
def test_a_title_stands_unescaped_in_its_heading(site: SampleSite, address: str, heading: str) -> None:
    assert heading in text_of(site, address)


def test_the_second_head_holds_the_title_without_tags_and_escaped(site: SampleSite) -> None:
    page = text_of(site, "/shanghaizhengquanbao/2022/04/20/NW202204202350300013.html")
    assert "<title>泰柯重工申请撤销 交易所问询持续经营能力 | 金融消息</title>" in page


def test_tags_are_split_at_spaces(site: SampleSite) -> None:
    page = text_of(site, "/career/in/touxingpevc/2022/04/19/NW202204192349410021.html")
    assert "<small>tags: <em>Career</em> - <em>In投行PEVC新闻</em></small>" in page


def test_the_navigation_names_a_category_with_spaces(site: SampleSite) -> None:
    page = text_of(site, "/career/in/touxingpevc/2022/04/19/NW202204192349410021.html")
    assert links_in(page)[-2:] == [
        "//finews.withounder.com/category/Career In touxingPEVC.html",
        "//finews.withounder.com/",
    ]


@pytest.mark.parametrize(
    ("address", "navigation"),
    [
        ("/emnews/2021/12/08/202112082206935001.html", ["../emnews/", "../"]),
        ("/emnews/2021/12/09/202112082206672002.html", []),
        (
            "/emnews/2022/04/19/202204192349931004.html",
            ["//finews.withounder.com/emnews/", "//finews.withounder.com/"],
        ),
    ],
)
def test_rolling_news_has_three_forms_of_navigation(site: SampleSite, address: str, navigation: list[str]) -> None:
    assert links_in(text_of(site, address))[1:] == navigation


def test_an_empty_link_is_shown_as_brackets(site: SampleSite) -> None:
    page = text_of(site, "/emnews/2022/04/20/202204202350921005.html")
    assert page.count("<p>&lt;&gt;</p>") == 2


def test_a_digest_stands_as_a_quotation_before_the_body(site: SampleSite) -> None:
    section = LexborHTMLParser(text_of(site, "/emnews/2022/04/21/202204212351911006.html")).css_first("section")
    assert [node.tag for node in section.iter()] == [
        "small", "h1", "blockquote", "p", "p", "p", "p", "p", "p", "p", "small",
    ]  # fmt: skip


def test_a_post_behind_a_blank_line_is_served_without_a_layout(site: SampleSite) -> None:
    page = text_of(site, "/2022/04/21/202204212351703007.html")
    assert page.startswith(
        "\n<hr />\n<p>layout: post\ntitle: “Lumen Motors：现金足以支撑L7车型投产”\n"
        "date: 2022-04-21 09:18:31\ncategories: emnews\ntags: 东财滚动新闻\n—</p>\n\n<p>Lumen Motors (LM)"
    )
    assert "<html" not in page


def test_a_post_without_a_layout_is_listed_in_the_feed_only(site: SampleSite) -> None:
    naming = [path for path in site if "202204212351703007" in text_of(site, path)]
    assert naming == ["/2022/04/21/202204212351703007.html", "/feed.xml"]


def test_hostile_markup_reaches_the_reader_as_written(site: SampleSite) -> None:
    section = text_of(site, "/meirikejicaixun/2022/04/21/NW202204212351330051.html").partition("<section>")[2]
    for hostile in (
        '<script>document.body.innerHTML = "本页已被接管";</script>',
        'onclick="alert(1)"',
        'onerror="alert(2)"',
        'href="javascript:alert(3)"',
        "{{ site.title }}",
        "{% raw %}",
    ):
        assert hostile in section


def test_a_div_stays_unclosed_but_one_closed_too_often_becomes_text(site: SampleSite) -> None:
    page = text_of(site, "/meirikejicaixun/2022/04/21/NW202204212351330051.html")
    article = page.partition("<section>")[2].partition("<small>tags:")[0]
    assert (article.count("<div"), article.count("</div>"), article.count("&lt;/div&gt;")) == (2, 1, 1)


def test_the_home_page_shows_the_five_newest_of_a_tag(site: SampleSite) -> None:
    shown = [link for link in links_in(text_of(site, "/")) if link.startswith("/dajiangwang/")]
    assert shown == [
        "/dajiangwang/2022/04/21/NW202204212351020007.html",
        "/dajiangwang/2022/04/20/NW202204202350660006.html",
        "/dajiangwang/2022/04/20/NW202204202350104915.html",
        "/dajiangwang/2022/04/20/NW202204202350010005.html",
        "/dajiangwang/2022/04/19/NW202204192349310004.html",
    ]


def test_the_home_page_links_to_no_category(site: SampleSite) -> None:
    page = text_of(site, "/")
    addresses = {category_address(post.category) for post in bundled_posts() if post.has_layout}
    assert addresses.isdisjoint(links_in(page))


def test_a_tag_like_title_breaks_the_home_page_from_there_on(site: SampleSite) -> None:
    lists = text_of(site, "/").partition("<section>")[2]
    assert "投行笔记：PE/VC 眼中的<科创板>与北交所&lt;/a&gt;&lt;/li&gt;\n" in lists
    assert lists.partition("</section>")[0].rstrip().endswith("</ul></ST></a></li></ul>")


def test_every_post_of_a_tag_that_fits_is_still_linked_from_the_broken_home_page(site: SampleSite) -> None:
    shown = {link for link in links_in(text_of(site, "/")) if "/NW" in link and "dajiangwang" not in link}
    elsewhere = {p.address for p in bundled_posts() if p.id.startswith("NW") and p.category != "dajiangwang"}
    assert shown == elsewhere


def test_a_category_page_lists_every_post_newest_first(site: SampleSite) -> None:
    shown = links_in(text_of(site, "/category/dajiangwang.html"))
    assert [link[-9:-5] for link in shown] == [
        "0007", "0006", "4915", "0005", "0004", "0003", "0002", "0001", "0071",
    ]  # fmt: skip


def test_rolling_news_is_listed_in_a_directory_of_its_own(site: SampleSite) -> None:
    assert len(links_in(text_of(site, "/emnews/"))) == 7
    assert "/category/emnews.html" not in site


def test_a_category_page_can_be_titled_after_another_outlet(site: SampleSite) -> None:
    assert "<title>大江网新闻 | 金融消息</title>" in text_of(site, "/category/shanghaizhengquanbao.html")


def test_the_feed_holds_the_ten_newest_posts_in_full(site: SampleSite, posts: dict[str, SourcePost]) -> None:
    entries = ET.fromstring(text_of(site, "/feed.xml")).findall(f"{ATOM}entry")
    newest = sorted(posts.values(), key=lambda post: post.date, reverse=True)[:10]
    links = [entry.find(f"{ATOM}link") for entry in entries]
    assert [link.attrib["href"] for link in links if link is not None] == [
        "https://finews.withounder.com" + quote(post.address, safe="/()") for post in newest
    ]
    assert all("</p>" in entry.findtext(f"{ATOM}content", "") for entry in entries)


def test_two_listed_posts_have_no_page(site: SampleSite) -> None:
    home, category = links_in(text_of(site, "/")), links_in(text_of(site, "/category/dajiangwang.html"))
    on_home, in_category = (
        "/emnews/2022/04/21/202204212351950072.html",
        "/dajiangwang/2022/04/18/NW202204182347990071.html",
    )
    assert (on_home in home, in_category in category) == (True, True)
    assert {on_home, in_category}.isdisjoint(site)


def test_a_missing_page_refers_to_the_source_repository(site: SampleSite) -> None:
    assert "https://raw.githubusercontent.com/zning1994/finews/main/old_post/" in site.missing.body.decode()


def test_share_texts_come_under_either_name(site: SampleSite) -> None:
    ids = ("NW202204182347990071", "NW202204182348410002", "202204212351911006")
    assert [list(json.loads(text_of(site, f"{SHARE_TEXT}?id={post_id}"))) for post_id in ids] == [
        ["text"], ["text"], ["content"],
    ]  # fmt: skip


# sites of one's own


def test_a_site_is_built_from_any_posts(posts: dict[str, SourcePost]) -> None:
    seed = posts["NW202204202350104915"]
    assert sorted(build([seed])) == [
        "/", SHARE_TEXT, "/category/dajiangwang.html", SEED, "/feed.xml", SHARE_SHELL, "/robots.txt",
    ]  # fmt: skip


def test_a_site_without_posts_is_still_a_site() -> None:
    assert sorted(build([])) == ["/", SHARE_TEXT, "/feed.xml", SHARE_SHELL, "/robots.txt"]


def test_only_a_changed_page_gets_another_entity_tag(posts: dict[str, SourcePost]) -> None:
    seed = posts["NW202204202350104915"]
    others = [post for post in posts.values() if post is not seed]
    before = build([*others, seed])
    after = build([*others, replace(seed, body="<p>改</p>\n" + seed.body)], built_at=BUILT_AT + timedelta(hours=1))
    changed = {path for path in before if before[path].etag != after[path].etag}
    assert changed == {SEED, "/feed.xml"}


def test_a_site_cannot_be_changed(site: SampleSite) -> None:
    with pytest.raises(TypeError):
        site.resources["/"] = site.missing  # type: ignore[index]


def test_the_bundled_extras_name_two_posts_that_are_gone() -> None:
    assert [post.id for post in bundled_extras().gone] == ["NW202204182347990071", "202204212351950072"]


# the server


def test_a_page_is_served_with_its_validators(site: SampleSite) -> None:
    with serve(site) as server:
        answer, body = get(server, SEED)
    assert (answer.status, body) == (200, site[SEED].body)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["ETag"] == site[SEED].etag
    assert answer.headers["Last-Modified"] == "Thu, 21 Apr 2022 04:00:00 GMT"


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": bundled_site()[SEED].etag},
        {"If_None_Match": f'"other", W/{bundled_site()[SEED].etag}'},
        {"If_Modified_Since": formatdate(BUILT_AT.timestamp(), usegmt=True)},
    ],
)
def test_a_page_that_is_known_is_answered_with_304(site: SampleSite, headers: dict[str, str]) -> None:
    with serve(site) as server:
        answer, body = get(server, SEED, **headers)
    assert (answer.status, body, answer.headers["ETag"]) == (304, b"", site[SEED].etag)


@pytest.mark.parametrize(
    "headers",
    [
        {"If_None_Match": '"other"', "If_Modified_Since": formatdate(BUILT_AT.timestamp(), usegmt=True)},
        {"If_Modified_Since": formatdate(BUILT_AT.timestamp() - 1, usegmt=True)},
        {"If_Modified_Since": "yesterday"},
    ],
)
def test_a_page_that_changed_is_sent_again(site: SampleSite, headers: dict[str, str]) -> None:
    with serve(site) as server:
        answer, _ = get(server, SEED, **headers)
    assert answer.status == 200


def test_gzip_is_sent_to_who_accepts_it_under_a_tag_of_its_own(site: SampleSite) -> None:
    with serve(site) as server:
        answer, body = get(server, SEED, Accept_Encoding="deflate, gzip;q=0.5")
        again, _ = get(server, SEED, If_None_Match=answer.headers["ETag"])
        refused, plain = get(server, SEED, Accept_Encoding="gzip;q=0, deflate")
    assert (answer.headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", site[SEED].body)
    assert answer.headers["ETag"] != site[SEED].etag
    assert again.status == 304
    assert (refused.headers["Content-Encoding"], plain) == (None, site[SEED].body)


def test_head_answers_without_a_body(site: SampleSite) -> None:
    with serve(site) as server:
        answer, body = get(server, SEED, method="HEAD")
    assert (answer.status, body) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(site[SEED].body))


def test_a_missing_page_is_answered_with_404(site: SampleSite) -> None:
    with serve(site) as server:
        answer, body = get(server, "/emnews/2022/04/21/202204212351950072.html")
    assert (answer.status, body, answer.headers["ETag"]) == (404, site.missing.body, None)


def test_an_encoded_address_finds_its_category(site: SampleSite) -> None:
    with serve(site) as server:
        answer, body = get(server, "/category/Career%20In%20touxingPEVC.html")
    assert (answer.status, body) == (200, site["/category/Career In touxingPEVC.html"].body)


def test_a_share_page_is_the_same_shell_for_every_post(site: SampleSite) -> None:
    with serve(site) as server:
        _, shell = get(server, f"{SHARE_SHELL}?infoCode=NW202204202350104915")
        _, unknown = get(server, f"{SHARE_TEXT}?id=NW0")
        known, text = get(server, f"{SHARE_TEXT}?id=NW202204182347990071")
    assert shell == site[SHARE_SHELL].body
    assert unknown == b"{}"
    assert known.headers["Content-Type"] == "application/json; charset=utf-8"
    assert json.loads(text)["text"].endswith("（文章来源：大江网）</p>")


def test_every_request_is_remembered_under_whatever_host(site: SampleSite) -> None:
    with serve(site) as server:
        get(server, "/robots.txt?a=1", Host="finews.withounder.com")
        get(server, "/none", method="HEAD", Host="finews.zning.xyz")
    assert server.requests == [
        SeenRequest("GET", "/robots.txt?a=1", 200, "finews.withounder.com"),
        SeenRequest("HEAD", "/none", 404, "finews.zning.xyz"),
    ]


def test_a_connection_is_kept_and_the_site_can_be_swapped(site: SampleSite) -> None:
    with serve(site) as server:
        connection = HTTPConnection(server.url.removeprefix("http://"), timeout=5)
        statuses = []
        for next_site in (site, build([]), site):
            server.site = next_site
            connection.request("GET", SEED)
            answer = connection.getresponse()
            answer.read()
            statuses.append((answer.status, answer.will_close))
        connection.close()
    assert statuses == [(200, False), (404, False), (200, False)]


def test_the_server_is_quiet(site: SampleSite, capfd: pytest.CaptureFixture[str]) -> None:
    with serve(site) as server:
        get(server, SEED)
        get(server, SEED, method="DELETE")
    assert capfd.readouterr() == ("", "")
