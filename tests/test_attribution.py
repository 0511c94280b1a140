"""Whose posts files are: the site's if they say so or a person does; and notes, which are of no site."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.cli import main
from crawler.jekyll.source import SourceError, read_source
from crawler.ops.check import check
from crawler.ops.export import export_posts
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from pathlib import Path

FINEWS = load_site("finews")
AT = datetime(2022, 5, 2, tzinfo=UTC)
DATED = "title: 会议纪要\ndate: 2022-05-01"
SHARE = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW202204202350104915"
OF_NO_SITE = (
    "nothing in it says that it is of finews: import it with --site finews if it is, with --site notes if it is of no"
    " site, or with --site FILE.yaml for a site of its own"
)
FORM = 'layout: post\ntitle: "开站“公告”"\ndate: 2021-12-01 13:33:50\ncategories: sitenews\ntags: 站长消息'


def text(front: str = DATED, body: str = "正文。") -> str:
    return f"---\n{front}\n---\n{body}\n"


def read(name: str, content: str, *, is_named: bool = False) -> Any:
    return read_source(name, content, FINEWS, via="import", at=AT, is_named=is_named)


# What says that a file is the site's.


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("2022-04-20-NW202204202350104915.md", text()),
        ("2022-04-20-nw202204202350104915.v2.md", text()),
        ("2021-12-08-202112082206935918.md", text()),
        ("x.md", text(f"{DATED}\nid: NW202204202350104915\nurl: null\nrevision: 1")),
        ("x.md", text(f"{DATED}\nurl: https://finews.withounder.com/a/2022/05/01/x.html")),
        ("x.md", text(f"{DATED}\npermalink: http://finews.zning.me/x/")),
        ("x.md", text(f"{DATED}\nshare_url: {SHARE}")),
        ("x.md", text(f"{DATED}\nlink: https://choicewzp1.eastmoney.com/html_News/NewsShare.html?infoCode=NW1")),
        ("x.md", text(body=f"正文。\n\n<{SHARE}>")),
        ("x.md", text(body="正文。\n\n[返回大江网新闻](//finews.zning.me/category/d.html)｜[返回首页](../)")),
        ("x.md", text(body="正文。\n\n[返回首页](../)")),
        ("2021-12-01-init.md", text(FORM)),
    ],
)  # fmt: skip
def test_a_file_that_says_so_is_the_sites(name: str, content: str):
    assert read(name, content).site == "finews"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("2022-05-01-note.md", text()),
        ("20220501-note.md", text()),
        ("202205011230.md", text()),
        ("20220501123000.md", text()),
        ("NW.md", text()),
        ("idea.md", "# 一个想法\n\n没有日期。\n"),
        ("2022-05-01-x.md", text(f"layout: post\n{DATED}\ncategories: notes\ntags: 想法")),
        ("2022-05-01-x.md", text(f"{FORM}\nauthor: 我")),
        ("x.md", text(f"{DATED}\npermalink: /notes/x/")),
        ("x.md", text(f"{DATED}\nurl: https://blog.example/2022/05/01/x.html")),
        ("x.md", text(body=f"见 <{SHARE}> 一文，我不同意。")),
        ("x.md", text(body="[原文](https://finews.withounder.com/d/2022/04/20/NW202204202350104915.html)\n\n我的看法。")),
        ("x.md", text(f"{DATED}\nid: x\nurl: https://blog.example/x\nrevision: 1")),
    ],
)  # fmt: skip
def test_a_file_that_does_not_say_so_is_refused_unless_a_person_does(name: str, content: str):
    with pytest.raises(SourceError) as refused:
        read(name, content)
    assert str(refused.value) == OF_NO_SITE
    dated = content if "date" in content else f"---\ndate: 2022-05-01\n---\n{content}"
    assert read(name, dated, is_named=True).site == "finews"


@settings(max_examples=examples(100), deadline=None)
@given(st.text(max_size=200))
def test_no_text_is_the_sites_by_chance(body: str):
    with pytest.raises(SourceError):
        read("2022-05-01-note.md", text(body=body.replace("返回首页", "")))


def test_an_import_goes_by_what_files_say_and_by_the_site_that_is_named(tmp_path: Path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "2022-05-01-note.md").write_text(text(), encoding="utf-8")
    (mine / "2022-04-20-NW202204202350104915.md").write_text(text(body="江西。"), encoding="utf-8")
    options = {"archive": tmp_path / "a.db", "posts": None}
    report = import_posts([mine], ImportOptions(**options))
    assert (report["posts"]["new"], report["reasons"]) == (1, {f"refused: {OF_NO_SITE}": 1})
    with Archive(tmp_path / "a.db") as archive:
        assert [post["post_id"] for post in archive.posts()] == ["NW202204202350104915"]
    assert import_posts([mine], ImportOptions(**options, site="finews"))["posts"]["new"] == 1


# Notes.


class Notes:
    """A folder of notes and the archive that they are imported into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.archive, self.posts = folder / "notes", folder / "archive.db", folder / "_posts"

    def write(self, name: str, content: str, modified: int = 1_600_000_000) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (modified, modified))
        return path

    def take(self, *paths: Path, archive: str = "archive.db") -> dict[str, int]:
        """Import and return the counts; everything must be sound afterwards."""
        path = self.archive.with_name(archive)
        options = ImportOptions(archive=path, posts=self.posts, site="notes")
        report = import_posts(paths or [self.folder], options)
        assert check(path, self.posts)["findings"] == []
        return {outcome: count for outcome, count in report["posts"].items() if count}

    def ask(self, *arguments: str) -> Any:
        return CliRunner().invoke(main, [*arguments, "--archive", str(self.archive)])


@pytest.fixture
def notes(tmp_path: Path) -> Notes:
    return Notes(tmp_path)


def test_a_note_has_no_address_anywhere(notes: Notes, tmp_path: Path):
    notes.write("会议 纪要.md", text(body="正文 [另一篇](other.md) 结束。"))
    assert notes.take() == {"new": 1}
    (written,) = notes.posts.iterdir()
    assert written.name == "2022-05-01-会议-纪要.md"
    assert "\nurl: null\nshare_url: null\n" in written.read_text(encoding="utf-8")
    assert "[另一篇](other.md)" in written.read_text(encoding="utf-8")
    shown = json.loads(notes.ask("show", "会议-纪要", "--json").stdout)
    assert (shown["site"], shown["url"], shown["published_at"]) == ("notes", None, "2022-05-01T00:00:00+08:00")
    found = json.loads(notes.ask("search", "正文", "--json").stdout)
    assert [(hit["site"], hit["url"]) for hit in found["results"]] == [("notes", None)]
    with Archive(notes.archive) as archive:
        assert archive.db.execute("SELECT url FROM articles").fetchall() == [(None,)]
        assert archive.db.execute("SELECT count(*) FROM links").fetchone() == (0,)
        for form in ("markdown", "jekyll", "hugo", "jsonl", "csv"):
            export_posts(archive.posts(), tmp_path / form, form, sites=archive.sites())
    (line,) = next((tmp_path / "jsonl").iterdir()).read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["url"] is None


@pytest.mark.parametrize("form", ["markdown", "hugo"])
def test_notes_that_were_exported_are_the_same_when_they_come_back(notes: Notes, tmp_path: Path, form: str):
    notes.write("a.md", text(f"{DATED}\nauthor: 我\ndescription: 简介\ntags: [一, 二]"))
    notes.write("b.md", "# 没有日期\n\n正文。\n")
    notes.take()
    with Archive(notes.archive) as archive:
        before = list(archive.posts())
        export_posts(before, tmp_path / "out", form, sites=archive.sites())
    notes.take(tmp_path / "out", archive="again.db")
    with Archive(tmp_path / "again.db") as archive:
        after = list(archive.posts())
    names = ("site", "post_id", "url", "title", "published_at", "text", "markdown", "tags", "derived", "front_matter")
    assert [[post[name] for name in names] for post in after] == [[post[name] for name in names] for post in before]


def test_a_note_without_a_date_is_of_the_day_it_was_last_written_and_stays_so(notes: Notes):
    path = notes.write("_ideen/idea.md", "# 一个想法\n\n正文。\n", modified=1_614_834_367)
    assert notes.take() == {"new": 1}
    told = ("title", "published_at", "derived", "revision")

    def post() -> list[Any]:
        with Archive(notes.archive) as archive:
            return [archive.post("idea")[name] for name in told]

    assert post() == ["一个想法", "2021-03-04T13:06:07+08:00", ["title", "date"], 1]
    os.utime(path, (1_650_000_000, 1_650_000_000))
    assert notes.take() == {"unchanged": 1}
    notes.write("_ideen/idea.md", "# 一个想法\n\n全部重写，和以前没有任何相同之处。\n", modified=1_660_000_000)
    assert notes.take() == {"changed": 1}
    assert post() == ["一个想法", "2021-03-04T13:06:07+08:00", ["title", "date"], 2]


def test_notes_of_one_name_are_two_posts_and_can_be_deleted_and_named_again(notes: Notes):
    one = notes.write("a/plan.md", text(body="第一份计划，关于江西的工业互联网。"))
    notes.write("b/plan.md", text("title: 另一个\ndate: 2023-01-02", body="第二份，关于水果和蔬菜的价格。"))
    assert notes.take() == {"new": 2}
    assert notes.ask("delete", "plan", "--yes").exit_code == 0
    assert notes.take() == {"unchanged": 1, "refused": 1}
    assert notes.ask("why", "plan").stdout.startswith("plan of notes was deleted on ")
    assert notes.take(one) == {"new": 1}
    with Archive(notes.archive) as archive:
        assert sorted(post["post_id"] for post in archive.posts()) == ["2023-01-02-plan", "plan"]


@pytest.mark.parametrize("command", [["crawl"], ["share", "x"], ["schedule", "cron"]])
def test_there_is_nothing_to_crawl_of_notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str]):
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*command, "--site", "notes"])
    why = "The site notes has no addresses to crawl: `finews import --site notes PATH` takes in its files."
    assert (done.exit_code, done.stdout, done.stderr.splitlines()[-1]) == (2, "", f"Error: {why}")


def test_what_is_asked_of_an_archive_of_notes_alone_is_answered(notes: Notes):
    notes.write("a.md", text())
    notes.take()
    for command in (["stats"], ["stats", "--coverage"], ["runs"], ["runs", "--silent"], ["check", "--no-posts"]):
        done = notes.ask(*command)
        assert (done.exit_code, done.exception) == (0, None), command
    never = notes.ask("why", "nix", "--site", "notes")
    assert never.stdout == "nix was never seen: no file of notes with this name was imported.\n"
