"""Exports: the archive written out again, in each form, the same bytes each time."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from datetime import timedelta
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING, Any

import made
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.errors import UsageError
from crawler.items import Category, Mention
from crawler.markdown.post_file import parse
from crawler.ops.export import export_posts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

SEED = files("crawler.ops.sample_site").joinpath("posts", "2022-04-20-NW202204202350104915.md")
FORMS = ["markdown", "jekyll", "hugo", "jsonl", "csv"]
FILE_FORMS = FORMS[:3]
LONG_AGO = 1_000_000_000

ARTICLES = [
    made.article(),
    made.article(
        "NW202204210000000000",
        title='标题: "引号", 逗号\\',
        html='<p>一行，"引"。</p><p>二行 \u2028 仍是。</p>',
        published_at=made.PUBLISHED + timedelta(days=1),
        category=None,
        tags=(),
        source=None,
        share_url=None,
        mentions=(
            Mention(code="0.000001", name="平安银行", count=1),
            Mention(code="0.000001", name="深发展", count=2),
            Mention(code="105.NIO", name="蔚来", count=1),
        ),
    ),
    made.article("2021-init", published_at=made.PUBLISHED - timedelta(days=140)),
]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        for article in ARTICLES:
            posts.store(opened.db, article, 1)
        yield opened


def export(archive: Archive, folder: Path, form: str) -> dict[str, Any]:
    return export_posts(archive.posts(), folder, form)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


# Every form.


@pytest.mark.parametrize(("form", "written"), [(form, 3 if form in FILE_FORMS else 1) for form in FORMS])
def test_an_export_says_what_it_did(archive: Archive, tmp_path: Path, form: str, written: int):
    folder = tmp_path / "some" / "where"
    assert export(archive, folder, form) == {
        "format": form,
        "directory": str(folder),
        "posts": 3,
        "written": written,
    }
    assert len(contents(folder)) == written


@pytest.mark.parametrize("form", FORMS)
def test_the_same_archive_gives_the_same_bytes(archive: Archive, tmp_path: Path, form: str):
    for folder in ("one", "other"):
        export(archive, tmp_path / folder, form)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")
    export(archive, tmp_path / "other", form)
    assert contents(tmp_path / "one") == contents(tmp_path / "other")


@pytest.mark.parametrize("form", FILE_FORMS)
def test_a_file_that_is_as_it_should_be_is_left_alone(archive: Archive, tmp_path: Path, form: str):
    export(archive, tmp_path / "out", form)
    for file in (tmp_path / "out").iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    (tmp_path / "out" / f"2022-04-20-{made.ID}.md").write_text("别的", encoding="utf-8")
    (tmp_path / "out" / "mine.txt").write_text("我的", encoding="utf-8")
    assert export(archive, tmp_path / "out", form)["written"] == 1
    untouched = {file.name for file in (tmp_path / "out").iterdir() if file.stat().st_mtime == LONG_AGO}
    assert untouched == {"2021-12-01-2021-init.md", "2022-04-21-NW202204210000000000.md"}
    assert (tmp_path / "out" / "mine.txt").read_text(encoding="utf-8") == "我的"


@pytest.mark.parametrize(
    ("form", "names"),
    [*((form, []) for form in FILE_FORMS), ("jsonl", ["posts.jsonl"]), ("csv", ["posts.csv"])],
)
def test_an_empty_archive_is_written_out_empty(tmp_path: Path, form: str, names: list[str]):
    with Archive(tmp_path / "empty.db", create=True) as archive:
        assert export(archive, tmp_path / "out", form)["posts"] == 0
    assert list(contents(tmp_path / "out")) == names


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_that_is_a_file_is_a_sentence(archive: Archive, tmp_path: Path, form: str):
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError) as refused:
        export(archive, tmp_path / "file", form)
    assert refused.value.exit_code == 2
    assert str(refused.value) == f"{tmp_path / 'file'} cannot be written: File exists; name another folder."
    assert (tmp_path / "file").read_text() == "x"


@pytest.mark.parametrize("form", FORMS)
def test_a_folder_inside_a_file_is_a_sentence(archive: Archive, tmp_path: Path, form: str):
    (tmp_path / "file").write_text("x")
    folder = tmp_path / "file" / "out"
    with pytest.raises(UsageError) as refused:
        export(archive, folder, form)
    assert str(refused.value) == f"{folder} cannot be written: Not a directory; name another folder."


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_a_file_that_cannot_be_written_is_named(archive: Archive, tmp_path: Path, form: str):
    taken = tmp_path / "out" / f"posts.{form}"
    taken.mkdir(parents=True)
    with pytest.raises(UsageError) as refused:
        export(archive, tmp_path / "out", form)
    assert str(refused.value) == f"{taken} cannot be written: Is a directory; name another folder."


class CutShort(Exception):
    """What ends an export between two posts."""


def then_cut_short(posts: Iterable[Any]) -> Iterator[Any]:
    """Yield the first of the posts, and no other."""
    yield from islice(posts, 1)
    raise CutShort


@pytest.mark.parametrize("form", FORMS)
def test_an_export_that_is_cut_short_leaves_the_files_that_were_there(archive: Archive, tmp_path: Path, form: str):
    folder = tmp_path / "out"
    export(archive, folder, form)
    before = contents(folder)
    with pytest.raises(CutShort):
        export_posts(then_cut_short(archive.posts()), folder, form)
    assert contents(folder) == before


_KILLED_BETWEEN_TWO_POSTS = """
import os, signal, sys
from pathlib import Path
from crawler.archive import Archive
from crawler.ops.export import export_posts

def killed(posts):
    yield next(posts)
    os.kill(os.getpid(), signal.SIGKILL)

with Archive(sys.argv[1]) as archive:
    export_posts(killed(archive.posts()), Path(sys.argv[2]), sys.argv[3])
"""


@pytest.mark.parametrize("form", FORMS)
def test_an_export_that_is_killed_leaves_the_files_that_were_there_and_the_next_one_clears_up(
    archive: Archive, tmp_path: Path, environment: dict[str, str], form: str
):
    folder = tmp_path / "out"
    export(archive, folder, form)
    before = contents(folder)
    command = [sys.executable, "-c", _KILLED_BETWEEN_TWO_POSTS, str(archive.path), str(folder), form]
    killed = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=False)
    assert (killed.returncode, killed.stderr) == (-signal.SIGKILL, b"")
    assert {name: content for name, content in contents(folder).items() if not name.startswith(".")} == before
    export(archive, folder, form)
    assert contents(folder) == before


@pytest.fixture
def of_two_sites(archive: Archive) -> Archive:
    """Return the archive with one post more: of another site, and with the id and the day of one of ours."""
    blog = "https://blog.example/2022/04/20/x.html"
    posts.store(archive.db, made.article(site="minima", url=blog, category=None, title="另一篇"), 1)
    return archive


@pytest.mark.parametrize("form", FILE_FORMS)
def test_each_site_gets_a_folder_of_its_own_if_wished(of_two_sites: Archive, tmp_path: Path, form: str):
    folder = tmp_path / "out"
    said = {"format": form, "directory": str(folder), "posts": 4}
    assert export_posts(of_two_sites.posts(), folder, form, by_site=True) == {**said, "written": 4}
    assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*.md")) == [
        "finews/2021-12-01-2021-init.md",
        f"finews/2022-04-20-{made.ID}.md",
        "finews/2022-04-21-NW202204210000000000.md",
        f"minima/2022-04-20-{made.ID}.md",
    ]
    assert sorted(title_of(file) for file in folder.glob(f"*/2022-04-20-{made.ID}.md")) == [
        "另一篇",
        "江西出台5G行动计划",
    ]
    assert export_posts(of_two_sites.posts(), folder, form, by_site=True) == {**said, "written": 0}


def title_of(file: Path) -> str:
    """Return the title in a file's front matter."""
    return str(yaml.safe_load(file.read_text(encoding="utf-8").split("---\n")[1])["title"])


@pytest.mark.parametrize("form", FILE_FORMS)
def test_a_sites_folder_holds_what_an_export_of_that_site_would(archive: Archive, tmp_path: Path, form: str):
    export_posts(archive.posts(), tmp_path / "each", form, by_site=True)
    export(archive, tmp_path / "all", form)
    assert contents(tmp_path / "each" / "finews") == contents(tmp_path / "all")


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_one_file_holds_the_posts_of_every_site(of_two_sites: Archive, tmp_path: Path, form: str):
    result = export_posts(of_two_sites.posts(), tmp_path / "each", form, by_site=True)
    assert result == {"format": form, "directory": str(tmp_path / "each"), "posts": 4, "written": 1}
    export(of_two_sites, tmp_path / "all", form)
    assert contents(tmp_path / "each") == contents(tmp_path / "all")
    assert list(contents(tmp_path / "each")) == [f"posts.{form}"]


@pytest.mark.parametrize("form", FILE_FORMS)
def test_a_sites_folder_that_is_a_file_is_a_sentence(archive: Archive, tmp_path: Path, form: str):
    (tmp_path / "finews").write_text("x")
    with pytest.raises(UsageError) as refused:
        export_posts(archive.posts(), tmp_path, form, by_site=True)
    assert str(refused.value) == f"{tmp_path / 'finews'} cannot be written: File exists; name another folder."


# Each form.


def test_markdown_is_what_a_crawl_writes(tmp_path: Path):
    (tmp_path / "crawled").mkdir()
    run = made.Run(tmp_path / "archive.db", folder=tmp_path / "crawled")
    for article in ARTICLES:
        run.write(article)
    export(run.archive, tmp_path / "exported", "markdown")
    run.end()
    assert contents(tmp_path / "exported") == contents(tmp_path / "crawled")
    assert len(contents(tmp_path / "exported")) == 3


def test_markdown_reads_back_as_the_posts(archive: Archive, tmp_path: Path):
    export(archive, tmp_path / "out", "markdown")
    read = [parse(file.read_text(encoding="utf-8")) for file in sorted((tmp_path / "out").iterdir())]
    assert [(front["id"], front["title"], front["tags"], body) for front, body in read] == [
        (post["post_id"], post["title"], post["tags"], post["markdown"]) for post in archive.posts()
    ]


def test_json_lines_read_back_as_the_same_posts(archive: Archive, tmp_path: Path):
    export(archive, tmp_path / "out", "jsonl")
    lines = (tmp_path / "out" / "posts.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert [json.loads(line) for line in lines] == list(archive.posts())
    assert "江西" in lines[-2]


def test_csv_has_a_row_a_post_and_opens_with_a_mark(archive: Archive, tmp_path: Path):
    export(archive, tmp_path / "out", "csv")
    raw = (tmp_path / "out" / "posts.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfsite,post_id,")
    with (tmp_path / "out" / "posts.csv").open(encoding="utf-8-sig", newline="") as file:
        read = list(csv.DictReader(file))
    assert [row["post_id"] for row in read] == [post["post_id"] for post in archive.posts()]
    second = archive.post("NW202204210000000000")
    assert read[-1] == {
        "site": "finews",
        "post_id": "NW202204210000000000",
        "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204210000000000.html",
        "share_url": "",
        "title": '标题: "引号", 逗号\\',
        "source": "",
        "category": "",
        "categories": "",
        "tags": "",
        "authors": "",
        "summary": second["summary"],
        "published_at": "2022-04-21T16:44:59+08:00",
        "mentions": "0.000001 105.NIO",
        "revision": "1",
        "first_seen_at": "2022-04-21T01:00:00+00:00",
        "last_seen_at": "2022-04-21T01:00:00+00:00",
        "gone_at": "",
        "image": "",
        "text": second["text"],
    }
    assert (read[1]["tags"], read[1]["mentions"]) == ("大江网新闻 5G", "1.600519 116.00700")
    assert read[1]["categories"] == "dajiangwang"


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)


@settings(max_examples=examples(40), deadline=None)
@given(title=words, body=words, tag=words.filter(str.strip))
def test_any_words_come_through_json_lines_and_csv(
    tmp_path_factory: pytest.TempPathFactory, title: str, body: str, tag: str
):
    folder = tmp_path_factory.mktemp("out")
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        posts.store(archive.db, made.article(title=title, html=body, tags=(tag,)), 1)
        for form in ("jsonl", "csv"):
            export(archive, folder, form)
        assert [json.loads((folder / "posts.jsonl").read_text(encoding="utf-8"))] == list(archive.posts())
        with (folder / "posts.csv").open(encoding="utf-8-sig", newline="") as file:
            (row,) = csv.DictReader(file)
        stored = archive.post(made.ID)
        assert [value.removeprefix("'") for value in (row["title"], row["text"], row["tags"])] == [
            value.removeprefix("'") for value in (title, stored["text"], tag)
        ]


def test_the_seed_post_comes_out_in_the_sites_own_form_byte_for_byte(tmp_path: Path):
    source = SEED.read_text(encoding="utf-8")
    html = source.split("---\n", 2)[2].partition("\n\n<http://")[0]
    article = made.article(title="推进5G规模化应用！江西出台5G应用“扬帆”行动计划", html=html, tags=("大江网新闻",))
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        posts.store(archive.db, article, 1)
        export(archive, tmp_path / "out", "jekyll")
    assert contents(tmp_path / "out") == {SEED.name: SEED.read_bytes()}


def test_a_bare_post_in_the_sites_own_form(archive: Archive, tmp_path: Path):
    export(archive, tmp_path / "out", "jekyll")
    assert (tmp_path / "out" / "2022-04-21-NW202204210000000000.md").read_text(encoding="utf-8").split("\n") == [
        "---",
        "layout: post",
        r'title: "标题: \"引号\", 逗号\\"',
        "date: 2022-04-21 16:44:59 +0800",
        "categories: ",
        "tags: ",
        "---",
        '<p>一行，"引"。</p><p>二行 \u2028 仍是。</p>',
    ]


@pytest.mark.parametrize(
    ("words", "written"),
    [
        ("大江网新闻", "大江网新闻"),
        ("A股 (5G+VR) R&D 1.5", "A股 (5G+VR) R&D 1.5"),
        ("时评: 江西", '"时评: 江西"'),
        ("#头条", '"#头条"'),
        ("[快讯]", '"[快讯]"'),
        ("*ST 股", '"*ST 股"'),
        ('"江西"', r'"\"江西\""'),
        ("{{ page }}", '"{{ page }}"'),
    ],
)
def test_categories_and_tags_are_quoted_where_yaml_would_take_them_for_more_than_words(
    tmp_path: Path, words: str, written: str
):
    category = Category(slug=words, name=words, url="")
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        posts.store(archive.db, made.article(category=category, tags=(words,)), 1)
        export(archive, tmp_path / "out", "jekyll")
    text = (tmp_path / "out" / SEED.name).read_text(encoding="utf-8")
    front = text.split("---\n")[1]
    assert front.split("\n")[-3:] == [f"categories: {written}", f"tags: {written}", ""]
    read = yaml.safe_load(front)
    assert (read["categories"], read["tags"]) == (words, words)


def test_a_post_of_an_unknown_site_comes_out_without_a_tail(tmp_path: Path):
    article = made.article("hello", site="elsewhere", html="<p>Hello.</p>", share_url=None, title="Hello")
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "elsewhere", made.SEEN)
        posts.store(archive.db, article, 1)
        export(archive, tmp_path / "out", "jekyll")
    assert (tmp_path / "out" / "2022-04-20-hello.md").read_text(encoding="utf-8").endswith("---\n<p>Hello.</p>")
