"""Looking at all nodes at once: what is deployed, which jobs there are, and what each says of its sites.

A node that does not answer is noted as such, and the others are looked at all the same. Only reads. Not here: what
follows from it (`deciding`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from crawler.errors import FinewsError
from crawler.ops.fleet.nodes import Scrapyd
from crawler.ops.web_client import NoAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.ops.fleet.nodes import Job
    from crawler.ops.fleet.plan.loading import Fleet
    from crawler.snapshots.manifest import Manifest

AT_ONCE = 16
"""How many nodes are asked at once."""


class Seen(NamedTuple):
    """A node as it was found: `trouble` says why it is not known, in a few words; `manifests` are those by site."""

    scrapyd: Scrapyd
    trouble: str | None = None
    versions: tuple[str, ...] = ()
    jobs: tuple[Job, ...] = ()
    manifests: Mapping[str, Manifest] = {}

    @property
    def active(self) -> dict[str, Job]:
        """The jobs that are waiting or at work, by site."""
        return {job.site: job for job in self.jobs if job.state != "finished"}


def survey(fleet: Fleet) -> dict[str, Seen]:
    """Return each node as it is found now, by name."""
    clients = {name: Scrapyd(node, fleet.logins[name], fleet.project) for name, node in fleet.nodes.items()}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(clients, pool.map(lambda client: _seen(client, fleet), clients.values()), strict=True))


def _seen(scrapyd: Scrapyd, fleet: Fleet) -> Seen:
    try:
        versions = scrapyd.versions()
        jobs = scrapyd.jobs()  # before the manifests, so that a job that ends meanwhile counts as still at work
        sites = [site for site in scrapyd.sites() if site in fleet.members]
        found = {site: scrapyd.manifest(site) for site in sites}
    except NoAnswer as error:
        return Seen(scrapyd, trouble=error.why)
    except FinewsError as error:  # a manifest that is none
        return Seen(scrapyd, trouble=error.sentence)
    manifests = {site: manifest for site, manifest in found.items() if manifest is not None}
    return Seen(scrapyd, None, tuple(versions), tuple(jobs), manifests)
