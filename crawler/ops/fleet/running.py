"""Having sites crawled: each that is due is put into the queue of its node, each that has to move moves one step on.

Meant to be called often, as by cron: it waits for nothing, and takes up whatever was left half done. Not here: what
is to be done (`deciding`).
"""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crawler.archive.store.lock import run_lock
from crawler.ops.fleet import egg, nodes
from crawler.ops.fleet.central import central
from crawler.ops.fleet.deciding import decide
from crawler.ops.fleet.seeding import write_seed
from crawler.ops.fleet.survey import survey
from crawler.ops.web_client import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from crawler.ops.fleet.deciding import Action, Central, Step
    from crawler.ops.fleet.plan.loading import Fleet
    from crawler.ops.fleet.survey import Seen


class SiteStep(TypedDict):
    """What was done about a site: `failed` says why it could not be, in a few words."""

    site: str
    node: str
    action: Action
    why: str
    failed: str | None


class FleetRun(TypedDict):
    """What was done about all sites; `troubles` are those of nodes, by name."""

    sites: list[SiteStep]
    troubles: dict[str, str]


def run(fleet: Fleet, fleet_file: Path, archive: Path, now: datetime) -> FleetRun:
    """Do about each site of a fleet what is to be done `now` (UTC); `archive` is the central one.

    Raises `ArchiveLocked` while another call of this is at work, and `ArchiveError`.
    """
    with run_lock(fleet_file):
        content = egg.contents(fleet.members)
        seen, known = survey(fleet), central(archive)
        doing = _Doing(fleet, seen, known, content, archive, now)
        doing.clear()
        steps = [doing.do(step) for step in decide(fleet, seen, known, egg.version_of(content), now)]
    return {
        "sites": steps,
        "troubles": {name: each.trouble for name, each in seen.items() if each.trouble is not None},
    }


class _Doing(NamedTuple):
    """A call of `run`, at the time `now`."""

    fleet: Fleet
    seen: Mapping[str, Seen]
    central: Central
    content: Mapping[str, bytes]
    archive: Path
    now: datetime

    def clear(self) -> None:
        """Take away eggs that brought what is known of a site to a node, once they are no longer in use."""
        for node in self.seen.values():
            for version in node.versions:
                site = egg.site_of(version)
                if site is not None and site not in node.active:
                    with suppress(NoAnswer):  # the next call does it
                        node.scrapyd.remove(version)

    def do(self, step: Step) -> SiteStep:
        """Take a step, and tell of it."""
        failed = None
        try:
            if step.action != "wait":
                self._take(step)
        except NoAnswer as error:
            failed = error.why
        return {"site": step.site, "node": step.node, "action": step.action, "why": step.why, "failed": failed}

    def _take(self, step: Step) -> None:
        version = egg.version_of(self.content)
        settings = self._settings(step)
        is_closing = step.action == "hand over"
        scrapyd = self.seen[step.node].scrapyd
        if step.action == "take over":
            version = egg.seeded(version, step.site, nodes.stamp(self.now))
            scrapyd.add(version, self._with_seed(step.site))
            settings["FINEWS_SEED"] = "1"
        job = nodes.job_id(step.site, self.now, is_closing=is_closing)
        scrapyd.schedule("snapshot" if is_closing else "category", job, version, settings)

    def _settings(self, step: Step) -> dict[str, str]:
        node, manifest = self.fleet.nodes[step.node], self.seen[step.node].manifests.get(step.site)
        collected = None if manifest is None else self.central.states.get(manifest["archive"])
        return {
            **self.fleet.members[step.site].settings,
            "FINEWS_SITE": step.site,
            "FINEWS_ARCHIVE": f"{node.folder}/{step.site}/archive.db",
            "FINEWS_POSTS": "",
            "FINEWS_SNAPSHOTS": f"{{items}}/{node.snapshots}/{step.site}",
            "FINEWS_COLLECTED": collected or "none",
        }

    def _with_seed(self, site: str) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            seed = Path(folder) / "seed"
            write_seed(self.archive, site, seed)
            return egg.packed(self.content, seed)
