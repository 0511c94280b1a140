"""What is usual for a run, and what of a run is worth a word."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.watch.baseline import FIGURES, compared, with_baseline
from crawler.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

QUARTER = timedelta(minutes=15)
NOON = datetime(2022, 4, 21, 12, tzinfo=UTC)
NOTHING = {"usual": None, "unusual": []}
USUAL = {"new": 41, "requests": 60, "seconds": 45.5, "refused": 1, "failed": 0, "gone": 2, "bytes": 800_000}


def report(back: float = 0, **changes: Any) -> dict[str, Any]:
    """Make the report of a run that began so many quarters of an hour before noon, and was as runs usually are."""
    values = {**USUAL, **changes}
    counts = {name: values.pop(name) for name in ("new", "refused", "failed", "gone")}
    known = {"run": 1000 - int(back), "site": "finews", "scope": "usual", "outcome": "finished"}
    began = {"started_at": (NOON - back * QUARTER).isoformat()}
    return {**known, **began, "posts": {**counts, "changed": 0, "unchanged": 0}, **values}


def before(count: int = 20, **changes: Any) -> list[dict[str, Any]]:
    """Make so many runs before noon, the latest first."""
    return [report(number, **changes) for number in range(1, count + 1)]


def unusual(of: dict[str, Any], *others: dict[str, Any]) -> list[str]:
    return compared(of, others or before())["unusual"]


def test_a_usual_run_comes_with_the_medians_of_those_before_it():
    assert compared(report(), before()) == {"usual": USUAL, "unusual": []}


def test_the_median_is_of_the_latest_twenty():
    others = [*before(10, new=1), *[report(11 + number, new=4) for number in range(10)], *before(5, new=500)]
    assert compared(report(new=2), others)["usual"] == {**USUAL, "new": 2.5}


@pytest.mark.parametrize(
    ("changes", "notes"),
    [
        ({"new": 3}, ["new 3, usually 41"]),
        ({"new": 0}, ["new 0, usually 41"]),
        ({"new": 14}, []),
        ({"new": 123}, []),
        ({"new": 124}, ["new 124, usually 41"]),
        ({"requests": 700}, ["requests 700, usually 60"]),
        ({"requests": 0}, []),
        ({"seconds": 1800.2}, ["1800 s, usually 46 s"]),
        ({"seconds": 160}, []),
        ({"refused": 11}, ["refused 11, usually 1"]),
        ({"refused": 9}, []),
        ({"failed": 5}, ["failed 5, usually 0"]),
        ({"failed": 4}, []),
        ({"gone": 30}, ["gone 30, usually 2"]),
        ({"bytes": 8_250_000}, ["8.2 MB, usually 0.8 MB"]),
        ({"new": 0, "failed": 41}, ["new 0, usually 41", "failed 41, usually 0"]),
    ],
)
def test_an_unusual_number_is_noted_in_a_few_words(changes: dict[str, Any], notes: list[str]):
    assert unusual(report(**changes)) == notes


def test_if_there_are_two_kinds_of_runs_neither_is_unusual():
    others = [report(number, new=40 * (number % 4 == 0)) for number in range(1, 21)]
    assert unusual(report(new=45), *others) == []
    assert unusual(report(new=0), *others) == []
    assert unusual(report(new=90), *others) == ["new 90, usually 0"]


@pytest.mark.parametrize("days", [1, 7])
def test_a_number_reached_at_the_same_hour_of_another_day_is_usual(days: int):
    nights = before(20, new=0)
    then = report(days * 96 + 2, new=60)
    assert unusual(report(new=60), *nights) == ["new 60, usually 0"]
    assert unusual(report(new=60), *nights, then) == []
    assert unusual(report(new=60), *nights, report(days * 96 + 9, new=60)) == ["new 60, usually 0"]


def test_too_few_runs_do_not_show_what_is_usual():
    assert compared(report(new=500), before(4)) == NOTHING
    assert compared(report(new=500), before(5))["unusual"] == ["new 500, usually 41"]


def test_a_run_over_certain_pages_has_no_baseline():
    assert compared(report(scope="part"), before(20, scope="part")) == NOTHING
    assert compared(report(scope="share"), before(20, scope="share")) == NOTHING


@pytest.mark.parametrize("outcome", ["running", "interrupted", "failed"])
def test_nothing_is_noted_of_a_run_that_did_not_finish(outcome: str):
    assert compared(report(outcome=outcome, new=0), before()) == {"usual": USUAL, "unusual": []}


def told(reports: Sequence[dict[str, Any]]) -> list[tuple[int, Any, list[str]]]:
    return [(each["run"], each["usual"] and each["usual"]["new"], each["unusual"]) for each in with_baseline(reports)]


def test_each_run_is_compared_with_those_before_it():
    reports = [report(0, new=300), report(1, new=2), *(report(number) for number in range(2, 9))]
    assert told(reports) == [
        (1000, 41, ["new 300, usually 41"]),
        (999, 41, ["new 2, usually 41"]),
        (998, 41, []),
        (997, 41, []),
        *((number, None, []) for number in range(996, 991, -1)),
    ]


def test_runs_of_another_site_or_scope_and_unfinished_ones_are_ignored():
    others = [
        *before(5, site="minima"),
        *before(5, scope="full"),
        *before(5, scope="part"),
        *before(5, outcome="interrupted"),
    ]
    assert told([report(new=300), *others])[0] == (1000, None, [])
    assert told([report(new=300), *others, *before(5)])[0] == (1000, 41, ["new 300, usually 41"])


def test_full_runs_are_compared_with_full_runs_far_back():
    reports = [report(number, scope="usual" if number % 100 else "full", new=0) for number in range(2000)]
    assert [each["usual"] and each["usual"]["new"] for each in with_baseline(reports)][:1500] == [0] * 1500


def test_no_more_is_read_than_is_needed():
    read = 0

    def coming() -> Iterator[dict[str, Any]]:
        nonlocal read
        for number in range(100_000):
            read += 1
            yield report(number)

    reports = with_baseline(coming())
    assert [next(reports)["run"] for _ in range(5)] == [1000, 999, 998, 997, 996]
    assert read < 1000


values = st.fixed_dictionaries(
    {figure.name: st.sampled_from([0, 1, 2, 50, 500]) for figure in FIGURES}
    | {
        "site": st.sampled_from(["finews", "minima"]),
        "scope": st.sampled_from(["usual", "usual", "full", "part"]),
        "outcome": st.sampled_from(["finished", "finished", "finished", "failed"]),
    }
)


@given(st.lists(values, max_size=60))
def test_reading_ahead_changes_nothing(changes: list[dict[str, Any]]):
    reports = [report(number, **each) for number, each in enumerate(changes)]

    def alike(number: int) -> list[dict[str, Any]]:
        kind = [reports[number][name] for name in ("site", "scope")]
        return [
            each
            for each in reports[number + 1 :]
            if [each["site"], each["scope"]] == kind and each["outcome"] == "finished"
        ]

    assert list(with_baseline(reports)) == [
        {**each, **compared(each, alike(number))} for number, each in enumerate(reports)
    ]


# In the archive, and on the terminal.


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        usual = {"site": "finews", "outcome": "finished", "seconds": 9, "requests": 8, "new": 41, "failed": 0}
        began = [(made.SEEN + number * QUARTER).isoformat() for number in range(8)]
        opened.db["runs"].insert_all({**usual, "started_at": at} for at in began)
        opened.db["runs"].update(8, {"new": 3, "failed": 9})
        yield opened


def test_every_report_of_the_archive_says_what_is_usual(archive: Archive):
    latest, former, *others = archive.runs()
    usual = {"new": 41, "requests": 8, "seconds": 9, "refused": 0, "failed": 0, "gone": 0, "bytes": 0}
    assert latest == {
        **runs.report(archive.db, 8),
        "usual": usual,
        "unusual": ["new 3, usually 41", "failed 9, usually 0"],
    }
    assert former == {**runs.report(archive.db, 7), "usual": usual, "unusual": []}
    assert [each["run"] for each in others] == [6, 5, 4, 3, 2, 1]


def test_the_table_of_runs_ends_in_what_is_unusual(archive: Archive):
    shown = CliRunner().invoke(main, ["runs", "--limit", "2"], env={"FINEWS_ARCHIVE": str(archive.path)})
    heading, latest, former = shown.output.splitlines()
    assert heading.split()[-2:] == ["pending", "unusual"]
    assert latest.split("  ")[-1].strip() == "new 3, usually 41; failed 9, usually 0"
    assert former.split()[-7:] == ["41", "0", "0", "0", "0", "0", "0"]
