"""Which snapshots of a folder are still of use, by what the collector has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crawler.snapshots.chain import Chain, chain_of, is_too_long

if TYPE_CHECKING:
    from crawler.snapshots.manifest import Manifest, Snapshot

MARK = {"last": None}


def snapshot(base: str | None, state: str) -> Snapshot:
    """Return a snapshot, whose file is named after it."""
    made_at = "2022-04-20T08:00:00+00:00"
    return {"file": f"{base}-{state}", "bytes": 1, "sha256": "", "base": base, "state": state, "made_at": made_at}


def manifest(*snapshots: Snapshot, state: str | None) -> Manifest:
    return {
        "format": 1,
        "archive": "",
        "site": "",
        "state": state,
        "snapshots": [*snapshots],
        "run": None,
        "alarms": [],
        "handed_over": False,
        "next": {"first": 1, "number": 9, "mark": MARK},
    }


A, B, C = snapshot(None, "a"), snapshot("a", "b"), snapshot("b", "c")
NOTHING_LEFT = Chain([], None)


@pytest.mark.parametrize(
    ("collected", "there", "chain"),
    [
        pytest.param("", [A, B, C], Chain([A, B, C], MARK), id="not told"),
        pytest.param("", [C], Chain([C], MARK), id="not told, and some were moved away"),
        pytest.param("none", [A, B, C], Chain([A, B, C], MARK), id="nothing yet"),
        pytest.param("a", [A, B, C], Chain([B, C], MARK), id="the first"),
        pytest.param("c", [A, B, C], Chain([], MARK), id="all"),
        pytest.param("c", [], Chain([], MARK), id="all, and they are gone"),
        pytest.param("x", [A, B, C], Chain([A, B, C], MARK), id="a state of old, and the first has everything"),
        pytest.param("x", [B, C], NOTHING_LEFT, id="a state that none of them begins at"),
        pytest.param("none", [B, C], NOTHING_LEFT, id="nothing, and the first is gone"),
        pytest.param("a", [A, C], NOTHING_LEFT, id="a gap behind it"),
        pytest.param("a", [B], NOTHING_LEFT, id="the last is gone"),
        pytest.param("b", [B, C], Chain([C], MARK), id="a gap before it"),
        pytest.param("none", [], NOTHING_LEFT, id="nothing is anywhere"),
    ],
)
def test_what_the_collector_has_goes_and_what_it_lost_comes_again(
    collected: str, there: list[Snapshot], chain: Chain
):
    files = {each["file"] for each in there}
    assert chain_of(manifest(A, B, C, state="c"), files, collected) == chain


@pytest.mark.parametrize(
    ("sizes", "archive", "begins_anew"),
    [([], 0, False), ([4, 4], 2, False), ([4, 5], 2, True), ([0] * 999, 1, False), ([0] * 1000, 1, True)],
)
def test_a_chain_that_nobody_fetches_begins_anew(sizes: list[int], archive: int, begins_anew: bool):
    snapshots = [{**snapshot("a", "b"), "bytes": size} for size in sizes]
    assert is_too_long(snapshots, archive) == begins_anew


def test_a_folder_without_snapshots_begins_with_everything():
    assert (
        chain_of({**manifest(state=None), "next": {"first": 1, "number": 1, "mark": None}}, [], "none")
        == NOTHING_LEFT
    )
