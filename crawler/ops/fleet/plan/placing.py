"""Which node crawls which site: the one that `fleet.yaml` names, or else the one that rendezvous hashing chooses.

A site goes to the node for which the hash of both names is highest. So when a node is added or taken out, only the
sites move that it gets or had (Thaler and Ravishankar, 1998). Sites that share a host are a group and go to one node,
because politeness is per host. Pure. Not here: moving a site.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def groups(hosts: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Return the group of each site, called by the first of its sites; `hosts` are those of each site."""
    group = {site: site for site in hosts}
    by_host: dict[str, str] = {}
    for site in sorted(hosts):
        for host in sorted(hosts[site]):
            other = by_host.setdefault(host, site)
            old, new = sorted((group[site], group[other]), reverse=True)
            if old != new:
                group = {each: new if name == old else name for each, name in group.items()}
    return group


def chosen(group: str, nodes: Iterable[str]) -> str:
    """Return which of the nodes gets a group of sites."""
    return max(nodes, key=lambda node: (_weight(group, node), node))


def _weight(group: str, node: str) -> bytes:
    return hashlib.sha256(f"{node}\0{group}".encode()).digest()
