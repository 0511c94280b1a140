"""What is to be done about each site of a fleet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.ops.fleet.deciding import Central, LatestRun, Step, decide, uncollected
from crawler.ops.fleet.nodes import Job, Scrapyd
from crawler.ops.fleet.plan.definition import Node
from crawler.ops.fleet.plan.loading import Fleet, Member
from crawler.ops.fleet.survey import Seen

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.snapshots.manifest import Manifest, Snapshot

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
VERSION = "0_1_0-abc"
NODES = {name: Node(name=name, address=f"http://{name}.example:6800") for name in ("north", "south")}
NOTHING = Central("central", {}, {})
FIRST, SECOND, LOST = "1" * 64, "2" * 64, "3" * 64


def member(name: str, node: str = "north", group: str | None = None) -> Member:
    site = replace(made.SITE, name=name, hosts=(f"{name}.example",))
    return Member(site, None, timedelta(hours=1), node, group or name, {})


def fleet(*members: Member) -> Fleet:
    return Fleet("finews", NODES, dict.fromkeys(NODES), {each.site.name: each for each in members})


def snapshot(state: str, base: str | None = None) -> Snapshot:
    return {
        "file": "000001.db",
        "bytes": 1,
        "sha256": "0" * 64,
        "base": base,
        "state": state,
        "made_at": "2026-11-27",
    }


def manifest(site: str, archive: str, minutes_ago: int, *, handed_over: bool = False) -> Manifest:
    """Make the manifest of a site whose last run began so long ago, with one snapshot."""
    run = {"started_at": (NOW - timedelta(minutes=minutes_ago)).isoformat()}
    return {
        "format": 1,
        "archive": archive,
        "site": site,
        "state": FIRST,
        "snapshots": [snapshot(FIRST)],
        "run": run,  # type: ignore[typeddict-item]  # the rest of a report does not matter
        "alarms": [],
        "handed_over": handed_over,
    }


def node(name: str, *manifests: Manifest, **changes: object) -> Seen:
    seen = Seen(
        Scrapyd(NODES[name], None, "finews"), None, (VERSION,), (), {each["site"]: each for each in manifests}
    )
    return seen._replace(**changes)


def job(site: str, state: str = "running") -> Job:
    return Job(site, NOW, False, state, None)  # type: ignore[arg-type]  # a state


def steps(members: Fleet, central: Central = NOTHING, **nodes: Seen) -> list[Step]:
    seen: Mapping[str, Seen] = {name: nodes.get(name, node(name)) for name in NODES}
    return decide(members, seen, central, VERSION, NOW)


def step(members: Fleet, central: Central = NOTHING, **nodes: Seen) -> Step:
    (only,) = steps(members, central, **nodes)
    return only


def test_a_site_that_was_never_crawled_is_due() -> None:
    assert step(fleet(member("a"))) == Step("a", "north", "crawl", "is due")


@pytest.mark.parametrize(("minutes", "action"), [(59, "wait"), (60, "crawl"), (300, "crawl")])
def test_a_site_is_due_once_its_interval_is_over(minutes: int, action: str) -> None:
    due_at = NOW + timedelta(minutes=1) if action == "wait" else None
    why = "is not due" if action == "wait" else "is due"
    assert step(fleet(member("a")), north=node("north", manifest("a", "A", minutes))) == Step(
        "a", "north", action, why, due_at
    )


def test_a_site_at_work_is_left_alone_on_whichever_node_that_is() -> None:
    assert step(fleet(member("a")), south=node("south", jobs=(job("a"),))) == Step(
        "a", "north", "wait", "is at work on south"
    )
    assert step(fleet(member("a")), north=node("north", jobs=(job("a", "pending"),))).why == "is at work on north"
    assert step(fleet(member("a")), north=node("north", jobs=(job("a", "finished"),))).action == "crawl"


def test_sites_of_one_host_are_crawled_one_after_the_other() -> None:
    pair = fleet(member("a", group="a"), member("b", group="a"))
    assert steps(pair) == [
        Step("a", "north", "crawl", "is due"),
        Step("b", "north", "wait", "waits for a, which shares a host with it"),
    ]
    assert [each.action for each in steps(pair, north=node("north", jobs=(job("b"),)))] == ["wait", "wait"]


def test_a_node_that_does_not_answer_keeps_its_sites() -> None:
    both = fleet(member("a"), member("b", "south"))
    assert steps(both, north=node("north", trouble="refused")) == [
        Step("a", "north", "wait", "waits for north, which does not answer"),
        Step("b", "south", "crawl", "is due"),
    ]


def test_a_site_that_a_silent_node_may_still_have_is_not_given_to_another() -> None:
    central = Central("central", {"a": LatestRun("A", NOW - timedelta(hours=3))}, {})
    waits = step(fleet(member("a", "south")), central, north=node("north", trouble="refused"))
    assert waits.why == (
        "waits for north, which does not answer and may still have it; if it is lost, take it out of the file"
    )


def test_what_the_central_archive_crawled_itself_no_silent_node_has() -> None:
    central = Central("central", {"a": LatestRun("central", NOW - timedelta(hours=3))}, {})
    assert step(fleet(member("a", "south")), central, north=node("north", trouble="x")).action == "take over"


def test_a_node_without_the_version_waits_for_deploy() -> None:
    assert step(fleet(member("a")), north=node("north", versions=("other",))) == Step(
        "a", "north", "wait", "waits for `finews fleet deploy`: north does not have this version"
    )


def test_a_site_moves_in_three_steps() -> None:
    moved = fleet(member("a", "south"))
    latest = {"a": LatestRun("A", NOW - timedelta(hours=2))}
    assert step(moved, north=node("north", manifest("a", "A", 120))) == Step(
        "a", "north", "hand over", "moves from north to south"
    )
    closed = node("north", manifest("a", "A", 120, handed_over=True))
    assert step(moved, Central("central", latest, {}), north=closed) == Step(
        "a", "south", "wait", "moves to south once `finews fleet collect` has taken in what it has"
    )
    assert step(moved, Central("central", latest, {"A": FIRST}), north=closed) == Step(
        "a", "south", "take over", "begins on south with all that is known of it"
    )


def test_a_site_that_has_moved_is_crawled_where_it_is() -> None:
    central = Central("central", {"a": LatestRun("A", NOW - timedelta(hours=2))}, {"A": FIRST})
    there = {
        "north": node("north", manifest("a", "A", 120, handed_over=True)),
        "south": node("south", manifest("a", "B", 61)),
    }
    assert step(fleet(member("a", "south")), central, **there) == Step("a", "south", "crawl", "is due")


def test_a_site_that_comes_back_takes_along_what_happened_meanwhile() -> None:
    central = Central("central", {"a": LatestRun("B", NOW - timedelta(hours=2))}, {"A": FIRST, "B": FIRST})
    there = {
        "north": node("north", manifest("a", "A", 300, handed_over=True)),
        "south": node("south", manifest("a", "B", 120, handed_over=True)),
    }
    assert step(fleet(member("a", "north")), central, **there).action == "take over"


def test_a_moving_site_begins_when_it_is_due() -> None:
    central = Central("central", {"a": LatestRun("A", NOW - timedelta(minutes=10))}, {"A": FIRST})
    closed = node("north", manifest("a", "A", 10, handed_over=True))
    assert step(fleet(member("a", "south")), central, north=closed) == Step(
        "a", "south", "wait", "is not due", NOW + timedelta(minutes=50)
    )


def test_a_site_of_a_lost_node_begins_elsewhere_with_what_was_collected() -> None:
    central = Central("central", {"a": LatestRun("gone", NOW - timedelta(hours=2))}, {"gone": FIRST})
    assert step(fleet(member("a")), central).action == "take over"


def test_a_site_whose_node_was_restored_from_a_backup_takes_along_what_happened_since() -> None:
    central = Central("central", {"a": LatestRun("A", NOW - timedelta(hours=2))}, {"A": SECOND})
    assert step(fleet(member("a")), central, north=node("north", manifest("a", "A", 300))).action == "take over"
    assert step(fleet(member("a")), central, north=node("north", manifest("a", "A", 120))).action == "crawl"


def test_a_site_whose_last_snapshot_is_lost_hands_over_once_more() -> None:
    broken = manifest("a", "A", 120, handed_over=True)
    broken["snapshots"] = [snapshot(FIRST, base=SECOND)]
    assert step(fleet(member("a", "south")), north=node("north", broken)).action == "hand over"


@pytest.mark.parametrize(
    ("state", "expected"),
    [(None, [FIRST, SECOND]), (FIRST, [SECOND]), (SECOND, []), (LOST, [FIRST, SECOND])],
)
def test_snapshots_are_collected_from_where_the_archive_is(state: str | None, expected: list[str]) -> None:
    chain = {**manifest("a", "A", 0), "state": SECOND, "snapshots": [snapshot(FIRST), snapshot(SECOND, FIRST)]}
    found = uncollected(chain, state)  # type: ignore[arg-type]  # a manifest
    assert found is not None
    assert [each["state"] for each in found] == expected


@pytest.mark.parametrize("state", [None, LOST])
def test_a_chain_without_its_beginning_is_told(state: str | None) -> None:
    chain = {**manifest("a", "A", 0), "state": SECOND, "snapshots": [snapshot(SECOND, FIRST)]}
    assert uncollected(chain, state) is None  # type: ignore[arg-type]  # a manifest


@pytest.mark.parametrize("state", [None, FIRST])
def test_a_chain_with_a_gap_is_told(state: str | None) -> None:
    last = snapshot(LOST, SECOND)
    chain = {**manifest("a", "A", 0), "state": LOST, "snapshots": [snapshot(FIRST), last]}
    assert uncollected(chain, state) is None  # type: ignore[arg-type]  # a manifest
    assert uncollected(chain, SECOND) == [last]  # type: ignore[arg-type]  # a manifest


def test_where_nothing_was_ever_handed_out_nothing_is_missing() -> None:
    empty = {**manifest("a", "A", 0), "state": None, "snapshots": []}
    assert uncollected(empty, None) == []  # type: ignore[arg-type]  # a manifest


SITES = ("a", "b", "c", "d")


@st.composite
def nodes_as_found(draw: st.DrawFn) -> dict[str, Seen]:
    """Nodes in any state: off or not, with whatever jobs and manifests."""
    found = {}
    for name in NODES:
        manifests = [
            manifest(site, f"{name} {site}", draw(st.integers(0, 300)), handed_over=draw(st.booleans()))
            for site in draw(st.sets(st.sampled_from(SITES)))
        ]
        jobs = tuple(map(job, draw(st.sets(st.sampled_from(SITES), max_size=2))))
        is_off = draw(st.integers(0, 2)) == 0
        found[name] = node(name, trouble="refused") if is_off else node(name, *manifests, jobs=jobs)
    return found


@given(
    nodes_as_found(),
    st.sets(st.sampled_from(SITES)),
    st.sets(st.sampled_from([f"{n} {s}" for n in NODES for s in SITES])),
)
def test_there_is_never_more_than_one_job_of_a_group(seen: dict[str, Seen], known: set[str], taken: set[str]) -> None:
    sites = fleet(
        member("a", group="a"), member("b", "south", group="b"), member("c", group="a"), member("d", "south")
    )
    central = Central(
        "central",
        {site: LatestRun(f"north {site}", NOW - timedelta(hours=3)) for site in known},
        dict.fromkeys(taken, FIRST),
    )
    decided = decide(sites, seen, central, VERSION, NOW)
    assert [each.site for each in decided] == [*SITES]
    begun = [each for each in decided if each.action != "wait"]
    at_work = [sites.members[site].group for each in seen.values() for site in each.active]
    groups = [sites.members[each.site].group for each in begun]
    assert len({*groups}) == len(groups)
    assert not {*groups} & {*at_work}
    for each in begun:
        assert seen[each.node].trouble is None
        assert each.action == "hand over" or each.node == sites.members[each.site].node
        assert each.action != "hand over" or each.node != sites.members[each.site].node
        others = [name for name in seen if name != each.node and each.site in seen[name].manifests]
        assert each.action == "hand over" or all(seen[name].manifests[each.site]["handed_over"] for name in others)
