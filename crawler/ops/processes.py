"""Doing the same to many batches in several processes, in order, with only a few of them in memory.

Not here: what is done. The import of files, which must also keep pace with storing, has its own
(`crawler.ops.importing.run`).
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from crawler.errors import ExitCode, FinewsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    _In = TypeVar("_In")
    _Out = TypeVar("_Out")

_MOST = 8  # processes
_AHEAD = 2  # batches for each process, so that none waits
_FEW = 2  # batches that are done without starting a process


def in_order(work: Callable[[Sequence[_In]], _Out], items: Iterable[_In], size: int) -> Iterator[_Out]:
    """Yield what `work` makes of each batch of `size` items, in order; it and the items are sent to other processes.

    Raises `FinewsError` if one of these is ended.
    """
    given = iter(items)
    batches = iter(lambda: list(islice(given, size)), [])
    first = list(islice(batches, _FEW))
    yield from map(work, first)
    if len(first) < _FEW:
        return
    processes = min(os.cpu_count() or 1, _MOST)
    context = multiprocessing.get_context("spawn")  # a copy of this process would share its open archive
    with ProcessPoolExecutor(processes, context, initializer=end_with_parent) as pool:
        pending = deque(pool.submit(work, batch) for batch in islice(batches, processes * _AHEAD))
        while pending:
            try:
                yield pending.popleft().result()
            except BrokenProcessPool as error:
                raise FinewsError(
                    "A process that reads pages was ended, for want of memory perhaps: run again, nothing is lost."
                ) from error
            pending.extend(pool.submit(work, batch) for batch in islice(batches, 1))


def end_with_parent() -> None:
    """Have this process end as soon as the one that started it does, even if that is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "another process has started this one"

    def outlive() -> None:
        parent.join()
        os._exit(ExitCode.FOUND_WRONG)

    Thread(target=outlive, daemon=True).start()
