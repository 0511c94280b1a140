"""What dates are written with besides digits: months, weekdays, halves of the day, time zones, Chinese numerals.

All in lower case, as `crawler.dates.grammar` folds what it reads. The languages were chosen so that no name stands
for two months: Polish `listopad` is November, Croatian `listopad` October, so both are missing.
"""

from __future__ import annotations

import re

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "january jan januar jänner januari janvier janv enero ene janeiro gennaio gen",
            "february feb februar februari février fevrier févr fevr fév febrero fevereiro fev febbraio",
            "march mar märz maerz mär mrz maart mars marzo março marco marts",
            "april apr avril avr abril abr aprile",
            "may mai mei mayo maio maggio mag maj",
            "june jun juni juin junio junho giugno giu",
            "july jul juli juillet juil julio julho luglio lug",
            "august aug augustus août aout agosto ago",
            "september sept sep septembre septiembre setembro settembre set",
            "october oct oktober okt octobre octubre outubro out ottobre ott",
            "november nov novembre noviembre novembro",
            "december dec dezember dez décembre decembre déc diciembre dic dezembro dicembre",
        ),
        start=1,
    )
    for name in names.split()
}
"""The number of each month, by its names and their short forms in English and seven other European languages."""

WEEKDAY = (
    r"(?:星期|周|週|礼拜|禮拜)[一二三四五六日天]|[月火水木金土日](?:曜日)?(?=[ )])|[월화수목금토일](?:요일)?(?=[ )])"
    r"|(?:mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur|sun)(?:day)?(?![a-z])"
    r"|(?:montag|dienstag|mittwoch|donnerstag|freitag|samstag|sonnabend|sonntag)(?![a-z])"
    r"|(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)(?![a-z])"
)
"""A pattern for a day of the week, which is skipped: a date is told by its numbers."""

MORNING = r"上午|早上|早晨|清晨|凌晨|午前|오전|a\.? ?m\b\.?"
"""A pattern for the half of the day before noon; twelve o'clock in it is midnight."""

AFTERNOON = r"下午|午后|午後|傍晚|오후|p\.? ?m\b\.?"
"""A pattern for the half of the day after noon; twelve o'clock in it is noon."""

NOON = r"中午|正午"
"""A pattern for the hours around noon: 11:30 in them is before it, 1:00 after it."""

EVENING = r"晚上|夜里|夜晚|晚间|夜间"
"""A pattern for evening and night; twelve o'clock in them may be either midnight, and so cannot be read."""

_BY_OFFSET = {
    0: "z utc gmt ut wet",
    60: "cet mez",
    120: "cest mesz eet",
    180: "eest msk",
    480: "hkt sgt 北京时间 北京時間 香港时间 香港時間",
    540: "jst kst 东京时间 東京時間",
    600: "aest",
    660: "aedt",
    720: "nzst",
    780: "nzdt",
    -240: "edt",
    -300: "est cdt",
    -360: "mdt",
    -420: "mst pdt",
    -480: "pst",
}
ZONES = {name: minutes for minutes, names in _BY_OFFSET.items() for name in names.split()}
"""Minutes east of UTC by the names of zones that mean one thing; those of North America are RFC 822's."""

AMBIGUOUS_ZONES = frozenset("cst ist bst ast et ct mt pt sst wst 美东时间 美東時間 纽约时间 紐約時間".split())
"""Names that mean several zones, or one whose offset changes: China or Chicago, India, Israel or Ireland."""

_NUMERALS = "〇一二三四五六七八九"
CHINESE = re.compile(
    "([〇零○一二三四五六七八九]{4})年(十[一二]?|[一二三四五六七八九])月([二三]?十?[一二三四五六七八九]|[一二三]?十)[日号]"
)
"""A pattern for a day in Chinese numerals, with year, month and day as its groups."""


def number(numerals: str) -> int:
    """Return the number that Chinese numerals stand for: 二〇二二, 十二, 二十, 三十一."""
    digits = numerals.replace("零", "〇").replace("○", "〇")
    tens, ten, ones = digits.partition("十")
    if not ten:
        return int("".join(str(_NUMERALS.index(digit)) for digit in digits))
    return 10 * (_NUMERALS.index(tens) if tens else 1) + (_NUMERALS.index(ones) if ones else 0)
