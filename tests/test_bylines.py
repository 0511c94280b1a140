"""Authors and lead images in files: as people write them for Jekyll, Hugo and Hexo, and as the program does."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import made
import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_post_file import FILE, ROW
from test_undoing import Place, file

from crawler.archive import Archive
from crawler.archive.store.derived import DerivedArticle
from crawler.items import PostFile
from crawler.jekyll.source import read_source
from crawler.jekyll.source_form import render_source
from crawler.markdown.post_file import parse, render_post
from crawler.ops.check import check
from crawler.ops.export import export_posts
from crawler.ops.exporting.hugo import render_page
from crawler.ops.importing.reading import read_file
from crawler.sites.loading import load_site
from crawler.text.outside import names

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.items import Post

FINEWS, MINIMA, NOTES = (load_site(name) for name in ("finews", "minima", "notes"))
IMAGE = "https://img.example/a.jpg"


def read(front: str, site: Any = MINIMA) -> Post:
    text = f"---\ntitle: Moss\n{front}\n---\nWords.\n"
    return read_source("2024-03-05-moss.md", text, site, via="import", at=made.SEEN)


# As people write them.


@pytest.mark.parametrize(
    ("front", "authors", "others"),
    [
        ("author: Jane Doe", ["Jane Doe"], {}),
        ("author: 'Doe, Jane'", ["Doe, Jane"], {}),
        ("Author: Jane Doe", ["Jane Doe"], {}),
        ("author: [张三, 李四]", ["张三", "李四"], {}),
        ("authors:\n  - Jane Doe\n  - name: 张三", ["Jane Doe", "张三"], {}),
        ("authors:\n- 张三\nauthor: 李四", ["张三"], {"author": "李四"}),
        ("authors: []\nauthor: 李四", ["李四"], {"authors": []}),
        # What says more than a name is kept as well.
        ("author:\n  name: 张三\n  twitter: zs", ["张三"], {"author": {"name": "张三", "twitter": "zs"}}),
        ("authors:\n  - {name: A, url: u}", ["A"], {"authors": [{"name": "A", "url": "u"}]}),
        (f"author: {'x' * 120}", ["x" * 99 + "…"], {"author": "x" * 120}),
        ("params:\n  author: 张三\n  x: y", ["张三"], {"params": {"author": "张三", "x": "y"}}),
        ("params: [author]\nauthor: 张三", ["张三"], {"params": ["author"]}),
        ("author: 007", ["007"], {}),
        # Nobody.
        ("author:", [], {"author": None}),
        ("author: ''", [], {"author": ""}),
        ("author: {twitter: zs}", [], {"author": {"twitter": "zs"}}),
        ("author: '-'", [], {"author": "-"}),
    ],
)
def test_authors_are_read_in_every_form_and_nothing_of_them_is_lost(
    front: str, authors: list[str], others: dict[str, Any]
) -> None:
    file = PostFile(path="x", name="2024-03-05-moss.md", content=f"---\ntitle: Moss\n{front}\n---\nWords.\n".encode())
    read = read_file(file, MINIMA, made.SEEN).derived
    assert read is not None
    assert (list(read.article.post.authors), read.article.post.others) == (authors, others)


@pytest.mark.parametrize(
    ("front", "image", "others"),
    [
        (f"image: {IMAGE}", IMAGE, {}),
        ("image: /assets/a b.jpg", "https://blog.example/assets/a%20b.jpg", {}),
        ("image: //cdn.example/a.jpg", "https://cdn.example/a.jpg", {}),
        ("image: {path: /a.jpg, width: 3}", "https://blog.example/a.jpg", {"image": {"path": "/a.jpg", "width": 3}}),
        (f"images: [a.jpg, '{IMAGE}']", IMAGE, {"images": ["a.jpg", IMAGE]}),
        (f"cover: {{image: '{IMAGE}'}}", IMAGE, {"cover": {"image": IMAGE}}),
        (f"featured_image: {IMAGE}", IMAGE, {"featured_image": IMAGE}),
        (f"header: {{teaser: '{IMAGE}'}}", IMAGE, {"header": {"teaser": IMAGE}}),
        # To what it is relative, only a theme knows.
        ("image: a.jpg", None, {"image": "a.jpg"}),
        ("image: data:image/png;base64,AAAA", None, {"image": "data:image/png;base64,AAAA"}),
        ("image: javascript:alert(1)", None, {"image": "javascript:alert(1)"}),
        ("image: true", None, {"image": True}),
    ],
)
def test_a_lead_image_is_read_if_it_is_an_address(front: str, image: str | None, others: dict[str, Any]) -> None:
    post = read(front)
    assert (post.image, post.others) == (image, others)


def test_a_file_of_no_site_has_a_lead_image_only_with_a_host() -> None:
    assert read("image: /a.jpg", NOTES).image is None
    assert read(f"image: {IMAGE}", NOTES).image == IMAGE


# As the program writes them.


def test_authors_and_image_stand_below_the_tags_in_one_form() -> None:
    more = f"authors:\n  - 张三\n  - Ann Moss\nimage: {IMAGE}\n"
    written = render_post({**ROW, "authors": ["张三", "Ann Moss"], "image": IMAGE})
    assert written == FILE.replace("id: NW", f"{more}id: NW", 1)


def test_a_post_without_them_has_no_such_keys() -> None:
    assert render_post({**ROW, "authors": [], "image": None}) == FILE


@pytest.mark.parametrize("render", [render_post, render_page, lambda row: render_source(row, MINIMA)])
def test_what_a_file_said_of_its_authors_in_another_form_is_not_written_beside_them(render: Any) -> None:
    row = {**_row(authors=("张三",), image=IMAGE), "front_matter": {"author": {"name": "张三", "url": "u"}, "n": 3}}
    front = yaml.safe_load(render(row).split("---\n")[1])
    assert {key: front.get(key) for key in ("authors", "author", "image", "n")} == {
        "authors": ["张三"],
        "author": None,
        "image": IMAGE,
        "n": 3,
    }


def _row(**changes: Any) -> dict[str, Any]:
    article = made.article(**changes)
    return {**DerivedArticle(article).row, "html": article.post.html, "id": 1, "text": article.text}


ADDRESSES = st.from_regex(r"https?://[a-z]{1,9}\.example/[A-Za-z0-9/._~%@!$&'()*+,;=-]{0,30}", fullmatch=True)


@settings(max_examples=examples(200))
@given(written=st.lists(st.text(max_size=40), max_size=5), image=st.none() | ADDRESSES)
@example(
    written=["no", "12.50", "- a", "a: b", "# c", "{{ x }}", "'", '"', "null", "2022-04-20", "&a *b !c"], image=IMAGE
)
@pytest.mark.parametrize("render", [render_post, render_page, lambda row: render_source(row, FINEWS)])
def test_authors_and_image_come_back_from_every_kind_of_file(
    render: Any, written: list[str], image: str | None
) -> None:
    article = made.article(authors=tuple(written), image=image)
    row = {**DerivedArticle(article).row, "html": article.post.html}
    name = f"2022-04-20-{made.ID}.md"
    again = read_file(PostFile(path="x", name=name, content=render(row).encode()), FINEWS, made.SEEN).derived
    assert again is not None
    post = again.article.post
    assert (post.authors, post.others) == (names(written), {})
    assert post.image == (image and read(f"image: '{image.replace(chr(39), chr(39) * 2)}'").image)


@settings(max_examples=examples(100))
@given(st.lists(st.text(max_size=40), max_size=5))
def test_the_program_s_own_reader_and_any_yaml_agree_on_the_authors(written: list[str]) -> None:
    row = _row(authors=tuple(written))
    text = render_post(row)
    expected = {"authors": list(names(written))} if names(written) else {}
    for front in (parse(text)[0], yaml.safe_load(text.partition("---\n")[2].partition("\n---\n")[0])):
        assert {key: value for key, value in front.items() if key in {"authors", "image"}} == expected


# Exports of all.


def _exported(folder: Path, form: str, **changes: Any) -> str:
    export_posts([{**_row(**changes), "summary": "", "gone_at": None}], folder, form)
    return (folder / f"posts.{form}").read_text(encoding="utf-8-sig")


def test_json_lines_have_authors_as_a_list(tmp_path: Path) -> None:
    line = json.loads(_exported(tmp_path, "jsonl", authors=("张三", "Ann Moss"), image=IMAGE))
    assert (line["authors"], line["image"]) == (["张三", "Ann Moss"], IMAGE)
    none = json.loads(_exported(tmp_path, "jsonl"))
    assert (none["authors"], none["image"]) == ([], None)


def test_a_spreadsheet_has_them_in_one_cell_which_runs_nothing(tmp_path: Path) -> None:
    (row,) = csv.DictReader(io.StringIO(_exported(tmp_path, "csv", authors=("=cmd()", "Ann Moss"), image=IMAGE)))
    assert (row["authors"], row["image"]) == ("'=cmd(); Ann Moss", IMAGE)
    (row,) = csv.DictReader(io.StringIO(_exported(tmp_path, "csv")))
    assert (row["authors"], row["image"]) == ("", "")


# Files that were imported before there were authors.


def test_a_file_that_is_imported_again_fills_in_its_authors(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.take({"a.md": file("甲题", more="author: {name: 张三, mail: m}\nimage: /a.jpg\n")})
    with Archive(place.archive) as archive, archive.db.atomic():
        archive.db.execute("UPDATE articles SET authors = '[]', image = NULL")
        archive.db.execute("UPDATE files SET content_hash = 'of an older version of the program'")
    place.take({})
    assert check(place.archive, place.posts)["findings"] == []
    with Archive(place.archive) as archive:
        (post,) = archive.posts()
    assert (post["authors"], post["image"], post["revision"]) == (["张三"], "https://finews.withounder.com/a.jpg", 1)
    (written,) = place.posts.glob("*.md")
    assert "authors:\n  - 张三\nimage: https://finews.withounder.com/a.jpg\n" in written.read_text()
    assert "author:" not in written.read_text()
