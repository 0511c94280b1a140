"""The chain of snapshots in a folder: which are still of use to the collector, and where the next one begins.

Each snapshot begins at the state that the one before has brought, and the first one usually at the beginning of the
archive. Pure. Not here: files (`crawler.snapshots.making`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from crawler.archive.merging.marks import Mark
    from crawler.snapshots.manifest import Manifest, Snapshot

NOTHING = "none"
"""What a collector that has nothing of the archive tells in place of a state."""

_MOST = 1_000  # snapshots
_TIMES = 4


class Chain(NamedTuple):
    """Snapshots to be kept, and the mark at which the next one begins; with `None` it has all of the archive."""

    kept: list[Snapshot]
    mark: Mark | None


def chain_of(before: Manifest, there: Collection[str], collected: str) -> Chain:
    """Return what is left of a chain, of which only the files `there` still exist.

    `collected` is what the collector has: the digest of a state, `NOTHING`, or "" if it is not told. Snapshots up to
    that are of no more use. If the others do not lead from there to the last state, something was lost, so none of
    them is kept, and the next snapshot has everything.
    """
    left = unacknowledged(before, there, collected)
    is_whole = not collected or leads(left, None if collected == NOTHING else collected, before["state"])
    mark = before["next"]["mark"] if "next" in before else None
    return Chain(left, mark) if is_whole else Chain([], None)


def is_too_long(snapshots: Sequence[Snapshot], archive: int) -> bool:
    """Tell whether a snapshot with everything is to take the place of those that nobody has fetched yet.

    That is so if they have come to be many times the size of the archive, in bytes, or very many. So a folder stays
    within bounds, however long nobody comes.
    """
    return len(snapshots) >= _MOST or sum(each["bytes"] for each in snapshots) > _TIMES * archive


def unacknowledged(before: Manifest, there: Collection[str], collected: str) -> list[Snapshot]:
    """Return the snapshots that still exist, without those up to the state that the collector has."""
    states = [snapshot["state"] for snapshot in before["snapshots"]]
    begin = states.index(collected) + 1 if collected in states else 0
    return [snapshot for snapshot in before["snapshots"][begin:] if snapshot["file"] in there]


def leads(snapshots: Sequence[Snapshot], begin: str | None, end: str | None) -> bool:
    """Tell whether snapshots bring whoever has the state `begin` to `end`; a first one that has everything does."""
    if not snapshots:
        return begin == end
    joined = all(after["base"] == before["state"] for before, after in pairwise(snapshots))
    return joined and snapshots[0]["base"] in {None, begin} and snapshots[-1]["state"] == end
