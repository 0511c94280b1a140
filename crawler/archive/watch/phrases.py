"""Times as text, for the sentences of alarms. Pure functions.

Not here: the sentences, and how results are printed (`crawler.cli.printing`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from crawler.dates import iso, local
from crawler.language import Sentence

if TYPE_CHECKING:
    from datetime import tzinfo

MINUTE, HOUR, DAY = 60, 3600, 86400

_MINUTES_UP_TO, _HOURS_UP_TO = 90 * MINUTE, 48 * HOUR


def lasting(seconds: float) -> str:
    """Return a rounded duration, such as `25 min`, `9 h` or `3 days`."""
    if seconds < _MINUTES_UP_TO:
        return Sentence("{seconds} min", seconds=round(seconds / MINUTE))
    if seconds < _HOURS_UP_TO:
        return Sentence("{seconds} h", seconds=round(seconds / HOUR))
    return Sentence("{seconds} days", seconds=round(seconds / DAY))


def moment(written: str, zone: tzinfo | None = None) -> str:
    """Return an ISO 8601 time, in `zone` if that is given, in a readable form with its offset.

    `2022-04-20 16:44 +08:00`, `2022-04-21 01:00 UTC`: an alarm may be read far from the archive. `crawler.dates.span`
    reads either.
    """
    point = datetime.fromisoformat(written)
    written = iso(point if zone is None or point.tzinfo is None else local(point, zone))
    offset = "UTC" if written.endswith("+00:00") else written[19:]
    return f"{written[:16].replace('T', ' ')} {offset}".rstrip()
