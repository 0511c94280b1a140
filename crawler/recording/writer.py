"""The writer: passes records to a recorder; in a long run to one in a process of its own, to use both cores.

A run of a few posts would be over before a process could start. A longer one starts a second process: records go
through a pipe in order, and results come back. Not here: what is written (`crawler.recording.recorder`), how many
pages a crawl has in progress (`crawler.spiders.category`), and Scrapy.

    python -m crawler.recording.writer '{"pipes": [5, 8], …}'    is that process; it ends when the run's process does
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
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.lock import RunLock
from crawler.recording.recorder import Recorder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.items import Recorded
    from crawler.recording.recorder import Record
    from crawler.sites.definition import Site

MANY = 64
"""The number of posts after which a run counts as long."""

_PIPE = 1 << 20  # bytes; room for a dozen posts, or the results of hundreds
_AT_ONCE = 8  # records in one transaction
_MOST_WAITING = 32  # records; if their results did not fit into the pipe, the processes would deadlock
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_LEFT_ALONE = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # these end the run, and the run ends the writer


class WriterLostError(RuntimeError):
    """The writing process has ended, and the run has not."""

    def __init__(self, code: int) -> None:
        """`code` is the exit status of the process, negative for a signal."""
        why = "was ended, for want of memory perhaps" if code < 0 else "has stumbled over an error, see above"
        super().__init__(f"the process that writes it {why}")


class Writer:
    """Writes through `recorder`, in this process while there are few posts."""

    def __init__(self, recorder: Recorder, *, many: int = MANY) -> None:
        """Start a process after `many` posts."""
        self.recorder = recorder
        self._left = many
        self._process: _Process | None = None

    def submit(self, record: Record) -> Future[Recorded]:
        """Write a record, now or soon. The future's result is what became of its address, or an error."""
        if self._process is None and isinstance(record, DerivedArticle):
            self._left -= 1
            if self._left == -1:
                with suppress(OSError):  # if no process can be started, this one carries on
                    self._process = _Process(self.recorder)
        ended: Future[Recorded] = Future()
        ended.set_running_or_notify_cancel()  # it will be written even if nobody waits for it
        if self._process is not None:
            self._process.submit(record, ended)
        else:
            _settle(ended, *self.recorder.write([record]))
        return ended

    @property
    def files_trouble(self) -> str | None:
        """Why a Markdown file could not be written, if one could not; known when the run has ended."""
        return self.recorder.trouble

    def end(self) -> None:
        """Wait until everything submitted is written, and end the process if there is one."""
        if self._process is not None:
            self._process.end()

    def stop(self) -> None:
        """End the process at once, if it is still there; what it has not written will be requested again."""
        if self._process is not None:
            self._process.stop()


class _Process:
    """The writing process, as seen from the run's process."""

    def __init__(self, recorder: Recorder) -> None:
        """Start it; it begins with what it is given first. Raises `OSError` where it cannot be started."""
        self._folder = recorder.folder
        self._lost: WriterLostError | None = None
        self._waiting: deque[Future[Recorded]] = deque()
        taken, self._records = Pipe(duplex=False)
        self._results, told_back = Pipe(duplex=False)
        _enlarge(self._records, self._results)
        folder, pipes = recorder.folder, [taken.fileno(), told_back.fileno()]
        told = {
            "pipes": pipes,
            "parent": os.getpid(),
            "archive": str(recorder.archive.path),
            "file": recorder.archive.file,
            "run_id": recorder.run_id,
            "folder": str(folder.folder) if folder else None,
        }
        found_in = [entry or os.getcwd() for entry in sys.path]  # scrapyd's eggs, say  # noqa: PTH109
        with taken, told_back, _signals_blocked():  # and so they stay in the process
            self._child = subprocess.Popen(  # noqa: S603  # this very program
                [sys.executable, "-P", "-m", __name__, json.dumps(told)],  # -P: no package of the folder at hand
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=pipes,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(found_in)},
            )
        asyncio.get_running_loop().add_reader(self._results.fileno(), self._receive)
        self._send(recorder.site)  # not its name: a definition may have changed since

    def submit(self, record: Record, ended: Future[Recorded]) -> None:
        """Send a record; `ended` will get the result. Waits while too many records are on their way."""
        if isinstance(record, DerivedArticle) and len(self._waiting) > _AT_ONCE:  # the writer is busy
            record.complete()
        while len(self._waiting) >= _MOST_WAITING:
            self._receive()
        self._send(record)
        if self._lost is None:
            self._waiting.append(ended)
        else:
            ended.set_exception(self._lost)

    def end(self) -> None:
        """Let the process write the rest, and wait until it ends."""
        while self._waiting:
            self._receive()
        if self._lost is None:
            self._records.close()  # there are no more
            with suppress(OSError, EOFError):  # lost by now: every record was written, or its error told
                self._note_files(*self._results.recv())
            self._leave()

    def _note_files(self, trouble: str | None, unwritten: dict[str, str]) -> None:
        """Note which files the process could not write; those of the run's own process are noted already."""
        if self._folder is not None:
            self._folder.trouble = self._folder.trouble or trouble
            self._folder.unwritten |= unwritten

    def stop(self) -> None:
        """Kill the process."""
        self._child.kill()
        self._child.wait()
        self._records.close()
        self._results.close()

    def _send(self, message: Site | Record) -> None:
        if self._lost is None:
            try:
                self._records.send(message)
            except OSError:
                self._lose()

    def _receive(self) -> None:
        try:
            results = self._results.recv()
        except Exception:  # noqa: BLE001  # it has ended, or sends garbage
            self._lose()
        else:
            for result in results:
                _settle(self._waiting.popleft(), result)

    def _lose(self) -> None:
        self._lost = WriterLostError(self._leave())
        while self._waiting:
            self._waiting.popleft().set_exception(self._lost)

    def _leave(self) -> int:
        """Close the pipes, which ends the process, and return its exit status."""
        asyncio.get_running_loop().remove_reader(self._results.fileno())
        self._records.close()
        self._results.close()
        return self._child.wait()


def _enlarge(*pipes: Connection) -> None:
    """Enlarge the pipes; otherwise the run must wait now and then until the writer has taken a record."""
    if sys.platform == "linux":
        for pipe in pipes:
            with suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _LEFT_ALONE)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(ended: Future[Recorded], result: Recorded | Exception) -> None:
    if isinstance(result, Exception):
        ended.set_exception(result)
    else:
        ended.set_result(result)


def _serve(taken: Connection, told: Connection, recorder: Recorder) -> None:
    """Write records as they come, until there are no more."""
    while records := _received(taken):
        results = recorder.write(records)
        for result in results:
            if isinstance(result, Exception):  # it loses its traceback between processes
                result.add_note("".join(traceback.format_exception(result, chain=False)))
        told.send(results)
    told.send((recorder.trouble, recorder.folder.unwritten if recorder.folder else {}))


def _received(taken: Connection) -> list[Record]:
    """Return the records that have arrived, at least one; an empty list if there are no more."""
    records: list[Record] = []
    with suppress(EOFError):
        records.append(taken.recv())
        while len(records) < _AT_ONCE and taken.poll():
            records.append(taken.recv())
    return records


def _die_with(parent: int) -> None:
    """On Linux, let the kernel kill this process together with the run's, so that it cannot disturb the next run."""
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
        path = Path(told["archive"])
        archive = opened.enter_context(Archive(path, lock=RunLock(path)))  # the run has it
        if archive.file != tuple(told["file"]):  # it was replaced just now, which the run will notice
            sys.exit(1)
        folder = Path(told["folder"]) if told["folder"] else None
        with suppress(BrokenPipeError, EOFError):  # the run's process is gone
            _serve(records, results, Recorder(archive, records.recv(), told["run_id"], folder))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
