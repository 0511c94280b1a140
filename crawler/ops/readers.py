"""Running readers of every kind during a run, to prove that reading does not disturb writing.

Nothing is simulated: each reader is a process of its own, as a person or a timer would start it. Not here: the run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from crawler.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOOPS = 2
_PAUSE = 0.005  # seconds between checks
_ANOTHER_PROGRAM = """
import sqlite3, sys
archive = sqlite3.connect(sys.argv[1])
print(archive.execute("SELECT count(*) FROM articles").fetchone())
archive.close()
"""
_A_BROWSER = """
import subprocess, sys, urllib.request
command = [sys.executable, "-m", "crawler", "serve", "--port", "0", "--archive", sys.argv[1]]
ask = urllib.request.build_opener(urllib.request.ProxyHandler({})).open
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        address = server.stdout.readline().strip()
        for page in ("", "search?q=5G", "outlets", "runs"):
            ask(address + page).close()
    finally:
        server.terminate()
sys.exit(server.returncode)
"""


@dataclass
class Readers:
    """The readers of `archive`: their count, how many second runs were `turned_away`, and the `failures`."""

    archive: Path
    count: int = 0
    turned_away: int = 0
    failures: list[str] = field(default_factory=list)

    @contextmanager
    def during(self, begun: Callable[[], bool], second_run: Sequence[str] = ()) -> Iterator[None]:
        """Start readers, two at a time, from when the run has `begun` until the block ends.

        `second_run` is the command of another run on the same archive, which is started repeatedly as well.
        """
        over = Event()
        with ThreadPoolExecutor(_LOOPS) as pool:
            loops = [pool.submit(self._read, over, begun, number, second_run) for number in range(_LOOPS)]
            try:
                yield
            finally:
                over.set()
        for loop in loops:
            loop.result()

    def _read(self, over: Event, begun: Callable[[], bool], number: int, second_run: Sequence[str]) -> None:
        while not begun() and not over.is_set():
            time.sleep(_PAUSE)
        for command in cycle([*([second_run] if second_run else []), *self._commands(number)]):
            if over.is_set():
                return
            result = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own
            self.count += 1
            if command is second_run and result.returncode == ExitCode.LOCKED:
                self.turned_away += 1
            elif result.returncode != ExitCode.DONE:
                self.failures.append(f"{' '.join(command)}: {result.returncode}, {result.stderr.strip()}")

    def _commands(self, number: int) -> list[list[str]]:
        """Return the commands of one loop; each loop has its own backup file."""
        questions = ["stats", "search 江西", "runs", f"backup {self.archive.with_name(f'backup{number}.db')}"]
        finews = [sys.executable, "-m", "crawler"]
        return [
            *([*finews, *command.split(" "), "--archive", str(self.archive), "--json"] for command in questions),
            [sys.executable, "-c", _ANOTHER_PROGRAM, str(self.archive)],
            *([[sys.executable, "-c", _A_BROWSER, str(self.archive)]] if find_spec("starlette") else []),
        ]


def writes_into_a_deleted_log(pid: int) -> bool:
    """Return whether a process, or one it has started, has a deleted write-ahead log open (on Linux)."""
    return any(
        link.endswith("-wal (deleted)") for process in (pid, *_children(pid)) for link in _descriptors(process)
    )


def _children(pid: int) -> list[int]:
    try:
        return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))
    except OSError:  # the process has ended, or this is not Linux
        return []


def _descriptors(pid: int) -> Iterator[str]:
    """Yield the paths of the files that a process has open."""
    try:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            yield str(link.readlink())
    except OSError:  # a file was just closed, or this is not Linux
        return
