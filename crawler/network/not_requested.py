"""Why an address is not requested: errors raised on the way to the network, and handled by the spider.

Not here: errors that users can act on (`crawler.errors`), and network failures (`crawler.network.failures`).
"""

from __future__ import annotations

from crawler.text.outside import one_line

REDIRECTED_TO = "redirected to "
"""The beginning of the reason for a redirect to something else; the target follows, cut short if it is long."""

_LONGEST_TARGET = 160  # characters, which leaves room in a reason to say where else a post was looked for


class NotRequested(Exception):
    """The base class; the text is the reason, the same for every address."""


class ForbiddenAddress(NotRequested):
    """The address must not be requested, now or later; `rule` names what forbids it."""

    def __init__(self, reason: str, rule: str) -> None:
        """Give the `reason` for the report, and the `rule` that forbids the request."""
        self.rule = rule
        super().__init__(reason)


class RedirectedAway(ForbiddenAddress):
    """The address redirects to something else."""

    def __init__(self, written: str, target: str | None) -> None:
        """Give the redirect's target as `written`, and as a canonical address if it is a valid one."""
        self.target = target
        super().__init__(f"{REDIRECTED_TO}{one_line(target or written, _LONGEST_TARGET)}", "another page")


class Postponed(NotRequested):
    """The address is not requested in this run; it stays pending for the next."""


class RunEnds(Postponed):
    """The run is ending, and does not wait for anything more."""

    def __init__(self) -> None:
        """Use a fixed reason."""
        super().__init__("the run is ending")


class Unreachable(NotRequested):
    """The address cannot be requested because something needed first, such as robots.txt, is not available."""
