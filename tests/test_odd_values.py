"""An archive with values that somebody has changed: no command ends in a traceback, and no bug is hidden."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.care.values import odd_value
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.cli import main
from crawler.errors import ExitCode, NotAnArchive, NotAsExpected

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = [
    ["search", "江西"],
    ["search", "江西", "--since", "2022", "--json"],
    ["show", "{post}"],
    ["history", "{post}"],
    ["history", "{post}", "--diff"],
    ["why", "{post}"],
    ["stock", "600362"],
    ["stats"],
    ["stats", "--coverage"],
    ["runs"],
    ["runs", "--silent"],
    ["export", "{out}", "--format", "jsonl"],
    ["export", "{out}", "--format", "csv"],
    ["check"],
    ["check", "--repair"],
    ["import", "{file}"],
]
ODD = [
    ("runs", "started_at", "'soon'"),
    ("runs", "started_at", "'2022-02-30T00:00:00+00:00'"),
    ("runs", "started_at", "'2022-02-03'"),
    ("runs", "reasons", "'{'"),
    ("runs", "reasons", "'[1]'"),
    ("runs", "elsewhere", "'null'"),
    ("runs", "requests", "'many'"),
    ("posts", "published_ts", "'yesterday'"),
    ("posts", "published_ts", "9e15"),
    ("posts", "last_seen_at", "x'00'"),
    ("posts", "site", "'elsewhere'"),
    ("versions", "published_at", "'2022'"),
    ("versions", "front_matter", "'{\"a\": '"),
    ("versions", "html", '\'[["a", "b"]]\''),
    ("versions", "text", "x'ff'"),
    ("mentions", "count", "'x'"),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "archive.db"
    with Archive(file, create=True) as archive:
        for number in range(4):
            run = runs.begin(archive.db, "finews", made.SEEN + timedelta(hours=number))
        archive.db.execute("UPDATE runs SET outcome = 'finished', listings = 1, finished_at = started_at")
        posts.store(archive.db, made.article(), run)
    return file


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sql)


@pytest.mark.parametrize(("table", "column", "value"), ODD)
def test_a_value_of_somebody_elses_is_found(path: Path, table: str, column: str, value: str) -> None:
    change(path, f"UPDATE {table} SET {column} = {value}")

    with Archive(path) as archive:
        assert odd_value(archive.db) == f"{column} of row 1 of {table}"


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("DROP TRIGGER versions_delete; DELETE FROM versions", f"a version of {made.ID} is not there"),
        ("UPDATE posts SET revision = 9223372036854775807", f"a version of {made.ID} is not there"),
    ],
)
def test_a_post_that_lacks_its_version_is_found_and_a_sentence_to_every_command(
    path: Path, tmp_path: Path, sql: str, found: str
) -> None:
    change(path, sql)

    with Archive(path) as archive:
        assert odd_value(archive.db) == found
    for command in (["show", made.ID], ["search", "江西"], ["stats"], ["stock", "600519"], ["export", str(tmp_path)]):
        told = CliRunner().invoke(main, [*command, "--archive", str(path)])
        assert isinstance(told.exception, SystemExit | None), command


@pytest.mark.parametrize(
    ("table", "column"), [("versions", "front_matter"), ("versions", "html"), ("runs", "reasons")]
)
def test_json_that_nests_without_end_is_a_sentence(path: Path, table: str, column: str) -> None:
    change(path, f"UPDATE {table} SET {column} = '{'[' * 100_000}{']' * 100_000}'")

    for command in (["show", made.ID], ["history", made.ID, "--diff"], ["runs"]):
        told = CliRunner().invoke(main, [*command, "--archive", str(path)])
        assert isinstance(told.exception, SystemExit | None), command


@pytest.mark.parametrize(("table", "column", "value"), ODD)
def test_no_command_ends_in_a_traceback_over_a_value(
    path: Path, tmp_path: Path, table: str, column: str, value: str
) -> None:
    post, file = made.article().post.post_id, tmp_path / "2022-04-20-a.md"
    file.write_text("---\ntitle: 江西\ndate: 2022-04-20 10:00:00 +0800\n---\n江西铜业。\n", encoding="utf-8")
    change(path, f"UPDATE {table} SET {column} = {value}")

    for command in COMMANDS:
        told = CliRunner().invoke(
            main,
            [part.format(post=post, file=file, out=tmp_path / "out") for part in command]
            + ["--archive", str(path)]
            + (["--posts", str(tmp_path / "_posts")] if command[0] in {"import", "check"} else []),
        )
        assert told.exit_code != ExitCode.WRONG_USAGE, (command, told.output)
        assert told.exception is None or isinstance(told.exception, SystemExit), (command, told.exception)


def test_a_command_that_meets_such_a_value_says_which_and_what_to_do(path: Path) -> None:
    change(path, "UPDATE runs SET reasons = '{'")

    told = CliRunner().invoke(main, ["runs", "--archive", str(path)])

    assert (told.exit_code, told.output) == (
        NotAsExpected("").exit_code,
        "Error: The archive is not as this program keeps it (reasons of row 1 of runs): bring back a backup.\n",
    )


def test_a_mistake_of_the_programs_stays_what_it_is(path: Path) -> None:
    with pytest.raises(ValueError, match="ours"), Archive(path):
        raise ValueError("ours")


def test_another_programs_tables_under_our_id_are_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    change(path, "PRAGMA application_id = 0x66696E77; CREATE TABLE notes (id INTEGER, note TEXT)")
    before = path.read_bytes()

    with pytest.raises(NotAnArchive, match="table notes"):
        Archive(path, create=True)

    assert path.read_bytes() == before
