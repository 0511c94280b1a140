"""Why an address is not requested: raised on the way to the network, and handled by the spider.

Not here: errors a person can do something about (`crawler.errors`), and failures of the network.
"""

from __future__ import annotations


class NotRequested(Exception):
    """The base class; the text is the reason, in words that are the same for every address."""


class ForbiddenAddress(NotRequested):
    """The address must not be requested, now or later; `rule` names what forbids it."""

    def __init__(self, reason: str, rule: str) -> None:
        """`reason` is for the report, `rule` says where this is written."""
        self.rule = rule
        super().__init__(reason)


class Postponed(NotRequested):
    """The address is not requested in this run; it stays pending for the next."""


class Unreachable(NotRequested):
    """The address cannot be requested, because something that must be known first is not available."""


def words_for(error: BaseException) -> str:
    """Return an exception's name as words: `CannotResolveHostError` becomes `cannot resolve host`."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
