"""Streams: every command lives with closed, full and broken ones, and with any locale and terminal."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import made
import pytest

from crawler.archive import Archive
from crawler.cli import main
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.slow,  # whole runs of the program
    pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full"),
]

FULL = "Error: Standard output cannot be written (No space left on device): the command did its work, but could not"
FULL += " print the result.\n"
PAGE = (
    '<h1 class="post-title">苔</h1><time class="dt-published" datetime="2022-04-20T16:44:59+08:00"></time>'
    '<div class="post-content" itemprop="articleBody"><p>苔是小植物。</p></div>'
)
# A command line of every command, that has something to say and ends with 0.
COMMANDS = {
    "crawl": "crawl --mirror URL --no-posts",
    "share": "share NW202204182348410002 --mirror URL --no-posts",
    "import": "import posts --site notes --no-posts",
    "search": "search 江西",
    "show": f"show {made.ID}",
    "history": f"history {made.ID}",
    "why": f"why {made.ID}",
    "stock": "stock 600519",
    "stats": "stats",
    "top": "top outlets",
    "runs": "runs",
    "export": "export exported",
    "check": "check",
    "backup": "backup copy.db",
    "schedule": "schedule cron",
    "demo": "demo",
    "delete": f"delete {made.ID} --yes",
    "merge": "merge other.db --no-posts",
    "snapshot": "snapshot snapshots",
    "try": "try --site minima --address https://blog.example/2022/04/20/moss.html page.html",
    "fleet": "fleet --help",  # the rest of it needs nodes
    "captures": "captures",
    "rehearse": "rehearse",
    "reread": "reread --no-posts",
}
OF_WHAT_WAS_SERVED = {"captures", "rehearse", "reread"}  # need an archive that was crawled


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serve(bundled_site()) as server:
        yield server.url


class Shell:
    """Runs shell lines in a folder with an archive; `finews COMMAND` is the command of that name."""

    def __init__(self, folder: Path, environment: dict[str, str], url: str) -> None:
        self.folder, self.environment, self.url = folder, environment, url

    def __call__(self, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", f'set -o pipefail; finews() {{ {sys.executable} -m crawler "$@"; }}; {line}'],
            cwd=self.folder,
            env={**self.environment, "FINEWS_ARCHIVE": "archive.db", "PYTHONWARNINGS": "ignore", **environment},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    def line(self, command: str) -> str:
        asked = "FINEWS_ARCHIVE=crawled/archive.db " if command in OF_WHAT_WAS_SERVED else ""
        return f"{asked}finews {COMMANDS[command].replace('URL', self.url)}"


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory, url: str) -> Path:
    """A folder with an archive that was crawled, and what was served."""
    folder = tmp_path_factory.mktemp("crawled")
    command = [sys.executable, "-m", "crawler", *COMMANDS["crawl"].replace("URL", url).split()]
    subprocess.run([*command, "--archive", folder / "archive.db"], check=True, capture_output=True, cwd=folder)
    return folder


@pytest.fixture
def shell(tmp_path: Path, environment: dict[str, str], url: str, crawled: Path) -> Shell:
    run = made.Run(tmp_path / "archive.db")
    run.write(made.article())
    run.end()
    shutil.copy(tmp_path / "archive.db", tmp_path / "other.db")
    shutil.copytree(crawled, tmp_path / "crawled")
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    (tmp_path / "posts").mkdir()
    (tmp_path / "posts" / "2021-12-01-x.md").write_text("---\ntitle: 标题\ndate: 2021-12-01\n---\n文。\n", "utf-8")
    return Shell(tmp_path, environment, url)


def test_every_command_is_tried():
    assert COMMANDS.keys() == main.commands.keys() - {"serve"}  # which does not end by itself


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_output_cannot_be_written_says_so(shell: Shell, command: str):
    done = shell(f"{shell.line(command)} >/dev/full")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.endswith(FULL)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("where", ["<&- 2>&-", "2>/dev/full"])
def test_a_command_does_without_standard_error_and_input(shell: Shell, command: str, where: str):
    done = shell(f"{shell.line(command)} {where}")
    assert done.returncode == 0
    assert done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("where", [">&-", "<&- >&- 2>&-"])
def test_a_command_does_its_work_without_any_stream(shell: Shell, command: str, where: str):
    done = shell(f"{shell.line(command)} {where}")
    assert (done.returncode, done.stdout) == (0, "")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_whose_reader_has_left_ends_in_silence(shell: Shell, command: str):
    done = shell(f"{shell.line(command)} 2>errors | true; cat errors >&2")
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"TERM": "dumb", "COLUMNS": "20"},
    ],
    ids=["ascii", "the C locale", "a dumb narrow terminal"],
)
def test_a_command_can_be_told_in_any_locale(shell: Shell, command: str, environment: dict[str, str]):
    done = shell(f"{shell.line(command)} >out", **environment)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr
    assert (shell.folder / "out").stat().st_size


@pytest.mark.parametrize("environment", [{"PYTHONIOENCODING": "latin-1"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_json_says_the_same_in_any_encoding(shell: Shell, environment: dict[str, str]):
    plain = shell("finews search 江西 --json")
    done = shell("finews search 江西 --json", PYTHONCOERCECLOCALE="0", **environment)
    assert json.loads(done.stdout) == json.loads(plain.stdout)
    assert json.loads(plain.stdout)["total"] == 1


@pytest.mark.parametrize("command", ["search", "show", "why", "stock", "history"])
def test_what_is_no_text_is_refused_in_a_sentence(shell: Shell, command: str):
    done = shell(f"finews {command} $'\\xbd\\xad'")
    assert done.returncode == 2
    assert done.stderr.endswith(
        "it is not text: write it in UTF-8, or set LC_ALL to the locale that it is written in.\n"
    )


@pytest.mark.parametrize("option", ["--help", "--version", "crawl --help", "nosuch"])
def test_what_click_itself_prints_is_no_traceback_either(shell: Shell, option: str):
    done = shell(f"finews {option} >/dev/full")
    assert done.returncode == (2 if option == "nosuch" else 1)
    assert option == "nosuch" or done.stderr == FULL
    for where in (">&-", "2>&-", ">&- 2>&-", "2>/dev/full"):
        assert shell(f"finews {option} {where}").returncode == (2 if option == "nosuch" else 0)


@pytest.mark.parametrize("command", ["crawl", "share"])
def test_a_list_on_a_closed_standard_input_names_nothing(shell: Shell, command: str):
    done = shell(f"finews {command} --list - --mirror {shell.url} <&-")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("names nothing: give ids or addresses, one per line.")


def test_a_run_without_standard_error_brings_what_it_would(shell: Shell):
    shell(f"finews crawl --mirror {shell.url} --no-posts --archive new.db >&- 2>&- <&-")
    with Archive(shell.folder / "new.db") as archive:
        assert next(archive.runs())["posts"]["new"] == 25
    assert os.listdir(shell.folder / "posts") == ["2021-12-01-x.md"]  # noqa: PTH208  # names alone
