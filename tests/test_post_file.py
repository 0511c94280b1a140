"""Posts as Markdown files: what they hold, that they read back, and that a file is touched only when it changes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.markdown.post_file import (
    _FrontMatterDumper,
    file_name,
    front_lines,
    parse,
    render,
    render_post,
    write_if_changed,
)

if TYPE_CHECKING:
    from pathlib import Path

ROW: dict[str, Any] = {
    "title": "江西“5G+VR”领跑全国",
    "published_at": "2022-04-20T16:44:59+08:00",
    "category": "dajiangwang",
    "tags": ["大江网新闻"],
    "post_id": "NW202204202350104915",
    "source": "大江网",
    "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html",
    "share_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
    "mentions": [{"code": "1.600160", "name": "巨化股份", "count": 2, "symbol": "600160"}],
    "revision": 1,
    "derived": [],
    "front_matter": {},
    "markdown": "一段。\n\n二段。",
}
FILE = """\
---
layout: post
title: 江西“5G+VR”领跑全国
date: 2022-04-20 16:44:59 +0800
categories:
  - dajiangwang
tags:
  - 大江网新闻
id: NW202204202350104915
source: 大江网
url: https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html
share_url: http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915
securities:
  - code: '1.600160'
    name: 巨化股份
    count: 2
revision: 1
---

一段。

二段。
"""


def test_a_post_is_front_matter_in_a_fixed_order_and_its_markdown() -> None:
    assert render_post(ROW) == FILE


def test_what_was_derived_and_what_nothing_here_knows_stands_at_the_end() -> None:
    others = {"author": "小新", "title": "另一题", "nested": {"a": ["1.5", None]}, "yes": True}
    text = render_post(ROW | {"derived": ["title", "date"], "front_matter": others})

    more = "derived:\n  - title\n  - date\nauthor: 小新\nnested:\n  a:\n    - '1.5'\n    - null\n'yes': true\n"
    assert text == FILE.replace("revision: 1\n", f"revision: 1\n{more}")


def test_a_post_that_lacks_what_it_may_lack_is_still_valid() -> None:
    bare = ROW | {"category": None, "tags": [], "source": None, "share_url": None, "mentions": [], "markdown": ""}

    front, body = parse(render_post(bare))

    assert front == {
        "layout": "post",
        "title": "江西“5G+VR”领跑全国",
        "date": "2022-04-20 16:44:59 +0800",
        "categories": [],
        "tags": [],
        "id": "NW202204202350104915",
        "source": None,
        "url": ROW["url"],
        "share_url": None,
        "securities": [],
        "revision": 1,
    }
    assert body == ""


def test_a_file_is_named_by_the_day_on_the_site_and_the_id() -> None:
    assert file_name("2022-04-20T00:44:59+08:00", "NW1") == "2022-04-20-NW1.md"


@pytest.mark.parametrize(
    "title",
    [
        "他说:\"涨\" '跌'",
        "a: b # c",
        "# 不是注释",
        "---",
        "一\n---\n二",
        "- 一",
        "{{ site.title }}",
        "{% raw %}",
        "[一](二)",
        "&anchor *alias !tag",
        "| >",
        "%YAML 1.2",
        "`@",
        "yes",
        "null",
        "~",
        "12:30",
        "2022-04-20",
        "2022-04-20 16:44:59 +0800",
        "1_000",
        "0x10",
        "=",
        "<<",
        "",
        "  两端空格  ",
        "😀 𠮷",
        "tab\there",
        "一\x85二\u2028三",
        "\ufeff",
        "长" * 20_000,
    ],
    ids=lambda title: ascii(title[:20]),
)
def test_any_title_is_valid_yaml_and_reads_back_as_the_same_text(title: str) -> None:
    text = render_post(ROW | {"title": title})

    front, body = parse(text)

    assert (front["title"], body) == (title, ROW["markdown"])
    assert yaml.safe_load(text.split("\n---\n")[0])["title"] == title


NO_FRONT = "no front matter between two lines of ---"
TRICKY = (
    "---",
    "\n---\n",
    "---\n",
    ": ",
    " #",
    "'",
    '"',
    "{{ x }}",
    "yes",
    "null",
    "12:30",
    "2022-04-20",
    "- ",
    "\n",
    "😀",
    "中",
)
values = st.one_of(st.text(), st.lists(st.sampled_from(TRICKY), max_size=6).map("".join))
bodies = st.one_of(st.text(), st.lists(st.sampled_from(TRICKY), max_size=10).map("".join))
fronts = st.dictionaries(
    values.filter(bool),
    st.one_of(values, st.lists(values, max_size=3), st.none(), st.integers(), st.booleans()),
    min_size=1,
    max_size=5,
)


@settings(max_examples=examples(200), deadline=None)
@given(fronts, bodies)
@example({"title": "---"}, "---\n\n---\n")
@example({"title": "一\n---\n\n二"}, "")
def test_what_is_rendered_reads_back(front: dict[str, Any], body: str) -> None:
    assert parse(render(front, body)) == (front, body)


PLAIN = st.one_of(
    values,
    st.sampled_from("是 AB a-b a:b a%b yes No n NULL 1.5 01 0x1F 1e5 2022-04-20 12:30 “引” （注）".split()),
    st.sampled_from(["2022-04-20 16:44:59 +0800", "2022-04-20 16:44:59 +08:00", "a: b", "a :b", "a #b", "a: ", ""]),
    st.none(),
    st.integers(),
    st.booleans(),
)
ENTRIES = st.dictionaries(st.sampled_from("code name count yes a".split()), PLAIN, max_size=3)


@settings(max_examples=examples(300), deadline=None)
@given(
    st.dictionaries(
        st.one_of(st.sampled_from("title tags on null securities".split()), values.filter(bool)),
        st.one_of(PLAIN, st.lists(st.one_of(PLAIN, ENTRIES), max_size=3), ENTRIES),
        min_size=1,
        max_size=4,
    )
)
@example({"securities": [{"code": "1.600160", "name": "巨化股份", "count": 2}]})
def test_front_matter_is_written_as_yaml_writes_it_however_it_was_written(front: dict[str, Any]) -> None:
    dumped = yaml.dump(
        front,
        Dumper=_FrontMatterDumper,
        allow_unicode=True,
        sort_keys=False,
        width=10_000,
        default_flow_style=False,
    )
    assert front_lines(front) == dumped


@settings(max_examples=examples(50), deadline=None)
@given(fronts, bodies)
def test_rendering_twice_gives_the_same_text_and_keeps_the_order(front: dict[str, Any], body: str) -> None:
    text = render(front, body)

    assert render(dict(front), body) == text
    assert list(parse(text)[0]) == list(front)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", NO_FRONT, id="nothing"),
        pytest.param("# 一\n", NO_FRONT, id="only Markdown"),
        pytest.param("---\ntitle: 一\n", NO_FRONT, id="not closed"),
        pytest.param("一\n---\ntitle: 一\n---\n\n二\n", NO_FRONT, id="text before it"),
        pytest.param("---\n- 一\n---\n\n二\n", "the front matter is no mapping", id="a list"),
    ],
)
def test_what_is_no_post_file_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}$"):
        parse(text)


def test_a_date_is_left_as_the_text_it_is() -> None:
    assert parse("---\ndate: 2022-04-20 16:44:59 +0800\n---\n\n一\n") == ({"date": "2022-04-20 16:44:59 +0800"}, "一")


def test_front_matter_never_makes_objects() -> None:
    with pytest.raises(yaml.YAMLError):
        parse("---\ntitle: !!python/object/apply:os.getcwd []\n---\n\n一\n")


def test_a_file_is_written_once_and_then_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "post.md"

    assert write_if_changed(path, "一\r\n二") is True
    os.utime(path, ns=(1, 1))
    before = path.stat()
    assert write_if_changed(path, "一\r\n二") is False

    after = path.stat()
    assert path.read_bytes() == "一\r\n二".encode()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)
    assert os.listdir(tmp_path) == ["post.md"]  # noqa: PTH208  # hidden files too


def test_a_changed_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    path = tmp_path / "post.md"
    path.write_text("a long text that stood there", encoding="utf-8")
    link = tmp_path / "old.md"
    link.hardlink_to(path)

    assert write_if_changed(path, "二") is True

    assert path.read_text(encoding="utf-8") == "二"
    assert link.read_text(encoding="utf-8") == "a long text that stood there"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["old.md", "post.md"]


def test_a_draft_left_by_a_crash_does_not_stay(tmp_path: Path) -> None:
    (tmp_path / ".post.md.tmp").write_text("half of", encoding="utf-8")

    assert write_if_changed(tmp_path / "post.md", "一") is True

    assert [entry.name for entry in tmp_path.iterdir()] == ["post.md"]
    assert (tmp_path / "post.md").read_text(encoding="utf-8") == "一"
