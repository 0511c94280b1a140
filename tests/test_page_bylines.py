"""Authors and lead images on pages: where a definition finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from test_rules import post, read

from crawler.items import Post

if TYPE_CHECKING:
    from pathlib import Path

META = {"css": 'meta[name="author"]', "attribute": "content"}
OG = {"css": 'meta[property="og:image"]', "attribute": "content"}
LAZY = {"css": "article img", "attribute": "data-src"}
PLAIN = {"css": "article img", "attribute": "src"}
ARTICLE = "<h1>Moss</h1><time datetime=2024-04-20></time><article>Words. {}</article>"


def page(source: str) -> str:
    return ARTICLE.format(source)


@pytest.mark.parametrize(
    ("source", "rules", "authors"),
    [
        ("", [META], ()),
        (
            "<a class=by>张三</a><a class=by> Ann\n Moss </a><a class=by>张三</a>",
            [{"css": ".by"}],
            ("张三", "Ann Moss"),
        ),
        ("<meta name=author content='Ann Moss'>", [{"css": ".by"}, META], ("Ann Moss",)),
        (
            "<b class=by>（记者 张三 李四）</b>",
            [{"css": ".by", "pattern": "记者 (.+)）", "split": " "}],
            ("张三", "李四"),
        ),
        (
            "<b class=by>By Ann Moss, Ben Farn and Cy Ivy</b>",
            [{"css": ".by", "pattern": "By (.+)", "split": ", | and "}],
            ("Ann Moss", "Ben Farn", "Cy Ivy"),
        ),
        (
            '<script type="application/ld+json">{"author": [{"name": "Ann"}, {"name": "B &amp; C"}]}</script>',
            [{"of": "json-ld", "path": "author"}],
            ("Ann", "B & C"),
        ),
        (
            '<script type="application/ld+json">{"@graph": [{"author": {"@id": "1"}}, {"@id": "1", "name": "Ann"}]}',
            [{"of": "json-ld", "path": "author"}],
            ("Ann",),
        ),
    ],
)
def test_all_that_the_first_rule_with_any_finds_are_authors(
    tmp_path: Path, source: str, rules: list[Any], authors: tuple[str, ...]
) -> None:
    assert post(tmp_path, page(source), authors=rules).authors == authors


@pytest.mark.parametrize(
    ("source", "rules", "image"),
    [
        ("", [OG], None),
        ("<meta property=og:image content=https://img.example/a.jpg>", [OG], "https://img.example/a.jpg"),
        ("<meta property=og:image content=//img.example/a.jpg>", [OG], "https://img.example/a.jpg"),
        ("<meta property=og:image content='/a b.jpg?x=1&amp;y=2#z'>", [OG], "https://blog.example/a%20b.jpg?x=1&y=2"),
        ("<base href=https://img.example/2024/><img src=a.jpg>", [PLAIN], "https://img.example/2024/a.jpg"),
        ("<img src=data:image/gif;base64,R0lG data-src=/a.jpg>", [LAZY, PLAIN], "https://blog.example/a.jpg"),
        ("<img src=data:image/gif;base64,R0lG data-src=/a.jpg>", [PLAIN, LAZY], "https://blog.example/a.jpg"),
        ("<img src=data:,><img src=/b.jpg>", [PLAIN], "https://blog.example/b.jpg"),
        ("<meta property=og:image content='javascript:alert(1)'>", [OG], None),
        ("<meta property=og:image content='https://user@img.example/a.jpg'>", [OG], None),
        (
            "<meta property=og:image content='ftp://img.example/a.jpg'><img src=/a.jpg>",
            [OG, PLAIN],
            "https://blog.example/a.jpg",
        ),
        (
            '<script type="application/ld+json">{"image": {"@type": "ImageObject", "url": "/a.jpg"}}</script>',
            [{"of": "json-ld", "path": "image"}],
            "https://blog.example/a.jpg",
        ),
    ],
)
def test_the_first_address_that_is_one_is_the_lead_image(
    tmp_path: Path, source: str, rules: list[Any], image: str | None
) -> None:
    assert post(tmp_path, page(source), image=rules).image == image


def test_a_page_need_not_have_either(tmp_path: Path) -> None:
    result = read(tmp_path, page(""))
    assert isinstance(result, Post)
    assert (result.authors, result.image) == ((), None)
