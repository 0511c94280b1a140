"""Why an address is not requested: raised on the way to the network, and handled by the spider.

Not here: errors a person can do something about (`crawler.errors`), and failures of the network.
"""

from __future__ import annotations

LEADS_TO = "redirected to "
"""How the reason begins for an address that leads to something else; the target follows."""


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


class RunEnds(Postponed):
    """The run is to end, and waits for nothing any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the run is ending")


class Unreachable(NotRequested):
    """The address cannot be asked for, since something that must be known first cannot be had."""
