"""`finews serve`: it says where it answers, ends when told to, reads beside a run, and warns of what is not safe."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.request import urlopen

import browsing
import made
import pytest

from crawler.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # processes of the program


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    browsing.fill(tmp_path / "archive.db", made.article())
    return tmp_path / "archive.db"


@contextmanager
def serving(archive: Path, environment: dict[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """Start a server on a free port, and see that it ends within two seconds of being told to."""
    command = [sys.executable, "-m", "crawler", "serve", "--archive", str(archive), "--port", "0", *options]
    server = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with server:
        try:
            yield server
        finally:
            server.kill()


def end(server: subprocess.Popen[str], sent: signal.Signals = signal.SIGTERM) -> float:
    """Tell a server to end, and return how many seconds it took."""
    begun = time.monotonic()
    server.send_signal(sent)
    server.wait(10)
    return time.monotonic() - begun


def test_it_prints_its_address_once_it_answers_and_ends_within_two_seconds(
    archive: Path, environment: dict[str, str]
) -> None:
    with serving(archive, environment) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        address = server.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        assert address.endswith("/")
        with urlopen(address) as answer:
            assert "江西出台5G行动计划" in answer.read().decode()
            assert "server" not in answer.headers
        assert end(server) < 2
        assert (server.returncode, server.stdout.read(), server.stderr.read()) == (ExitCode.DONE, "", "")


def test_it_ends_in_time_though_a_reader_keeps_the_connection(archive: Path, environment: dict[str, str]) -> None:
    with serving(archive, environment) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        with urlopen(address):
            assert end(server) < 2
        assert server.returncode == ExitCode.DONE


def test_an_interrupt_ends_it_as_one(archive: Path, environment: dict[str, str]) -> None:
    with serving(archive, environment) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        server.stdout.readline()
        end(server, signal.SIGINT)
        assert (server.returncode, server.stderr.read()) == (ExitCode.INTERRUPTED, "")


def test_a_run_writes_beside_it_and_is_seen(archive: Path, environment: dict[str, str]) -> None:
    with serving(archive, environment) as server:
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        assert urlopen(address).status == 200
        browsing.fill(archive, made.article("NW2", title="另一条", html="<p>另一条消息。</p>"))
        with urlopen(address) as answer:
            assert "另一条" in answer.read().decode()
        assert end(server) < 2


def test_whoever_listens_elsewhere_is_warned(archive: Path, environment: dict[str, str]) -> None:
    # It only listens, which the guard against reaching out would take for a look-up.
    unguarded = {name: value for name, value in environment.items() if name != "PYTHONPATH"}
    with serving(archive, unguarded, "--host", "0.0.0.0") as server:
        assert server.stdout is not None
        assert server.stderr is not None
        assert server.stdout.readline().startswith("http://0.0.0.0:")
        end(server)
        assert server.stderr.read() == (
            "Warning: everybody who can reach 0.0.0.0 can read the whole archive, and nothing is encrypted: put a web"
            " server with HTTPS in front of it, or leave out --host.\n"
        )


def test_what_keeps_it_from_serving_is_said_in_a_sentence(
    archive: Path, finews: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    nothing = finews("serve", "--archive", str(archive.with_name("none.db")))
    assert nothing.returncode == ExitCode.WRONG_USAGE
    assert nothing.stderr.startswith("Error: There is no archive at ")
    nowhere = finews("serve", "--archive", str(archive), "--host", "nowhere.invalid")
    assert (nowhere.returncode, nowhere.stdout) == (ExitCode.WRONG_USAGE, "")
    assert nowhere.stderr.splitlines()[-1].startswith("Error: nowhere.invalid:8080 cannot be listened on (")


def test_without_the_extra_it_says_which_to_install(archive: Path, environment: dict[str, str]) -> None:
    lacking = "import sys; sys.modules['starlette'] = None; from crawler.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", lacking, "serve", "--archive", str(archive)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (ExitCode.WRONG_USAGE, "")
    assert done.stderr == (
        "Error: `finews serve` needs packages that are not installed: pip install 'finews-archive[web]'.\n"
    )
