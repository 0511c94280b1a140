"""Bringing the program and the fleet's definitions to all nodes, as an egg. Not here: making it (`egg`)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, TypedDict

from crawler.ops.fleet import egg
from crawler.ops.fleet.survey import AT_ONCE, survey
from crawler.ops.web_client import NoAnswer

if TYPE_CHECKING:
    from crawler.ops.fleet.nodes import Scrapyd
    from crawler.ops.fleet.plan.loading import Fleet
    from crawler.ops.fleet.survey import Seen


class NodeDeployment(TypedDict):
    """What became of a node: it has the version now, had it already, or `failed`, and `why` in a few words."""

    node: str
    outcome: Literal["deployed", "unchanged", "failed"]
    why: str | None
    removed: list[str]


class Deployment(TypedDict):
    """The version that was deployed, the bytes of its egg, and what became of each node."""

    version: str
    bytes: int
    nodes: list[NodeDeployment]


def deploy(fleet: Fleet) -> Deployment:
    """Deploy the program to each node that has not this version yet, and remove others where nothing is at work."""
    content = egg.contents(fleet.members)
    version, packed = egg.version_of(content), egg.packed(content)
    seen = survey(fleet)
    with ThreadPoolExecutor(AT_ONCE) as pool:  # scrapyd starts the egg, and answers when it has listed its spiders
        rows = [*pool.map(lambda name: deployed(name, seen[name], version, packed), seen)]
    return {"version": version, "bytes": len(packed), "nodes": rows}


def deployed(name: str, seen: Seen, version: str, packed: bytes) -> NodeDeployment:
    """Deploy the egg `packed` to a node if it has no such version, or one that cannot be started."""
    if seen.trouble is not None:
        return {"node": name, "outcome": "failed", "why": seen.trouble, "removed": []}
    try:
        is_new = version not in seen.versions or not seen.scrapyd.has_working(version)
        if is_new:
            _add(seen.scrapyd, version, packed)
        # A job that is at work reads its egg as it goes on, and scrapyd does not say which that is.
        old = [] if seen.active else [each for each in seen.versions if each != version]
        for each in old:
            seen.scrapyd.remove(each)
    except NoAnswer as error:
        return {"node": name, "outcome": "failed", "why": error.why, "removed": []}
    return {"node": name, "outcome": "deployed" if is_new else "unchanged", "why": None, "removed": old}


def _add(scrapyd: Scrapyd, version: str, packed: bytes) -> None:
    """Deploy an egg. scrapyd keeps one that cannot be started, too, so that is taken away again."""
    try:
        scrapyd.add(version, packed)
    except NoAnswer:
        with suppress(NoAnswer):
            scrapyd.remove(version)
        raise
