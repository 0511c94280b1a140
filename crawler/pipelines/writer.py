"""The writer: has an archivist write records, and in a long run a process of its own, so that both cores work.

A run of a few posts is over before a process has begun. A longer one hands its archivist over: records go through a
pipe in their order, and what became of them comes back. How many are on their way at a time is the spider's to bound
(`crawler.spiders.category`). Not here: what is written (`crawler.pipelines.archivist`), and
Scrapy.

    python -m crawler.pipelines.writer '{"pipes": [5, 8], …}'    is that process; it ends when the run's process does
"""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import traceback
from collections import deque
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.archive import Archive
from crawler.archive.prepared import Prepared
from crawler.pipelines.archivist import Archivist
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.archive.runs import RunOutcome, Traffic
    from crawler.items import Archived
    from crawler.pipelines.archivist import Record

MANY = 64
"""The posts after which a run is a long one."""

_PIPE = 1 << 20  # bytes: a dozen posts
_AT_ONCE = 8  # records in one transaction
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LEFT_ALONE = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # they end the run, and that ends the writer


class WriterLostError(RuntimeError):
    """The writing process has ended, and the run has not."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the process that writes it was ended, for want of memory perhaps")


class Writer:
    """Writes through `archivist`, in this process as long as there are few posts. `site` is a name or a file."""

    def __init__(self, archivist: Archivist, site: str, *, many: int = MANY) -> None:
        """Hand over to a process after `many` posts."""
        self.archivist, self.site = archivist, site
        self._left = many
        self._process: _Process | None = None

    def submit(self, record: Record) -> Future[Archived]:
        """Write a record, at once or soon: the result is what became of its address, or an error."""
        if self._process is None and isinstance(record, Prepared):
            self._left -= 1
            if self._left < 0:
                self._process = _Process(self.archivist, self.site)
        ended: Future[Archived] = Future()
        ended.set_running_or_notify_cancel()  # whoever stops waiting for it, it will be written
        if self._process is not None:
            self._process.submit(record, ended)
        else:
            _settle(ended, *self.archivist.write([record]))
        return ended

    @property
    def files_trouble(self) -> str | None:
        """Why a Markdown file could not be written, if one could not; known when the run has ended."""
        return self.archivist.trouble or (self._process.files_trouble if self._process else None)

    def end(self, outcome: RunOutcome, seconds: float, traffic: Traffic) -> dict[str, Any]:
        """End the run, after all that was handed over is written, and return its report."""
        if self._process is not None:
            self._process.end()
        return self.archivist.end(outcome, seconds, traffic)


class _Process:
    """A writing process, seen from the run's."""

    def __init__(self, archivist: Archivist, site: str) -> None:
        """Start it; it begins with what it is given first."""
        self.files_trouble: str | None = None
        self._is_lost = False
        self._waiting: deque[Future[Archived]] = deque()
        taken, self._records = Pipe(duplex=False)
        self._results, told_back = Pipe(duplex=False)
        if sys.platform == "linux":
            with suppress(OSError):  # without room the run waits now and then until the writer has taken a record
                fcntl.fcntl(self._records.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
        folder, pipes = archivist.folder, [taken.fileno(), told_back.fileno()]
        told = {
            "pipes": pipes,
            "parent": os.getpid(),
            "archive": str(archivist.archive.path),
            "site": site,
            "run_id": archivist.run_id,
            "folder": str(folder.folder) if folder else None,
        }
        with taken, told_back, _signals_blocked():  # and so they stay in the process
            self._child = subprocess.Popen(  # noqa: S603  # this very program
                [sys.executable, "-P", "-m", __name__, json.dumps(told)],  # -P: no package of the folder at hand
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=pipes,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},  # scrapyd's eggs, say
            )
        asyncio.get_running_loop().add_reader(self._results.fileno(), self._receive)

    def submit(self, record: Record, ended: Future[Archived]) -> None:
        """Hand a record over; `ended` will tell what became of it."""
        if self._is_lost:
            ended.set_exception(WriterLostError())
            return
        self._waiting.append(ended)
        if isinstance(record, Prepared) and len(self._waiting) > _AT_ONCE:  # the writer has enough to do
            record.complete()
        try:
            self._records.send(record)
        except OSError:
            self._lose()

    def end(self) -> None:
        """Have the process write the rest, and wait for its end."""
        asyncio.get_running_loop().remove_reader(self._results.fileno())
        while self._waiting:
            self._receive()
        with suppress(OSError, EOFError):  # lost by now: every record was written, or its error told
            self._records.send(None)
            self.files_trouble = self._results.recv()
        self._records.close()
        self._results.close()
        self._child.wait()

    def _receive(self) -> None:
        try:
            results = self._results.recv()
        except (OSError, EOFError):
            self._lose()
        else:
            for result in results:
                _settle(self._waiting.popleft(), result)

    def _lose(self) -> None:
        self._is_lost = True
        asyncio.get_running_loop().remove_reader(self._results.fileno())
        while self._waiting:
            self._waiting.popleft().set_exception(WriterLostError())


@contextmanager
def _signals_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_ALONE)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(ended: Future[Archived], result: Archived | Exception) -> None:
    if isinstance(result, Exception):
        ended.set_exception(result)
    else:
        ended.set_result(result)


def _serve(taken: Connection, told: Connection, archivist: Archivist) -> None:
    """Write what comes, until the run has ended or its process has."""
    with suppress(OSError, EOFError):  # nobody is there any more
        while records := _received(taken):
            results = archivist.write(records)
            for result in results:
                if isinstance(result, Exception):  # it loses its traceback between processes
                    result.add_note("".join(traceback.format_exception(result)))
            told.send(results)
        told.send(archivist.trouble)


def _received(taken: Connection) -> list[Record]:
    """Return the records that have come, at least one; none when there are no more."""
    records = [taken.recv()]
    while len(records) < _AT_ONCE and records[-1] is not None and taken.poll():
        records.append(taken.recv())
    return [record for record in records if record is not None]


def _die_with(parent: int) -> None:
    """Have the kernel kill this process when the run's is: nothing is written of a run that the next one follows."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


def main(told: dict[str, Any]) -> None:
    """Be the writing process."""
    _die_with(told["parent"])
    with ExitStack() as opened:
        taken, told_back = told["pipes"]
        records = opened.enter_context(Connection(taken, writable=False))
        results = opened.enter_context(Connection(told_back, readable=False))
        archive = opened.enter_context(Archive(told["archive"], create=True))
        folder = Path(told["folder"]) if told["folder"] else None
        _serve(records, results, Archivist(archive, load_site(told["site"]), told["run_id"], folder))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
