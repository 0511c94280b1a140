"""Limiting the processor time that reading a page may take.

It is the process's own time that counts, so that nothing is refused on a busy machine. A timer signal interrupts
Python code and regular expressions. C code that does not check for signals, such as an HTML parser, cannot be
interrupted; `crawler.extraction.structure` refuses input that would keep it busy. Not here: reading pages.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from crawler.items import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from crawler.items import Fetch

_Result = TypeVar("_Result")

SECONDS = 2.0
"""The longest that reading a page may take; an article of one megabyte takes a third of it."""

_REPEAT = 0.1  # seconds until the signal is repeated, in case its error was swallowed, as in a destructor
TOO_COSTLY = "too costly to read"


class TooCostlyError(Exception):
    """Reading a page would take too long; the text says so in words for people."""

    def __init__(self, why: str = "") -> None:
        """Add `why`, if something is known to be the reason."""
        super().__init__(f"{TOO_COSTLY}: {why}" if why else TOO_COSTLY)


@contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """Raise `TooCostlyError` inside the block once it has taken this many seconds of processor time.

    Signals only reach the main thread; in other threads there is no limit. Budgets cannot be nested.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _spent)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _REPEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def within_budget(read: Callable[[], _Result], fetch: Fetch, *, seconds: float = SECONDS) -> _Result | Refused:
    """Return what `read` returns for the page of `fetch`, or a refusal if it takes more than `seconds`."""
    try:
        with budget(seconds):
            return read()
    except TooCostlyError as error:
        return Refused(fetch=fetch, reason=str(error), rule="budget")


def _spent(_signal: int, _frame: FrameType | None) -> None:
    raise TooCostlyError
