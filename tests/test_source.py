"""Posts' sources as people and programs have kept them: what is read of each, and that nothing makes it stumble."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from html import escape
from importlib.resources import files
from typing import Any

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive.store.derived import DerivedArticle
from crawler.extraction.markup import to_html
from crawler.items import UNLIKELY_DATE, Category, Mention, Post, PostFile
from crawler.jekyll.front_matter import FrontMatterError
from crawler.jekyll.source import SourceError, read_source
from crawler.markdown.post_file import render_post
from crawler.ops.importing.reading import read_file
from crawler.recording.normalise import normalise
from crawler.sites.loading import load_site

FINEWS, MINIMA = made.SITE, load_site("minima")
AT = datetime(2022, 5, 1, tzinfo=UTC)
SEED = "2022-04-20-NW202204202350104915.md"
SEED_SOURCE = (files("crawler.ops.sample_site") / "posts" / SEED).read_text("utf-8")
ROLLING = "2021-12-08-202112082206000001.md"
EMNEWS = Category(slug="emnews", name="东财滚动新闻", url="https://finews.withounder.com/emnews/")
LINK = "http://finance.eastmoney.com/news/11158,202112082206000001.html"


def read(name: str, text: str, site: Any = FINEWS) -> Post:
    return read_source(name, text, site, via="import", at=AT)


def rolling(
    *, front: str = "date: 2021-12-08 12:47:49", body: str = "白酒爆发。（中国基金报）", tail: str = ""
) -> str:
    head = f'layout: post\ntitle: "白酒爆发"\n{front}\ncategories: emnews\ntags: 东财滚动新闻'
    return f"---\n{head}\n---\n\n{body}\n{tail}"


# The site's own form.


def test_the_seed_is_read_to_the_letter() -> None:
    post = read(SEED, SEED_SOURCE)
    body, _, tail = SEED_SOURCE.partition("---\n")[2].partition("---\n")[2].partition("\n\n<http://finews")
    assert post.html == body
    assert tail
    assert (post.post_id, post.title, post.source) == (
        made.ID,
        "推进5G规模化应用！江西出台5G应用“扬帆”行动计划",
        "大江网",
    )
    assert post.published_at == made.PUBLISHED
    assert (post.url, post.share_url) == (made.post_address().url, made.SHARE)
    assert (post.category, post.tags) == (made.DAJIANGWANG, ("大江网新闻",))
    assert (post.derived, post.others, post.via) == ((), {}, "import")


@pytest.mark.parametrize(
    "tail",
    [
        f"\n<{LINK}>\n\n[返回东财滚动新闻](../emnews/)\n[返回首页](../)",
        f"\n<{LINK}>\n\n[返回东财滚动新闻](./emnews/)\n[返回首页](./)\n",
        f"\n<{LINK}>\n\n[返回东财滚动新闻](//finews.zning.me/emnews/)\n[返回首页](//finews.zning.me/)",
        f"\n<{LINK}>\n\n[返回东财滚动新闻](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)",
        f"\n<{LINK}>",
    ],
)
def test_share_link_and_navigation_are_no_part_of_a_body(tail: str) -> None:
    post = read(ROLLING, rolling(tail=tail))
    assert post.html == "<p>白酒爆发。（中国基金报）</p>"
    assert (post.share_url, post.category, post.source) == (LINK, EMNEWS, "中国基金报")


def test_an_empty_share_link_is_none() -> None:
    post = read(ROLLING, rolling(tail="\n<>\n\n[返回首页](../)"))
    assert (post.html, post.share_url) == ("<p>白酒爆发。（中国基金报）</p>", None)


def test_a_digest_in_front_of_the_html_stays_there() -> None:
    post = read(ROLLING, rolling(body="> 摘要。（上海证券报）\n\n<p>正文。</p><p>其二。</p>"))
    assert post.html == "<blockquote>\n<p>摘要。（上海证券报）</p>\n</blockquote>\n<p>正文。</p><p>其二。</p>"


def test_a_tail_that_is_not_apart_is_taken_off_all_the_same() -> None:
    post = read(ROLLING, rolling(body=f"<p>正文。</p><p>{LINK}</p><p>返回东财滚动新闻｜返回首页</p>"))
    assert post.html == "<p>正文。</p>"


def test_a_date_without_an_offset_is_local_and_the_address_is_that_of_the_page() -> None:
    post = read(ROLLING, rolling(front="date: 2021-12-08 20:47:49"))
    assert post.published_at is not None
    assert post.published_at.isoformat() == "2021-12-08T20:47:49+08:00"
    # Jekyll took it for UTC and built the page a day later.
    assert post.url == "https://finews.withounder.com/emnews/2021/12/09/202112082206000001.html"


def test_a_date_with_an_offset_is_of_that_moment() -> None:
    post = read(ROLLING, rolling(front="date: 2021-12-08 20:47:49 +0800"))
    assert post.published_at is not None
    assert post.published_at.isoformat() == "2021-12-08T20:47:49+08:00"
    assert post.url == "https://finews.withounder.com/emnews/2021/12/08/202112082206000001.html"


def test_a_category_with_spaces_is_one_and_its_address_is_split() -> None:
    text = SEED_SOURCE.replace("categories: dajiangwang", "categories: Career In touxingPEVC")
    post = read(SEED, text.replace("tags: 大江网新闻", "tags: Career In投行PEVC新闻"))
    assert post.category is not None
    assert post.category.slug == "Career In touxingPEVC"
    assert post.tags == ("Career In投行PEVC新闻",)
    assert post.url == f"https://finews.withounder.com/career/in/touxingpevc/2022/04/20/{made.ID}.html"


def test_what_a_file_does_not_say_is_taken_from_its_words_and_its_id_and_marked() -> None:
    text = '---\ntitle: ""\ndate:  +0800\ncategories: emnews\ntags: 东财滚动新闻\n---\n> 第一句。第二句。\n'
    article = normalise(read("-202205262391000001.md", text), FINEWS)
    assert (article.post.title, article.post.derived) == ("第一句", ("title", "date", UNLIKELY_DATE))
    assert article.post.published_at is not None
    assert article.post.published_at.isoformat() == "2022-05-26T00:00:00+08:00"
    assert article.post.url == "https://finews.withounder.com/emnews/2022/05/26/202205262391000001.html"


def test_a_long_first_sentence_is_cut_for_a_title() -> None:
    article = normalise(read(ROLLING, f"{'长' * 150}。"), FINEWS)
    assert article.post.title == "长" * 99 + "…"


@pytest.mark.parametrize(
    ("name", "post_id"),
    [
        ("2021-12-08-202112082206935918.md", "202112082206935918"),
        ("2021-12-08-202112082206935918.v2.md", "202112082206935918"),
        ("-202112082206935918.md", "202112082206935918"),
        ("202112082206935918.md", "202112082206935918"),
        ("2022-04-20-nw202204202350104915.md", "NW202204202350104915"),
        ("2022-04-20-NW202204202350104915 (1).md", "NW202204202350104915"),
        ("2021-12-01-init.md", "init"),
    ],
)
def test_the_id_is_the_one_in_the_files_name(name: str, post_id: str) -> None:
    assert read(name, "---\ntitle: 题\ndate: 2021-12-08\n---\n文。").post_id == post_id


def test_a_title_that_breaks_its_quotes_is_read_exactly() -> None:
    post = read(SEED, SEED_SOURCE.replace('title: "', 'title: "他说"好"，').replace("\ndate", '"\ndate', 1))
    assert post.title == '他说"好"，推进5G规模化应用！江西出台5G应用“扬帆”行动计划"'


def test_a_title_that_looks_as_if_a_comment_followed_is_read_exactly() -> None:
    text = rolling().replace('title: "白酒爆发"', 'title: "白酒" # "爆发"')
    assert read(ROLLING, text).title == '白酒" # "爆发'


def test_marked_securities_are_counted() -> None:
    body = '<p><span class="em_stock_key_common" data-code="1,600160">巨化股份</span>涨。</p>'
    assert read(ROLLING, rolling(body=body)).mentions == (Mention(code="1.600160", name="巨化股份", count=1),)


# Files of other programs.


def test_a_jekyll_post_is_read_with_its_lists_and_its_unknown_keys() -> None:
    text = (
        "---\ntitle: 'Tools: a list'\ncategories: [Garden, tools]\ntags:\n  - spade\n  - old rake\n"
        "author: Ann\nrating: 4.5\ndraft: false\nrelated: [a, b]\n---\n# Tools\n\nA *spade* and `x < y`.\n"
    )
    post = read("2020-01-02-tools.md", text, MINIMA)
    assert (post.post_id, post.title) == ("tools", "Tools: a list")
    assert post.category == Category(slug="Garden", name="Garden", url="")
    assert post.tags == ("spade", "old rake")
    assert post.published_at is not None
    assert post.published_at.isoformat() == "2020-01-02T00:00:00+00:00"
    assert post.derived == ("date",)
    assert post.url == "https://blog.example/garden/tools/2020/01/02/tools.html"
    assert post.authors == ("Ann",)
    assert post.others == {"rating": 4.5, "draft": False, "related": ["a", "b"]}
    assert post.html == "<h1>Tools</h1>\n<p>A <em>spade</em> and <code>x &lt; y</code>.</p>"


def test_words_that_jekyll_splits_at_spaces_are_split_where_no_category_has_a_page() -> None:
    post = read("2020-01-02-x.md", "---\ntitle: x\ncategories: garden tools\ntags: a b\n---\nx\n", MINIMA)
    assert (post.category, post.tags) == (Category(slug="garden", name="garden", url=""), ("a", "b"))
    assert post.url == "https://blog.example/garden/tools/2020/01/02/x.html"


def test_a_hugo_post_is_read_with_its_date_and_its_slug() -> None:
    text = (
        '+++\ntitle = "Ein Beet"\ndate = 2021-03-04T05:06:07+01:00\nslug = "beet"\ntags = ["garten"]\nweight = 3\n'
        "[params]\nx = 1\n+++\nErde.\n"
    )
    post = read("ein beet.md", text, MINIMA)
    assert (post.post_id, post.title, post.tags) == ("beet", "Ein Beet", ("garten",))
    assert post.published_at == datetime(2021, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert post.others == {"weight": 3, "params": {"x": 1}}
    assert post.derived == ()


@pytest.mark.parametrize(
    ("name", "post_id"),
    [
        ("2020-01-02-花园.md", "花园"),
        ("2020-1-2-Über den Zaun!.markdown", "Über-den-Zaun"),
        ("2020-01-02-дача.md", "дача"),
        ("2020-01-02-v1.2.3.md", "v1.2.3"),
    ],
)
def test_slugs_come_from_file_names_in_any_script(name: str, post_id: str) -> None:
    post = read(name, "words", MINIMA)
    assert post.post_id == post_id


def test_a_permalink_is_the_address_and_a_template_of_one_is_none() -> None:
    front = "---\ntitle: x\ndate: 2020-01-02\npermalink: {}\n---\nx"
    assert read("x.md", front.format("/2020/01/02/x.html"), MINIMA).url == "https://blog.example/2020/01/02/x.html"
    assert read("x.md", front.format("/about/"), MINIMA).url == "https://blog.example/about/"
    for other in ("/:year/:title/", "https://elsewhere.example/x", "/2020/01/02/y.html", "javascript:alert(1)"):
        assert read("x.md", front.format(other), MINIMA).url == "https://blog.example/2020/01/02/x.html"


@pytest.mark.parametrize(
    ("date", "kept"),
    [
        ("昨天", "昨天"),
        ("2022-04-20 25:00", "2022-04-20 25:00"),
        ("5/4/2022", "5/4/2022"),
        ("[2022, 4, 20]", [2022, 4, 20]),
        ("2022", 2022),
        ("+0800", None),
        ("", None),
    ],
)
def test_a_date_that_cannot_be_read_is_kept_and_the_day_is_marked_as_derived(date: str, kept: Any) -> None:
    post = read("2020-01-02-x.md", f"---\ntitle: x\ndate: {date}\nn: 1\n---\nwords\n", MINIMA)
    assert (post.published_at, post.derived) == (datetime(2020, 1, 2, tzinfo=UTC), ("date",))
    assert post.others == ({"n": 1} if kept is None else {"date": kept, "n": 1})


def test_a_date_that_cannot_be_read_is_written_out_beside_the_derived_one_and_read_back() -> None:
    article = made.article(derived=("date",), others={"date": "昨天", "editor": "Ann"})
    text = render_post({**_row(article), "derived": ["date"], "front_matter": article.post.others})
    assert "date: 2022-04-20 16:44:59 +0800\n" in text
    assert "written_date: 昨天\n" in text
    again = read("x.md", text)
    assert (again.published_at, again.derived) == (made.PUBLISHED, ("date",))
    assert again.others == {"date": "昨天", "editor": "Ann"}


@pytest.mark.parametrize(
    ("front", "moment"),
    [
        ("date: March 4, 2024", "2024-03-04T00:00:00+00:00"),
        ("date: Mon, 04 Mar 2024 05:06:07 +0800", "2024-03-03T21:06:07+00:00"),
        ("date: 2016-03-22 14:00:00 -4", "2016-03-22T18:00:00+00:00"),
        ("date: 2024-03-04 05:06 PM", "2024-03-04T17:06:00+00:00"),
        ("date: 1650444299", "2022-04-20T08:44:59+00:00"),
        ("publishDate: 2022-04-20", "2022-04-20T00:00:00+00:00"),
        ("date: 2022-04-20\npublishDate: 2023-01-01", "2022-04-20T00:00:00+00:00"),
    ],
)
def test_a_date_is_read_as_on_a_page(front: str, moment: str) -> None:
    post = read("2020-01-02-x.md", f"---\ntitle: x\n{front}\n---\nwords\n", MINIMA)
    assert (post.published_at and post.published_at.isoformat(), post.derived) == (moment, ())


def test_an_html_post_is_not_read_as_markdown() -> None:
    post = read("2020-01-02-x.html", "---\ntitle: x\n---\n<b>*a*</b>\n", MINIMA)
    assert post.html == "<b>*a*</b>"


def test_a_text_without_front_matter_has_its_heading_for_a_title() -> None:
    article = normalise(read("2020-01-02-x.md", "# Die Beete\n\nErde.\n", MINIMA), MINIMA)
    assert (article.post.title, article.post.derived) == ("Die Beete", ("title", "date"))


# Refused.


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("notes.md", "words", "no date"),
        ("2020-01-02-.md", "---\ntitle: x\n---\nx", "no id in the file's name"),
        ("2020-01-02-x.md", "---\ntitle: x\nslug: ../../etc/passwd\n---\nx", "unsafe id"),
        ("2020-01-02-x.md", "---\ntitle: x\nrevision: 1\nurl: x\nid: ../x\n---\nx", "unsafe id"),
    ],
)
def test_a_source_that_is_no_posts_is_refused(name: str, text: str, reason: str) -> None:
    with pytest.raises(SourceError, match=reason):
        read(name, text, MINIMA)


def test_a_source_without_words_is_refused_like_a_page_without() -> None:
    file = PostFile(path="x", name="2020-01-02-x.md", content=b"---\ntitle: x\n---\n")
    assert read_file(file, MINIMA, AT).reason == "no body"


# This program's own files.

SIGNS = st.text(alphabet="江西发展5G,.。“”*_`[]()<>&#|~{}%!\\-+: \n", min_size=1, max_size=80)


@settings(max_examples=examples(300))
@given(
    title=SIGNS.filter(str.strip),
    paragraphs=st.lists(SIGNS.filter(lambda text: any(map(str.isalnum, text))), min_size=1, max_size=4),
    source=st.none() | st.just("大江网"),
)
@example(title='他说"好"', paragraphs=["# 一", "1. 二", "{% raw %}"], source=None)
def test_a_file_this_program_wrote_is_read_back_as_the_same_post(
    title: str, paragraphs: list[str], source: str | None
) -> None:
    html = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs)
    article = made.article(title=" ".join(title.split()), html=html, source=source, tags=("一", "二 三"))
    row = {**_row(article), "derived": ["title"], "front_matter": {"editor": "Ann", "n": 3}}
    file = PostFile(path="x", name="renamed.md", content=render_post(row).encode())
    again = read_file(file, FINEWS, AT).derived
    assert again is not None
    post = again.article.post
    assert again.article.content_hash == article.content_hash
    assert (post.post_id, post.title, post.url) == (made.ID, article.post.title, article.post.url)
    assert (post.source, post.tags, post.share_url) == (source, ("一", "二 三"), made.SHARE)
    assert set(post.mentions) == set(article.post.mentions)
    assert (post.derived, post.others) == (("title",), {"editor": "Ann", "n": 3})


def _row(article: Any) -> dict[str, Any]:
    post = article.post
    return {
        "title": post.title,
        "published_at": DerivedArticle(article).published_at,
        "category": post.category.slug,
        "tags": post.tags,
        "post_id": post.post_id,
        "source": post.source,
        "url": post.url,
        "share_url": post.share_url,
        "mentions": [{"code": one.code, "name": one.name, "count": one.count} for one in post.mentions],
        "revision": 7,
        "markdown": article.markdown,
    }


# Anything at all.

KEYS = st.sampled_from("title date categories tags id slug url permalink source revision securities x".split())
ODD = st.sampled_from(["2022-04-20", "[a, b]", "{a: b}", '"', "&a [*a]", "!!x 1", "- "])
LINES = st.tuples(KEYS, st.text(max_size=40) | SIGNS | ODD).map(": ".join)
FRONT = st.lists(LINES, max_size=6).map("\n".join)


@settings(max_examples=examples(500))
@given(
    name=st.just(ROLLING) | st.just("2020-01-02-x.md") | st.text(max_size=30),
    front=FRONT | st.text(max_size=200),
    body=st.text(max_size=300) | SIGNS,
    fence=st.sampled_from(["---", "+++", ""]),
    site=st.sampled_from([FINEWS, MINIMA]),
)
def test_no_front_matter_and_no_body_makes_reading_stumble(
    name: str, front: str, body: str, fence: str, site: Any
) -> None:
    text = f"{fence}\n{front}\n{fence}\n{body}"
    file = read_file(PostFile(path="x", name=name, content=text.encode("utf-8", "replace")), site, AT)
    assert (file.derived is None) == bool(file.reason)
    with suppress(SourceError, FrontMatterError):
        read(name, text, site)


@settings(max_examples=examples(300))
@given(st.binary(max_size=400))
def test_no_bytes_make_reading_stumble(content: bytes) -> None:
    file = read_file(PostFile(path="x", name=ROLLING, content=content), FINEWS, AT)
    assert (file.derived is None) == bool(file.reason)


# Markup.


def test_blocks_of_html_pass_through_to_the_letter() -> None:
    source = "<p>a<br />b&nbsp;</p>\n <p class=x>c</P>\n\n<!-- d -->\n\n<center><img src=e></center>"
    assert to_html(source) == source


def test_a_link_without_words_has_its_address_for_words() -> None:
    assert to_html("见[](https://a.example/b_c)和[](#d)。") == (
        '<p>见<a href="https://a.example/b_c">https://a.example/b_c</a>和<a href="#d"></a>。</p>'
    )


def test_markdown_between_blocks_of_html_becomes_html() -> None:
    assert to_html("<p>a</p>\n\n| x |\n|---|\n| ~~y~~ |\n") == (
        "<p>a</p>\n<table>\n<thead>\n<tr>\n<th>x</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td><s>y</s></td>\n</tr>\n"
        "</tbody>\n</table>"
    )


EDGES = [
    "0001-01-01",
    "0001-01-01 00:00 +0805",
    "0001-01-01 00:00 +1400",
    "9999-12-31 23:59 -1400",
    "9999-12-31 23:59:59",
]


@pytest.mark.parametrize("written", EDGES)
def test_a_file_of_the_edge_of_the_calendar_is_read(written: str) -> None:
    post = read(f"{written[:10]}-NW1.md", f"---\ntitle: 题\ndate: {written}\ncategories: a\n---\n文\n")
    assert post.published_at is not None
    assert post.published_at.date().isoformat() == written[:10]
    assert post.url == f"https://finews.withounder.com/a/{written[:10].replace('-', '/')}/NW1.html"
