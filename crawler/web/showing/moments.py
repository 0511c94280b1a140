"""Points in time as people write them, in Chinese and English. Pure: the present is passed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from crawler import dates

if TYPE_CHECKING:
    from collections.abc import Callable

_WEEKDAYS = {
    "zh": ["星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"],
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
}
_MONTHS = "January February March April May June July August September October November December".split()
_DAY, _HOUR, _MINUTE = 86_400, 3_600, 60
_LENGTHS = (4, 7, 10)  # of a year, a month and a day as ISO 8601 writes them


class Moments:
    """Writes times in a language, seen from `now`; `ngettext` is that of gettext."""

    def __init__(self, language: str, now: datetime, zone: tzinfo, ngettext: Callable[[str, str, int], str]) -> None:
        """`zone` is that of times which are kept in UTC."""
        self._language, self._now, self._zone, self._ngettext = language, now, zone, ngettext

    def day(self, named: str, *, weekday: bool = True, year: bool | None = None) -> str:
        """Write a day, a month or a year: `4月20日 星期三`; with its `year` unless that is the present one."""
        if len(named) == _LENGTHS[0]:
            return f"{named}年" if self._language == "zh" else named
        month_only = len(named) == _LENGTHS[1]
        on = date.fromisoformat(f"{named}-01" if month_only else named)
        shows_year = month_only or (on.year != dates.day(self._now, self._zone).year if year is None else year)
        written = self._day_of_month(on, shows_year, month_only)
        name = _WEEKDAYS[self._language][on.weekday()]
        if month_only or not weekday:
            return written
        return f"{written} {name}" if self._language == "zh" else f"{name} {written}"

    def _day_of_month(self, on: date, shows_year: bool, month_only: bool) -> str:
        if self._language == "zh":
            return f"{on.year}年" * shows_year + f"{on.month}月" + f"{on.day}日" * (not month_only)
        return f"{on.day} " * (not month_only) + _MONTHS[on.month - 1] + f" {on.year}" * shows_year

    def clock(self, written: str) -> Markup:
        """Write the time of day of a moment (ISO 8601), with all of it on hover."""
        return self._marked(written, self._local(written).strftime("%H:%M"))

    def moment(self, written: str) -> Markup:
        """Write a day and a time of day: `4月20日 16:44`."""
        local = self._local(written)
        day = self.day(_iso_day(local), weekday=False)
        comma = "" if self._language == "zh" else ","
        return self._marked(written, f"{day}{comma} {local:%H:%M}")

    def exact(self, written: str) -> Markup:
        """Write a moment to the second: `2022-04-20 16:44:59`."""
        return self._marked(written, dates.iso(self._local(written))[:19].replace("T", " "))

    def ago(self, written: str) -> Markup:
        """Write how long ago a moment was, if that was less than a day ago, and otherwise the moment."""
        ngettext, passed = (
            self._ngettext,
            int((self._now - datetime.fromisoformat(written).astimezone(UTC)).total_seconds()),
        )
        if not 0 <= passed < _DAY:
            return self.moment(written)
        if passed < _HOUR:
            count = max(1, passed // _MINUTE)
            return self._marked(written, ngettext("%(num)d minute ago", "%(num)d minutes ago", count))
        return self._marked(written, ngettext("%(num)d hour ago", "%(num)d hours ago", passed // _HOUR))

    def _local(self, written: str) -> datetime:
        """Return a moment as it was published; one that the program took itself, in UTC, in the site's zone."""
        moment = datetime.fromisoformat(written)
        if moment.utcoffset() != timedelta():
            return moment
        try:
            return moment.astimezone(self._zone)
        except OverflowError:
            return moment

    def _marked(self, written: str, shown: str) -> Markup:
        exact = dates.front_matter(self._local(written))
        return Markup(f'<time datetime="{escape(written)}" title="{escape(exact)}">{escape(shown)}</time>')  # noqa: S704  # escaped


def _iso_day(moment: datetime) -> str:
    return dates.iso(moment)[:10]
