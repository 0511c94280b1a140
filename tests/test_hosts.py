"""Hosts: what a run leaves of each for the next, and when a run is done with one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import hosts, runs
from crawler.archive.ledger.hosts import Host
from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

NOW = made.SEEN
NAME = "finews.withounder.com"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return an archive in which the runs 1 and 2 have begun."""
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", NOW)
        runs.begin(archive.db, "finews", NOW)
        yield archive.db


def after(**length: float) -> str:
    return iso(NOW + timedelta(**length))


# Known.


def test_nothing_but_its_name_is_known_of_a_host_never_requested(db: Database):
    assert hosts.known(db, NAME) == Host(host=NAME)
    assert list(db.query("SELECT * FROM hosts")) == []


def test_updating_some_fields_of_a_host_keeps_the_others(db: Database):
    hosts.note(db, NAME, robots="User-agent: *", robots_at=after())
    hosts.note(db, NAME, wait_until=after(minutes=5), wait_reason="has been asked 3 times today")
    hosts.note(db, NAME, failures=3, failure="timeout", given_up_run_id=1)
    hosts.note(db, NAME, day="2022-04-21", requests=7, failures=4)
    assert hosts.known(db, NAME) == Host(
        host=NAME,
        robots="User-agent: *",
        robots_at="2022-04-21T01:00:00+00:00",
        wait_until="2022-04-21T01:05:00+00:00",
        wait_reason="has been asked 3 times today",
        failures=4,
        failure="timeout",
        given_up_run_id=1,
        day="2022-04-21",
        requests=7,
    )


def test_updating_one_host_does_not_change_another(db: Database):
    hosts.note(db, NAME, failures=3)
    hosts.note(db, "finews.zning.me", failures=4)
    assert [hosts.known(db, name).failures for name in (NAME, "finews.zning.me", "other.example")] == [3, 4, 0]


# Waits.


@pytest.mark.parametrize(
    ("until", "left"),
    [
        (None, timedelta()),
        (timedelta(seconds=-1), timedelta()),
        (timedelta(), timedelta()),
        (timedelta(seconds=1), timedelta(seconds=1)),
        (timedelta(days=1), timedelta(days=1)),
        # Nothing is put off for longer, so the clock was set back.
        (timedelta(days=1, seconds=1), timedelta()),
        (timedelta(days=3650), timedelta()),
    ],
)
def test_a_host_is_left_alone_until_its_time_unless_the_clock_was_set_back(until: timedelta | None, left: timedelta):
    host = Host(host=NAME, wait_until=None if until is None else iso(NOW + until))
    assert host.wait_left(NOW) == left


def test_the_reason_why_a_host_is_left_alone_is_put_into_words():
    until = "2022-04-21T01:05:00+00:00"
    assert Host(host=NAME, wait_until=until).wait_in_words() == f"asks to be left alone until {until}"
    assert Host(host=NAME, wait_until=until, wait_reason="has been asked 3 times today").wait_in_words() == (
        f"has been asked 3 times today: left alone until {until}"
    )


# Closed.


@pytest.mark.parametrize(
    ("known", "is_closed"),
    [
        ({}, False),
        ({"failures": 100, "failure": "timeout"}, False),
        ({"given_up_run_id": 1}, False),
        ({"given_up_run_id": 2}, True),
        ({"wait_until": after(seconds=60)}, False),
        ({"wait_until": after(seconds=61)}, True),
        ({"wait_until": after(days=1)}, True),
        ({"wait_until": after(days=2)}, False),
    ],
    ids=lambda value: "+".join(value) if isinstance(value, dict) else None,
)
def test_a_run_is_done_with_a_host_that_it_gave_up_or_that_asks_for_more_than_a_minute(
    db: Database, known: dict[str, Any], is_closed: bool
):
    if known:
        hosts.note(db, NAME, **known)
    assert hosts.closed(db, NAME, 2, NOW) is is_closed


def test_only_hosts_that_a_run_is_done_with_are_reported_each_with_the_reason(db: Database):
    hosts.note(db, "d.example", wait_until=after(hours=2))
    hosts.note(db, "c.example", wait_until=after(seconds=60), failures=9)
    hosts.note(db, "b.example", given_up_run_id=1, failures=10, failure="timeout")
    hosts.note(db, "a.example", given_up_run_id=2, failures=12, failure="HTTP 500", wait_until=after(hours=1))
    hosts.note(db, "e.example", wait_until=after(hours=3), wait_reason="has been asked 3 times today")
    assert hosts.troubles(db, 2, NOW) == {
        "a.example": "given up after 12 failures in a row (HTTP 500)",
        "d.example": "asks to be left alone until 2022-04-21T03:00:00+00:00",
        "e.example": "has been asked 3 times today: left alone until 2022-04-21T04:00:00+00:00",
    }


# Days.


@pytest.mark.parametrize(
    ("now", "day", "end"),
    [
        (datetime(2022, 4, 21, 0, 0, tzinfo=UTC), "2022-04-21", datetime(2022, 4, 22, tzinfo=UTC)),
        (datetime(2022, 4, 30, 23, 59, 59, 999999, tzinfo=UTC), "2022-04-30", datetime(2022, 5, 1, tzinfo=UTC)),
        (datetime(2024, 2, 28, 12, 0, tzinfo=UTC), "2024-02-28", datetime(2024, 2, 29, tzinfo=UTC)),
    ],
)
def test_requests_are_counted_per_day_in_utc(now: datetime, day: str, end: datetime):
    assert (hosts.day_of(now), hosts.next_day(now)) == (day, end)
