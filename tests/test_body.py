"""What of a body is the site's own: the tail in all its forms, the share link, marked securities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.extraction.body import cut_tail, inner_html, mentions, share_url
from crawler.extraction.rules import tree
from crawler.items import Mention
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

FINEWS = load_site("finews")
ID = "NW202204202350104915"
LINK = f"http://finews.zning.xyz/html_News/NewsShare.html?infoCode={ID}"
SHARE = f'<p><a href="{LINK}">{LINK}</a></p>'
NAVIGATION = (
    '<p><a href="//finews.withounder.com/category/dajiangwang.html">返回大江网新闻</a>｜'
    '<a href="//finews.withounder.com/">返回首页</a></p>'
)
ARTICLE = '<p>正文。</p><p class="em_media">（文章来源：大江网）</p>'


def without_tail(parsed: LexborHTMLParser, patterns: tuple[str, ...]) -> str:
    cut_tail(parsed, patterns)
    return inner_html(parsed)


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(f"\n\n{SHARE}\n\n{NAVIGATION}\n\n", id="share link and navigation"),
        pytest.param(SHARE, id="share link alone"),
        pytest.param(f"<p>&lt;&gt;</p>{NAVIGATION}", id="empty share link"),
        pytest.param(f"{SHARE}{NAVIGATION}<p></p><br><p>&nbsp;</p><!-- end -->", id="nothing after it"),
        pytest.param(
            '<p><a href="http://finance.eastmoney.com/news/11158,202112082206935918.html">'
            "http://finance.eastmoney.com/news/11158,202112082206935918.html</a></p>"
            '<p><a href="../emnews/">返回东财滚动新闻</a>\n<a href="../">返回首页</a></p>',
            id="rolling news, two lines",
        ),
        pytest.param(
            '<p><a href="./emnews/">返回东财滚动新闻</a></p><p><a href="./">返回首页</a></p>', id="two blocks"
        ),
        pytest.param(f"<p>{LINK}\n返回大江网新闻｜返回首页</p>", id="one block"),
        pytest.param("", id="nothing at all"),
    ],
)
def test_the_tail_is_removed_in_every_form(tail: str) -> None:
    assert without_tail(tree(ARTICLE + tail), FINEWS.body.tail) == ARTICLE


@pytest.mark.parametrize(
    "opened", ["<div>", "<ul><li>", "<font>", "<strong>", "<table><tr><td>", "<div><div><section>"]
)
def test_the_tail_is_removed_from_an_unclosed_element(opened: str) -> None:
    left = without_tail(tree(f"{opened}正文。{SHARE}{NAVIGATION}"), FINEWS.body.tail)
    assert "正文。" in left
    assert "返回" not in left
    assert "infoCode" not in left


def test_a_digest_with_link_and_navigation_in_one_paragraph_keeps_the_digest() -> None:
    navigation = '<a href="/emnews/">返回东财滚动新闻</a>｜<a href="/">返回首页</a>'
    inline = f'<p>快讯。<br><a href="{LINK}">{LINK}</a><br>{navigation}</p>'
    assert without_tail(tree(inline), FINEWS.body.tail) == "<p>快讯。</p>"


@pytest.mark.parametrize(
    "end",
    ['<p><img src="a.jpg"></p>', "<hr>", "<table></table>", "<p>他决定返回首页看看。</p>", "<p>返回舱着陆</p>"],
)
def test_parts_of_the_article_stay_at_its_end(end: str) -> None:
    parsed = tree(f"<p>正文。</p>{end}{SHARE}{NAVIGATION}")
    assert without_tail(parsed, FINEWS.body.tail) == without_tail(tree(f"<p>正文。</p>{end}"), ())


def test_the_share_link_is_the_last_one_with_the_post_s_id() -> None:
    other = LINK.replace("4915", "4916")
    parsed = tree(f'<a href="{LINK}">其一</a><a href="{other}">其二</a>')
    assert share_url(parsed, FINEWS, "https://finews.withounder.com/", ID) == LINK
    assert share_url(tree(f'<a href="{other}">x</a>'), FINEWS, "https://finews.withounder.com/", ID) is None


def test_securities_are_counted_by_code_and_name_but_not_in_the_outlet_s_name() -> None:
    marked = (
        '<p><a class="keytip" data-code="1,600160">巨化股份</a>、'
        '<span class="em_stock_key_common" data-code="1,600160">巨化股份</span>、'
        '<span class="em_stock_key_common" data-code="1,600160">ST巨化</span>'
        '<a class="infokey" data-code="1,600519">业绩</a><a class="keytip" data-code="x">y</a></p>'
        '<p class="em_media">（文章来源：上海<a class="keytip" data-code="90,BK0473">证券</a>报）</p>'
    )
    assert mentions(tree(marked), FINEWS.securities) == (
        Mention(code="1.600160", name="巨化股份", count=2),
        Mention(code="1.600160", name="ST巨化", count=1),
    )
