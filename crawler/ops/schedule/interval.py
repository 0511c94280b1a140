"""Intervals: read from `15m`, `2h` or `1d`, written again, and translated for cron and systemd.

A run begins at a fixed offset into each interval, which depends on the archive's path: if everybody began at :00, a
site would get all requests at once. Not here: what is run.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta

from crawler.errors import UsageError

_WRITTEN = re.compile(r"([0-9]{1,6})([mhd])")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
_MINUTE, _HOUR, _DAY = _UNITS.values()

EVEN = (
    *(timedelta(minutes=count) for count in (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)),
    *(timedelta(hours=count) for count in (1, 2, 3, 4, 6, 8, 12, 24)),
)
"""The intervals that divide an hour or a day evenly: those that a crontab can express."""


def read_interval(written: str, longest: timedelta | None = _DAY) -> timedelta:
    """Read `15m`, `2h` or `1d`.

    Raises `UsageError` for anything else, less than a minute, or more than `longest`: by default the day that a site
    which forgets its posts after three leaves.
    """
    match = _WRITTEN.fullmatch(written)
    if match is None:
        raise UsageError(
            "{written!r} is not an interval: write minutes, hours or a day, as 15m, 2h or 1d.", written=written
        )
    every = int(match[1]) * _UNITS[match[2]]
    if every < _MINUTE:
        raise UsageError("{written} is too often: ask for 1m or more.", written=written)
    if longest is not None and every > longest:
        raise UsageError(
            "{written} is too seldom: the site keeps posts for three days, and a run may fail; ask for 1d or less.",
            written=written,
        )
    return every


def write_interval(every: timedelta) -> str:
    """Write an interval in its shortest form: `15m`, `90m`, `2h`, `1d`."""
    unit = next(name for name in "dhm" if not every % _UNITS[name])
    return f"{every // _UNITS[unit]}{unit}"


def nearest(every: timedelta) -> tuple[timedelta, timedelta]:
    """Return the closest even intervals below and above an uneven one."""
    return max(even for even in EVEN if even < every), min(even for even in EVEN if even > every)


def offset(key: str, every: timedelta) -> timedelta:
    """Return the offset into each interval at which to begin, in whole minutes: the same whenever `key` is."""
    number = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest())
    return timedelta(minutes=number % (every // _MINUTE))


def crontab_fields(every: timedelta, begin: timedelta) -> str:
    """Return the five fields of a crontab for an even interval that begins at `begin`: `7-59/15 * * * *`."""
    hour, minute = divmod(begin // _MINUTE, 60)
    if every == _DAY:
        return f"{minute} {hour} * * *"
    if every > _HOUR:
        return f"{minute} {hour}-23/{every // _HOUR} * * *"
    if every == _HOUR:
        return f"{minute} * * * *"
    return f"{minute}-59/{every // _MINUTE} * * * *"


def calendar(every: timedelta, begin: timedelta) -> str:
    """Return the same as a systemd calendar event: `*-*-* *:07/15:00`."""
    hour, minute = divmod(begin // _MINUTE, 60)
    if every == _DAY:
        return f"*-*-* {hour:02}:{minute:02}:00"
    if every > _HOUR:
        return f"*-*-* {hour:02}/{every // _HOUR}:{minute:02}:00"
    if every == _HOUR:
        return f"*-*-* *:{minute:02}:00"
    return f"*-*-* *:{minute:02}/{every // _MINUTE}:00"
