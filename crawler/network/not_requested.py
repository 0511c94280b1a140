"""Why an address is not requested: raised on the way to the network, and handled by the spider.

Not here: errors a person can do something about (`crawler.errors`), and failures of the network.
"""

from __future__ import annotations

from crawler.text.outside import one_line

LEADS_TO = "redirected to "
"""How the reason begins for an address that leads to something else; the target follows, cut short if it is long."""

# Characters: a reason may be longer, and goes on to say where else a post was looked for.
_LONGEST_TARGET = 160


class NotRequested(Exception):
    """The base class; the text is the reason, in words that are the same for every address."""


class ForbiddenAddress(NotRequested):
    """The address must not be requested, now or later; `rule` names what forbids it."""

    def __init__(self, reason: str, rule: str) -> None:
        """`reason` is for the report, `rule` says where this is written."""
        self.rule = rule
        super().__init__(reason)


class LedAway(ForbiddenAddress):
    """The address leads to something else."""

    def __init__(self, written: str, target: str | None) -> None:
        """`written` is where it leads, as told; `target` the same as a canonical address, if it is one."""
        self.target = target
        super().__init__(f"{LEADS_TO}{one_line(target or written, _LONGEST_TARGET)}", "another page")


class Postponed(NotRequested):
    """The address is not requested in this run; it stays pending for the next."""


class RunEnds(Postponed):
    """The run is to end, and waits for nothing any more."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("the run is ending")


class Unreachable(NotRequested):
    """The address cannot be asked for, since something that must be known first cannot be had."""
