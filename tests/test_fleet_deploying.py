"""Bringing the program to nodes: eggs that cannot be started, and how they are mended."""

from __future__ import annotations

import pytest
from test_fleet_nodes import stub

from crawler.ops.fleet.deploying import deployed
from crawler.ops.fleet.survey import Seen

OK = {"status": "ok"}
BROKEN = {"status": "error", "message": "scrapyd.exceptions.BadEggError"}


@pytest.mark.parametrize(
    ("version", "listed", "outcome", "told"),
    [
        ("v1", {**OK, "spiders": ["category"]}, "unchanged", ["/listspiders.json"]),
        ("v1", BROKEN, "deployed", ["/listspiders.json", "/addversion.json"]),
        ("v2", None, "deployed", ["/addversion.json", "/delversion.json"]),
    ],
)
def test_a_version_that_cannot_be_started_is_deployed_anew(
    version: str, listed: object, outcome: str, told: list[str]
) -> None:
    with stub(listspiders=listed, addversion=OK, delversion=OK) as (scrapyd, handler):
        done = deployed("north", Seen(scrapyd, versions=("v1",)), version, b"egg")
    removed = ["v1"] if version == "v2" else []
    assert done == {"node": "north", "outcome": outcome, "why": None, "removed": removed}
    assert [path.partition("?")[0] for path, _, _ in handler.told] == told


def test_an_egg_that_scrapyd_cannot_start_does_not_stay_there() -> None:
    with stub(addversion=BROKEN, delversion=OK) as (scrapyd, handler):
        done = deployed("north", Seen(scrapyd), "v1", b"egg")
    assert (done["outcome"], done["why"]) == ("failed", BROKEN["message"])
    assert [(path, form["version"]) for path, form, _ in handler.told] == [
        ("/addversion.json", ["v1"]),
        ("/delversion.json", ["v1"]),
    ]
