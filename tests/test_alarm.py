"""What a person would notice too late: silence, runs that fail or stay away, pages that are read otherwise."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.archive.ledger import links
from crawler.archive.ledger.links import End
from crawler.archive.ledger.review import Decision
from crawler.archive.store import posts
from crawler.archive.watch import silence
from crawler.archive.watch.extraction_drift import began, has_jumped
from crawler.archive.watch.phrases import lasting, moment
from crawler.cli import main
from crawler.dates import iso
from crawler.language import said, translation
from crawler.sites.commands import command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.watch.alarm import Alarm

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(weeks=1)
QUARTER, HALF = timedelta(minutes=15), timedelta(minutes=30)
MONDAY = datetime(2022, 1, 3, tzinfo=made.BEIJING)  # history begins
WEDNESDAY = MONDAY + 10 * WEEK + 2 * DAY  # most tests look back from here
HOME = made.HOME.url


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        opened.db.execute("PRAGMA synchronous = OFF")
        yield opened


@pytest.fixture
def db(archive: Archive) -> Database:
    return archive.db


def every(step: timedelta, begin: datetime, end: datetime) -> Iterator[datetime]:
    while begin <= end:
        yield begin
        begin += step


def looked(db: Database, times: Iterable[datetime], **columns: Any) -> None:
    """Write runs that began at these times; unless said otherwise they read the home page and finished."""
    row = {"site": "finews", "outcome": "finished", "listings": 1, "scope": "usual", **columns}
    insert(db, "runs", ({**row, "started_at": iso(time.astimezone(UTC))} for time in times))
    insert(
        db, "links", [{"url": HOME, "site": "finews", "kind": "home", "state": "fetched", "found_at": iso(MONDAY)}]
    )


def published(
    db: Database,
    times: Iterable[datetime],
    source: str | None = "大江网",
    seen: datetime | None = None,
    **columns: Any,
) -> None:
    """Write posts that were published then, and seen at once or at a certain time."""
    if not made.latest_run(db):
        looked(db, [MONDAY])
    (last,) = db.execute("SELECT coalesce(max(id), 0) FROM posts").fetchone()
    post = {"site": "finews", "source": source, "revision": 1, **columns}
    version = {"revision": 1, "run_id": 1, "via": "page", "title": "题"}
    bodies = dict.fromkeys(("content_hash", "summary", "markdown", "html", "text"), "")
    dated = [(number, time, iso((seen or time).astimezone(UTC))) for number, time in enumerate(times, start=last + 1)]
    insert(
        db,
        "posts",
        (
            {"id": number, "post_id": f"NW{number}", "url": f"https://x/{number}", **post,
             "published_ts": int(time.timestamp()), "first_seen_at": at, "last_seen_at": at}
            for number, time, at in dated
        ),
    )  # fmt: skip
    insert(
        db,
        "versions",
        (
            {"article_id": number, **version, **bodies, "seen_at": at, "published_at": iso(time)}
            for number, time, at in dated
        ),
    )


def insert(db: Database, table: str, rows: Iterable[dict[str, Any]]) -> None:
    """Write rows that have the same columns; those that are there stay as they are."""
    rows = list(rows)
    if rows:
        names, values = ", ".join(rows[0]), ", ".join(f":{name}" for name in rows[0])
        with db.atomic():
            db.conn.executemany(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({values})", rows)


def at_any_hour(moment: datetime) -> bool:  # noqa: ARG001  # one of the ways a site may live
    return True


def in_office_hours(moment: datetime) -> bool:
    return moment.weekday() < 5 and 8 <= moment.hour < 19


def lives(
    db: Database, begin: datetime, end: datetime, awake: Callable[[datetime], bool] = at_any_hour, seed: int = 1
) -> None:
    """Have a site publish about every twenty minutes while it is awake, and be looked at every half hour."""
    chance = random.Random(seed)
    looked(db, every(HALF, begin, end))
    published(db, (t + 25 * chance.random() * timedelta(minutes=1) for t in every(HOUR / 3, begin, end) if awake(t)))


def kinds(archive: Archive, now: datetime) -> list[str]:
    return [alarm["kind"] for alarm in archive.alarms(now)]


def only(archive: Archive, now: datetime) -> Alarm:
    (alarm,) = archive.alarms(now)
    return alarm


# Silence.


def test_a_site_that_publishes_as_usual_raises_no_alarm(archive: Archive):
    lives(archive.db, MONDAY, WEDNESDAY + 11 * HOUR)
    assert archive.alarms(WEDNESDAY + 11 * HOUR) == []


def test_the_alarm_about_a_silent_site_says_what_is_usual_and_what_to_do(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - 3 * HOUR)
    looked(archive.db, every(HALF, now - 3 * HOUR + HALF, now))
    (alarm,) = archive.alarms(now)
    numbers = alarm["numbers"]
    assert alarm == {
        "kind": "silence",
        "site": "finews",
        "sentence": (
            "No new post of finews for 3 h, since 2022-03-16 08:02 +08:00; about this hour it was 40 min at the"
            " longest in the 8 weeks before: see whether https://finews.withounder.com/ shows newer ones, if so run"
            " `finews crawl --full`."
        ),
        "numbers": {**numbers, "since": "2022-03-16T08:02:48+08:00", "compared": 8},
    }
    assert numbers["seconds"] == (now - datetime.fromisoformat(numbers["since"])).total_seconds()
    assert numbers["usual_seconds"] < HOUR.total_seconds()


def test_an_hour_is_no_silence(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - HOUR)
    looked(archive.db, [now - HALF, now])
    assert archive.alarms(now) == []


def test_nights_and_weekends_raise_no_alarm(archive: Archive):
    lives(archive.db, MONDAY, WEDNESDAY + WEEK, in_office_hours)
    looks = [look.timestamp() for look in every(HALF, MONDAY + 2 * WEEK, WEDNESDAY + WEEK)]
    for number in range(len(looks) - 2 * 7 * 48, len(looks)):
        assert silence.of_site(archive.db, "finews", HOME, looks[: number + 1]) == []


def test_a_site_that_does_not_start_its_day_raises_an_alarm_before_noon(archive: Archive):
    lives(archive.db, MONDAY, WEDNESDAY, in_office_hours)
    told = None
    for look in every(HALF, WEDNESDAY + HALF, WEDNESDAY + 12 * HOUR):
        looked(archive.db, [look])
        told = told or (look if archive.alarms(look) else None)
    assert told == WEDNESDAY + 10 * HOUR + HALF


def test_a_site_that_publishes_now_and_then_may_be_silent_for_days(archive: Archive):
    looked(archive.db, every(HOUR, MONDAY, WEDNESDAY + 3 * DAY))
    chance = random.Random(2)
    published(archive.db, (day + chance.random() * DAY for day in every(DAY, MONDAY, WEDNESDAY)))
    assert archive.alarms(WEDNESDAY + 3 * DAY) == []


@pytest.mark.parametrize("days", range(1, 15))
def test_a_new_site_raises_few_alarms(archive: Archive, days: int):
    lives(archive.db, MONDAY, MONDAY + days * DAY + 10 * HOUR, in_office_hours)
    assert archive.alarms(MONDAY + days * DAY + 10 * HOUR) == []


@pytest.mark.parametrize("living", [timedelta(days=5), 10 * WEEK], ids=["known for days", "known for weeks"])
def test_the_alarm_about_a_silence_lasts_until_it_ends_and_says_since_when(archive: Archive, living: timedelta):
    ends = MONDAY + living + 23 * HOUR
    lives(archive.db, MONDAY, ends)
    looks = [look.timestamp() for look in every(2 * HOUR, MONDAY, ends)]
    told: list[list[Alarm]] = []
    for look in every(2 * HOUR, ends + 2 * HOUR, ends + 4 * WEEK):
        looks.append(look.timestamp())
        told.append(silence.of_site(archive.db, "finews", HOME, looks))
    first = next(number for number, alarms in enumerate(told) if alarms)
    assert [len(alarms) for alarms in told[first:]] == [1] * len(told[first:])
    assert first * 2 * HOUR < 2 * DAY
    said = {alarms[0]["numbers"]["said_since"] for alarms in told[first:]}
    assert said == {iso((ends + (first + 1) * 2 * HOUR).astimezone(UTC))}
    assert " (said since " in told[-1][0]["sentence"]
    published(archive.db, [ends + 4 * WEEK])
    assert silence.of_site(archive.db, "finews", HOME, looks) == []


def test_until_weeks_are_known_the_previous_days_show_what_is_usual(archive: Archive):
    friday = MONDAY + 4 * DAY + 15 * HOUR
    lives(archive.db, MONDAY, friday - 5 * HOUR, in_office_hours)
    looked(archive.db, every(HALF, friday - 5 * HOUR + HALF, friday))
    assert only(archive, friday)["sentence"].startswith(
        "No new post of finews for 5 h, since 2022-01-07 10:08 +08:00; about this hour it was 36 min at the longest"
        " on 3 of the days before: "
    )


def test_the_first_weekend_is_no_silence_and_a_later_one_may_be(archive: Archive):
    saturday = MONDAY + 12 * DAY + 12 * HOUR
    lives(archive.db, MONDAY, saturday - 6 * HOUR)
    looked(archive.db, every(HALF, saturday - 6 * HOUR + HALF, saturday))
    assert kinds(archive, saturday) == ["silence"]
    archive.db.execute("DELETE FROM runs WHERE id > 1 AND started_at < ?", [iso(saturday - 6 * DAY)])
    assert archive.alarms(saturday) == []


@pytest.mark.parametrize("early", [2 * HOUR, 30 * DAY])
def test_a_post_dated_in_the_future_hides_no_silence(archive: Archive, early: timedelta):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - 4 * HOUR)
    published(archive.db, [now - 4 * HOUR + early], seen=now - 4 * HOUR)
    looked(archive.db, every(HALF, now - 4 * HOUR + HALF, now))
    assert kinds(archive, now)[0] == "silence"


def test_clocks_that_differ_by_minutes_make_no_wrong_date(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - 4 * HOUR)
    published(archive.db, [now - HALF], seen=now - HOUR)
    looked(archive.db, every(HALF, now - 4 * HOUR + HALF, now))
    assert archive.alarms(now) == []


def test_a_holiday_weeks_ago_hides_a_silence_on_no_weekday_but_its_own(archive: Archive):
    holiday = WEDNESDAY - 3 * WEEK

    def works(moment: datetime) -> bool:
        return in_office_hours(moment) and moment.date() != holiday.date()

    lives(archive.db, MONDAY, WEDNESDAY + DAY, works)
    archive.db.execute("DELETE FROM posts WHERE published_ts > ?", [int((WEDNESDAY + 8 * HOUR).timestamp())])
    archive.db.execute("DELETE FROM runs WHERE started_at > ?", [iso((WEDNESDAY + 15 * HOUR).astimezone(UTC))])
    assert archive.alarms(WEDNESDAY + 15 * HOUR) == []
    looked(archive.db, every(HALF, WEDNESDAY + 15 * HOUR + HALF, WEDNESDAY + DAY + 12 * HOUR))
    assert kinds(archive, WEDNESDAY + DAY + 12 * HOUR) == ["silence"]


def test_weeks_without_visits_say_nothing_about_the_site(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - 4 * HOUR)
    looked(archive.db, every(HALF, now - 4 * HOUR + HALF, now))
    gap = [iso((WEDNESDAY - 2 * WEEK - 3 * DAY).astimezone(UTC)), iso((WEDNESDAY - WEEK).astimezone(UTC))]
    archive.db.execute("DELETE FROM runs WHERE id > 1 AND started_at BETWEEN ? AND ?", gap)
    archive.db.execute("DELETE FROM posts WHERE first_seen_at BETWEEN ? AND ?", gap)
    assert only(archive, now)["numbers"]["compared"] == 7


def test_a_silence_is_measured_at_the_last_visit(archive: Archive):
    begin, now = WEDNESDAY - 8 * WEEK, WEDNESDAY + 20 * HOUR
    looked(archive.db, every(DAY, begin + 9 * HOUR, WEDNESDAY + 9 * HOUR))
    published(archive.db, every(HOUR / 2, begin, WEDNESDAY + 9 * HOUR))
    assert archive.alarms(now) == []


def test_each_site_of_an_archive_has_its_own_silence(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now)
    looked(archive.db, every(HALF, MONDAY, now), site="minima")
    published(archive.db, every(HOUR, MONDAY, now - 9 * HOUR), site="minima", source=None)
    assert [(alarm["kind"], alarm["site"]) for alarm in archive.alarms(now)] == [("silence", "minima")]
    assert "finews crawl --site minima --full" in only(archive, now)["sentence"]


@given(st.lists(st.integers(0, 10**6)))
def test_the_longest_pause_is_the_longest_between_neighbours(times: list[int]):
    times.sort()
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert silence.longest_pause(times) == max(pauses, default=0)


# Outlets.


def going_on(db: Database, now: datetime) -> None:
    """Have the site itself go on, so that only outlets can be silent."""
    looked(db, every(QUARTER * 4, MONDAY, now))
    published(db, every(QUARTER * 4, MONDAY, now), source="财联社")


def test_an_outlet_that_goes_quiet_raises_an_alarm(archive: Archive):
    going_on(archive.db, WEDNESDAY)
    url = made.CATEGORY.url
    insert(archive.db, "categories", [{"site": "finews", "slug": "dajiangwang", "name": "大江网", "url": url}])
    published(archive.db, every(8 * HOUR, MONDAY, WEDNESDAY - 4 * DAY), category="dajiangwang")
    assert archive.alarms(WEDNESDAY) == [
        {
            "kind": "outlet",
            "site": "finews",
            "sentence": (
                "大江网 (finews) has published nothing for 4 days, since 2022-03-12 00:00 +08:00; its longest pause"
                f" before was 8 h: see whether {url} shows newer posts, `finews why {url}` tells how it was read."
            ),
            "numbers": {
                "source": "大江网",
                "seconds": 4 * 86400,
                "since": "2022-03-12T00:00:00+08:00",
                "usual_seconds": 8 * 3600,
            },
        }
    ]


@pytest.mark.parametrize(
    ("silent_for", "told"), [(HOUR, 0), (23 * HOUR, 0), (32 * HOUR, 0), (33 * HOUR, 1), (8 * DAY, 1), (9 * DAY, 0)]
)
def test_an_outlet_is_quiet_after_several_of_its_pauses_and_has_ended_a_week_later(
    archive: Archive, silent_for: timedelta, told: int
):
    going_on(archive.db, WEDNESDAY)
    published(archive.db, every(8 * HOUR, WEDNESDAY - silent_for - 40 * DAY, WEDNESDAY - silent_for))
    assert kinds(archive, WEDNESDAY) == ["outlet"] * told


def test_an_outlet_that_is_new_or_makes_long_pauses_raises_no_alarm(archive: Archive):
    going_on(archive.db, WEDNESDAY)
    published(archive.db, every(HOUR, WEDNESDAY - 9 * DAY, WEDNESDAY - 3 * DAY), source="新来")
    published(archive.db, every(3 * DAY, MONDAY, WEDNESDAY - 12 * DAY), source="周报")
    published(archive.db, every(DAY, MONDAY, WEDNESDAY - 30 * DAY), source="停刊")
    assert archive.alarms(WEDNESDAY) == []


def test_a_time_without_visits_does_not_count_as_an_outlet_s_silence(archive: Archive):
    looked(archive.db, [*every(HOUR, MONDAY, WEDNESDAY - 8 * DAY), *every(HOUR, WEDNESDAY - DAY, WEDNESDAY)])
    published(archive.db, every(HOUR, MONDAY, WEDNESDAY), source="财联社")
    published(archive.db, every(8 * HOUR, MONDAY, WEDNESDAY - 8 * DAY))
    assert archive.alarms(WEDNESDAY) == []


def test_of_many_quiet_outlets_some_are_named_and_the_others_counted(archive: Archive):
    going_on(archive.db, WEDNESDAY)
    for number in range(8):
        times = every(6 * HOUR, WEDNESDAY - 30 * DAY, WEDNESDAY - 3 * DAY - number * HOUR)
        published(archive.db, times, source=f"第{number}报")
    *named, others = archive.alarms(WEDNESDAY)
    assert [alarm["numbers"]["source"] for alarm in named] == ["第7报", "第1报", "第2报", "第3报", "第4报"]
    assert others == {
        "kind": "outlet",
        "site": "finews",
        "sentence": (
            "3 other outlets of finews have gone quiet as well, such as 第5报: see whether"
            " https://finews.withounder.com/ still shows them, and whether posts still name their outlet."
        ),
        "numbers": {"outlets": 3, "sources": ["第5报", "第6报", "第0报"]},
    }


def test_outlets_raise_no_alarms_of_their_own_while_the_whole_site_is_silent(archive: Archive):
    looked(archive.db, every(HOUR, MONDAY, WEDNESDAY))
    for number in range(3):
        published(archive.db, every(HOUR, MONDAY, WEDNESDAY - 3 * DAY), source=f"第{number}报")
    assert kinds(archive, WEDNESDAY) == ["silence"]


def test_an_outlet_of_another_site_raises_no_alarm_here(archive: Archive):
    going_on(archive.db, WEDNESDAY)
    published(archive.db, every(8 * HOUR, MONDAY, WEDNESDAY - 4 * DAY), site="minima")
    assert archive.alarms(WEDNESDAY) == []


# Refusals.


def decided(
    db: Database, refused: Iterable[bool], at: datetime = made.SEEN, reason: str = "no title", name: str = "NW"
) -> None:
    """Have posts fetched for the first time, one after the other, and stored or refused."""
    if not made.latest_run(db):
        looked(db, [at])
    for number, is_refused in enumerate(refused):
        fetch = made.fetch(made.post_address(f"{name}{number}"), fetched_at=at)
        state, outcome = ("refused", "refused") if is_refused else ("stored", "new")
        why = reason if is_refused else None
        links.record_outcome(db, "finews", fetch, End(state=state, outcome=outcome, reason=why), run_id=1)
    db.conn.commit()


def test_the_alarm_about_refusals_names_the_usual_reason_and_an_example(archive: Archive):
    decided(archive.db, [number % 100 == 0 for number in range(1000)])
    decided(archive.db, [True] * 2, reason="no date", name="A")
    decided(archive.db, [number % 3 == 0 for number in range(98)], made.LATER, name="B")
    assert archive.alarms(made.LATER) == [
        {
            "kind": "refusals",
            "site": "finews",
            "sentence": (
                "35 of the latest 100 posts of finews were refused, since 2022-04-21 10:30 +08:00; of the 1000 before"
                " it was 10: most of them for no title, `finews why"
                " https://finews.withounder.com/dajiangwang/2022/04/20/B96.html` tells by which rule."
            ),
            "numbers": {
                "refused": 35,
                "posts": 100,
                "refused_before": 10,
                "posts_before": 1000,
                "reason": "no title",
                "url": "https://finews.withounder.com/dajiangwang/2022/04/20/B96.html",
            },
        }
    ]


def test_repeated_refusals_of_the_same_posts_raise_no_alarm(archive: Archive):
    decided(archive.db, [number % 10 == 0 for number in range(300)])
    for hour in range(1, 5):
        for number in range(0, 300, 10):
            fetch = made.fetch(made.post_address(f"NW{number}"), fetched_at=made.SEEN + hour * HOUR)
            reason = f"no title {hour}"
            end = End(state="refused", outcome="refused", reason=reason)
            links.record_outcome(archive.db, "finews", fetch, end, run_id=1)
    assert archive.alarms(made.LATER) == []


def test_old_refusals_and_those_since_corrected_raise_no_alarm(archive: Archive):
    decided(archive.db, [False] * 300)
    decided(archive.db, [True] * 20, made.LATER, name="A")
    looked(archive.db, [made.LATER + 8 * DAY])
    assert kinds(archive, made.LATER + DAY) == ["refusals"]
    assert archive.alarms(made.LATER + 8 * DAY) == []
    posts.store(archive.db, made.article(), 1)
    archive.db.execute("UPDATE links SET article_id = 1, state = 'stored' WHERE state = 'refused'")
    assert archive.alarms(made.LATER + DAY) == []


def test_too_few_posts_do_not_show_what_is_usual(archive: Archive):
    decided(archive.db, [*[False] * 150, *[True] * 50])
    assert archive.alarms(made.LATER) == []


def test_forbidden_and_failed_pages_do_not_count_as_refused(archive: Archive):
    decided(archive.db, [False] * 300)
    for number in range(50):
        fetch = made.fetch(made.post_address(f"A{number}"), status=None)
        end = End(state="refused", outcome="refused", reason="forbidden by robots.txt")
        links.record_outcome(archive.db, "finews", fetch, end, run_id=1)
    assert archive.alarms(made.LATER) == []


@pytest.mark.parametrize(
    ("refused", "posts", "refused_before", "jumped"),
    [(4, 100, 0, False), (5, 100, 0, True), (5, 5, 0, True), (7, 100, 10, True), (6, 100, 10, False),
     (31, 100, 100, True), (30, 100, 100, False), (100, 100, 500, False)],
)  # fmt: skip
def test_a_jump_is_three_times_as_many_and_more_than_chance(
    refused: int, posts: int, refused_before: int, jumped: bool
):
    assert has_jumped(refused, posts, refused_before, 1000) is jumped


@pytest.mark.parametrize(
    ("latest", "began_at"),
    [("1", 0), ("111", 2), ("110100000100", 3), ("1111011100000000010000", 7), ("0011100", 4), ("0001", 3)],
)
def test_a_jump_began_where_refusals_became_frequent(latest: str, began_at: int):
    decisions = [Decision(int(refused), str(number), None, "") for number, refused in enumerate(latest)]
    assert began(decisions).at == str(began_at)


@given(st.integers(1, 100), st.integers(0, 1000), st.integers(200, 1000), st.data())
def test_more_refusals_never_make_a_jump_less_of_one(posts: int, before: int, posts_before: int, data: Any):
    refused = data.draw(st.integers(0, posts - 1))
    before = min(before, posts_before)
    jumped = has_jumped(refused, posts, before, posts_before)
    assert has_jumped(refused + 1, posts, before, posts_before) >= jumped


# Category pages.


def listed_nothing(
    db: Database,
    at: datetime,
    slug: str = "dajiangwang",
    reason: str | None = "names no post",
    *,
    named_before: bool = True,
) -> None:
    """Have a category's page read, which names no post, though it did the day before."""
    url = f"https://finews.withounder.com/category/{slug}.html"
    insert(db, "categories", [{"site": "finews", "slug": slug, "name": slug, "url": url}])
    address = made.CATEGORY if slug == "dajiangwang" else made.Address(url=url, kind="category", key=slug)
    times = [(at - DAY, None), (at, reason)] if named_before else [(at, reason)]
    for when, why in times:
        end = End(state="fetched", reason=why)
        links.record_outcome(db, "finews", made.fetch(address, fetched_at=when.astimezone(UTC)), end, run_id=1)
    db.conn.commit()


def test_a_category_page_that_names_none_of_its_posts_raises_an_alarm(archive: Archive):
    looked(archive.db, [made.SEEN])
    listed_nothing(archive.db, made.SEEN)
    published(archive.db, [made.SEEN - HOUR, made.SEEN - DAY, made.SEEN - 3 * DAY], category="dajiangwang")
    url = "https://finews.withounder.com/category/dajiangwang.html"
    assert archive.alarms(made.SEEN) == [
        {
            "kind": "category",
            "site": "finews",
            "sentence": (
                "The page of dajiangwang (finews) named no post when it was read at 2022-04-21 09:00 +08:00, though 2"
                f" posts of it published in the two days before are there: see whether {url} looks otherwise now,"
                f" `finews why {url}` tells how it was read."
            ),
            "numbers": {
                "category": "dajiangwang",
                "url": url,
                "read_at": "2022-04-21T01:00:00+00:00",
                "posts": 2,
            },
        }
    ]


def test_an_unchanged_category_page_still_names_no_post(archive: Archive):
    looked(archive.db, [made.SEEN])
    listed_nothing(archive.db, made.SEEN)
    published(archive.db, [made.SEEN - HOUR], category="dajiangwang")
    same = made.fetch(made.CATEGORY, status=304, fetched_at=made.LATER)
    links.record_outcome(archive.db, "finews", same, End(state="fetched"), run_id=1)
    assert kinds(archive, made.LATER) == ["category"]


@pytest.mark.parametrize(
    "case", ["never named any", "names posts again", "posts are gone", "posts are older", "read long ago"]
)
def test_an_empty_category_page_raises_no_alarm_if_the_category_has_no_posts(archive: Archive, case: str):
    looked(archive.db, [made.SEEN])
    listed_nothing(archive.db, made.SEEN, named_before=case != "never named any")
    published(archive.db, [made.SEEN - (3 * DAY if case == "posts are older" else HOUR)], category="dajiangwang")
    if case == "names posts again":
        listed_nothing(archive.db, made.LATER, reason=None)
    if case == "posts are gone":
        archive.db.execute("UPDATE posts SET gone_at = ?", [iso(made.LATER)])
    now = made.SEEN + 3 * DAY if case == "read long ago" else made.LATER
    assert [alarm for alarm in archive.alarms(now) if alarm["kind"] == "category"] == []


def test_a_post_that_came_after_a_category_page_was_read_cannot_be_missing_on_it(archive: Archive):
    looked(archive.db, [made.SEEN])
    listed_nothing(archive.db, made.SEEN)
    published(archive.db, [made.SEEN + HOUR], category="dajiangwang")
    assert archive.alarms(made.LATER) == []


def test_of_many_empty_category_pages_some_are_named_and_the_others_counted(archive: Archive):
    looked(archive.db, [made.SEEN])
    for number in range(7):
        listed_nothing(archive.db, made.SEEN, f"outlet{number}")
        published(archive.db, [made.SEEN - HOUR], category=f"outlet{number}")
    *named, others = archive.alarms(made.SEEN)
    assert [alarm["numbers"]["category"] for alarm in named] == [f"outlet{number}" for number in range(5)]
    assert others["sentence"] == (
        "2 other category pages of finews named no post either, such as"
        " https://finews.withounder.com/category/outlet5.html: see whether the site looks otherwise now."
    )


# Runs.


def test_missing_runs_raise_an_alarm(archive: Archive):
    looked(archive.db, every(QUARTER, WEDNESDAY - DAY, WEDNESDAY))
    assert archive.alarms(WEDNESDAY + HOUR) == []
    assert archive.alarms(WEDNESDAY + 3 * HOUR) == [
        {
            "kind": "runs",
            "site": "finews",
            "sentence": (
                "No run of finews has begun for 3 h, since run 97 at 2022-03-16 00:00 +08:00; usually one does every"
                " 15 min: see whether the schedule still goes, and run `finews crawl`."
            ),
            "numbers": {"run": 97, "seconds": 10800, "usual_seconds": 900},
        }
    ]


def test_a_computer_that_sleeps_every_night_raises_no_alarm_every_morning(archive: Archive):
    for day in range(3):
        begin = WEDNESDAY - day * DAY
        looked(archive.db, every(QUARTER, begin + 8 * HOUR, begin + 22 * HOUR))
    archive.db.execute("UPDATE runs SET id = -id")
    archive.db.execute("UPDATE runs SET id = (SELECT count(*) FROM runs AS r WHERE r.started_at <= runs.started_at)")
    assert archive.alarms(WEDNESDAY + DAY + 8 * HOUR) == []
    assert kinds(archive, WEDNESDAY + DAY + 9 * HOUR) == ["runs"]


def test_a_first_run_without_a_second_raises_an_alarm_after_three_days(archive: Archive):
    looked(archive.db, [made.SEEN])
    assert archive.alarms(made.SEEN + 2 * DAY) == []
    assert only(archive, made.SEEN + 4 * DAY)["sentence"] == (
        "No run of finews has begun for 4 days, since run 1 at 2022-04-21 09:00 +08:00: see whether the schedule"
        " still goes, and run `finews crawl`."
    )


def test_runs_once_a_week_may_be_a_week_apart(archive: Archive):
    looked(archive.db, every(WEEK, MONDAY, WEDNESDAY))
    assert archive.alarms(WEDNESDAY + 2 * WEEK) == []


def test_runs_that_cannot_read_the_home_page_raise_an_alarm(archive: Archive):
    looked(archive.db, every(QUARTER, WEDNESDAY - DAY, WEDNESDAY - HOUR))
    for back, reason in ((30, "failed: timeout"), (15, "failed: HTTP 503"), (0, "failed: timeout")):
        time = WEDNESDAY - timedelta(minutes=back)
        looked(archive.db, [time], listings=0, listings_failed=1, listing_reasons=json.dumps({reason: 1}))
    assert archive.alarms(WEDNESDAY) == [
        {
            "kind": "runs",
            "site": "finews",
            "sentence": (
                "The latest 3 runs of finews came to nothing (failed: timeout), since run 94 at 2022-03-15 23:30"
                " +08:00: see whether https://finews.withounder.com/ opens, `finews why https://finews.withounder.com/`"
                " tells what it answered."
            ),
            "numbers": {
                "runs": 3,
                "first_run": 94,
                "run": 96,
                "reasons": {"failed: timeout": 2, "failed: HTTP 503": 1},
            },
        }
    ]


@pytest.mark.parametrize(
    ("latest", "told"),
    [
        ([{"outcome": "interrupted"}, {"outcome": "failed"}, {"outcome": "interrupted"}], True),
        ([{"outcome": "interrupted"}, {"outcome": "failed"}], False),
        ([{"outcome": "failed"}, {"outcome": "failed"}, {}], False),
        ([{"outcome": "failed"}, {"outcome": "failed"}, {"outcome": "failed"}, {"outcome": "running"}], True),
        ([{"listings_failed": 1}, {"listings_failed": 1}, {"listings_failed": 1}], False),
        ([{"listings": 0, "scope": "part", "listings_failed": 1}] * 4, False),
        ([{"listings": 0}] * 4, False),
    ],
)
def test_only_three_failed_runs_in_a_row_raise_an_alarm(archive: Archive, latest: list[dict[str, Any]], told: bool):
    looked(archive.db, every(QUARTER, WEDNESDAY - DAY, WEDNESDAY - HOUR))
    for number, columns in enumerate(latest):
        looked(archive.db, [WEDNESDAY - HOUR + (number + 1) * QUARTER], **columns)
    assert kinds(archive, WEDNESDAY + QUARTER) == ["runs"] * told


def test_runs_that_see_nothing_for_long_raise_an_alarm(archive: Archive):
    looked(archive.db, every(QUARTER, WEDNESDAY - DAY, WEDNESDAY))
    looked(archive.db, every(QUARTER, WEDNESDAY + QUARTER, WEDNESDAY + 2 * HOUR), listings=0)
    assert only(archive, WEDNESDAY + 2 * HOUR)["sentence"] == (
        "No run of finews has read a page that lists posts for 2 h, since run 97 at 2022-03-16 00:00 +08:00; usually"
        " one does every 15 min: `finews runs` says how they ended, `finews why https://finews.withounder.com/` what"
        " was answered."
    )


def test_silence_is_not_judged_while_runs_are_missing(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now - 8 * HOUR)
    looked(archive.db, every(HALF, now - 8 * HOUR + HALF, now - 4 * HOUR))
    assert kinds(archive, now - 4 * HOUR) == ["silence"]
    assert kinds(archive, now) == ["runs"]


def test_an_abandoned_site_raises_no_alarm(archive: Archive):
    looked(archive.db, every(DAY, MONDAY, MONDAY + 10 * DAY), site="minima")
    looked(archive.db, every(DAY, MONDAY, WEDNESDAY))
    assert archive.alarms(WEDNESDAY) == []


def test_an_archive_without_a_run_is_no_alarm(archive: Archive):
    assert archive.alarms() == []


# The command.


def ask(archive: Archive, *arguments: str) -> Any:
    return CliRunner().invoke(main, ["runs", "--silent", *arguments], env={"FINEWS_ARCHIVE": str(archive.path)})


def test_the_command_says_if_there_is_no_alarm(archive: Archive):
    shown, as_json = ask(archive), ask(archive, "--json")
    assert (shown.exit_code, shown.output) == (0, f"Nothing is amiss in {archive.path}.\n")
    assert (as_json.exit_code, json.loads(as_json.stdout)) == (0, {"archive": str(archive.path), "alarms": []})


def test_the_command_prints_a_line_for_each_alarm_and_ends_with_one(archive: Archive):
    looked(archive.db, every(QUARTER, MONDAY, MONDAY + DAY))
    archive.db.conn.commit()
    shown, as_json = ask(archive), ask(archive, "--json")
    document = json.loads(as_json.stdout)
    assert (shown.exit_code, as_json.exit_code, shown.stderr, as_json.stderr) == (1, 1, "", "")
    assert [set(alarm) for alarm in document["alarms"]] == [{"kind", "site", "sentence", "numbers"}]
    assert shown.stdout.startswith("No run of finews has begun for ")
    assert shown.stdout.count("\n") == 1


def test_an_alarm_is_said_in_chinese_with_its_reason(archive: Archive):
    looked(archive.db, every(QUARTER, WEDNESDAY - DAY, WEDNESDAY - HOUR))
    for back in (30, 15, 0):
        time = WEDNESDAY - timedelta(minutes=back)
        reasons = json.dumps({"failed: download timeout": 1})
        looked(archive.db, [time], listings=0, listings_failed=1, listing_reasons=reasons)
    (alarm,) = archive.alarms(WEDNESDAY)
    assert said(alarm["sentence"], translation("zh").gettext) == (
        "finews 最近 3 次运行都一无所获（失败：下载超时），始于 2022-03-15 23:30 +08:00 的第 94 次："
        "请看 https://finews.withounder.com/ 能否打开，`finews why https://finews.withounder.com/` 说明它的应答。"
    )


# Words.


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 min"), (1500, "25 min"), (5399, "90 min"), (5400, "2 h"), (9 * 3600 + 60, "9 h"), (172800, "2 days")],
)
def test_a_duration_is_written_in_one_unit(seconds: float, words: str):
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2022-04-20T16:44:59+08:00", "2022-04-20 16:44 +08:00"),
        ("2022-04-21T01:00:00+00:00", "2022-04-21 01:00 UTC"),
    ],
)
def test_a_time_is_written_with_its_offset(written: str, words: str):
    assert moment(written) == words


@pytest.mark.parametrize(
    ("arguments", "site", "words"),
    [
        (["crawl"], "finews", "finews crawl"),
        (["crawl", "--full"], "minima", "finews crawl --site minima --full"),
        (["crawl"], "garden", "finews crawl --site garden.yaml"),
        (["why", "https://x/a b(c)"], "finews", "finews why 'https://x/a b(c)'"),
    ],
)
def test_a_command_is_quoted_for_a_shell(arguments: list[str], site: str, words: str):
    assert command(*arguments, site=site) == words


# Unlikely dates.


def test_posts_of_unlikely_dates_are_told_of_for_a_week(archive: Archive):
    now = WEDNESDAY + 11 * HOUR
    lives(archive.db, MONDAY, now + 8 * DAY)
    assert archive.alarms(now) == []
    seen = now - HOUR
    published(archive.db, [MONDAY.replace(year=1, month=1, day=1), seen + 3 * DAY, seen + 2 * DAY], seen=seen)
    (last,) = archive.db.execute("SELECT max(id) FROM posts").fetchone()
    first, second = f"NW{last - 2}", f"NW{last - 1}"
    alarm = only(archive, now)
    assert alarm == {
        "kind": "dates",
        "site": "finews",
        "sentence": (
            "2 posts of finews claim to be of before 1990-01-01 or of days to come"
            f" ({first}: 0001-01-01 00:00 +08:00, {second}: 2022-03-19 10:00 +08:00), since 2022-03-16 10:00 +08:00:"
            f" see whether the page says otherwise, `finews why {first}` tells where it is; if not, `dates` in the"
            " site's definition says what is to be expected."
        ),
        "numbers": {"posts": 2, "ids": [first, second], "since": "2022-03-16T02:00:00+00:00"},
    }
    assert only(archive, now + 6 * DAY) == alarm
    assert archive.alarms(now + 8 * DAY) == []
