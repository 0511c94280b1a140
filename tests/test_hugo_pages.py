"""Pages for Hugo: front matter that it takes, no shortcodes, and read back by import."""

from __future__ import annotations

import made
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive.store.derived import DerivedArticle
from crawler.items import PostFile
from crawler.ops.exporting.hugo import render_page
from crawler.ops.importing.reading import read_file

OTHERS = {"author": "小新", "draft": True, "URL": "https://a.example/", "outputs": ["x"], "Title": "另", "a b": 1}


def test_a_page_has_its_path_and_keeps_apart_what_would_mean_something_to_hugo() -> None:
    text = render_page(DerivedArticle(made.article(others=OTHERS)).row)
    front, _, body = text.removeprefix("---\n").partition("\n---\n\n")
    assert body == "江西将实现5G+VR融合。\n\n贵州茅台上涨。\n"
    assert yaml.safe_load(front) == {
        "title": "江西出台5G行动计划",
        "date": "2022-04-20T16:44:59+08:00",
        "url": f"/dajiangwang/2022/04/20/{made.ID}.html",
        "categories": ["dajiangwang"],
        "tags": ["大江网新闻", "5G"],
        "id": made.ID,
        "source": "大江网",
        "share_url": made.SHARE,
        "securities": [
            {"code": "1.600519", "name": "贵州茅台", "count": 2},
            {"code": "116.00700", "name": "腾讯控股", "count": 1},
        ],
        "revision": 1,
        "author": "小新",
        "a b": 1,
        "front_matter": {"draft": True, "URL": "https://a.example/", "outputs": ["x"], "Title": "另"},
    }


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://a.example/%E4%B8%80/x%20y.html", 'url: "/一/x y.html"'),
        ("https://a.example/a%25b.html", None),
        ("https://a.example/", None),
        ("https://a.example/?p=12", None),
        ("https://a.example/a/../b.html", None),
    ],
)
def test_an_address_that_hugo_cannot_have_is_left_to_hugo(url: str, line: str | None) -> None:
    row = DerivedArticle(made.article()).row | {"url": url}
    assert [each for each in render_page(row).split("\n") if each.startswith("url:")] == ([line] if line else [])


@pytest.mark.parametrize(
    ("code", "written"),
    [
        ("{{&lt; figure &gt;}}", "{{</* figure */>}}"),
        ("{{% note %}}", "{{%/* note */%}}"),
        ("{{&lt; open", "{\u200b{< open"),
        ("{{&lt;/* shown */&gt;}}", "{\u200b{</* shown */>}}"),
        ("{{&lt; a %}}", "{\u200b{< a %}}"),
        ("{{ page }} {% if %}", "{{ page }} {% if %}"),
    ],
)
def test_a_shortcode_in_code_is_shown(code: str, written: str) -> None:
    row = DerivedArticle(made.article(html=f"<pre>{code}</pre>")).row
    assert render_page(row).split("\n")[-3] == written


@given(
    title=st.text("中a1:#'\"\\{}[]-\x85\u2028\u2029\x7f 0e", min_size=1),
    tag=st.sampled_from(["1e5", "yes", "2022", "~", "a: b"]),
)
def test_a_page_reads_back_as_its_post(title: str, tag: str) -> None:
    before = made.article(title=f"题{title}题", tags=(tag,))
    name, text = f"2022-04-20-{made.ID}.md", render_page(DerivedArticle(before).row)
    read = read_file(PostFile(path=name, name=name, content=text.encode()), made.SITE, made.SEEN)
    assert read.derived, read.reason
    again = read.derived.article
    kept = ("post_id", "url", "published_at", "share_url", "source", "tags", "others")
    assert [getattr(again.post, name) for name in kept] == [getattr(before.post, name) for name in kept]
    assert (again.text, sorted(map(repr, again.post.mentions))) == (
        before.text,
        sorted(map(repr, before.post.mentions)),
    )
