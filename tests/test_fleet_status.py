"""What is told of jobs that ended without doing what they were to."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from test_fleet_deciding import NODES, NOW, job, manifest, node

from crawler.ops.fleet.status import log_of_failure

if TYPE_CHECKING:
    from crawler.ops.fleet.nodes import Job

LOG = f"{NODES['north'].address}/logs/x.log"


def ended(minutes_ago: int, *, is_closing: bool = False) -> Job:
    put_in_at = NOW - timedelta(minutes=minutes_ago)
    return job("a", "finished")._replace(put_in_at=put_in_at, is_closing=is_closing, log="/logs/x.log")


@pytest.mark.parametrize(
    ("jobs", "expected"),
    [
        ([], None),
        ([ended(20)], None),  # the manifest has the report of the run that began ten minutes ago
        ([ended(20), ended(5)], LOG),
        ([ended(20), ended(5, is_closing=True)], LOG),
        ([ended(20, is_closing=True), ended(11)], None),
        ([ended(5), job("a")], None),  # it is at work again
    ],
)
def test_the_log_is_named_of_a_last_job_that_left_nothing(jobs: list[Job], expected: str | None) -> None:
    north = node("north", manifest("a", "A", 10), jobs=tuple(jobs))
    assert log_of_failure("a", {"north": north, "south": node("south")}) == expected


def test_a_site_that_was_handed_over_has_ended_well() -> None:
    north = node("north", manifest("a", "A", 300, handed_over=True), jobs=(ended(5, is_closing=True),))
    assert log_of_failure("a", {"north": north}) is None


def test_a_job_that_left_no_manifest_has_failed() -> None:
    assert log_of_failure("a", {"north": node("north", jobs=(ended(5),))}) == LOG
