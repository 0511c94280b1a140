"""On a terminal: the pager that long output goes through, bars, and the browser that opens an original."""

from __future__ import annotations

import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING, NamedTuple

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts

if TYPE_CHECKING:
    from pathlib import Path

BOLD = "\x1b[1m江西\x1b[22m"


class Ended(NamedTuple):
    """What a command wrote to the terminal and to standard error, and how it ended."""

    shown: str
    errors: str
    code: int


@pytest.fixture
def environment(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """An environment with an archive of a post, and with a `less` that says that it was there."""
    with Archive(tmp_path / "a.db", create=True) as archive, archive.db.atomic():
        posts.store(archive.db, made.article(), runs.begin(archive.db, "finews", made.SEEN))
    program(tmp_path / "less", 'echo "LESS=$LESS"; cat')
    without = {name: value for name, value in environment.items() if name not in {"PAGER", "LESS"}}
    path = f"{tmp_path}{os.pathsep}{environment['PATH']}"
    return {**without, "PATH": path, "FINEWS_ARCHIVE": str(tmp_path / "a.db"), "TERM": "xterm"}


def program(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


def on_a_terminal(environment: dict[str, str], *arguments: str) -> Ended:
    """Run a command whose standard input and output are a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "crawler", *arguments],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how Linux ends a terminal that nobody writes to any more
            while read := os.read(ours, 65_536):
                shown += read
        os.close(ours)
        assert process.stderr is not None
        errors = process.stderr.read()
    return Ended(shown.decode().replace("\r\n", "\n"), errors.decode(), process.returncode)


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (["search", "江西"], BOLD),
        (["stock", "贵州茅台"], "贵州茅台 600519.SH"),
        (["show", made.ID], "title: 江西出台5G行动计划"),
        (["show", made.ID, "--format", "text"], "江西出台5G行动计划"),
        (["history", made.ID], "江西出台5G行动计划"),
        (["search", "江西", "--all", "--format", "table"], made.ID),
    ],
)
def test_what_is_read_goes_through_the_pager_on_a_terminal(
    environment: dict[str, str], command: list[str], shown: str
) -> None:
    ended = on_a_terminal(environment, *command)
    assert (ended.shown.splitlines()[0], ended.errors, ended.code) == ("LESS=-FR", "", 0)
    assert shown in ended.shown


def test_a_reader_s_own_settings_of_less_stay(environment: dict[str, str]) -> None:
    assert on_a_terminal({**environment, "LESS": "-RX"}, "show", made.ID).shown.startswith("LESS=-RX\n")


def test_a_reader_s_own_pager_is_used(environment: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "other", 'echo "with $1"; cat')
    ended = on_a_terminal({**environment, "PAGER": f"{tmp_path / 'other'} -x"}, "search", "江西")
    assert ended.shown.startswith("with -x\n")
    assert "[江西]" in ended.shown  # it may not know what bold is
    assert "\x1b" not in ended.shown


@pytest.mark.parametrize(("pager", "option"), [({"PAGER": "cat"}, []), ({"PAGER": ""}, []), ({}, ["--no-pager"])])
def test_no_pager_is_used_if_the_reader_wants_none(
    environment: dict[str, str], pager: dict[str, str], option: list[str]
) -> None:
    ended = on_a_terminal({**environment, **pager}, "search", "江西", *option)
    assert "LESS=" not in ended.shown
    assert BOLD in ended.shown


@pytest.mark.parametrize("form", [["--json"], ["--format", "csv"], ["--format", "jsonl"]])
def test_what_is_for_programs_goes_through_no_pager(environment: dict[str, str], form: list[str]) -> None:
    assert "LESS=" not in on_a_terminal(environment, "search", "江西", *form).shown


def test_no_pager_is_used_for_a_pipe(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "crawler", "search", "江西"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert "LESS=" not in done.stdout


def test_a_reader_who_quits_the_pager_has_seen_enough(environment: dict[str, str], tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db") as archive, archive.db.atomic():
        for number in range(300):
            posts.store(archive.db, made.article(f"NW{number}", html=f"<p>{'江西' * 500}</p>"), 1)
    program(tmp_path / "less", "head -c 10 > /dev/null; exit 0")
    ended = on_a_terminal(environment, "search", "江西", "--all")
    assert ended == Ended("", "", 0)


def test_an_error_is_told_beside_the_pager(environment: dict[str, str]) -> None:
    ended = on_a_terminal(environment, "show", "nonesuch")
    assert (ended.shown, ended.code) == ("", 1)
    assert ended.errors.startswith("Error: ")


def test_what_there_is_most_of_is_drawn_as_bars_as_wide_as_the_terminal(environment: dict[str, str]) -> None:
    narrow = {**environment, "COLUMNS": "40"}
    assert on_a_terminal(narrow, "top", "securities", "--limit", "1").shown.splitlines() == [
        f"1  贵州茅台 (1.600519)  {'█' * 16}",
        "and 1 more, see --limit",
    ]
    assert on_a_terminal(narrow, "top", "days", "--since", "2030").shown == "There are no days.\n"
    plain = {**narrow, "PYTHONIOENCODING": "latin-1"}
    assert on_a_terminal(plain, "top", "sites").shown == f"1  finews  {'#' * 29}\n"


# The browser.


def opened(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "crawler", "show", made.ID, "--open", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_original_is_opened_in_a_browser(environment: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "xdg-open", f'echo "$@" > {tmp_path}/asked')
    done = opened(environment)
    url = made.post_address().url
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{url}\n", "")
    assert (tmp_path / "asked").read_text("utf-8") == f"{url}\n"


def test_with_json_the_document_is_still_printed(environment: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "xdg-open", "exit 0")
    assert opened(environment, "--json").stdout.startswith("{\n")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", f"{made.ID} has no address: it came from a file, and `finews show {made.ID}` shows it."),
        ("javascript:alert(1)", "javascript:alert(1) is not the address of a web page, so it is not opened."),
        ("file:///etc/passwd", "file:///etc/passwd is not the address of a web page, so it is not opened."),
        ("--help", "--help is not the address of a web page, so it is not opened."),
        ("https://", "https:// is not the address of a web page, so it is not opened."),
        ("http://[1", "http://[1 is not the address of a web page, so it is not opened."),
    ],
)
def test_nothing_but_a_web_page_is_opened(environment: dict[str, str], tmp_path: Path, url: str, said: str) -> None:
    program(tmp_path / "xdg-open", f"touch {tmp_path}/asked")
    with closing(sqlite3.connect(tmp_path / "a.db")) as db:
        db.execute("UPDATE posts SET url = ?", [url])
        db.commit()
    done = opened(environment)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"Error: {said}\n")
    assert not (tmp_path / "asked").exists()


def test_a_browser_that_does_not_start_is_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    program(tmp_path / "xdg-open", "exit 3")
    done = opened(environment)
    said = f"Error: No browser could be started: open {made.post_address().url} yourself.\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
