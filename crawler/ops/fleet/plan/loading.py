"""Reading `fleet.yaml`, with the definitions it names, and refusing what does not make a fleet.

Not here: what may stand in it (`definition`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn
from urllib.parse import urlsplit

from crawler.errors import FleetError, UsageError
from crawler.nearby import either, nearest
from crawler.ops.fleet.plan import placing
from crawler.ops.fleet.plan.definition import FleetFile
from crawler.ops.schedule.interval import read_interval
from crawler.ops.web_client import Login
from crawler.sites.addresses import all_hosts
from crawler.sites.checking import WrongValueError, check
from crawler.sites.documents import BadDocumentError, read_yaml
from crawler.sites.loading import load_site_to_crawl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from crawler.ops.fleet.plan.definition import FleetSite, Node
    from crawler.sites.definition import Site

OF_THE_FLEET = (
    *("FINEWS_SITE", "FINEWS_ARCHIVE", "FINEWS_POSTS", "FINEWS_SNAPSHOTS"),
    *("FINEWS_COLLECTED", "FINEWS_SEED", "FEEDS"),
)
"""Settings that a fleet gives its jobs, so that nobody else may."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
_SETTING = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)", re.DOTALL)


class Member(NamedTuple):
    """A site of the fleet. `node` is the name of the one that it belongs on; `group` is that of `placing.groups`.

    `written` is the text of its definition, if that is a file.
    """

    site: Site
    written: bytes | None
    every: timedelta
    node: str
    group: str
    settings: Mapping[str, str]


class Fleet(NamedTuple):
    """A fleet: its nodes and sites by name, and what each node's scrapyd is told of who asks."""

    project: str
    nodes: Mapping[str, Node]
    logins: Mapping[str, Login | None]
    members: Mapping[str, Member]


def load(path: Path, environment: Mapping[str, str] = os.environ) -> Fleet:
    """Read a fleet from a file. Raises `FleetError`, and `SiteError` for a definition that it names."""
    try:
        file: FleetFile = check(FleetFile, read_yaml(path.read_text(encoding="utf-8-sig")), "")
        return _Reading(path, file, environment).fleet()
    except FileNotFoundError as error:
        raise FleetError(
            path, "", "is not there: write one, as docs/fleet.md shows, or name it by --fleet."
        ) from error
    except OSError as error:
        raise FleetError(path, "", "cannot be read ({reason}).", reason=error.strerror) from error
    except UnicodeDecodeError as error:
        raise FleetError(path, "", "is not UTF-8 text; save it in that encoding.") from error
    except BadDocumentError as error:
        raise FleetError(path, "", error.problem) from error
    except WrongValueError as error:
        raise FleetError(path, error.key, error.problem) from error


class _Reading:
    """What is read of one file, with the key of whatever is wrong in it."""

    def __init__(self, path: Path, file: FleetFile, environment: Mapping[str, str]) -> None:
        self._path, self._file, self._environment = path, file, environment

    def fleet(self) -> Fleet:
        """Return the fleet. Raises `WrongValueError`, and `SiteError` for a definition that it names."""
        file = self._file
        if not _NAME.fullmatch(file.project):
            _refuse("project", file.project)
        nodes = {node.name: node for node in file.nodes}
        _refuse_double("nodes", "name", [node.name for node in file.nodes])
        _refuse_double("nodes", "address", [node.address.rstrip("/") for node in file.nodes])
        logins = {node.name: self._login(f"nodes[{index}]", node) for index, node in enumerate(file.nodes)}
        sites = [load_site_to_crawl(self._named(each)) for each in file.sites]
        _refuse_double("sites", "site", [site.name for site in sites])
        group = placing.groups({site.name: all_hosts(site) for site in sites})
        placed = self._placed(nodes, {site.name: group[site.name] for site in sites})
        members = {
            site.name: Member(
                site=site,
                written=Path(self._named(each)).read_bytes() if _is_file(each.site) else None,
                every=_interval(f"sites[{index}].every", each.every),
                node=placed[site.name],
                group=group[site.name],
                settings={
                    **_settings("settings", file.settings),
                    **_settings(f"sites[{index}].settings", each.settings),
                },
            )
            for index, (each, site) in enumerate(zip(file.sites, sites, strict=True))
        }
        return Fleet(file.project, nodes, logins, members)

    def _login(self, key: str, node: Node) -> Login | None:
        """Check a node, and return what its scrapyd asks for."""
        if not _NAME.fullmatch(node.name):
            _refuse(f"{key}.name", node.name)
        if not _NAME.fullmatch(node.snapshots):
            _refuse(f"{key}.snapshots", node.snapshots)
        _check_address(f"{key}.address", node.address)
        if (node.user is None) != (node.password_from is None):
            missing = "password_from" if node.password_from is None else "user"
            raise WrongValueError(f"{key}.{missing}", "is missing; user and password_from go together")
        if node.user is None or node.password_from is None:
            return None
        password = self._environment.get(node.password_from)
        if password is None:
            raise WrongValueError(
                f"{key}.password_from",
                "is {name}, and there is no such environment variable; set it to the password of {node}",
                name=node.password_from,
                node=node.name,
            )
        return Login(node.user, password)

    def _named(self, each: FleetSite) -> str:
        """Return a site as `load_site` takes it: a file is beside the fleet's own."""
        return str(self._path.parent / each.site) if _is_file(each.site) else each.site

    def _placed(self, nodes: Iterable[str], group: Mapping[str, str]) -> dict[str, str]:
        """Return the node of each site. Raises `WrongValueError` for sites of one host on two nodes."""
        by_hand: dict[str, tuple[str, str]] = {}  # of a group: the node, and the site that says so
        for index, (each, site) in enumerate(zip(self._file.sites, group, strict=True)):
            if each.node is None:
                continue
            if each.node not in nodes:
                raise _no_node(f"sites[{index}].node", each.node, nodes)
            node, other = by_hand.setdefault(group[site], (each.node, site))
            if node != each.node:
                raise WrongValueError(
                    f"sites[{index}].node",
                    "is {node}, but {other}, which has a host in common with it, is on {there}; a host is asked from"
                    " one node alone",
                    node=each.node,
                    other=other,
                    there=node,
                )
        return {
            site: by_hand[name][0] if name in by_hand else placing.chosen(name, nodes) for site, name in group.items()
        }


def _is_file(site: str) -> bool:
    return site.endswith((".yaml", ".yml"))


def _refuse(key: str, value: str) -> NoReturn:
    raise WrongValueError(key, "is {value!r}; small letters, digits, - and _ are allowed", value=value)


def _refuse_double(key: str, field: str, names: list[str]) -> None:
    if not names:
        raise WrongValueError(key, "is empty; at least one is needed")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise WrongValueError(f"{key}[{index}].{field}", "is {name}, which is there already", name=name)


def _check_address(key: str, address: str) -> None:
    try:
        parts = urlsplit(address)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        is_one = False
    if not is_one or parts.query or parts.fragment:
        raise WrongValueError(
            key, "is {address!r}; an address such as http://10.0.0.1:6800 is expected", address=address
        )
    if "@" in parts.netloc:
        raise WrongValueError(
            key, "has a password in it; name the user by `user`, and the variable that holds it by `password_from`"
        )


def _interval(key: str, written: str) -> timedelta:
    try:
        return read_interval(written, longest=None)
    except UsageError as error:
        raise WrongValueError(key, error.sentence) from error


def _settings(key: str, written: Iterable[str]) -> dict[str, str]:
    """Read settings. Raises `WrongValueError` for one that is none, and one that the fleet itself gives."""
    settings = {}
    for each in written:
        match = _SETTING.fullmatch(each)
        if match is None:
            raise WrongValueError(key, "has {each!r}; NAME=VALUE is expected", each=each)
        if match[1] in OF_THE_FLEET:
            raise WrongValueError(key, "has {name}, which the fleet sets by itself", name=match[1])
        settings[match[1]] = match[2]
    return settings


def _no_node(key: str, name: str, nodes: Iterable[str]) -> WrongValueError:
    near, names = either(nearest(name, [*nodes])), ", ".join(nodes)
    if near:
        return WrongValueError(
            key, "is {name}; did you mean {near}? The nodes are {names}", name=name, near=near, names=names
        )
    return WrongValueError(key, "is {name}, which is no node; the nodes are {names}", name=name, names=names)
