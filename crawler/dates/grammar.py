"""What dates look like as people and programs write them: a text becomes the day, the time and the zone it tells.

Nothing is guessed. A text that tells a date or a time which cannot be read as one, or can be read as two, is none:
the caller says what becomes of it, and it is never half of what was written. Forms are tried from the plainest on; a
further one is a pattern more in `_FORMS`. Pure, in time that is linear in the text. Not here: which moment it was
(`crawler.dates.parse`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from crawler.dates.clock import Clock, UnreadableError, clock_at, looks_like_a_clock, starts, zone_at
from crawler.dates.names import CHINESE, MONTHS, WEEKDAY, number
from crawler.text.words import fold, squeeze

Order = Literal["YMD", "DMY", "MDY"]
"""In which order a site writes year, month and day where these are three numbers."""

_YEAR, _MONTH, _DAY = "(?<![0-9])(?P<year>[0-9]{4})", "(?P<month>[0-9]{1,2})", "(?P<day>[0-9]{1,2})"
_NAME = f"(?<![a-zà-ÿ])(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?![a-zà-ÿ])\\.?"
_SHORT_YEAR = "(?P<year>[0-9]{4}|[0-9]{2}(?= [0-9]{1,2}:))"
_SIGN = " ?[-/._\u2013] ?"
_NTH = r"(?:st|nd|rd|th|er|[.ºª])?"
# Each tells a day. Which of its groups are there says what it knows.
_FORMS = tuple(
    re.compile(form)
    for form in (
        # 2022-04-20, 2022/4/20, 2022. 4. 20., 2022年4月20日, 2022:04:20 as cameras write it
        f"{_YEAR}(?:{_SIGN}| ?[年년] ?){_MONTH}(?:{_SIGN}| ?[月월] ?){_DAY}(?![0-9]) ?[日号號일]?",
        f"{_YEAR}:(?P<month>[0-9]{{2}}):(?P<day>[0-9]{{2}})(?= )",
        # March 4th, 2024 and 4 March 2024, 04-Mar-2024, 4 de marzo de 2024, 2024-Mar-04
        f"{_NAME}[ -]?{_DAY}{_NTH},?[ -](?:de |del |of )?(?P<year>[0-9]{{4}})(?![0-9:])",
        f"(?<![0-9]){_DAY}{_NTH}(?:[ /-]|(?<=\\.))?(?:de |of )?{_NAME},?[ /.-]?(?:de |del )?{_SHORT_YEAR}(?![0-9:])",
        f"{_YEAR}[ /-]{_NAME}[ /-]?{_DAY}(?![0-9])",
    )
)
# Thu Mar  4 05:06:07 CST 2024, as C and Unix write it: the year stands behind the time.
_YEAR_LAST = re.compile(
    f"{_NAME} {_DAY} (?P<clock>[0-9:.]+(?: [a-z]{{1,5}}| [+-][0-9:]+)?) (?P<year>[0-9]{{4}})(?![0-9])"
)
_DOTS = re.compile(r"(?<![0-9.])(?P<day>[0-9]{1,2})\. ?(?P<month>[0-9]{1,2})\. ?(?P<year>[0-9]{4})(?![0-9])")
# Which of the first two is the day only a definition can know.
_UNORDERED = re.compile(
    r"(?<![0-9.])(?P<first>[0-9]{1,2})(?P<sign> ?[-/.] ?)(?P<second>[0-9]{1,2})(?P=sign)(?P<year>[0-9]{4})(?![0-9])"
)
# Eight digits in a row may be a number of any kind: taken for a day when nothing plainer is there, and it is one.
_COMPACT = re.compile(
    r"(?<![0-9])(?P<year>(?:1[89]|2[01])[0-9]{2})(?P<month>0[1-9]|1[0-2])(?P<day>0[1-9]|[12][0-9]|3[01])"
    r"(?:[t ]?(?P<time>[0-9]{6}|(?<! )[0-9]{4}|[0-9]{4}$))?(?![0-9])"
)
_EPOCH = re.compile(r"(?P<seconds>[0-9]{10})(?:[0-9]{3}|\.[0-9]+)?")
_GAP = re.compile(
    rf"(?:[ ,;|/_·•(){{}}\[\]\u2013\u2014.-]|{WEEKDAY}|(?<= )(?:at|on|um|kl|klo|alle|las|a|às|à|den|el|le)(?=[ .]))*"
)
_T = re.compile("t(?=[0-9])")
_AMBIGUOUS_TAIL = re.compile(" ?-(?:0[0-9]|1[0-2]):[0-9]{2}(?![0-9:])")  # 2022-04-20-10:30: a time, or XML's offset?
# XML has 2022-04-20+08:00.
_DAYS_OFFSET = re.compile(r"z\b| ?(?:utc|gmt)\b| ?\+[0-9]{2}:?[0-9]{2}(?![0-9:])| -[0-9]{4}(?![0-9:])")
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2212", "-"))
_MIDNIGHT = Clock()
_HEAD = 64  # characters before a day in which its time is looked for
_DIGITS = 4  # of a year
_RECENT = 50  # RFC 2822, 4.3: a year of two digits is of this century below that


@dataclass(frozen=True, slots=True)
class Written:
    """What a text tells: a day and, unless it is midnight, a time on it; or the seconds since 1970 (`epoch`)."""

    year: int = 1
    month: int = 1
    day: int = 1
    clock: Clock = _MIDNIGHT
    epoch: int | None = None


def read(text: str, order: Order | None = None) -> Written | None:
    """Return the first date in `text`, with the time beside it; it need not be one of the calendar.

    `None` when there is none, or when what is there cannot be read, or could be read in two ways: `4/3/2024` without
    an `order`, for one.
    """
    plain = _plain(text)
    epoch = _EPOCH.fullmatch(plain)
    if epoch is not None:
        return Written(epoch=int(epoch["seconds"]))
    try:
        return _dated(plain, order)
    except UnreadableError:
        return None


def _plain(text: str) -> str:
    """Fold full-width forms, capitals, white space, and digits of other scripts; drop what nobody sees."""
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    folded = squeeze(fold(seen)).translate(_MINUS)
    if folded.isascii():
        return folded
    digits = "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in folded)
    return CHINESE.sub(lambda found: "{}年{}月{}日".format(*map(number, found.groups())), digits)


def _days(plain: str, order: Order | None) -> list[re.Match[str]]:
    """Return what tells a day, in the order of the text: the plain forms, and eight digits where there are none."""
    numbers = (_UNORDERED,) if order in {"DMY", "MDY"} else (_DOTS, _UNORDERED)
    found = [match for form in (*_FORMS, _YEAR_LAST, *numbers) for match in form.finditer(plain)]
    return sorted(found or _COMPACT.finditer(plain), key=lambda match: match.start())


def _dated(plain: str, order: Order | None) -> Written:
    """Return the first day with its time. Raises `UnreadableError`."""
    days = _days(plain, order)
    if not days:
        raise UnreadableError(plain)
    first = days[0]
    # One day can be matched by two forms, the second beginning inside of the first.
    until = next((day.start() for day in days if day.start() >= first.end()), len(plain))
    year, month, day = _numbers(first, order)
    return Written(year, month, day, _clock(plain[:until], first))


def _numbers(found: re.Match[str], order: Order | None) -> tuple[int, int, int]:
    """Return year, month and day. Raises `UnreadableError`."""
    parts = found.groupdict()
    year = int(parts["year"])
    if len(parts["year"]) < _DIGITS:
        year += 2000 if year < _RECENT else 1900
    if "first" in parts:
        if order not in {"DMY", "MDY"}:
            raise UnreadableError(found[0])
        day, month = (parts["first"], parts["second"]) if order == "DMY" else (parts["second"], parts["first"])
        return year, int(month), int(day)
    return year, MONTHS[parts["name"]] if parts.get("name") else int(parts["month"]), int(parts["day"])


def _clock(plain: str, day: re.Match[str]) -> Clock:
    """Return the time beside a day, midnight if there is none. Raises `UnreadableError`."""
    inside = day.groupdict()
    if inside.get("clock"):
        return _read_clock(plain, day.start("clock"))
    if inside.get("time"):
        return _read_clock(plain, day.start("time"), basic=True)
    if _T.match(plain, day.end()):
        return _read_clock(plain, day.end() + 1, basic=True)
    if _AMBIGUOUS_TAIL.match(plain, day.end()):
        raise UnreadableError(plain)
    if _DAYS_OFFSET.match(plain, day.end()):
        offset, zone, _ = zone_at(plain, day.end())
        return Clock(offset=offset, zone=zone)
    found = _behind(plain, day.end()) or _ahead(plain[max(0, day.start() - _HEAD) : day.start()])
    if found is None and looks_like_a_clock(f"{plain[: day.start()]}|{plain[day.end() :]}"):
        raise UnreadableError(plain)
    return found or _MIDNIGHT


def _read_clock(plain: str, at: int, *, basic: bool = False) -> Clock:
    found = clock_at(plain, at, basic=basic)
    if found is None:
        raise UnreadableError(plain)
    return found[0]


def _behind(plain: str, at: int) -> Clock | None:
    """Return the time behind a day, whatever signs, day of the week and "at" stand between them."""
    gap = _GAP.match(plain, at)
    found = clock_at(plain, gap.end() if gap else at)
    return found[0] if found else None


def _ahead(head: str) -> Clock | None:
    """Return the time that ends right before a day: `08:44 GMT, 20 April 2022`."""
    for at in starts(head):
        found = clock_at(head, at)
        if found is not None and _GAP.fullmatch(head, found[1]):
            return found[0]
    return None
