"""The threads that read the archive: each with read-only connections of its own, and a time limit for each page.

Answers are found in threads, since SQLite waits for the disk and Python does not wait for SQLite. Not here: what is
asked (`crawler.web.pages`).
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from crawler.archive.browsing import BrowsableArchive, BrowsableFederation

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeAlias

    Browsable: TypeAlias = BrowsableArchive | BrowsableFederation

_THREADS = 3  # more would mostly wait for one another: half of a page is made in Python
_PATIENCE = 0.02  # seconds
_KEPT = 512  # results
_STALE_SECONDS = 2.0  # how old a remembered result may be while a run writes
_TIMES = 20

Result = TypeVar("Result")


def open_browsable(path: Path | Sequence[Path], seconds: float) -> Browsable:
    """Open the archive at a path, or several to be asked together; `seconds` is how long an answer may take."""
    paths = [path] if isinstance(path, Path) else path
    if len(paths) == 1:
        return BrowsableArchive(paths[0])
    return BrowsableFederation.browsable(paths, seconds, _THREADS)


class Readers:
    """The readers of the archive at a `path`, or at several; no page may take longer than so many `seconds`."""

    def __init__(self, path: Path | Sequence[Path], seconds: float) -> None:
        """Open nothing yet: each thread opens what it reads when it is first asked."""
        self._all = [_Reader(path, seconds) for _ in range(_THREADS)]
        self._idle: asyncio.LifoQueue[_Reader] | None = None

    async def ask(self, question: Callable[[Browsable], Result]) -> Result:
        """Have an idle reader answer. Raises what the question does, and `ArchiveError`s; see `crawler.errors`."""
        if self._idle is None:
            self._idle = asyncio.LifoQueue()
            for reader in self._all:
                self._idle.put_nowait(reader)
        reader = await self._idle.get()
        try:
            return await asyncio.get_running_loop().run_in_executor(reader.thread, reader.answer, question)
        finally:
            self._idle.put_nowait(reader)

    @property
    def are_busy(self) -> bool:
        """Whether all readers are answering, so that who asks now has to wait."""
        return self._idle is not None and self._idle.empty()

    def close(self) -> None:
        """Give up what is being asked, and close the archive."""
        for reader in self._all:
            reader.close()


class _Reader:
    """A thread, and the archives as it has opened them."""

    def __init__(self, path: Path | Sequence[Path], seconds: float) -> None:
        self.thread = ThreadPoolExecutor(1, "reader")
        self._path, self._seconds = path, seconds
        self._archive: Browsable | None = None

    def answer(self, question: Callable[[Browsable], Result]) -> Result:
        """Answer in this thread; an archive that was replaced is opened anew."""
        if self._archive is not None and not self._archive.is_in_place():
            self._close()
        if self._archive is None:
            self._archive = open_browsable(self._path, self._seconds)
        with self._archive.within(self._seconds):
            return question(self._archive)

    def close(self) -> None:
        """Have the thread close its archive and end."""
        closed = self.thread.submit(self._close)
        while not wait([closed], _PATIENCE).done:
            with suppress(sqlite3.ProgrammingError):  # it was just closed
                self._archive.interrupt() if self._archive else None
        self.thread.shutdown()

    def _close(self) -> None:
        archive, self._archive = self._archive, None
        if archive is not None:
            archive.close()


class _Remembered(NamedTuple):
    generation: int
    until: float  # when it is no longer shown of an archive that has changed
    result: Any


class Memory:
    """Results that take long to find, such as counts over the whole archive, for as long as they hold.

    They are found again when another program has written to the archive, though not more often than every two
    seconds, and what took long not before twenty times as long has passed: a run writes all the time. Of those who
    ask at once, one finds the result and the others wait for it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` gives a time in seconds."""
        self._clock, self._kept = clock, dict[Any, _Remembered]()
        self._lock, self._locks = threading.Lock(), dict[Any, threading.Lock]()
        self._states: WeakKeyDictionary[Browsable, int | tuple[int, ...]] = WeakKeyDictionary()
        self._generation = 0

    def recall(self, key: Hashable, archive: Browsable, find: Callable[[], Result]) -> Result:
        """Return what `find` returned for this key, if that still holds, or what it returns now."""
        generation = self._generation_of(archive)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            kept, now = self._kept.get(key), self._clock()
            if kept is None or (kept.generation != generation and now >= kept.until):
                result = find()
                took = self._clock() - now
                kept = _Remembered(generation, now + max(_STALE_SECONDS, _TIMES * took), result)
                self._keep(key, kept)
        found: Result = kept.result
        return found

    def _generation_of(self, archive: Browsable) -> int:
        """Return a number that grows whenever a connection notices that the archive was written to.

        Each connection notices by itself, so one writing may count several times, but none goes unnoticed.
        """
        state = archive.state()
        with self._lock:
            if self._states.get(archive) != state:
                self._states[archive] = state
                self._generation += 1
            return self._generation

    def _keep(self, key: Hashable, remembered: _Remembered) -> None:
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = remembered
            while len(self._kept) > _KEPT:
                oldest = next(iter(self._kept))
                del self._kept[oldest]
                self._locks.pop(oldest, None)
