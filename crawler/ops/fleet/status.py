"""How a fleet is doing: its nodes, its sites, what is amiss. Only reads. Not here: doing something about it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from crawler.ops.fleet import egg
from crawler.ops.fleet.central import central
from crawler.ops.fleet.deciding import decide, uncollected
from crawler.ops.fleet.survey import survey

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from crawler.archive.ledger.runs import Report
    from crawler.ops.fleet.deciding import Central, Step
    from crawler.ops.fleet.nodes import Job
    from crawler.ops.fleet.plan.loading import Fleet
    from crawler.ops.fleet.survey import Seen
    from crawler.snapshots.manifest import Manifest

_SKEW = timedelta(minutes=1)  # by which the clock of a node may be behind


class NodeStatus(TypedDict):
    """A node: whether it has the current version, its jobs by state, its sites, and why it is not known if so."""

    node: str
    address: str
    current: bool
    pending: int
    running: int
    sites: int
    trouble: str | None


class SiteStatus(TypedDict):
    """A site: the node that it belongs on, how often it is crawled (seconds), and what comes next.

    `run` is the report of its last run, where it is known, and `node_of_run` where that was. `alarms` are sentences
    in English. `uncollected` counts the snapshots to be collected. `log` is where the log of its last job is to be
    read, if that ended without a report; `due_at` (UTC) when it is due, if it waits for nothing else.
    """

    site: str
    node: str
    every: int
    next: str
    due_at: str | None
    run: Report | None
    node_of_run: str | None
    alarms: list[str]
    uncollected: int
    log: str | None


class FleetStatus(TypedDict):
    """All of it. `quiet`: no job is at work or due, and nothing is to be collected."""

    version: str
    nodes: list[NodeStatus]
    sites: list[SiteStatus]
    quiet: bool


def status(fleet: Fleet, archive: Path, now: datetime) -> FleetStatus:
    """Return how a fleet is doing `now` (UTC); `archive` is the central one. Raises `ArchiveError`."""
    version = egg.version_of(egg.contents(fleet.members))
    seen, known = survey(fleet), central(archive)
    steps = decide(fleet, seen, known, version, now)
    nodes = [_node(fleet, name, each, version) for name, each in seen.items()]
    sites = [_site(fleet, step, seen, known) for step in steps]
    is_quiet = not any(
        (
            any(node["pending"] or node["running"] or node["trouble"] for node in nodes),
            any(step.action != "wait" for step in steps),
            any(site["uncollected"] for site in sites),
        )
    )
    return {"version": version, "nodes": nodes, "sites": sites, "quiet": is_quiet}


def _node(fleet: Fleet, name: str, seen: Seen, version: str) -> NodeStatus:
    states = [job.state for job in seen.jobs]
    return {
        "node": name,
        "address": fleet.nodes[name].address,
        "current": version in seen.versions,
        "pending": states.count("pending"),
        "running": states.count("running"),
        "sites": sum(member.node == name for member in fleet.members.values()),
        "trouble": seen.trouble,
    }


def _site(fleet: Fleet, step: Step, seen: Mapping[str, Seen], known: Central) -> SiteStatus:
    member = fleet.members[step.site]
    there = {name: node.manifests[step.site] for name, node in seen.items() if step.site in node.manifests}
    last = max(there, key=lambda name: (there[name]["run"] or {"started_at": ""})["started_at"], default=None)
    waiting = [uncollected(manifest, known.states.get(manifest["archive"])) for manifest in there.values()]
    return {
        "site": step.site,
        "node": member.node,
        "every": int(member.every.total_seconds()),
        "next": step.why,
        "due_at": step.due_at.isoformat() if step.due_at else None,
        "run": there[last]["run"] if last else None,
        "node_of_run": last,
        "alarms": there[last]["alarms"] if last else [],
        "uncollected": sum(1 if each is None else len(each) for each in waiting),
        "log": log_of_failure(step.site, seen),
    }


def log_of_failure(site: str, seen: Mapping[str, Seen]) -> str | None:
    """Return where to read why a site's last job ended without a report, as far as its node still knows the job."""
    ended = [
        (job, node) for node in seen.values() for job in node.jobs if job.site == site and job.state == "finished"
    ]
    if not ended or any(site in node.active for node in seen.values()):
        return None
    job, node = max(ended, key=lambda each: each[0].put_in_at)
    return None if _has_ended_well(job, node.manifests.get(site)) else node.scrapyd.address_of(job)


def _has_ended_well(job: Job, manifest: Manifest | None) -> bool:
    """Tell whether a job has left in the manifest what it was to."""
    if manifest is None:
        return False
    if job.is_closing:
        return manifest["handed_over"]
    run = manifest["run"]
    return run is not None and datetime.fromisoformat(run["started_at"]) + _SKEW >= job.put_in_at
