"""Times as people type them, and times written so that they can be typed again.

`span` reads what is given to `--since`, `--until` and `--as-of`; what `shown` writes, `span` reads back as the same
moment. Pure. Not here: dates in pages and files (`crawler.dates.grammar`), and which zone an archive's times are in
(`crawler.archive.ledger.zones`).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Literal

from crawler.text.words import fold

_DECEMBER = 12
_SIXTY = 60
# An offset stands right behind a day or a time, or a space apart. After a year or a month only apart: 2022-0420 is
# not a time. Without minutes only behind `utc`: 2022 -05 might be a month.
_OFFSET = r"[+-]\d{2}:?\d{2}(?::\d{2})?"
_NAMED = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[t ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    rf"(?P<near>z|{_OFFSET})?)?)?(?:\s+(?P<apart>z|{_OFFSET}|(?:utc|gmt)(?:[+-]\d{{1,2}}(?::?\d{{2}})?)?))?"
)
_PARTS_OF_OFFSET = re.compile(
    r"(?:utc|gmt)?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?:?(?P<seconds>\d{2})?"
)


def span(named: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first and the last second of what is `named`, a year, month, day, minute or second.

    `2022`, `2022-04`, `2022-04-20`, `2022-04-20 09:30`, `2022-04-20T09:30:05`. Without an offset (`Z`, ` UTC`,
    `+08:00`, ` +0800`, ` UTC+8`) it is local time in `zone`; of an hour that a clock set back repeats, the first. A
    fraction of a second is dropped. Raises `ValueError` for anything else.
    """
    found = _NAMED.fullmatch(fold(named).strip())
    if found is None:
        raise ValueError(f"{named!r} names no time")
    year = int(found["year"])
    month, day, hour, minute, second = (
        None if found[part] is None else int(found[part]) for part in ("month", "day", "hour", "minute", "second")
    )
    offset = _offset(found["near"] or found["apart"])
    month_from, month_to = (1, _DECEMBER) if month is None else (month, month)
    first = datetime(
        year, month_from, 1 if day is None else day, hour or 0, minute or 0, second or 0, tzinfo=offset or zone
    )
    last = first.replace(
        month=month_to,
        day=monthrange(year, month_to)[1] if day is None else day,
        hour=23 if hour is None else hour,
        minute=59 if minute is None else minute,
        second=59 if second is None else second,
    )
    return first, last


def _offset(written: str | None) -> tzinfo | None:
    """Return the zone that an offset stands for. Raises `ValueError` if there is none such."""
    if written is None:
        return None
    if written in {"z", "utc", "gmt"}:
        return UTC
    parts = _PARTS_OF_OFFSET.fullmatch(written)
    assert parts is not None, "the pattern above has checked it"
    hours, minutes, seconds = (int(parts[part] or 0) for part in ("hours", "minutes", "seconds"))
    if max(minutes, seconds) >= _SIXTY:
        raise ValueError(f"{written} is not an offset")
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    return timezone(-offset if parts["sign"] == "-" else offset)


def shown(point: datetime, zone: tzinfo, unit: Literal["seconds", "minutes"] = "seconds") -> str:
    """Write an aware time in its own offset, so that `span` reads it back in `zone`: `2022-04-20 16:44:59`.

    Where a time without an offset would mean another moment in `zone`, the offset is there: in another zone, and in
    the second of two hours that a clock set back gives the same name (`2022-11-06 01:30:00 -05:00`).
    """
    point = _with_a_whole_offset(point)
    plain = point.replace(tzinfo=None).isoformat(" ", unit)
    if point.replace(tzinfo=zone, fold=0).utcoffset() == point.utcoffset():
        return plain
    return f"{plain} {point.isoformat(timespec='seconds')[19:]}"


def local(point: datetime, zone: tzinfo) -> datetime:
    """Convert an aware time to `zone`; at the edges of the calendar, where that overflows, return it unchanged."""
    try:
        return point.astimezone(zone)
    except OverflowError:
        return point


def _with_a_whole_offset(point: datetime) -> datetime:
    """Return the same moment with the seconds taken off its offset: nobody writes `+08:05:43`."""
    offset = point.utcoffset()
    beyond = timedelta() if offset is None else offset % timedelta(minutes=1)
    return local(point, timezone(offset - beyond)) if offset is not None and beyond else point
