"""Points in time: read from what sites and files write, written as ISO 8601.

Pages and files are read by `parse`; what it can read is said in `grammar`, `clock` and `names`. What people type is
read by `span`, and `shown` writes what it reads back (both in `typed`). Every `datetime` that leaves this package is
aware. Only `now` reads the clock; pure code is passed the time.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING

from crawler.dates.grammar import read
from crawler.dates.names import ZONES
from crawler.dates.typed import local, shown, span

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from crawler.dates.grammar import Order, Written

__all__ = ["day", "front_matter", "iso", "local", "now", "parse", "shown", "span", "utc"]


def parse(text: str, zone: ZoneInfo, order: Order | None = None) -> datetime | None:
    """Return the moment that the first date in `text` tells; without a zone of its own it is local time in `zone`.

    `order` is that of year, month and day where they are three numbers; without one only the year comes first, or
    dots stand between (`20.04.2022`). `None` when there is no date, when it is none of the calendar, and when date
    or time cannot be read or can be read in two ways (`crawler.dates.grammar` says what can be). Where the zone kept
    local mean time, its offset is in whole minutes, so that the time reads back as it was written.
    """
    written = read(text, order)
    try:
        return None if written is None else _moment(written, zone)
    except (ValueError, OverflowError, OSError):  # 2022-02-31, 25:00, or the very edge of the calendar
        return None


def _moment(written: Written, zone: ZoneInfo) -> datetime:
    """Return the moment that was written. Raises `ValueError` or `OverflowError` when the calendar has none such."""
    if written.epoch is not None:
        return datetime.fromtimestamp(written.epoch, zone)
    clock = written.clock
    point = datetime(written.year, written.month, written.day, clock.hour, clock.minute, clock.second, tzinfo=zone)
    offset = clock.offset if not clock.zone else _offset_of(clock.zone, point)
    local = _in_whole_minutes(point)
    if offset is None or offset == local.utcoffset():
        return local  # as it stands: the first hours of the calendar cannot be converted
    there = point.replace(tzinfo=timezone(offset)).astimezone(zone)
    return there.astimezone(_in_whole_minutes(there).tzinfo)


def _offset_of(name: str, point: datetime) -> timedelta | None:
    """Return the offset of a zone, `None` if it is the one of `point`. Raises `ValueError` if it may be another."""
    if name == (point.tzname() or "").lower():
        return None
    if name not in ZONES:
        raise ValueError(f"several zones are called {name}")
    return timedelta(minutes=ZONES[name])


def _in_whole_minutes(point: datetime) -> datetime:
    """Return the same time of day with the seconds taken off its offset: nobody writes `+08:05:43`."""
    offset = point.utcoffset()
    beyond = timedelta() if offset is None else offset % timedelta(minutes=1)
    return point.replace(tzinfo=timezone(offset - beyond)) if offset is not None and beyond else point


def day(point: datetime, zone: tzinfo) -> date:
    """Return the day of a moment in `zone`; at the very edge of the calendar, the day as it is written."""
    try:
        return point.astimezone(zone).date()
    except OverflowError:
        return point.date()


def utc(point: datetime) -> datetime:
    """Convert a time to UTC; at the edges of the calendar, where that overflows, keep its digits."""
    try:
        return point.astimezone(UTC)
    except OverflowError:
        return point.replace(tzinfo=UTC)


def iso(point: datetime) -> str:
    """Write `point` as `2022-04-20T16:44:59+08:00`, in its own offset, to the second."""
    return point.isoformat(timespec="seconds")


def front_matter(point: datetime) -> str:
    """Write `point` the way Jekyll dates a post: `2022-04-20 16:44:59 +0800`."""
    return f"{point:%Y}".zfill(4) + _in_whole_minutes(point).strftime("-%m-%d %H:%M:%S %z")


def now() -> datetime:
    """Return the current time in UTC, for the edges of the program only."""
    return datetime.now(UTC)
