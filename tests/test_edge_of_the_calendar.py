"""Posts dated as nobody dates one: before clocks had zones, and at the very ends of the calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler import dates
from crawler.archive import Archive
from crawler.cli import main
from crawler.items import UNLIKELY_DATE
from crawler.markdown.post_file import parse, render_post
from crawler.ops.export import export_posts
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.pipelines.validate import Validate
from crawler.recording.normalise import is_likely, normalise
from crawler.sites.definition import Dates

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
    f"history {made.ID} --diff",
    f"show {made.ID} --format json",
    "stats --json",
    "stats --coverage --json",
    "stats --coverage --since 0001",
    "search 江西 --as-of 9999",
    "search 江西 --as-of 0001",
    "stock 600519 --since 0001",
    "check",
    "check --repair",
    "export out",
    "export out --format jekyll",
    "export out --format jsonl",
    "export out --format csv",
]


def dated(written: str) -> datetime:
    point = dates.parse(written, ZONE)
    assert point is not None
    return point


@pytest.mark.parametrize("written", ODD)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_post_of_any_date_can_be_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, command: str
):
    monkeypatch.chdir(tmp_path)
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


# A date that is not to be believed.

MADE_AT = made.SEEN  # 2022-04-21 09:00 in Beijing
LIKELY = [datetime(1990, 1, 1, tzinfo=ZONE), made.PUBLISHED, MADE_AT + timedelta(days=2)]
UNLIKELY = [
    datetime(1989, 12, 31, 23, 59, 59, tzinfo=ZONE),
    datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    datetime(1970, 1, 1, tzinfo=ZONE),
    MADE_AT + timedelta(days=2, seconds=1),
    datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-14))),
]


def site_with(**changes: Any) -> Any:
    return replace(made.SITE, dates=Dates(**changes))


@pytest.mark.parametrize("point", LIKELY)
def test_a_likely_date_is_not_marked(point: datetime):
    assert made.article(published_at=point).post.derived == ()


@pytest.mark.parametrize("point", UNLIKELY)
def test_an_unlikely_date_is_kept_and_marked(point: datetime):
    article = made.article(published_at=point)
    assert (article.post.published_at, article.post.derived) == (point, (UNLIKELY_DATE,))
    assert Validate().process_item(article) is article


@pytest.mark.parametrize("point", UNLIKELY)
def test_a_site_may_have_posts_of_unlikely_dates_refused(point: datetime):
    article = normalise(made.post(published_at=point), site_with(outside="refuse"))
    assert Validate().process_item(article) == made.refused(reason="unlikely date", rule="dates")


def test_a_site_says_which_dates_it_expects():
    own = site_with(earliest=date(1890, 1, 1), days_ahead=30)
    told = [is_likely(point, MADE_AT, own) for point in (datetime(1890, 1, 1, tzinfo=ZONE), UNLIKELY[3], UNLIKELY[4])]
    assert told == [True, True, False]


def test_a_mark_is_judged_anew_by_whoever_takes_the_post_in():
    assert made.article(derived=("title", UNLIKELY_DATE)).post.derived == ("title",)


def test_a_page_that_is_read_anew_by_another_definition_is_marked_by_that(tmp_path: Path):
    run = made.Run(tmp_path / "a.db")
    post = made.post(published_at=datetime(1980, 5, 1, tzinfo=ZONE))
    marks = []
    for site in (made.SITE, site_with(earliest=date(1980, 1, 1))):
        run.write(normalise(post, site))
        marks.append(run.archive.post(made.ID)["derived"])
    run.end()
    assert marks == [[UNLIKELY_DATE], []]


@pytest.mark.parametrize("form", ["markdown", "jekyll"])
@pytest.mark.parametrize("written", [*ODD, "1890-06-01 12:30:15", "1927-12-31 23:54:08", "2199-01-01 08:00:00"])
def test_an_odd_date_goes_out_and_comes_in_again_as_it_was(tmp_path: Path, written: str, form: str):
    run = made.Run(tmp_path / "a.db")
    run.write(made.article(published_at=dated(written)))
    posts = list(run.archive.posts())
    run.end()
    export_posts(posts, tmp_path / "out", form)
    import_posts([tmp_path / "out"], ImportOptions(archive=tmp_path / "b.db", posts=None))
    with Archive(tmp_path / "b.db") as archive:
        (again,) = archive.posts()
    kept = ("published_at", "published_ts", "derived", "content_hash")
    assert {name: again[name] for name in kept} == {name: posts[0][name] for name in kept}
    assert again["derived"] == [UNLIKELY_DATE]
