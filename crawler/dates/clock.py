"""The time of day in a text that was folded: `16:44`, `下午4点44分`, `4.44 pm`, each perhaps with a time zone.

Pure. Not here: the day beside it, and the folding (`crawler.dates.grammar`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from crawler.dates.names import AFTERNOON, AMBIGUOUS_ZONES, EVENING, MORNING, NOON, ZONES

_HALF = f"(?:{MORNING}|{AFTERNOON}|{NOON}|{EVENING})"
_HOUR = "(?P<hour>[0-9]{1,2})"
_MINUTE, _SECOND = "(?P<minute>[0-9]{1,2})", "(?P<second>[0-9]{1,2})(?:[.,][0-9]+)?"
_END = r"(?![0-9:]|\.[0-9])"
# The ways to write a time of day. The first that matches is the one.
_IN_WORDS = f"{_MINUTE} ?(?:[分분](?: ?{_SECOND} ?[秒초])?)?"
_CLOCKS = tuple(
    re.compile(f"(?:(?P<before>{_HALF}) ?)?{_HOUR}{rest}(?: ?(?P<after>{_HALF}))?")
    for rest in (
        # 16:44, 16:44:59.123
        f" ?: ?{_MINUTE}(?: ?: ?{_SECOND})?{_END}",
        # 16时44分59秒, 4点半, 16h44
        f" ?(?:[时時h시]|[点點][钟鐘]?)(?: ?{_IN_WORDS}|(?P<thirty>半)|[整正])?(?![0-9:a-z])",
        # 4.44 pm
        rf"\.(?P<minute>[0-9]{{2}})(?:\.{_SECOND})?(?! ?[%$€£¥亿万元])(?![0-9:.])",
        # 4 pm
        f"(?= ?{_HALF})",
    )
)
# As ISO 8601 has it without colons.
_BASIC = re.compile("(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})(?P<second>[0-9]{2})?(?:[.,][0-9]+)?(?![0-9:])")
# What makes a text tell a time, whether it can be read or not.
_LOOKS_SO = re.compile(
    rf"[0-9] ?(?:[:时時点點시]|[ap]\.? ?m\b)|(?:{_HALF}) ?[0-9]|[一二两三四五六七八九十][点點时時]"
    r"|\b(?:noon|midnight)\b|午夜|正午"
)
_OFFSET_ALONE = re.compile("(?:utc|gmt) ?[+-][0-9:]+")
# 03:00-05:00 is a span of time as well as an offset.
_SPAN = re.compile("-(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?![0-9:])")

_OFFSET = r"(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-9]{2})(?::?(?P<seconds>[0-9]{2}))?)?(?![0-9:])"
_NAMES = "|".join(sorted(map(re.escape, ZONES.keys() | AMBIGUOUS_ZONES), key=len, reverse=True))
_AREAS = "africa|america|asia|atlantic|australia|europe|indian|pacific|etc"
_ZONE = re.compile(
    rf" ?\(?(?:(?:utc|gmt|ut|z)? ?{_OFFSET}|(?P<name>{_NAMES})(?![a-z0-9]| ?[+-][0-9])"
    rf"|(?P<odd>[+-][0-9]|(?:{_NAMES}) ?[+-][0-9]|\[?(?:{_AREAS})/))"
)
_NOON = 12
_BEFORE_NOON = 10  # 中午10点 is still before noon, 中午9点 is nothing
_SIXTY = 60
_WIDEST = timedelta(hours=16)  # of an offset: Manila kept one of -15:56:08 until 1844


class UnreadableError(ValueError):
    """Something that tells a time and cannot be read, or that can be read in two ways."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day, and what tells its zone: an `offset` from UTC, the `zone`'s name, or neither."""

    hour: int = 0
    minute: int = 0
    second: int = 0
    offset: timedelta | None = None
    zone: str = ""


def clock_at(text: str, at: int, *, basic: bool = False) -> tuple[Clock, int] | None:
    """Read the time of day that begins `at` a place, with its zone; return it and where it ends.

    `basic`: as ISO 8601 has it without colons (`164459`). `None` if there is none. Raises `UnreadableError`.
    """
    found = _BASIC.match(text, at) if basic else None
    found = found or next((match for form in _CLOCKS if (match := form.match(text, at))), None)
    if found is None:
        return None
    parts = found.groupdict("")
    hour = _hour(int(parts["hour"]), parts.get("before") or parts.get("after") or "")
    minute = 30 if parts.get("thirty") else int(parts.get("minute") or 0)
    span = None if parts.get("second") or text[at - 1 : at] == "t" else _SPAN.match(text, found.end())
    if span is not None and (int(span["hour"]), int(span["minute"])) > (hour, minute):
        raise UnreadableError(text[at : span.end()])
    offset, zone, end = zone_at(text, found.end())
    return Clock(hour, minute, int(parts.get("second") or 0), offset, zone), end


def zone_at(text: str, at: int) -> tuple[timedelta | None, str, int]:
    """Read the zone that stands behind a time: its offset, or its name; return both and where it ends.

    Raises `UnreadableError`.
    """
    found = _ZONE.match(text, at)
    if found is None:
        return None, "", at
    if found["odd"] is not None:
        raise UnreadableError(found[0])
    return (None, found["name"], found.end()) if found["name"] else (_offset(found), "", found.end())


def looks_like_a_clock(text: str) -> bool:
    """Tell whether something in a text tells a time of day, be it readable or not."""
    return _LOOKS_SO.search(_OFFSET_ALONE.sub("", text)) is not None


def starts(text: str) -> list[int]:
    """Return the places in a text at which a time of day may begin."""
    return [found.start() for found in re.finditer(f"(?<![0-9:]){_HALF} ?[0-9]|(?<![0-9:.+-])[0-9]{{1,2}}", text)]


def _hour(hour: int, half: str) -> int:
    """Return the hour of the day that is hour `hour` of a half of it. Raises `UnreadableError`."""
    is_morning = re.fullmatch(MORNING, half) is not None
    if not half or (hour > _NOON and not is_morning):  # 下午16:44 says it twice
        return hour
    if is_morning and hour <= _NOON:
        return hour % _NOON
    if re.fullmatch(NOON, half) and hour >= _BEFORE_NOON:
        return hour
    if not 0 < hour <= _NOON or (hour == _NOON and re.fullmatch(EVENING, half)):
        raise UnreadableError(f"{half} {hour}")
    return hour % _NOON + _NOON


def _offset(found: re.Match[str]) -> timedelta:
    hours, minutes, seconds = (int(found[part] or 0) for part in ("hours", "minutes", "seconds"))
    offset = timedelta(hours=hours, minutes=minutes, seconds=seconds)
    if offset > _WIDEST or minutes >= _SIXTY or seconds >= _SIXTY:
        raise UnreadableError(found[0])
    return -offset if found["sign"] == "-" else offset
