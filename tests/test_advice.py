"""What a run says beside its report: what to look into, and when posts are checked again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive.ledger.runs import Traffic
from crawler.ops.advice import not_checked, trouble

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.items import Scope

TWO = ("NW202204202350104915", "NW202204202350104916")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive into which a run has stored two posts."""
    path = tmp_path / "archive.db"
    with made.Run(path) as run:
        for post_id in TWO:
            run.write(made.article(post_id))
        run.end()
    return path


def report_of(path: Path, *records: Any, scope: Scope = "usual", traffic: Traffic = made.NO_TRAFFIC) -> Any:
    """Return the report of a run that wrote these records."""
    with made.Run(path, scope=scope) as run:
        for record in records:
            run.write(record)
        return run.end(traffic=traffic)


AGAIN = "if the home page has changed. To check them now, add --full."


@pytest.mark.parametrize(
    ("minutes", "when"),
    [
        (0, "in 60 min at the earliest, "),
        (10, "in 50 min at the earliest, "),
        (59.9, "in 1 min at the earliest, "),
        (60, ""),
        (600, ""),
    ],
)
def test_a_run_without_anything_new_says_when_posts_are_checked_again(path: Path, minutes: float, when: str) -> None:
    told = not_checked(path, report_of(path), made.SEEN + timedelta(minutes=minutes))
    assert told == f"Nothing new. 2 known posts were not checked again: a run does that {when}{AGAIN}"


def test_posts_that_were_checked_are_not_counted(path: Path) -> None:
    report = report_of(path, made.unchanged(made.post_address(TWO[0]), made.SEEN + timedelta(minutes=90)))
    told = not_checked(path, report, made.SEEN + timedelta(minutes=90))
    assert told == f"Nothing new. 1 known post was not checked again: a run does that {AGAIN.replace('them', 'it')}"


def test_nothing_is_said_where_all_were_checked_or_are_checked_no_more(path: Path) -> None:
    later = made.SEEN + timedelta(days=4)
    report_of(path, *(made.unchanged(made.post_address(post_id), later) for post_id in TWO))
    assert not_checked(path, report_of(path), later) is None


@pytest.mark.parametrize("scope", ["full", "part", "share", "import"])
def test_only_a_usual_run_says_it(path: Path, scope: Scope) -> None:
    assert not_checked(path, report_of(path, scope=scope), made.SEEN) is None


def test_a_run_with_something_new_or_changed_does_not_say_it(path: Path) -> None:
    assert not_checked(path, report_of(path, made.article("NW202204202350104917")), made.SEEN) is None
    edited = made.article(TWO[0], seen_at=made.LATER, html="<p>江西将实现6G+VR融合。</p>")
    assert not_checked(path, report_of(path, edited), made.SEEN) is None


def test_a_post_of_another_site_is_not_counted(path: Path) -> None:
    report = {**report_of(path), "site": "minima"}
    assert not_checked(path, report, made.SEEN) is None


# Trouble.

SILENT = Traffic(requests=2)
MIRROR = "http://127.0.0.1:1"
HOST = "finews.withounder.com"


@pytest.mark.parametrize(
    ("reason", "mirror", "first"),
    [
        ("cannot resolve host", None, "see whether this machine is online"),
        ("download timeout", None, "see whether this machine is online"),
        ("robots.txt: no route to the host", None, "see whether this machine is online"),
        ("download connection refused", MIRROR, f"see whether a server runs at {MIRROR}, the mirror"),
        ("the proxy 10.0.0.1:3128: download timeout", None, "see whether the proxy runs at that address"),
        ("the proxy 10.0.0.1:3128: cannot resolve host", MIRROR, "see whether the proxy runs at that address"),
    ],
)
def test_a_run_without_any_answer_says_what_to_look_at(
    path: Path, reason: str, mirror: str | None, first: str
) -> None:
    report = {**report_of(path, made.failed(made.HOME), traffic=SILENT), "hosts": {HOST: f"given up ({reason})"}}
    assert trouble(report, mirror) == (
        f"No answer from {HOST} ({reason.removeprefix('robots.txt: ')}): {first}; the next run asks again."
    )


@pytest.mark.parametrize(
    ("traffic", "reason"),
    [
        (Traffic(requests=2, bytes=300), "cannot resolve host"),
        (SILENT, "the certificate of x is not trusted: see whether this machine's clock is right"),
        (SILENT, "the proxy 10.0.0.1:3128 answers HTTP 407"),
    ],
)
def test_other_failures_are_said_in_general(path: Path, traffic: Traffic, reason: str) -> None:
    report = {**report_of(path, made.failed(made.HOME), traffic=traffic), "hosts": {HOST: f"given up ({reason})"}}
    assert trouble(report) == "Some pages could not be fetched; the next run asks for them again."


def test_of_a_run_that_went_well_nothing_is_said(path: Path) -> None:
    report = report_of(path, made.unchanged(made.HOME), traffic=Traffic(requests=1, not_modified=1, bytes=200))
    assert trouble(report) is None


@pytest.mark.parametrize(
    ("refused", "gone", "unchanged", "is_told"),
    [(3, 0, 0, True), (19, 1, 0, True), (3, 3, 0, True), (2, 0, 0, False), (3, 4, 0, False), (19, 1, 1, False)],
)
def test_a_run_that_could_keep_nothing_says_so(
    path: Path, refused: int, gone: int, unchanged: int, *, is_told: bool
) -> None:
    addresses = [made.post_address(f"NW2022042023501049{number:02}") for number in range(refused + gone)]
    outcomes = [made.refused(address, "unknown layout") for address in addresses[:refused]]
    outcomes += [made.gone(address) for address in addresses[refused:]]
    outcomes += [made.unchanged(made.post_address(TWO[0]))] * unchanged
    told = trouble(report_of(path, *outcomes))
    sentence = "Every post was refused: has the site changed, or does its definition not fit?"
    assert told == (sentence if is_told else None)
