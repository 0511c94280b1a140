"""The commands that ask several archives: what each prints, and what it says of archives that cannot be asked."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.care import deleting
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.archive.store.lock import writing
from crawler.cli import main
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from click.testing import Result

MAOTAI = (Mention(code="1.600519", name="贵州茅台", count=1),)
COPIED = "央行决定下调金融机构存款准备金率零点五个百分点，释放长期资金约一万亿元，保持流动性合理充裕。" * 3


def fill(path: Path, articles: Iterable[Any]) -> None:
    with Archive(path, create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        for article in articles:
            posts.store(archive.db, article, 1)


def article(number: int, day: int, text: str, **changes: Any) -> Any:
    published_at, seen_at = made.PUBLISHED + timedelta(days=number), made.SEEN + timedelta(days=day)
    said = {"title": f"江西第{number}号", "html": f"<p>{text}</p>", "mentions": (), "published_at": published_at}
    return made.article(f"NW{number}", seen_at=seen_at, **{**said, **changes})


class Ask(Protocol):
    def __call__(self, *arguments: str, env: dict[str, str | None] | None = None) -> Result: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with 2024.db and 2025.db: both have NW2, of which the second has seen more."""
    folder = tmp_path_factory.mktemp("archives")
    two = "江西各地建成5G基站。"
    same = {"title": "江西：央行宣布降准"}
    fill(folder / "2024.db", [article(1, 1, COPIED, mentions=MAOTAI, **same), article(2, 2, two, mentions=MAOTAI)])
    changed = article(2, 9, f"{two}共十万个。", mentions=MAOTAI)
    fill(folder / "2025.db", [changed, article(3, 9, COPIED, source="新华社", **same)])
    return folder


@pytest.fixture
def ask(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return what asks both archives, or those in the environment that is given, within their folder."""
    monkeypatch.chdir(folder)

    def asked(command: str, *arguments: str, env: dict[str, str | None] | None = None) -> Result:
        named = ["--archive", "2024.db", "--archive", "2025.db"] if env is None else []
        return CliRunner().invoke(main, [command, *named, *arguments], env={"FINEWS_ARCHIVE": None, **(env or {})})

    return asked


def ids(result: Result) -> list[tuple[str, str]]:
    assert (result.exit_code, result.stderr) == (0, "")
    return [(hit["id"], hit["archive"]) for hit in json.loads(result.stdout)["results"]]


def test_a_hit_has_its_archive_and_a_post_counts_once(ask: Ask) -> None:
    found = ask("search", "江西", "--sort", "date", "--json")
    assert ids(found) == [("NW3", "2025.db"), ("NW2", "2025.db"), ("NW1", "2024.db")]
    assert json.loads(found.stdout)["total"] == 3
    assert ids(ask("search", "十万个 基站", "--json")) == [("NW2", "2025.db")]
    assert ids(ask("search", "江西", "--sort", "date", "--limit", "1", "--offset", "2", "--json")) == [
        ("NW1", "2024.db")
    ]


def test_what_an_archive_no_longer_speaks_for_is_not_found_in_it(ask: Ask) -> None:
    assert ids(ask("search", "5G", "--as-of", "2022-04-25", "--json")) == [("NW2", "2024.db")]
    assert ids(ask("search", "5G", "--all", "--json")) == [("NW2", "2025.db")]


def test_a_story_in_two_archives_is_one(ask: Ask) -> None:
    (hit,) = json.loads(ask("search", "存款准备金率", "--collapse", "--json").stdout)["results"]
    assert (hit["id"], hit["archive"], hit["others"]) == ("NW1", "2024.db", ["NW3"])
    shown = json.loads(ask("show", "NW3", "--format", "json").stdout)
    assert [(told["id"], told["first"]) for told in shown["same_story"]] == [("NW1", True), ("NW3", False)]


def test_hits_are_printed_with_their_archive(ask: Ask) -> None:
    assert (
        ask("search", "5G").output
        == """\

1 found for 5G

江西第2号
2022-04-22 16:44 · 大江网 · 2025.db · NW2
  江西各地建成[5G]基站。共十万个。
"""
    )
    table = ask("search", "5G", "--format", "table").output.splitlines()[1]
    assert table == "2022-04-22 16:44  NW2                   大江网          2025.db           江西第2号"
    assert ask("search", "5G", "--format", "csv").output.splitlines()[0].endswith(",found_in,now,archive")


def test_hints_are_about_all_archives(ask: Ask) -> None:
    assert ask("search", "无此词", "--source", "新华").stderr == (
        'Looked for: "无此词"; source 新华\nNo outlet is called 新华: did you mean 新华社?\n'
    )
    assert ask("search", "江西", "--until", "2021").stderr == (
        'Looked for: "江西"; until 2021-12-31 23:59:59\nThe earliest post is of 2022-04-21 16:44:59.\n'
    )


def test_a_post_is_shown_by_the_archive_that_saw_it_last(ask: Ask) -> None:
    shown = ask("show", "NW2", "--format", "text")
    assert (shown.stdout, shown.stderr) == (
        "江西第2号\n2022-04-22 16:44 · 大江网 · 2025.db\n\n江西各地建成5G基站。共十万个。\n",
        "From 2025.db.\n",
    )
    before = ask("show", "NW2", "--as-of", "2022-04-25", "--format", "json")
    assert (json.loads(before.stdout)["archive"], json.loads(before.stdout)["text"]) == (
        "2024.db",
        "江西各地建成5G基站。",
    )


def test_a_post_that_none_holds_is_said_in_one_sentence(ask: Ask) -> None:
    missing = ask("show", "NW9")
    assert (missing.exit_code, missing.output) == (
        1,
        "Error: None of the 2 archives holds a post NW9: give its id, or the address of its page or share link.\n",
    )
    early = ask("show", "NW3", "--as-of", "2022-04-22")
    assert (early.exit_code, early.output) == (
        1,
        "Error: NW3 was not known as of 2022-04-22T23:59:59+08:00: it was first seen 2022-04-30 09:00:00.\n",
    )


def test_a_security_is_mentioned_by_distinct_posts(ask: Ask) -> None:
    assert (
        ask("stock", "maotai").output
        == """\
贵州茅台 600519.SH (1.600519): 2 posts
  2022-04-21 – 2022-04-22  贵州茅台, 2 posts
  2022-04-22 1, 2022-04-21 1

江西第2号
2022-04-22 16:44 · 大江网 · 2025.db · NW2
  江西各地建成5G基站。共十万个。

江西：央行宣布降准
2022-04-21 16:44 · 大江网 · 2024.db · NW1
  央行决定下调金融机构存款准备金率零点五个百分点，释放长期资金约一万亿元，保持流动性合理充裕。央行决定下调金融机构存款准备金率零点五个百分点，释放长期资金约一万亿…
"""
    )
    assert ids(ask("stock", "600519", "--offset", "1", "--json")) == [("NW1", "2024.db")]
    none = ask("stock", "600160")
    assert (none.exit_code, none.output) == (
        1,
        "Error: No post in 2 archives mentions a security 600160: give its code, as 600160, 600160.SH or 00700.HK.\n",
    )


def test_numbers_are_those_of_distinct_posts_with_a_line_for_each_archive(ask: Ask) -> None:
    numbers = json.loads(ask("stats", "--json").stdout)
    assert (numbers["posts"], numbers["revisions"], numbers["mentions"], numbers["securities"]) == (3, 3, 2, 1)
    assert numbers["archive"] == os.pathsep.join(["2024.db", "2025.db"])
    assert [(one["archive"], one["posts"], one["superseded"]) for one in numbers["asked"]] == [
        ("2024.db", 1, 1),
        ("2025.db", 2, 0),
    ]
    first, second, third, *_ = ask("stats").output.splitlines()
    assert first.endswith(", 1 post (and 1 that another has seen later, or deleted)")
    assert second.startswith("2025.db: ")
    assert second.endswith(", 2 posts")
    assert third.startswith("2 archives: ")


def test_a_file_that_is_named_twice_is_asked_once(ask: Ask, folder: Path) -> None:
    link = folder / "link.db"
    link.symlink_to("2024.db")
    try:
        alone = ask("search", "江西", "--json", env={"FINEWS_ARCHIVE": os.pathsep.join(["2024.db", "link.db"])})
    finally:
        link.unlink()
    found = json.loads(alone.stdout)
    assert (found["total"], "archive" in found["results"][0]) == (2, False)


def test_archives_may_be_named_in_the_environment(ask: Ask, folder: Path) -> None:
    both = {"FINEWS_ARCHIVE": os.pathsep.join(["2024.db", "2025.db"])}
    assert len(ids(ask("search", "江西", "--json", env=both))) == 3
    none = f"missing.db{os.pathsep}neither.db"
    assert ask("search", "江西", env={"FINEWS_ARCHIVE": none}).output == (
        f"Error: There is no archive at {none}: make one with `finews crawl`, or name another with --archive.\n"
    )
    odd = folder / f"a{os.pathsep}2024.db"
    fill(odd, [article(7, 1, "江西")])
    try:
        assert json.loads(ask("search", "江西", "--json", env={"FINEWS_ARCHIVE": odd.name}).stdout)["total"] == 1
    finally:
        odd.unlink()


@pytest.mark.parametrize("command", ["crawl", "runs", "top outlets", "check", "history NW1", "demo"])
def test_a_command_that_takes_one_archive_refuses_a_second(ask: Ask, command: str) -> None:
    name, *arguments = command.split()
    refused = ask(name, *arguments)
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1] == (
        f"Error: `main {name}` takes one archive, and 2 are named: name the one that is meant with --archive."
    )
    both = {"FINEWS_ARCHIVE": os.pathsep.join(["2024.db", "2025.db"])}
    assert name == "demo" or ask(name, *arguments, env=both).exit_code == 2


def test_one_that_cannot_be_asked_is_named_and_nothing_is_answered(ask: Ask, folder: Path) -> None:
    missing = ask("search", "江西", "--archive", "2023.db")
    assert (missing.exit_code, missing.output) == (
        2,
        "Error: There is no archive at 2023.db: make one with `finews crawl`, or name another with --archive.\n",
    )
    (folder / "notes.db").write_text("notes" * 200, encoding="utf-8")
    other = ask("stats", "--archive", "notes.db")
    assert (other.exit_code, other.stderr.partition(";")[0]) == (
        1,
        "Error: notes.db is not a finews archive (it is not an SQLite database)",
    )


def test_the_one_that_is_damaged_is_named(ask: Ask, folder: Path) -> None:
    damaged = folder / "damaged.db"
    fill(damaged, [article(8, 1, "江西")])
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE versions SET published_at = 'soon'")
    found = ask("stats", "--archive", "damaged.db")
    what = "The archive is not as this program keeps it (published_at of row 1 of versions): bring back a backup."
    assert (found.exit_code, found.output) == (1, f"Error: damaged.db: {what}\n")


def test_what_one_archive_has_deleted_is_nobody_s(ask: Ask, folder: Path) -> None:
    with Archive(folder / "deleting.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        row = posts.store(archive.db, article(3, 1, "江西"), 1).article_id
        with writing(archive.db):
            deleting.delete(archive.db, row, (), made.LATER)
    found = ask("search", "江西", "--sort", "date", "--json", "--archive", "deleting.db")
    assert ids(found) == [("NW2", "2025.db"), ("NW1", "2024.db")]
    shown = ask("show", "NW3", "--archive", "deleting.db")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert shown.stderr.startswith("Error: None of the 3 archives holds a post NW3")


def test_the_coverage_of_a_site_is_that_of_the_archive_that_crawled_it_last(ask: Ask, folder: Path) -> None:
    later = folder / "later.db"
    with Archive(later, create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN + timedelta(days=30))
        posts.store(archive.db, article(5, 30, "江西"), 1)
    both = json.loads(ask("stats", "--coverage", "--json", "--archive", "later.db").stdout)
    alone = json.loads(ask("stats", "--coverage", "--json", env={"FINEWS_ARCHIVE": "later.db"}).stdout)
    assert {**both, "archive": ""} == {**alone, "archive": ""}


def test_times_are_in_the_zone_of_the_first_archive_and_it_is_said_if_another_has_its_own(
    ask: Ask, folder: Path
) -> None:
    there = article(6, 1, "江西", published_at=made.PUBLISHED.astimezone(UTC))
    fill(folder / "utc.db", [replace(there, post=replace(there.post, site="elsewhere"))])
    first = {"FINEWS_ARCHIVE": os.pathsep.join(["2024.db", "utc.db"])}
    found = ask("search", "江西", "--since", "2022-04-20 16:44:59", "--until", "2022-04-20 16:44:59", env=first)
    assert found.stderr == "Times are in the zone of 2024.db (Asia/Shanghai); utc.db would show them in another.\n"
    assert found.stdout.splitlines()[1:4] == [
        "1 found for 江西",
        "",
        "江西第6号",
    ]
    other = {"FINEWS_ARCHIVE": os.pathsep.join(["utc.db", "2024.db"])}
    assert "0 found" in ask("search", "江西", "--until", "2022-04-20 08:44:58", env=other).stdout
