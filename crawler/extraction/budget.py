"""What reading a page may cost: so much processor time, after which it is given up.

The time is that of the process, so that a busy machine refuses nothing. Python code and regular expressions are
interrupted by a timer's signal; what runs in C without a look at signals, a parser of HTML, is kept from taking long
by the form of what it is given (`crawler.extraction.structure`). Not here: what is read.
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

_Read = TypeVar("_Read")

SECONDS = 2.0
"""The longest that a page may take; a megabyte of article takes a third of it."""

_AGAIN = 0.1  # seconds until a signal is repeated whose error was swallowed, in a destructor say
TOO_COSTLY = "too costly to read"


class TooCostlyError(Exception):
    """A page that would take too long to read; the text says why, in words for a person."""

    def __init__(self, why: str = "") -> None:
        """Say `why`, if it is known before."""
        super().__init__(f"{TOO_COSTLY}: {why}" if why else TOO_COSTLY)


@contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """Raise `TooCostlyError` inside of the block once it has taken so many seconds of this process's time.

    Only the main thread gets signals; in another one there is no limit. One budget does not stand within another.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGVTALRM, _spent)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def affordable(read: Callable[[], _Read], fetch: Fetch, *, seconds: float = SECONDS) -> _Read | Refused:
    """Return what `read` returns for the page of `fetch`, or its refusal when that costs too much."""
    try:
        with budget(seconds):
            return read()
    except TooCostlyError as error:
        return Refused(fetch=fetch, reason=str(error), rule="budget")


def _spent(_signal: int, _frame: FrameType | None) -> None:
    raise TooCostlyError
