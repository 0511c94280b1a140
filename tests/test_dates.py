"""Dates: read in any common writing, written in two; and the spans that people name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler import dates

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
POINT = datetime(2022, 4, 20, 16, 44, 59, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2022-04-20 16:44:59 +0800", "2022-04-20T16:44:59+08:00", id="front matter"),
        pytest.param("2022-04-20T16:44:59+08:00", "2022-04-20T16:44:59+08:00", id="ISO 8601"),
        pytest.param("2022-04-20T08:44:59Z", "2022-04-20T16:44:59+08:00", id="UTC"),
        pytest.param("2022-04-20T08:44:59.123Z", "2022-04-20T16:44:59+08:00", id="fractions of a second"),
        pytest.param("2022-04-20 08:44:59 UTC", "2022-04-20T16:44:59+08:00", id="UTC in letters"),
        pytest.param("2022-04-19 20:44:59 -1200", "2022-04-20T16:44:59+08:00", id="the day before, elsewhere"),
        pytest.param("2022-04-20 16:44", "2022-04-20T16:44:00+08:00", id="no seconds"),
        pytest.param("2022-04-20", "2022-04-20T00:00:00+08:00", id="no time"),
        pytest.param("2022/4/2 6:05", "2022-04-02T06:05:00+08:00", id="slashes and single digits"),
        pytest.param("2022.04.20", "2022-04-20T00:00:00+08:00", id="dots"),
        pytest.param("2022年4月20日 16:44", "2022-04-20T16:44:00+08:00", id="Chinese"),
        pytest.param("20220420", "2022-04-20T00:00:00+08:00", id="compact"),
        pytest.param("(GMT+8) 发布于 2022-04-20 16:44:59 来源", "2022-04-20T16:44:59+08:00", id="in a sentence"),
        pytest.param("2022-04-20 2023-05-21", "2022-04-20T00:00:00+08:00", id="the first of two"),
    ],
)
def test_a_date_is_read_in_any_common_writing(text: str, expected: str) -> None:
    found = dates.parse(text, SHANGHAI)

    assert found is not None
    assert dates.iso(found) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("昨天", id="words"),
        pytest.param("2022-02-31", id="no day of the calendar"),
        pytest.param("2022-13-01", id="no month"),
        pytest.param("2022-04-20 25:00", id="no hour"),
        pytest.param("2022-04-20 16:60", id="no minute"),
        pytest.param("0000-01-01", id="no year"),
        pytest.param("202204201", id="too many digits"),
        pytest.param("9999-12-31 23:59:59 -1200", id="after the calendar's end"),
        pytest.param("0001-01-01 00:00:00 +1400", id="before its beginning"),
        pytest.param("2022-04-20 16:44:59 +9999", id="no offset"),
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert dates.parse(text, NEW_YORK) is None


@settings(max_examples=examples(300), deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text("0123456789-/.:年月日 TZ+UGMC"),
        st.from_regex(r"\d{4}[-/年]\d\d?[-/月]\d\d?[T ]\d\d?:\d\d(:\d\d)? ?([+-]\d{4}|Z)?", fullmatch=True),
    )
)
@example("2022-04-20 16:44:59 +9999")
@example("٢٠٢٢-٠٤-٢٠")
@example("0001-01-01 00:00 Z")
def test_reading_never_raises_and_gives_aware_times(text: str) -> None:
    for zone in (SHANGHAI, NEW_YORK):
        found = dates.parse(text, zone)
        assert found is None or found.utcoffset() is not None


offsets = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
points = st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29), timezones=st.one_of(st.just(UTC), offsets))  # noqa: DTZ001  # hypothesis adds the zone


@given(points.map(lambda point: point.replace(microsecond=0)), st.sampled_from([SHANGHAI, NEW_YORK, ZoneInfo("UTC")]))
def test_a_written_date_reads_back_in_any_zone(point: datetime, zone: ZoneInfo) -> None:
    read = dates.parse(dates.iso(point), zone)
    assert read is not None
    # Python holds a time in the hour that a clock set back repeats unequal to any of another zone (PEP 495).
    assert read.astimezone(UTC) == point
    # Where the zone kept local mean time, the offset is in whole minutes.
    apart = (read.utcoffset() or timedelta()) - (point.astimezone(zone).utcoffset() or timedelta())
    assert abs(apart) < timedelta(minutes=1)
    assert dates.parse(dates.front_matter(point), zone) == point


def test_a_date_is_written_for_machines_and_for_jekyll() -> None:
    assert dates.iso(POINT) == "2022-04-20T16:44:59+08:00"
    assert dates.front_matter(POINT) == "2022-04-20 16:44:59 +0800"


def test_a_date_without_an_offset_is_local_time() -> None:
    assert dates.parse("2022-04-20 16:44:59", SHANGHAI) == POINT
    assert dates.parse("2022-04-20 16:44:59", NEW_YORK) == datetime(2022, 4, 20, 20, 44, 59, tzinfo=UTC)


def test_fractions_of_a_second_are_not_written() -> None:
    assert dates.iso(POINT.replace(microsecond=999_999)) == "2022-04-20T16:44:59+08:00"


def test_now_is_in_utc() -> None:
    assert dates.now().tzinfo is UTC


# What people name.


@pytest.mark.parametrize(
    ("named", "first", "last"),
    [
        ("2022", "2022-01-01T00:00:00+08:00", "2022-12-31T23:59:59+08:00"),
        ("2022-04", "2022-04-01T00:00:00+08:00", "2022-04-30T23:59:59+08:00"),
        ("2022-4", "2022-04-01T00:00:00+08:00", "2022-04-30T23:59:59+08:00"),
        ("2022-02", "2022-02-01T00:00:00+08:00", "2022-02-28T23:59:59+08:00"),
        ("2024-02", "2024-02-01T00:00:00+08:00", "2024-02-29T23:59:59+08:00"),
        ("2022-12", "2022-12-01T00:00:00+08:00", "2022-12-31T23:59:59+08:00"),
        ("2022-04-20", "2022-04-20T00:00:00+08:00", "2022-04-20T23:59:59+08:00"),
        ("2022-12-31", "2022-12-31T00:00:00+08:00", "2022-12-31T23:59:59+08:00"),
        ("2022-04-20 09:30", "2022-04-20T09:30:00+08:00", "2022-04-20T09:30:59+08:00"),
        ("2022-04-20T9:30", "2022-04-20T09:30:00+08:00", "2022-04-20T09:30:59+08:00"),
        ("2022-04-20 00:00", "2022-04-20T00:00:00+08:00", "2022-04-20T00:00:59+08:00"),
        ("2022-04-20 09:30:05", "2022-04-20T09:30:05+08:00", "2022-04-20T09:30:05+08:00"),
        ("2022-04-20 09:30:00", "2022-04-20T09:30:00+08:00", "2022-04-20T09:30:00+08:00"),
        (" 2022-04-20\n", "2022-04-20T00:00:00+08:00", "2022-04-20T23:59:59+08:00"),
        ("2022-04-20Z", "2022-04-20T00:00:00+00:00", "2022-04-20T23:59:59+00:00"),
        ("2022-04-20T09:30:05+08:00", "2022-04-20T09:30:05+08:00", "2022-04-20T09:30:05+08:00"),
        ("2022-04-20 09:30 -0500", "2022-04-20T09:30:00-05:00", "2022-04-20T09:30:59-05:00"),
        ("2022-04-20 09:30:05Z", "2022-04-20T09:30:05+00:00", "2022-04-20T09:30:05+00:00"),
        ("2022-04-20 09:30:05 UTC", "2022-04-20T09:30:05+00:00", "2022-04-20T09:30:05+00:00"),
        ("2022-04-20 09:30 utc", "2022-04-20T09:30:00+00:00", "2022-04-20T09:30:59+00:00"),
        ("2022-04-20 09:30 GMT", "2022-04-20T09:30:00+00:00", "2022-04-20T09:30:59+00:00"),
        ("2022-04-20t09:30:05z", "2022-04-20T09:30:05+00:00", "2022-04-20T09:30:05+00:00"),
        ("2022-04-20 09:30:05 UTC+8", "2022-04-20T09:30:05+08:00", "2022-04-20T09:30:05+08:00"),
        ("2022-04-20 09:30 GMT-03:30", "2022-04-20T09:30:00-03:30", "2022-04-20T09:30:59-03:30"),
        ("2022-04-20 09:30:05 +08:05:43", "2022-04-20T09:30:05+08:05:43", "2022-04-20T09:30:05+08:05:43"),
        ("2022-04-20T09:30:05.999+0800", "2022-04-20T09:30:05+08:00", "2022-04-20T09:30:05+08:00"),
        ("２０２２－０４－２０　０９：３０", "2022-04-20T09:30:00+08:00", "2022-04-20T09:30:59+08:00"),
        ("2022-04 UTC", "2022-04-01T00:00:00+00:00", "2022-04-30T23:59:59+00:00"),
        ("0001", "0001-01-01T00:00:00+08:00", "0001-12-31T23:59:59+08:00"),
        ("9999", "9999-01-01T00:00:00+08:00", "9999-12-31T23:59:59+08:00"),
        ("9999-12", "9999-12-01T00:00:00+08:00", "9999-12-31T23:59:59+08:00"),
        ("9999-12-31", "9999-12-31T00:00:00+08:00", "9999-12-31T23:59:59+08:00"),
    ],
)
def test_a_name_of_a_time_spans_all_of_it(named: str, first: str, last: str) -> None:
    assert [dates.iso(end) for end in dates.span(named, timezone(timedelta(hours=8)))] == [first, last]


@pytest.mark.parametrize(
    "named",
    [
        pytest.param("", id="nothing"),
        pytest.param("gestern", id="a word"),
        pytest.param("22", id="half a year"),
        pytest.param("20220420", id="compact"),
        pytest.param("2022/04/20", id="slashes"),
        pytest.param("2022-00", id="month zero"),
        pytest.param("2022-13", id="month thirteen"),
        pytest.param("2022-04-00", id="day zero"),
        pytest.param("2022-04-31", id="a day too many"),
        pytest.param("2022-02-29", id="no leap year"),
        pytest.param("0000", id="year zero"),
        pytest.param("2022-04-20 09", id="an hour"),
        pytest.param("2022-04-20 24:00", id="an hour too many"),
        pytest.param("2022-04-20 09:60", id="a minute too many"),
        pytest.param("2022-04-20 09:30:60", id="a second too many"),
        pytest.param("2022-04-20 09:30 +9999", id="an offset too wide"),
        pytest.param("2022-04-20 09:30 CST", id="a zone's name"),
        pytest.param("2022 -05", id="a month with a sign"),
        pytest.param("2022-04-20 09:30 +0860", id="an offset of sixty minutes"),
        pytest.param("2022-04-20 09:30 UTC+25", id="an offset of more than a day"),
        pytest.param("2022-04-20 09:30:05 Z Z", id="two offsets"),
        pytest.param("2022-0420", id="month and day run together"),
        pytest.param("2022-04-20 2022-04-21", id="two days"),
        pytest.param("\udcff", id="half of a character"),
    ],
)
def test_what_names_no_time_is_an_error(named: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # whichever is the first to see it
        dates.span(named, UTC)


def test_a_day_spans_as_many_hours_as_its_zone_gives_it() -> None:
    spans = [dates.span(day, NEW_YORK) for day in ("2022-03-13", "2022-03-14", "2022-11-06")]
    seconds = [last.timestamp() - first.timestamp() + 1 for first, last in spans]
    assert seconds == [23 * 3600, 24 * 3600, 25 * 3600]


@given(points.map(lambda point: point.replace(microsecond=0)), st.sampled_from([4, 7, 10, 16, 19]))
def test_a_span_holds_the_time_whose_beginning_names_it(point: datetime, length: int) -> None:
    written = dates.iso(point).replace("T", " ")
    first, last = dates.span(f"{written[:length]} {written[19:]}", SHANGHAI)
    assert first <= point <= last
    assert (
        dates.iso(first)[:length].replace("T", " ") == dates.iso(last)[:length].replace("T", " ") == written[:length]
    )
    before, after = first - timedelta(seconds=1), last + timedelta(seconds=1)
    assert written[:length] not in {dates.iso(edge)[:length].replace("T", " ") for edge in (before, after)}


@settings(max_examples=examples(200), deadline=None)
@given(st.one_of(st.text(), st.text("0123456789- :TZ+", max_size=25)))
@example("٢٠٢٢-٠٤")
def test_naming_a_time_ends_in_a_span_or_in_a_value_error(named: str) -> None:
    try:
        first, last = dates.span(named, SHANGHAI)
    except ValueError:
        return
    assert first <= last
    assert first.utcoffset() is not None


# What is shown can be typed.


@pytest.mark.parametrize(
    ("written", "zone", "shown"),
    [
        ("2022-04-20T16:44:59+08:00", "Asia/Shanghai", "2022-04-20 16:44:59"),
        ("2022-04-20T16:44:59+08:00", "Asia/Singapore", "2022-04-20 16:44:59"),
        ("2022-04-20T16:44:59+08:00", "America/New_York", "2022-04-20 16:44:59 +08:00"),
        ("2022-04-20T08:44:59+00:00", "Asia/Shanghai", "2022-04-20 08:44:59 +00:00"),
        ("2022-11-06T01:30:00-04:00", "America/New_York", "2022-11-06 01:30:00"),
        ("2022-11-06T01:30:00-05:00", "America/New_York", "2022-11-06 01:30:00 -05:00"),
        ("1988-07-01T12:00:00+09:00", "Asia/Shanghai", "1988-07-01 12:00:00"),
        ("1900-01-01T08:05:00+08:05", "Asia/Shanghai", "1900-01-01 08:05:00 +08:05"),
        ("0999-01-01T00:00:00+00:00", "UTC", "0999-01-01 00:00:00"),
    ],
)
def test_a_time_is_shown_with_its_offset_only_where_another_would_be_read(
    written: str, zone: str, shown: str
) -> None:
    point = datetime.fromisoformat(written)
    assert dates.shown(point, ZoneInfo(zone)) == shown
    assert dates.shown(point, ZoneInfo(zone), "minutes") == shown[:16] + shown[19:]


ZONES = [SHANGHAI, NEW_YORK, ZoneInfo("UTC"), ZoneInfo("Europe/London"), ZoneInfo("Australia/Lord_Howe")]
anywhere = st.one_of(st.just(UTC), offsets, st.sampled_from(ZONES))


@settings(max_examples=examples(500), deadline=None)
@given(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59), timezones=anywhere),  # noqa: DTZ001  # likewise
    st.sampled_from(ZONES),
)
@example(datetime(1, 1, 1, tzinfo=SHANGHAI), NEW_YORK)
@example(datetime(9999, 12, 31, 23, 59, 59, tzinfo=NEW_YORK), SHANGHAI)
@example(datetime(2022, 11, 6, 1, 30, tzinfo=NEW_YORK, fold=1), NEW_YORK)
def test_a_time_that_is_shown_is_read_as_the_same_moment(point: datetime, zone: ZoneInfo) -> None:
    point = point.replace(microsecond=0)
    for there in (point, dates.local(point, zone)):
        first, last = dates.span(dates.shown(there, zone), zone)
        assert first == last
        assert _seconds(first) == _seconds(point)
        minute = dates.span(dates.shown(there, zone, "minutes"), zone)
        assert _seconds(minute[0]) <= _seconds(point) <= _seconds(minute[1])
        assert _seconds(minute[1]) - _seconds(minute[0]) == 59


def _seconds(point: datetime) -> float:
    """Return the seconds since 1970, at the edges of the calendar too."""
    offset = point.utcoffset()
    assert offset is not None
    return (point.replace(tzinfo=None) - datetime(1970, 1, 1) - offset).total_seconds()  # noqa: DTZ001  # both without


@given(points.map(lambda point: point.replace(microsecond=0)), st.sampled_from(ZONES))
def test_every_other_form_of_a_time_is_read_as_the_same_moment(point: datetime, zone: ZoneInfo) -> None:
    for written in (dates.iso(point), dates.front_matter(point), dates.iso(dates.utc(point)).replace("+00:00", "Z")):
        assert _seconds(dates.span(written, zone)[0]) == _seconds(point)
