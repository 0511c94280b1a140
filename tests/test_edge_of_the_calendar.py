"""Posts dated as nobody dates one: before clocks had zones, and at the very ends of the calendar."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import made
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler import dates
from crawler.archive import Archive
from crawler.cli import main
from crawler.markdown.post_file import parse, render_post

if TYPE_CHECKING:
    from pathlib import Path

ZONE = made.SITE.timezone
ODD = ["0001-01-01", "0001-01-01 00:00:00", "1900-12-31 12:00", "1901-01-01", "9999-12-31 23:59:59", "9999-12-31"]
COMMANDS = [
    "stats",
    "stats --coverage",
    "search 江西 --sort date",
    "search 江西 --since 0001 --until 9999",
    "runs",
    "runs --silent",
    f"show {made.ID}",
    f"history {made.ID}",
    f"why {made.ID}",
    "stock 600519",
    "check",
]


def dated(written: str) -> datetime:
    point = dates.parse(written, ZONE)
    assert point is not None
    return point


@pytest.mark.parametrize("written", ODD)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_post_of_any_date_can_be_asked_for(tmp_path: Path, written: str, command: str):
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(published_at=dated(written)))
    run.write(made.article("NW1"))
    run.end()
    result = CliRunner().invoke(main, command.split(), env={"FINEWS_ARCHIVE": str(tmp_path / "a.db")})
    assert isinstance(result.exception, SystemExit | None)


@pytest.mark.parametrize(
    ("written", "in_front_matter"),
    [
        ("0001-01-01", "0001-01-01 00:00:00 +0805"),
        ("1900-12-31 12:00", "1900-12-31 12:00:00 +0805"),
        ("1901-01-02", "1901-01-02 00:00:00 +0800"),
        ("2022-04-20 16:44:59", "2022-04-20 16:44:59 +0800"),
        ("9999-12-31 23:59:59", "9999-12-31 23:59:59 +0800"),
    ],
)
def test_a_date_is_written_as_it_is_read(tmp_path: Path, written: str, in_front_matter: str):
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(published_at=dated(written)))
    front, _ = parse(render_post(run.archive.post(made.ID)))
    run.end()
    assert front["date"] == in_front_matter


def test_a_date_that_was_stored_in_local_mean_time_is_written_in_whole_minutes(tmp_path: Path):
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(published_at=datetime(1890, 1, 1, tzinfo=ZONE)))
    with Archive(tmp_path / "a.db") as archive:
        assert parse(render_post(archive.post(made.ID)))[0]["date"] == "1890-01-01 00:00:00 +0805"
    run.end()


@given(st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29)))  # noqa: DTZ001  # made local below
def test_every_date_comes_back_from_front_matter_as_it_went(naive: datetime):
    point = dated(naive.replace(microsecond=0).isoformat(sep=" "))
    again = dated(dates.front_matter(point))
    assert (again, again.utcoffset()) == (point, point.utcoffset())
