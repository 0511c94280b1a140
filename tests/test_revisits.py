"""When to ask again: rules of time, checked by what must hold at any time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import Any, get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.archive.ledger.hosts import LONGEST_WAIT
from crawler.items import State
from crawler.middlewares.waiting import retry_after, retry_delay
from crawler.revisits import LONGEST, missed_a_run, next_look

NOW = datetime(2022, 4, 21, 1, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STATES = get_args(State)
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  # in UTC
spans = st.timedeltas(timedelta(), timedelta(days=400))


# Looks.


@given(st.sampled_from(STATES), times, times)
def test_the_next_visit_is_never_in_the_past_nor_further_ahead_than_the_longest_delay(
    state: Any, since: datetime, now: datetime
):
    again = next_look(state, since, now)
    assert again is None or now <= again <= now + LONGEST


@given(st.sampled_from(STATES), times, spans)
def test_an_address_found_in_the_future_by_a_clock_set_back_counts_as_just_found(
    state: Any, now: datetime, ahead: timedelta
):
    assert next_look(state, now + ahead, now) == next_look(state, now, now)


@pytest.mark.parametrize("state", sorted(set(STATES) - {"failed"}))
def test_a_post_is_revisited_after_an_hour_six_hours_a_day_and_three_days(state: Any):
    looks, now = [], NOW
    while (again := next_look(state, NOW, now)) is not None:
        looks.append(again - NOW)
        now = again
    assert looks == [HOUR, 6 * HOUR, DAY, 3 * DAY]


@pytest.mark.parametrize(
    ("age", "again"),
    [
        (timedelta(minutes=59), HOUR),
        (timedelta(minutes=61), 6 * HOUR),
        (7 * HOUR, DAY),
        (25 * HOUR, 3 * DAY),
        (3 * DAY - timedelta(seconds=1), 3 * DAY),
        (3 * DAY, None),
        (365 * DAY, None),
    ],
)
def test_a_late_visit_is_not_made_up_for(age: timedelta, again: timedelta | None):
    assert next_look("stored", NOW, NOW + age) == (None if again is None else NOW + again)


@given(times, st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=1)), max_size=40))
def test_a_post_is_revisited_at_most_four_times_however_late_the_runs_are(found: datetime, late: list[timedelta]):
    looks, now = 0, found
    for delay in late:
        again = next_look("stored", found, now)
        if again is None:
            break
        looks, now = looks + 1, again + delay
    assert looks <= 4


# Failures.


@pytest.mark.parametrize(
    ("age", "put_off"),
    [
        (timedelta(), timedelta()),
        (timedelta(minutes=59), timedelta()),
        (HOUR, timedelta(minutes=15)),
        (4 * HOUR, HOUR),
        (DAY, 6 * HOUR),
        (4 * DAY, 6 * HOUR),
    ],
)
def test_a_failed_address_is_requested_by_every_run_for_an_hour_and_then_less_and_less_often(
    age: timedelta, put_off: timedelta
):
    assert next_look("failed", NOW, NOW + age) == NOW + age + put_off


@given(times, st.timedeltas(4 * DAY + timedelta(microseconds=1), 400 * DAY))
def test_an_address_that_has_failed_for_four_days_is_not_requested_again(since: datetime, age: timedelta):
    assert next_look("failed", since, since + age) is None


def test_hourly_runs_request_an_address_that_always_fails_about_two_dozen_times():
    asked, now = 0, NOW
    while (again := next_look("failed", NOW, now)) is not None:
        asked, now = asked + 1, max(again, now + HOUR)
    assert 20 <= asked <= 30


# Retries.


@given(st.integers(1, 50), st.floats(0.01, 10))
def test_each_retry_waits_longer_than_the_one_before_up_to_a_minute(tries: int, first: float):
    before, after = retry_delay(tries, first), retry_delay(tries + 1, first)
    assert first <= before <= after <= 60
    assert after == 60 or after == pytest.approx(4 * before)


def test_retries_wait_four_times_longer_each():
    assert [retry_delay(tries, 2.0) for tries in (1, 2, 3, 4)] == [2.0, 8.0, 32.0, 60.0]
    assert retry_delay(1, 0) == 0


# Retry-After.


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("0", timedelta()),
        ("1", timedelta(seconds=1)),
        (" 120 ", timedelta(minutes=2)),
        ("007", timedelta(seconds=7)),
        ("60.0", timedelta(seconds=60)),
        ("1.5", timedelta(seconds=1.5)),
        ("0.0", timedelta()),
        ("86400", DAY),
        ("86401", DAY),
        ("999999999", DAY),
        ("1" + "0" * 400, DAY),
        ("Thu, 21 Apr 2022 01:05:00 GMT", timedelta(minutes=5)),
        ("Thu, 21 Apr 2022 09:05:00 +0800", timedelta(minutes=5)),
        ("Thursday, 21-Apr-22 01:05:00 GMT", timedelta(minutes=5)),
        # No time zone, or one that nobody knows, is UTC.
        ("Thu, 21 Apr 2022 01:05:00", timedelta(minutes=5)),
        ("Thu, 21 Apr 2022 01:05:00 -0000", timedelta(minutes=5)),
        ("Thu Apr 21 01:05:00 2022", timedelta(minutes=5)),
        # Over already, or further away than anybody waits.
        ("Thu, 21 Apr 2022 00:59:59 GMT", timedelta()),
        ("Sun, 06 Nov 1994 08:49:37 GMT", timedelta()),
        ("Sat, 23 Apr 2022 01:00:00 GMT", DAY),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY),
        ("Fri, 31 Dec 9999 23:59:59 -1200", DAY),
    ],
)
def test_seconds_and_dates_are_read(written: str, wait: timedelta):
    assert retry_after(written, NOW) == NOW + wait


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "soon",
        "-1",
        "+1",
        "60 seconds",
        "1,5",
        ".5.",
        "1.5.2",
        "inf",
        "1e3",
        "0x10",
        "一百",
        "١٢",
        "²",
        "Thu, 31 Feb 2022 01:05:00 GMT",
        "Thu, 21 Apr 2022 25:05:00 GMT",
        "Thu, 21 Apr 99999 01:05:00 GMT",
        "Thu, 21 Apr 2022 01:05:00 +9999999999",
        "2022-04-21T01:05:00Z",
        "\\x00",
        ",",
        "1, 2",
    ],
)
def test_a_header_that_is_neither_seconds_nor_a_date_is_not_read(written: str):
    assert retry_after(written, NOW) is None


# What comes in a header may be anything.
dates = st.builds(
    lambda point, zone: format_datetime(point.replace(tzinfo=zone)),
    st.datetimes(),
    st.one_of(st.none(), st.timezones(), st.just(UTC)),
)
date_like = st.lists(
    st.sampled_from(["Thu,", "21", "Apr", "2022", "01:05:00", "1:5", "GMT", "+0800", "-0000", "99", ",", "", "0"]),
    max_size=8,
).map(" ".join)


@given(st.one_of(st.text(), st.from_regex(r"\A[0-9]+\Z"), dates, date_like))
@example("21 Apr 0001 00:00:00 +2359")
@example("31 Dec 9999 23:59:59 -2359")
@example("Thu, 21 Apr 2022 01:05:00 +2400")
def test_no_header_makes_a_host_wait_longer_than_a_day_or_until_before_now(written: str):
    until = retry_after(written, NOW)
    assert until is None or NOW <= until <= NOW + LONGEST_WAIT
    assert until is None or until.tzinfo is not None


# Missed runs.


def minutes(*lengths: float) -> list[timedelta]:
    return [timedelta(minutes=length) for length in lengths]


@pytest.mark.parametrize(
    ("usual", "not_yet", "missed"),
    [
        # Until there are three gaps to judge by, hours must have passed.
        ([], 360, 361),
        (minutes(15, 15), 360, 361),
        # Two and a half times what is usual.
        (minutes(15, 15, 15), 37, 38),
        (minutes(60, 1, 60, 600, 60), 150, 151),
        # Ten minutes are never enough, six hours always.
        (minutes(1, 1, 1), 10, 11),
        (minutes(0, 0, 0), 10, 11),
        (minutes(1440, 1440, 1440), 360, 361),
    ],
)
def test_a_run_was_missed_if_the_gap_is_longer_than_usual(usual: list[timedelta], not_yet: float, missed: float):
    assert not missed_a_run(timedelta(minutes=not_yet), usual)
    assert missed_a_run(timedelta(minutes=missed), usual)


gaps = st.lists(st.timedeltas(timedelta(days=-400), timedelta(days=400)), max_size=21)


@given(st.timedeltas(max_value=timedelta(microseconds=-1)), gaps)
def test_if_the_clock_was_set_back_a_run_counts_as_missed(gap: timedelta, usual: list[timedelta]):
    assert missed_a_run(gap, usual)


@given(st.timedeltas(timedelta(), timedelta(days=400)), gaps)
def test_no_run_was_missed_within_ten_minutes_and_one_always_was_after_six_hours(
    gap: timedelta, usual: list[timedelta]
):
    if gap <= timedelta(minutes=10):
        assert not missed_a_run(gap, usual)
    if gap > 6 * HOUR:
        assert missed_a_run(gap, usual)


@given(gaps, st.lists(spans, min_size=2, max_size=5))
def test_the_longer_the_gap_the_more_a_run_was_missed(usual: list[timedelta], lengths: list[timedelta]):
    judged = [missed_a_run(length, usual) for length in sorted(lengths)]
    assert all(before <= after for before, after in pairwise(judged))
