"""The writer: passes records to a recorder, which in a long run has a process of its own, to use both cores.

A run of a few posts would end before a process could start. A longer one starts a second process: records go through
a pipe in order, and results come back. Not here: what is written (`crawler.recording.recorder`), how many pages a
crawl has in progress (`crawler.spiders.category`), and Scrapy.

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
_MOST_WAITING = 32  # records; their results must fit into the pipe, or the processes would deadlock
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_BLOCKED = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}  # these end the run, and the run ends the writer


class WriterLostError(RuntimeError):
    """The writing process ended before the run did."""

    def __init__(self, code: int) -> None:
        """`code` is the exit status of the process, negative for a signal."""
        why = "was ended, for want of memory perhaps" if code < 0 else "has stumbled over an error, see above"
        super().__init__(f"the process that writes it {why}")


class Writer:
    """Writes through `recorder`, in this process as long as there are few posts."""

    def __init__(self, recorder: Recorder, *, many: int = MANY) -> None:
        """Prepare to start a process after `many` posts."""
        self.recorder = recorder
        self._left = many
        self._process: _Process | None = None

    def submit(self, record: Record) -> Future[Recorded]:
        """Write a record, now or soon; the future yields what became of its address, or raises the error."""
        if self._process is None and isinstance(record, DerivedArticle):
            self._left -= 1
            if self._left == -1:
                with suppress(OSError):  # if no process can be started, this one carries on
                    self._process = _Process(self.recorder)
        future: Future[Recorded] = Future()
        future.set_running_or_notify_cancel()  # it will be written even if nobody waits for it
        if self._process is not None:
            self._process.submit(record, future)
        else:
            _settle(future, *self.recorder.write([record]))
        return future

    @property
    def files_trouble(self) -> str | None:
        """Why a Markdown file could not be written, or `None`; complete only after `end`."""
        return self.recorder.trouble

    def end(self) -> None:
        """Wait until everything submitted is written, and end the process if there is one."""
        if self._process is not None:
            self._process.end()

    def stop(self) -> None:
        """Kill the process, if there is one; what it has not written will be requested again by the next run."""
        if self._process is not None:
            self._process.stop()


class _Process:
    """The writing process, as seen from the run's process."""

    def __init__(self, recorder: Recorder) -> None:
        """Start the process. Raises `OSError` if it cannot be started."""
        self._folder = recorder.folder
        self._lost: WriterLostError | None = None
        self._waiting: deque[Future[Recorded]] = deque()
        records, self._records = Pipe(duplex=False)
        self._results, results = Pipe(duplex=False)
        _enlarge(self._records, self._results)
        folder, pipes = recorder.folder, [records.fileno(), results.fileno()]
        arguments = {
            "pipes": pipes,
            "parent": os.getpid(),
            "archive": str(recorder.archive.path),
            "file": recorder.archive.file,
            "run_id": recorder.run_id,
            "folder": str(folder.folder) if folder else None,
        }
        module_path = [entry or os.getcwd() for entry in sys.path]  # including scrapyd's eggs  # noqa: PTH109
        with records, results, _signals_blocked():  # the process inherits the blocked signals
            self._child = subprocess.Popen(  # noqa: S603  # this very program
                [sys.executable, "-P", "-m", __name__, json.dumps(arguments)],  # -P: nothing from the working folder
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=pipes,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(module_path)},
            )
        asyncio.get_running_loop().add_reader(self._results.fileno(), self._receive)
        self._send(recorder.site)  # not just its name, since the definition may have changed on disk

    def submit(self, record: Record, future: Future[Recorded]) -> None:
        """Send a record, whose result `future` will get; wait while too many records are on their way."""
        if isinstance(record, DerivedArticle) and len(self._waiting) > _AT_ONCE:  # the writer is busy
            record.complete()
        while len(self._waiting) >= _MOST_WAITING:
            self._receive()
        self._send(record)
        if self._lost is None:
            self._waiting.append(future)
        else:
            future.set_exception(self._lost)

    def end(self) -> None:
        """Let the process write the rest, and wait until it ends."""
        while self._waiting:
            self._receive()
        if self._lost is None:
            self._records.close()  # tells the process that there are no more
            with suppress(OSError, EOFError):  # the process is lost, but every record was written or has its error
                self._note_files(*self._results.recv())
            self._leave()

    def _note_files(self, trouble: str | None, unwritten: dict[str, str]) -> None:
        """Add the Markdown files that the process could not write to those of the run's own process."""
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
        except Exception:  # noqa: BLE001  # the process has ended, or sends garbage
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
    """Enlarge the pipes, so that the run need not wait until the writer has read a record."""
    if sys.platform == "linux":
        for pipe in pipes:
            with suppress(OSError):
                fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


@contextmanager
def _signals_blocked() -> Iterator[None]:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _BLOCKED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _settle(future: Future[Recorded], result: Recorded | Exception) -> None:
    if isinstance(result, Exception):
        future.set_exception(result)
    else:
        future.set_result(result)


def _serve(incoming: Connection, outgoing: Connection, recorder: Recorder) -> None:
    """Write records as they come, until there are no more."""
    while records := _received(incoming):
        results = recorder.write(records)
        for result in results:
            if isinstance(result, Exception):  # tracebacks cannot be sent between processes
                result.add_note("".join(traceback.format_exception(result, chain=False)))
        outgoing.send(results)
    outgoing.send((recorder.trouble, recorder.folder.unwritten if recorder.folder else {}))


def _received(incoming: Connection) -> list[Record]:
    """Wait for records and return those that have arrived; an empty list if there are no more."""
    records: list[Record] = []
    with suppress(EOFError):
        records.append(incoming.recv())
        while len(records) < _AT_ONCE and incoming.poll():
            records.append(incoming.recv())
    return records


def _die_with(parent: int) -> None:
    """On Linux, have the kernel kill this process when the run's ends, so that it cannot disturb the next run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


def main(arguments: dict[str, Any]) -> None:
    """Run the writing process with the `arguments` that `_Process` passes."""
    _die_with(arguments["parent"])
    with ExitStack() as opened:
        incoming, outgoing = arguments["pipes"]
        records = opened.enter_context(Connection(incoming, writable=False))
        results = opened.enter_context(Connection(outgoing, readable=False))
        path = Path(arguments["archive"])
        archive = opened.enter_context(Archive(path, lock=RunLock(path)))  # the run's process holds the lock
        if archive.file != tuple(arguments["file"]):  # the file was just replaced, which the run will notice
            sys.exit(1)
        folder = Path(arguments["folder"]) if arguments["folder"] else None
        with suppress(BrokenPipeError, EOFError):  # the run's process is gone
            _serve(records, results, Recorder(archive, records.recv(), arguments["run_id"], folder))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
