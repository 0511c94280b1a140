"""What dates look like in the wild: each form reads as the moment it means, and what is unclear is none."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler import dates
from crawler.dates.names import MONTHS

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.dates.grammar import Order

SHANGHAI, LONDON = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/London")
MIDNIGHT = "2022-04-20T00:00:00+08:00"


def read(text: str, order: Order | None = None) -> str | None:
    point = dates.parse(text, SHANGHAI, order)
    return None if point is None else dates.iso(point)


@pytest.mark.parametrize(
    "text",
    """
    2022年04月20日16:44|2022年4月20日 16时44分|2022-04-20 16时44分00秒|2022-04-20 16：44|2022-04-20, 16:44
    ２０２２年４月２０日１６：４４|2022年4月20日　星期三　16:44|2022年4月20日（周三）16:44
    2022-04-20 (水) 16:44|2022-04-20 下午4:44|2022-04-20 下午 4点44分|2022/4/20 下午4:44:00
    2022-04-20 4:44 PM|2022-04-20 04:44 p.m.|2022-04-20 PM 4:44|2022-04-20 下午16:44
    2022年4月20日 午後4時44分|2022. 4. 20. 오후 4:44:00|2022년 4월 20일 16시 44분|2022-04-20 08:44:00+00
    2022-04-20 08:44+0000|2022-04-20 16:44:00 GMT+0800|2022-04-20 16:44 UTC+8|2022-04-20 16:44 (GMT+8)
    2022-04-20 16:44:00 UTC+08:00|2022-04-20 04:44:00 -4|2022-04-20 04:44:00 -0400
    2022-04-20 04:44:00 \N{MINUS SIGN}04:00|2022-04-20T16:44+08|2022-04-20t08:44:00z
    2022-04-20T08:44:00.000000000Z|2022-04-20 16:44:00 +0800 CST|2022-04-20T16:44:00+08:00[Asia/Shanghai]
    2022-04-20 16:44 CST|2022-04-20 17:44 JST|2022-04-20 16:44 北京时间|2022-04-20 03:44 CDT
    20220420T164400+0800|20220420T0844Z|20220420164400|202204201644|20220420 16:44|20220420 1644
    2022:04:20 16:44:00|2022-4-20 16:44|2022.04.20 16:44|2022–04–20 16:44|编号 12345678 2022-04-20 16:44
    发布于2022-04-20 16:44 来源：大江网|2022-04-20 · 16:44|2022-04-20 / 16:44|Updated 2022-04-20 at 16:44
    20.04.2022 16:44|20. 4. 2022, 16:44|20.04.2022 um 16.44 Uhr|01. April 2022, 15:25=1|20 April 2022, 4.44pm
    20th of April 2022 at 4:44 PM|April 20, 2022 4:44 p.m.|Apr 20th, 2022, 16:44|2022-Apr-20 16:44
    Wed, 20 Apr 2022 08:44:00 GMT|Wed, 20 Apr 2022 16:44 +0800|Wednesday, 20-Apr-22 08:44:00 GMT
    Wed, 20 Apr 22 08:44 UT|Wed Apr 20 16:44:00 2022|Wed Apr 20 16:44:00 CST 2022
    Wed Apr 20 08:44:00 UTC 2022|Wed Apr 20 2022 16:44:00 GMT+0800 (China Standard Time)
    08:44 GMT, 20 April 2022|16:44 20.04.2022|le 20 avril 2022 à 16h44|20 de abril de 2022 a las 16:44
    20 aprile 2022 alle 16:44|20 maart 2022 16:44=3|二〇二二年四月二十日 16:44|二零二二年四月二十日下午4点44
    1650444240|1650444240000|2022_04_20 16:44
    """.replace("\n    ", "|")
    .strip("|")
    .split("|"),
)
def test_a_time_is_read_in_the_form_it_is_written_in(text: str) -> None:
    text, _, other = text.partition("=")
    expected = {"": "2022-04-20T16:44:00+08:00", "1": "2022-04-01T15:25:00+08:00", "3": "2022-03-20T16:44:00+08:00"}
    assert read(text) == expected[other]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-04-20-1030", MIDNIGHT),  # a slug
        ("20220420-0210", MIDNIGHT),
        ("2022-04-20-6-tips", MIDNIGHT),
        ("2022-04-20 1234次阅读", MIDNIGHT),
        ("2022-04-20 12.50元", MIDNIGHT),
        ("(GMT+8:00) 2022-04-20", MIDNIGHT),
        ("2022年4月20日", MIDNIGHT),
        ("April 20, 2022", MIDNIGHT),
        ("20 April 2022", MIDNIGHT),
        ("20.04.2022", MIDNIGHT),
        ("二〇二二年四月二十日", MIDNIGHT),
        ("2022-04-20+08:00", MIDNIGHT),
        ("2022-04-20Z", "2022-04-20T08:00:00+08:00"),
        ("2022-04-20 5:6:7", "2022-04-20T05:06:07+08:00"),
        ("2022-04-20 05：06：07", "2022-04-20T05:06:07+08:00"),
        ("2022-04-20 12:30 AM", "2022-04-20T00:30:00+08:00"),
        ("2022-04-20 12:30 PM", "2022-04-20T12:30:00+08:00"),
        ("2022-04-20 凌晨1:30", "2022-04-20T01:30:00+08:00"),
        ("2022-04-20 中午12:30", "2022-04-20T12:30:00+08:00"),
        ("2022-04-20 中午11:30", "2022-04-20T11:30:00+08:00"),
        ("2022-04-20 中午1点", "2022-04-20T13:00:00+08:00"),
        ("2022-04-20 晚上8:15", "2022-04-20T20:15:00+08:00"),
        ("2022-04-20 下午4点半", "2022-04-20T16:30:00+08:00"),
        ("2022-04-20 09:00 - 11:30", "2022-04-20T09:00:00+08:00"),
        ("2022-04-20 16:44-05:00", "2022-04-21T05:44:00+08:00"),
        ("2022-04-20T03:00-05:00", "2022-04-20T16:00:00+08:00"),
        ("2022-04-20 2023-05-21 10:00", MIDNIGHT),
    ],
)
def test_a_day_and_odd_hours_are_what_they_say(text: str, expected: str) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    "text",
    """
    2022-04-20 25:00|2022-04-20T25:00|2022-04-20 16:60|2022-04-20 16:44:59:123|2022-04-20 16:44 +99
    2022-04-20 16:44+9999|2022-04-20 13:05 AM|2022-04-20 0:30 PM|2022-04-20 晚上12:30|2022-04-20 at noon
    2022-04-20 下午四点|2022-04-20 16:44 IST|2022-04-20 16:44 Asia/Tokyo|2022-04-20 16:44 CST+8
    2022-04-20-10:30|2022-04-20 03:00-05:00|2022-04-20 09:00-18:00|2022-04-20 来源：大江网 16:44|04/20/2022
    20/04/2022 16:44|5/4/2022|2022-02-31 2022-03-01 10:00|04-20 16:44|2022年4月|April 2022|April 20|12345678
    2022-13-01|刚刚|3小时前|昨天 16:44|30. Februar 2022|123456789|12345678901|16:44
    """.replace("\n    ", "|")
    .strip("|")
    .split("|"),
)
def test_what_can_be_read_in_two_ways_or_in_none_is_no_time(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("20/04/2022 16:44", "DMY", "2022-04-20T16:44:00+08:00"),
        ("5/4/2022", "DMY", "2022-04-05T00:00:00+08:00"),
        ("5/4/2022, 4:44:59 PM", "MDY", "2022-05-04T16:44:59+08:00"),
        ("05.04.2022", "DMY", "2022-04-05T00:00:00+08:00"),
        ("05.04.2022", "MDY", "2022-05-04T00:00:00+08:00"),
        ("20-04-2022", "DMY", MIDNIGHT),
        ("20/04/2022", "MDY", None),
        ("20/04/2022", "YMD", None),
        ("20.04.2022", "YMD", MIDNIGHT),
        ("2022-04-20", "DMY", MIDNIGHT),
        ("April 20, 2022", "DMY", MIDNIGHT),
    ],
)
def test_an_order_says_which_number_is_the_day(text: str, order: Order, expected: str | None) -> None:
    assert read(text, order) == expected


def test_a_zone_s_name_is_first_of_all_that_of_the_site() -> None:
    texts = ("2022-07-20 16:44 BST", "2022-07-20 16:44 CST")
    found = [[dates.parse(text, zone) for zone in (LONDON, SHANGHAI)] for text in texts]
    hours = [[point and point.astimezone(UTC).hour for point in points] for points in found]
    assert hours == [[15, None], [None, 8]]


HALVES: list[Callable[[datetime], str]] = [
    lambda at: f"{'上午' if at.hour < 12 else '下午'}{at:%I}:{at:%M}:{at:%S}",
    lambda at: f"{at.hour % 12 or 12}:{at:%M}:{at:%S} {'AM' if at.hour < 12 else 'PM'}",
    lambda at: f"{at:%I}:{at:%M}:{at:%S} {'a' if at.hour < 12 else 'p'}.m.",
    lambda at: f"{at:%I}.{at:%M}.{at:%S}{'am' if at.hour < 12 else 'pm'}",
    lambda at: f"{at:%H:%M:%S}",
    lambda at: f"{at.hour}:{at.minute}:{at.second}",
    lambda at: f"{at.hour}时{at.minute}分{at.second}秒",
    lambda at: f"{at.hour}点{at.minute:02}分{at.second:02}秒",
    lambda at: f"{at:%H：%M：%S}",
    lambda at: f"{at:%H:%M:%S}.123456",
]
DAYS: list[Callable[[datetime], str]] = [
    lambda at: f"{at:%Y-%m-%d}",
    lambda at: f"{at.year}/{at.month}/{at.day}",
    lambda at: f"{at.year}年{at.month}月{at.day}日",
    lambda at: f"{at.year}. {at.month}. {at.day}.",
    lambda at: f"{at.day}.{at.month}.{at.year}",
    lambda at: f"{at:%Y%m%d}",
    *(
        lambda at, name=name, number=number: (
            f"{at.day}. {name.title()} {at.year}" if at.month == number else f"{at:%B} {at.day}, {at.year}"
        )
        for name, number in MONTHS.items()
    ),
]
BETWEEN = [" ", ", ", " (水) ", " 星期三 ", " at ", " | ", "\u3000", "\xa0", " \N{MIDDLE DOT} "]
ZONES = ["{0}", " {0}", " GMT{0}", " UTC{1}", " ({1})", " (GMT{0})", " {1}"]
moments = st.datetimes(datetime(1801, 1, 3), datetime(2199, 12, 28)).map(lambda at: at.replace(microsecond=0))  # noqa: DTZ001  # the zone is written apart

minutes = st.integers(-720, 840)  # east of UTC


def either(forms: list[Callable[[datetime], str]]) -> st.SearchStrategy[Callable[[datetime], str]]:
    return st.sampled_from(forms)


@settings(max_examples=examples(1500), deadline=None)
@given(moments, st.tuples(either(DAYS), st.sampled_from(BETWEEN), either(HALVES), st.sampled_from(ZONES)), minutes)
def test_every_form_reads_back_as_the_moment_it_was_written_from(
    at: datetime, form: tuple[Callable[[datetime], str], str, Callable[[datetime], str], str], east: int
) -> None:
    day, between, clock, zone = form
    offset = timedelta(minutes=east)
    colon = dates.iso(at.replace(tzinfo=timezone(offset)))[-6:]
    read = dates.parse(f"{day(at)}{between}{clock(at)}{zone.format(colon.replace(':', ''), colon)}", SHANGHAI)
    assert read is not None
    assert read.astimezone(UTC) == at.replace(tzinfo=timezone(offset)).astimezone(UTC)


@given(moments, minutes)
def test_the_forms_of_protocols_read_back(at: datetime, east: int) -> None:
    point = at.replace(tzinfo=timezone(timedelta(minutes=east)))
    written = [
        format_datetime(point),
        f"{point:%a %b %d %Y %H:%M:%S GMT%z}",
        f"{point:%a %b %e %H:%M:%S %z %Y}",
        f"{point:%Y%m%dT%H%M%S%z}",
        f"{point:%A, %d-%b-%Y %H:%M:%S %z}",
    ]
    found = [dates.parse(text, LONDON) for text in written]
    # Python holds a time in the hour that a clock set back repeats unequal to any of another zone (PEP 495).
    assert [read and read.astimezone(UTC) for read in found] == [point.astimezone(UTC)] * len(written)


@given(st.datetimes(datetime(2001, 9, 10), datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # see above
def test_seconds_since_1970_read_back(point: datetime) -> None:
    seconds = int(point.timestamp())
    found = [dates.parse(text, SHANGHAI) for text in (str(seconds), f"{seconds}999", f"{seconds}.5")]
    assert found == [point.replace(microsecond=0)] * 3


@settings(max_examples=examples(1000), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                "0 1 2 9 12 2022 04 20 - / . : ： , ( ) [ t z + - gmt utc am p.m. april mar cst at".split()
            ),
            st.sampled_from("年 月 日 时 点 分 半 水 下午 晚上 星期三 二〇二二年四月二十日 asia/".split()),
            st.just(" "),
            st.text(max_size=2),
        )
    ).map("".join),
    st.sampled_from([None, "YMD", "DMY", "MDY"]),
)
def test_nonsense_never_raises(text: str, order: Order | None) -> None:
    for zone in (SHANGHAI, LONDON):
        point = dates.parse(text, zone, order)
        assert point is None or point.utcoffset() is not None


@pytest.mark.parametrize(
    "piece",
    "0|1 |2022|2022-04-20 |20220420|20220420 |1.|1/1/|april |april 20, |2022-04-20(|, |- |12:|下午|下午4:|(水)|"
    "一|二〇二二年|utc+|+0|a.m. |at |\u200b|２|星|[asia/|20 de |2022年4月20日|16时|gmt|. |() ".split("|"),
)
def test_a_text_without_end_is_read_in_no_time(piece: str) -> None:
    for text in (piece * 20_000, f"2022-04-20 {piece * 20_000}", f"{piece * 20_000} 2022-04-20 16:44"):
        begun = time.process_time()
        dates.parse(text, SHANGHAI)
        assert time.process_time() - begun < 2
