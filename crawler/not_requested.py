"""Why an address is not asked for: raised on the way to the network, read by the spider that wanted to ask.

Not here: errors a person can mend (`crawler.errors`), and failures of the network.
"""

from __future__ import annotations

LEADS_TO = "redirected to "
"""How the reason begins for an address that leads to something else; the target follows."""


class NotRequested(Exception):
    """The root; the text is the reason, in words that are the same for every address it happens to."""


class ForbiddenAddress(NotRequested):
    """The address is not to be asked for, now or later; `rule` names what says so."""

    def __init__(self, reason: str, rule: str) -> None:
        """`reason` is for the report, `rule` for whoever wants to know where it is written."""
        self.rule = rule
        super().__init__(reason)


class Postponed(NotRequested):
    """The address is not to be asked for in this run; it stays pending for the next."""


class RunEnds(Postponed):
    """The run is to end, and waits for nothing any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the run is ending")


class Unreachable(NotRequested):
    """The address cannot be asked for, since something that must be known first cannot be had."""
