"""What `fleet.yaml` may contain: the one place where its keys are declared and explained.

There is a class for each mapping and a field for each key. Not here: reading and checking it (`loading`).
"""

from __future__ import annotations

from dataclasses import dataclass

from crawler.sites.definition import OneOrMore  # noqa: TC001  # checking reads the annotations


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A machine with scrapyd: its `name` here, and its `address`, `http://10.0.0.1:6800`.

    `user`, and `password_from`, the environment variable that holds the password: what scrapyd asks for. `folder` is
    where its archives are, beside where scrapyd was started unless it is absolute. `snapshots` is the folder, inside
    that of scrapyd's `items_dir`, in which they are handed out.
    """

    name: str
    address: str
    user: str | None = None
    password_from: str | None = None
    folder: str = "archives"
    snapshots: str = "snapshots"


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSite:
    """A site: the name of a bundled one, or a YAML file beside this one; and how often it is crawled, `15m`.

    `node` is the name of the node that crawls it, if that is not to be chosen by hashing. `settings` are Scrapy's and
    the program's, `NAME=VALUE`.
    """

    site: str
    every: str
    node: str | None = None
    settings: OneOrMore = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetFile:
    """The whole file. `settings` hold for all sites; `project` is what scrapyd calls the program."""

    nodes: tuple[Node, ...]
    sites: tuple[FleetSite, ...]
    settings: OneOrMore = ()
    project: str = "finews"
