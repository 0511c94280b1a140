"""Bringing what the nodes have archived into the central archive, snapshot by snapshot.

Each is downloaded, held against its digest, merged, and forgotten; the central archive itself says how far each of
the nodes' archives was taken in. So whatever goes wrong, calling it again takes up the rest. Not here: making
snapshots (`crawler.snapshots`), and merging them (`crawler.ops.merging`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.errors import ArchiveError
from crawler.ops.fleet.central import central
from crawler.ops.fleet.deciding import uncollected
from crawler.ops.fleet.nodes import TornError
from crawler.ops.fleet.survey import survey
from crawler.ops.merging.run import merging, total
from crawler.ops.merging.sources import Source
from crawler.ops.web_client import NoAnswer

if TYPE_CHECKING:
    from crawler.ops.fleet.plan.loading import Fleet
    from crawler.ops.fleet.survey import Seen
    from crawler.ops.merging.run import MergeOptions, Merging, PostCounts
    from crawler.snapshots.manifest import Snapshot


class CollectedSite(TypedDict):
    """What was taken of a site from a node: so many `snapshots` with so many `bytes`, and their posts.

    `missing`: a snapshot is not there any more, so the next run there makes a whole one. `failed` says why not all
    was taken, in a few words.
    """

    site: str
    node: str
    snapshots: int
    bytes: int
    posts: PostCounts
    missing: bool
    failed: str | None


class Collection(TypedDict):
    """What was collected into `archive`: of each site that had something new. `troubles` are those of nodes."""

    archive: str
    sites: list[CollectedSite]
    posts: PostCounts
    conflict_counts: dict[str, int]
    troubles: dict[str, str]


def collect(fleet: Fleet, options: MergeOptions) -> Collection:
    """Take in what the nodes of a fleet hand out. Nothing is written if there is nothing new.

    Raises `ArchiveLocked` while something else writes to the central archive, `ArchiveError` if it cannot be used,
    and `MarkdownNotWritten`.
    """
    seen, states = survey(fleet), central(options.archive).states
    there = [
        (name, site, snapshots)
        for name, node in seen.items()
        for site, manifest in node.manifests.items()
        if (snapshots := uncollected(manifest, states.get(manifest["archive"]))) != []
    ]
    sites: list[CollectedSite] = []
    conflicts: dict[str, int] = {}
    if there:
        with merging(options) as target:
            sites = [_Site(name, site, seen[name], target).collect(snapshots) for name, site, snapshots in there]
            conflicts = dict(target.conflict_counts)
    return {
        "archive": str(options.archive),
        "sites": sites,
        "posts": total(each["posts"] for each in sites),
        "conflict_counts": conflicts,
        "troubles": {name: node.trouble for name, node in seen.items() if node.trouble is not None},
    }


class _Site:
    """A site on a node, of which snapshots are taken into an archive."""

    def __init__(self, node: str, site: str, seen: Seen, target: Merging) -> None:
        self._seen, self._target = seen, target
        self._done: CollectedSite = {
            "site": site,
            "node": node,
            "snapshots": 0,
            "bytes": 0,
            "posts": total(()),
            "missing": False,
            "failed": None,
        }

    def collect(self, snapshots: list[Snapshot] | None) -> CollectedSite:
        """Take the snapshots in their order, as far as possible."""
        self._done["missing"] = snapshots is None
        try:
            for snapshot in snapshots or ():
                self._take(snapshot)
        except NoAnswer as error:
            self._done["missing"] = error.is_missing  # deleted since its node was looked at
            self._done["failed"] = None if error.is_missing else error.why
        except TornError as error:
            self._done["failed"] = error.why
        except ArchiveError as error:
            self._done["failed"] = error.sentence
        return self._done

    def _take(self, snapshot: Snapshot) -> None:
        site, node = self._done["site"], self._done["node"]
        file = self._target.folder / "snapshot"
        self._seen.scrapyd.download(site, snapshot, file)
        merged = self._target.take(Source(f"{node}/{site}", file))
        self._done["snapshots"] += 1
        self._done["bytes"] += snapshot["bytes"]
        self._done["posts"] = total([self._done["posts"], merged["posts"]])
