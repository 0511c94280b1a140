"""What is to be done about each site of a fleet, from what was seen of its nodes and what the central archive knows.

A site is crawled by one node, and one job of it is in the fleet at a time, counting sites that share a host with it.
A site that belongs on another node than the one that had it moves in three steps, each of which may be some time
after the one before: the old node makes its last snapshot and hands the site over, that is collected, and the new
node begins with all that is known of the site. Pure. Not here: doing it (`running`).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from crawler.language import Sentence
from crawler.snapshots.chain import leads

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from crawler.ops.fleet.plan.loading import Fleet, Member
    from crawler.ops.fleet.survey import Seen
    from crawler.snapshots.manifest import Manifest, Snapshot

Action = Literal["crawl", "take over", "hand over", "wait"]
"""To crawl; to crawl with all that is known of the site; to make a last snapshot and hand the site over; or none."""


class LatestRun(NamedTuple):
    """The latest run for a site that is known of: the UUID of the archive it was made in, and when it began."""

    archive: str
    started_at: datetime


class Central(NamedTuple):
    """What the central archive knows: the latest run of each site, and of each archive how far it was taken in.

    `own` is its UUID, by which its own runs are told from those of nodes.
    """

    own: str
    latest: Mapping[str, LatestRun]
    states: Mapping[str, str]


class Step(NamedTuple):
    """What is to be done about a site, and on which node; `why` says it in a few words.

    `due_at` (UTC) is there if that is all it waits for.
    """

    site: str
    node: str
    action: Action
    why: str
    due_at: datetime | None = None


def uncollected(manifest: Manifest, state: str | None) -> list[Snapshot] | None:
    """Return the snapshots to be collected by whoever has taken an archive in up to `state`, in their order.

    `None` if one is missing: the node makes a whole one when it is told of that state.
    """
    if state == manifest["state"]:
        return []
    bases = [snapshot["base"] for snapshot in manifest["snapshots"]]
    left = manifest["snapshots"][bases.index(state) if state in bases else 0 :]
    return left if leads(left, state, manifest["state"]) else None


def decide(fleet: Fleet, seen: Mapping[str, Seen], central: Central, version: str, now: datetime) -> list[Step]:
    """Return a step for each site, in their order. `version` is that of the egg; `now` is in UTC."""
    busy = {
        fleet.members[site].group: (site, name)
        for name, node in seen.items()
        for site in node.active
        if site in fleet.members
    }
    steps = []
    for site, member in fleet.members.items():
        step = _Site(site, member, seen, central, version).step(busy.get(member.group), now)
        if step.action != "wait":
            busy[member.group] = (site, step.node)
        steps.append(step)
    return steps


class _Site(NamedTuple):
    """A site, and all that matters for it."""

    site: str
    member: Member
    seen: Mapping[str, Seen]
    central: Central
    version: str

    def step(self, busy: tuple[str, str] | None, now: datetime) -> Step:
        """Return what is to be done; `busy` is a site of the group of which there is a job, and its node."""
        node = self.member.node
        for reason in self._hindrances(busy):
            return self._wait(reason)
        holders = [name for name in self._others() if not self._has_handed_over(name)]
        if holders:
            return self._handing_over(holders[0])
        if any(self._uncollected(name) for name in self._others()):
            return self._wait(
                Sentence("moves to {node} once `finews fleet collect` has taken in what it has", node=node)
            )
        if self._is_ahead():
            return self._when_due(
                now, "take over", Sentence("begins on {node} with all that is known of it", node=node)
            )
        return self._when_due(now, "crawl", Sentence("is due"))

    def _hindrances(self, busy: tuple[str, str] | None) -> Iterator[str]:
        """Yield why nothing can be done now, if so."""
        node = self.member.node
        if busy is not None:
            other, there = busy
            if other == self.site:
                yield Sentence("is at work on {node}", node=there)
            yield Sentence("waits for {other}, which shares a host with it", other=other)
        if self.seen[node].trouble is not None:
            yield Sentence("waits for {node}, which does not answer", node=node)
        if self.version not in self.seen[node].versions:
            yield Sentence("waits for `finews fleet deploy`: {node} does not have this version", node=node)
        silent = [name for name, each in self.seen.items() if each.trouble is not None]
        if silent and not self._is_known_holder():
            yield Sentence(
                "waits for {node}, which does not answer and may still have it; if it is lost, take it out of the"
                " file",
                node=silent[0],
            )

    def _is_known_holder(self) -> bool:
        """Tell whether the node that crawled the site last answers, as far as the central archive knows."""
        latest = self.central.latest.get(self.site)
        there = {node.manifests[self.site]["archive"] for node in self.seen.values() if self.site in node.manifests}
        return latest is None or latest.archive in {self.central.own, *there}

    def _others(self) -> list[str]:
        """Return the other nodes that have something of the site."""
        return [name for name, node in self.seen.items() if name != self.member.node and self.site in node.manifests]

    def _handing_over(self, holder: str) -> Step:
        if self.version not in self.seen[holder].versions:
            return self._wait(
                Sentence("waits for `finews fleet deploy`: {node} does not have this version", node=holder)
            )
        why = Sentence("moves from {holder} to {node}", holder=holder, node=self.member.node)
        return Step(self.site, holder, "hand over", why)

    def _has_handed_over(self, name: str) -> bool:
        """Tell whether a node has done so, and all of it can be collected; if not, it is told to do so once more."""
        return self.seen[name].manifests[self.site]["handed_over"] and self._uncollected(name) is not None

    def _uncollected(self, name: str) -> list[Snapshot] | None:
        manifest = self.seen[name].manifests[self.site]
        return uncollected(manifest, self.central.states.get(manifest["archive"]))

    def _is_ahead(self) -> bool:
        """Tell whether the central archive knows of a later run than the site's own node.

        That may even be one of that node, if its disk is new or was restored from a backup.
        """
        latest, manifest = self.central.latest.get(self.site), self.seen[self.member.node].manifests.get(self.site)
        own = _began(manifest["run"]) if manifest is not None else None
        return latest is not None and (own is None or own < latest.started_at)

    def _due_at(self) -> datetime | None:
        """Return when the site is due, which is at once if it was never crawled."""
        latest, manifest = self.central.latest.get(self.site), self.seen[self.member.node].manifests.get(self.site)
        times = [latest.started_at if latest else None, _began(manifest["run"]) if manifest else None]
        last = max(filter(None, times), default=None)
        return last and last + self.member.every

    def _when_due(self, now: datetime, action: Action, why: str) -> Step:
        due_at = self._due_at()
        if due_at is not None and now < due_at:
            return self._wait(Sentence("is not due"))._replace(due_at=due_at)
        return Step(self.site, self.member.node, action, why)

    def _wait(self, why: str) -> Step:
        return Step(self.site, self.member.node, "wait", why)


def _began(run: Mapping[str, object] | None) -> datetime | None:
    return None if run is None else datetime.fromisoformat(str(run["started_at"]))
