"""Limiting the processor time that reading a page may take.

It is the process's own time that counts, so that nothing is refused on a busy machine. A timer signal interrupts
Python code and regular expressions. C code that does not check for signals, such as an HTML parser, cannot be
interrupted; `crawler.extraction.structure` refuses input that would keep it busy. Not here: reading pages.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from crawler.items import Refused
from crawler.sites.patterns import is_limited, limited

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crawler.items import Fetch

_Result = TypeVar("_Result")

SECONDS = 2.0
"""The longest that reading a page may take; an article of one megabyte takes a third of it."""

LISTING_SECONDS = 10.0
"""The longest that reading a listing may take; the largest sitemap there is, of 50,000 addresses, takes a third."""

TOO_COSTLY = "too costly to read"


class TooCostlyError(Exception):
    """Reading a page would take too long; the text says so in words for people."""

    def __init__(self, why: str = "") -> None:
        """Add `why`, if something is known to be the reason."""
        super().__init__(f"{TOO_COSTLY}: {why}" if why else TOO_COSTLY)


@contextmanager
def budget(seconds: float = SECONDS) -> Iterator[None]:
    """Raise `TooCostlyError` inside the block once it has taken this many seconds of processor time.

    Signals only reach the main thread; in other threads there is no limit. A budget within another is the outer one.
    """
    with nullcontext() if is_limited() else limited(seconds, TooCostlyError):
        yield


def within_budget(read: Callable[[], _Result], fetch: Fetch, *, seconds: float = SECONDS) -> _Result | Refused:
    """Return what `read` returns for the page of `fetch`, or a refusal if it takes more than `seconds`."""
    try:
        with budget(seconds):
            return read()
    except TooCostlyError as error:
        return Refused(fetch=fetch, reason=str(error), rule="budget")
