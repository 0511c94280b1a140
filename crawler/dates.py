"""Points in time: read from what sites print, written as ISO 8601.

Every `datetime` that leaves this module is aware. Only `now` reads the clock; pure code is passed the time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# Year, month and day in any common notation, then perhaps a time, then perhaps an offset from UTC.
_POINT = re.compile(
    r"(?P<year>\d{4})(?:[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?|(?P<compact>\d{4})(?!\d))"
    r"(?:[T\s]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?)?"
    r"\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2})?",
)
_DECEMBER = 12
# A time as a person gives it: a year, a month, a day, a minute or a second.
# An offset may follow; after a year or a month it must be separated by a space: `2022-0420` is not a time.
_OFFSET = r"Z|[+-]\d{2}:?\d{2}"
_NAMED = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d{1,2})(?:-(?P<day>\d{1,2})"
    r"(?:[T ](?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?)?"
    rf"(?P<near>{_OFFSET})?)?)?(?:\s+(?P<apart>{_OFFSET}))?"
)


def parse(text: str, zone: ZoneInfo) -> datetime | None:
    """Read the first date in `text`; without an offset of its own it is local time in `zone`.

    `None` when there is none, or when it is no day or time of the calendar. Where the zone kept local mean time, its
    offset is in whole minutes, so that the time reads back as it was written.
    """
    found = _POINT.search(text)
    if found is None:
        return None
    month, day = (found["compact"][:2], found["compact"][2:]) if found["compact"] else (found["month"], found["day"])
    parts = [int(part or 0) for part in (found["year"], month, day, found["hour"], found["minute"], found["second"])]
    try:
        point = datetime(*parts, tzinfo=zone)  # type: ignore[arg-type,misc]  # six integers, in order
        offset, local = _offset(found["offset"]), _in_whole_minutes(point)
        if offset is None or offset.utcoffset(None) == local.utcoffset():
            return local  # as it stands: the first hours of the calendar cannot be converted
        there = point.replace(tzinfo=offset).astimezone(zone)
        return there.astimezone(_in_whole_minutes(there).tzinfo)
    except (ValueError, OverflowError):  # 2022-02-31, 25:00, or the very edge of the calendar
        return None


def span(named: str, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first and the last second of what is `named`: `2022`, `2022-04`, `2022-04-20`, `2022-04-20 09:30`.

    Without an offset of its own it is local time in `zone`. Raises `ValueError` for anything else.
    """
    found = _NAMED.fullmatch(named.strip())
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
    if written is None:
        return None
    return UTC if written in {"Z", "UTC", "GMT"} else datetime.strptime(written, "%z").tzinfo


def _in_whole_minutes(point: datetime) -> datetime:
    """Return the same time of day with the seconds taken off its offset: nobody writes `+08:05:43`."""
    offset = point.utcoffset()
    beyond = timedelta() if offset is None else offset % timedelta(minutes=1)
    return point.replace(tzinfo=timezone(offset - beyond)) if offset is not None and beyond else point


def iso(point: datetime) -> str:
    """Write `point` as `2022-04-20T16:44:59+08:00`, in its own offset, to the second."""
    return point.isoformat(timespec="seconds")


def front_matter(point: datetime) -> str:
    """Write `point` the way Jekyll dates a post: `2022-04-20 16:44:59 +0800`."""
    return f"{point:%Y}".zfill(4) + _in_whole_minutes(point).strftime("-%m-%d %H:%M:%S %z")


def now() -> datetime:
    """Return the current time in UTC, for the edges of the program only."""
    return datetime.now(UTC)
