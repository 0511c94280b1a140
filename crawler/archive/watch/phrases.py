"""Times and commands as text, for sentences that say what is amiss and what to do. Pure.

Not here: the sentences, and how results are printed (`crawler.cli.printing`).
"""

from __future__ import annotations

import shlex
from functools import cache

from crawler.sites.loading import bundled_names

MINUTE, HOUR, DAY = 60, 3600, 86400

_MINUTES_UP_TO, _HOURS_UP_TO = 90 * MINUTE, 48 * HOUR
_USUAL_SITE = "finews"  # what --site says when it is not given


def lasting(seconds: float) -> str:
    """Return a duration, rounded: `25 min`, `9 h`, `3 days`."""
    if seconds < _MINUTES_UP_TO:
        return f"{round(seconds / MINUTE)} min"
    if seconds < _HOURS_UP_TO:
        return f"{round(seconds / HOUR)} h"
    return f"{round(seconds / DAY)} days"


def moment(written: str) -> str:
    """Return an ISO 8601 time as people write it: `2022-04-20 16:44 +08:00`, `2022-04-21 01:00 UTC`."""
    offset = "UTC" if written.endswith(("+00:00", "Z")) else written[19:]
    return f"{written[:16].replace('T', ' ')} {offset}".rstrip()


def command(name: str, *arguments: str, site: str = _USUAL_SITE) -> str:
    """Return a command of this program, quoted for a shell; a site that is not bundled is given as a file."""
    named = [] if site == _USUAL_SITE else ["--site", _known_as(site)]
    return shlex.join(["finews", name, *named, *arguments])


@cache
def _known_as(site: str) -> str:
    return site if site in bundled_names() else f"{site}.yaml"
