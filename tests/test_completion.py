"""Completion: each shell, started anew after `finews --install-completion`, completes commands and options."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from crawler.cli.shell.completion import SHELLS, Places, install, places
from crawler.errors import UsageError

SEQUENCE = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|\x1b\(B")
FINEWS = Path(sys.executable).with_name("finews")


@pytest.fixture
def home(tmp_path: Path, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a user with nothing but an empty home, whose shells find `finews`."""
    kept = {name: value for name, value in environment.items() if not name.startswith("XDG_") and name != "ZDOTDIR"}
    folder = tmp_path / "a home"
    folder.mkdir()
    return {**kept, "HOME": str(folder), "PATH": f"{FINEWS.parent}:{kept['PATH']}", "TERM": "xterm", "PS1": "$ "}


def _finews(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([FINEWS, *arguments], env=environment, capture_output=True, text=True, check=False)


def _completed(shell: str, environment: dict[str, str], lines: dict[str, str]) -> list[str]:
    """Type the beginnings of lines and a tab into a new shell on a terminal; return those completed as expected."""
    on_a_terminal = [sys.executable, "-c", "import pty, sys; pty.spawn(sys.argv[1:])", shell, "-i"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        on_a_terminal, stdin=pipe, stdout=pipe, bufsize=0, cwd=environment["HOME"], env=environment
    ) as started:
        assert started.stdin
        assert started.stdout
        _shown(started.stdout)  # whatever a shell says before its first prompt
        completed = []
        for beginning, whole in lines.items():
            started.stdin.write(f"{beginning}\t".encode())
            completed += [whole] if whole in _shown(started.stdout, whole) else []
            started.stdin.write(b"\x15")  # clear the line
        started.stdin.write(b"exit\n")
        _shown(started.stdout)
    return completed


def _shown(terminal: IO[bytes], until: str = "") -> str:
    """Return what a terminal shows, without colours, until there is what is waited for, or silence, or its end."""
    shown, patience = "", 30 if until else 2
    while not (until and until in shown) and select.select([terminal], [], [], patience)[0]:
        more = os.read(terminal.fileno(), 4096)
        if not more:
            break
        shown = SEQUENCE.sub("", shown + more.decode(errors="replace"))
    return shown


@pytest.mark.slow  # it waits for shells
@pytest.mark.parametrize("shell", list(filter(shutil.which, SHELLS)))
def test_a_shell_completes_commands_and_options(shell: str, home: dict[str, str]) -> None:
    assert _finews(home, "--install-completion", shell).returncode == 0
    lines = {"finews sea": "finews search", "finews export --for": "finews export --format"}
    assert _completed(shell, home, lines) == list(lines.values())


def test_what_is_written_where_is_said_once(home: dict[str, str]) -> None:
    folder = Path(home["HOME"])
    script, start = folder / ".local/share/bash-completion/completions/finews", folder / ".bashrc"
    start.write_text("alias x=y", encoding="utf-8")
    ready = "Each bash that is opened from now on completes `finews`.\n"
    assert _finews({**home, "SHELL": "/bin/bash"}, "--install-completion").stdout == (
        f"Written: {script}\nWritten: {start}\n{ready}"
    )
    assert start.read_text(encoding="utf-8") == f"alias x=y\n. '{script}'\n"
    assert script.read_text(encoding="utf-8") == _finews(home, "--show-completion", "bash").stdout
    assert _finews(home, "--install-completion", "bash").stdout == ready
    assert start.read_text(encoding="utf-8") == f"alias x=y\n. '{script}'\n"


def test_a_shell_is_asked_for_if_it_is_not_known(home: dict[str, str]) -> None:
    done = _finews({**home, "SHELL": "/bin/tcsh"}, "--install-completion")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("Error: Which shell? Name it: bash, zsh, fish.\n")


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        UsageError, match=r"file.* cannot be written: .*; `finews --show-completion` prints the script"
    ):
        install("text", Places(tmp_path / "file/script", None))


def test_a_shell_s_own_folders_are_used() -> None:
    environment = {"HOME": "/h", "XDG_DATA_HOME": "/d", "XDG_CONFIG_HOME": "/c", "ZDOTDIR": "/z"}
    assert {shell: places(shell, environment) for shell in SHELLS} == {
        "bash": Places(Path("/d/bash-completion/completions/finews"), Path("/h/.bashrc")),
        "zsh": Places(Path("/d/finews/completion.zsh"), Path("/z/.zshrc")),
        "fish": Places(Path("/c/fish/completions/finews.fish"), None),
    }


def test_a_start_file_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").write_text("", encoding="utf-8")
    (tmp_path / ".bashrc").symlink_to("dotfiles")
    changed = install("text", Places(tmp_path / "script", tmp_path / ".bashrc"))
    assert changed == [tmp_path / "script", tmp_path / ".bashrc"]
    assert (tmp_path / ".bashrc").is_symlink()
    assert (tmp_path / "dotfiles").read_text(encoding="utf-8") == f". {tmp_path}/script\n"


def test_completing_loads_neither_scrapy_nor_a_database(home: dict[str, str]) -> None:
    program = (
        "import sys\nfrom crawler.cli import main\ntry:\n    main()\nfinally:\n"
        "    print(sorted({'scrapy', 'sqlite3', 'sqlite_utils', 'rich'} & sys.modules.keys()))"
    )
    asked = {"_FINEWS_COMPLETE": "bash_complete", "COMP_WORDS": "finews sea", "COMP_CWORD": "1"}
    renamed = f"import sys\nsys.argv[0] = 'finews'\n{program}"
    done = subprocess.run(
        [sys.executable, "-c", renamed], env={**home, **asked}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("plain,search\n[]\n", "")


def test_commands_are_explained_in_the_user_s_language(home: dict[str, str]) -> None:
    asked = {"_FINEWS_COMPLETE": "zsh_complete", "COMP_WORDS": "finews sea", "COMP_CWORD": "1", "LANGUAGE": "zh"}
    assert _finews({**home, **asked}).stdout == "plain\nsearch\n检索文章的标题和正文\n"
