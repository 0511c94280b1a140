"""A definition's patterns, searched within a limited time.

A regular expression can take exponential time, and a definition may be somebody else's. Inside a page the page's
budget stops it (`crawler.extraction.budget`); everywhere else an address or a file's name is searched under a limit
of its own. Not here: what the patterns mean (`crawler.sites.addresses`).
"""

from __future__ import annotations

import re
import signal
import threading
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from crawler.errors import SiteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

SECONDS = 1.0
"""The processor time that searching one address may take; it takes a microsecond."""

_REPEAT = 0.1  # seconds until the signal is repeated, in case its error was swallowed, as in a destructor
_SHOWN = 80  # characters of what was searched


def search(pattern: str, text: str, *, whole: bool = False) -> re.Match[str] | None:
    """Search `text` for a pattern of a definition, or match the `whole` of it.

    Raises `SiteError` if that takes too long outside of a page.
    """
    compiled = _compiled(pattern)
    look = compiled.fullmatch if whole else compiled.search
    if is_limited():
        return look(text)
    with limited(SECONDS, lambda: _too_slow(pattern, text)):
        return look(text)


def is_limited() -> bool:
    """Return whether a limit holds already, or none can: signals only reach the main thread."""
    is_main = threading.current_thread() is threading.main_thread()
    return not is_main or signal.getitimer(signal.ITIMER_VIRTUAL) != (0.0, 0.0)


@contextmanager
def limited(seconds: float, error: Callable[[], Exception]) -> Iterator[None]:
    """Raise `error` inside the block once it has taken this many seconds of processor time. Cannot be nested."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        raise error()

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _REPEAT)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def _too_slow(pattern: str, text: str) -> SiteError:
    return SiteError(
        "The site's definition",
        "",
        "the pattern {pattern!r} takes too long on {text!r}: simplify it",
        pattern=pattern,
        text=text[:_SHOWN],
    )


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
