"""Posts in the form the site's own source has, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from crawler.jekyll.source_form import render_source
from crawler.sites.loading import load_site

ROW: dict[str, Any] = {
    "title": "江西“5G+VR”领跑全国",
    "published_at": "2022-04-20T16:44:59+08:00",
    "category": "dajiangwang",
    "tags": ["大江网新闻"],
    "share_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915",
    "front_matter": {},
    "html": "<p>一段。</p>\n<p>二段。</p>",
}
FRONT = """\
---
layout: post
title: "江西“5G+VR”领跑全国"
date: 2022-04-20 16:44:59 +0800
categories: dajiangwang
tags: 大江网新闻
---
"""
SHARE = "<http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915>"
BACK = "[返回大江网新闻](//finews.withounder.com/category/dajiangwang.html)｜[返回首页](//finews.withounder.com/)"
BODY = "<p>一段。</p>\n<p>二段。</p>"


def test_a_post_ends_in_its_share_link_and_the_way_back() -> None:
    assert render_source(ROW, load_site("finews")) == f"{FRONT}{BODY}\n\n{SHARE}\n\n{BACK}"


def test_keys_that_nothing_here_knows_stand_at_the_end() -> None:
    front = FRONT.removesuffix("---\n") + "author: 小新\nnested:\n  a: 1\n---\n"
    others = {"author": "小新", "title": "另一题", "nested": {"a": 1}}

    text = render_source(ROW | {"front_matter": others}, load_site("finews"))

    assert text == f"{front}{BODY}\n\n{SHARE}\n\n{BACK}"


def test_a_post_without_a_share_link_shows_no_empty_one() -> None:
    assert render_source(ROW | {"share_url": None}, load_site("finews")) == f"{FRONT}{BODY}\n\n{BACK}"


def test_a_post_of_no_category_has_no_way_back() -> None:
    text = render_source(ROW | {"category": None, "tags": []}, load_site("finews"))

    assert text == FRONT.replace("dajiangwang", "").replace("大江网新闻", "") + f"{BODY}\n\n{SHARE}"


@pytest.mark.parametrize(
    ("tags", "category", "back"),
    [
        pytest.param(
            ["甲", "乙"],
            "dajiangwang",
            "[返回甲 乙](//finews.withounder.com/category/dajiangwang.html)｜[返回首页](//finews.withounder.com/)",
            id="two tags",
        ),
        pytest.param(
            [],
            "dajiangwang",
            "[返回dajiangwang](//finews.withounder.com/category/dajiangwang.html)｜[返回首页](//finews.withounder.com/)",
            id="no tags: the slug",
        ),
        pytest.param(
            ["东方财富"],
            "emnews",
            "[返回东方财富](//finews.withounder.com/emnews/)｜[返回首页](//finews.withounder.com/)",
            id="the oldest category",
        ),
    ],
)
def test_the_way_back_is_named_by_the_tags(tags: list[str], category: str, back: str) -> None:
    text = render_source(ROW | {"tags": tags, "category": category}, load_site("finews"))

    assert text.rpartition("\n\n")[2] == back


def test_a_site_without_navigation_writes_none() -> None:
    site = replace(load_site("finews"), navigation=None)

    assert render_source(ROW, site) == f"{FRONT}{BODY}\n\n{SHARE}"


def test_a_post_of_a_site_not_known_keeps_its_share_link() -> None:
    assert render_source(ROW, None) == f"{FRONT}{BODY}\n\n{SHARE}"


def test_a_post_of_a_site_not_known_without_a_share_link_is_its_body() -> None:
    assert render_source(ROW | {"share_url": None}, None) == f"{FRONT}{BODY}"


@pytest.mark.parametrize(
    ("title", "line"),
    [
        pytest.param("一: 二 # 三", 'title: "一: 二 # 三"', id="as the site quotes"),
        pytest.param('他说"涨"', 'title: "他说\\"涨\\""', id="quotation marks"),
        pytest.param("C:\\新", 'title: "C:\\\\新"', id="backslash"),
        pytest.param("", 'title: ""', id="nothing"),
    ],
)
def test_a_title_is_quoted_as_the_site_does_or_as_yaml_must(title: str, line: str) -> None:
    assert render_source(ROW | {"title": title}, None).splitlines()[2] == line


@given(st.text("中aA1:#'\"\\-{}[]|>!&*%@` ,?", max_size=20))
def test_any_title_on_one_line_is_valid_yaml(title: str) -> None:
    text = render_source(ROW | {"title": title}, None)

    assert yaml.load(text.split("---\n")[1], Loader=yaml.BaseLoader)["title"] == title


@pytest.mark.parametrize(
    "tag", ["- a", "-", "&A", "---", "null", "2022", "true", "2022-04-20", "2022-02-31", "a: b", "[x", "#x"]
)
def test_a_tag_that_yaml_would_take_for_more_is_quoted(tag: str) -> None:
    written = render_source({**ROW, "tags": [tag]}, load_site("finews"))
    assert yaml.safe_load(written.removeprefix("---\n").partition("\n---\n")[0])["tags"] == tag
