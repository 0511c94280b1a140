"""Finding a site's definition, reading it and checking it.

A site is given by name (`finews`, a bundled one) or as a file (`my.yaml`). Not here: what a definition may say
(`crawler.sites.definition`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, fields, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from crawler import __version__
from crawler.errors import SiteError, UsageError
from crawler.nearby import nearest
from crawler.sites.addresses import all_hosts
from crawler.sites.checking import WrongValueError, check
from crawler.sites.definition import Addresses, Site
from crawler.urls import ascii_host, host_of, is_public

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from crawler.sites.definition import AddressForm, Layout, Rule

_BUNDLED = files(__package__)
_IN_ADDRESS = re.compile(r"(?<=://)[^/:?#]*[^\x00-\x7f][^/:?#]*")  # a host name that is not ASCII
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def bundled_names() -> list[str]:
    """Return the names of the sites that come with the program, sorted."""
    return sorted(entry.name.removesuffix(".yaml") for entry in _BUNDLED.iterdir() if entry.name.endswith(".yaml"))


@cache
def load_site(name: str) -> Site:
    """Load the bundled site `name`, or the definition at the path `name` if that ends in .yaml or .yml.

    Raises `SiteError` if there is none or it is wrong.
    """
    if not name.endswith((".yaml", ".yml")):
        if name not in bundled_names():
            near = nearest(name, bundled_names())
            problem = "is not a site; give {names}, or a .yaml file."
            if near:
                problem = "is not a site; did you mean {near}? Else give {names}, or a .yaml file."
            raise SiteError(name, "", problem, names=", ".join(bundled_names()), near=" or ".join(near))
        return _read(_BUNDLED / f"{name}.yaml", name)
    if Path(name).exists() and not Path(name).is_file():  # reading a pipe would block
        raise SiteError(name, "", "is not a regular file; give a YAML file that describes the site.")
    return _read(Path(name), name)


def load_site_to_crawl(name: str) -> Site:
    """Load a site as `load_site` does; raise `UsageError` if it is one of files, which has nothing to crawl."""
    site = load_site(name)
    if not site.has_addresses:
        raise UsageError(
            "The site {site} has no addresses to crawl: `finews import --site {name} PATH` takes in its files.",
            site=site.name,
            name=name,
        )
    return site


@cache
def rules_version(site: Site) -> str:
    """Return an identifier of a site's rules, made from its definition and the version of the program."""
    return hashlib.sha256(f"{__version__} {site!r}".encode()).hexdigest()[:16]


def as_json(site: Site) -> str:
    """Return a definition as JSON, with every key; `from_json` reads it back."""
    return json.dumps(asdict(site), ensure_ascii=False, default=str)  # a time zone by its name


def from_json(written: str) -> Site:
    """Return the site that `as_json` wrote; raise `SiteError` if this version of the program cannot read it."""
    try:
        site: Site = check(Site, json.loads(written), "")
    except (ValueError, WrongValueError) as error:
        raise SiteError("a stored definition", "", str(error)) from error
    return site


def _read(file: Traversable, shown: str) -> Site:
    try:
        plain = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SiteError(
            shown,
            "",
            "cannot be read ({reason}); give a YAML file that describes the site.",
            reason=error.strerror,
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SiteError(shown, "", "is not valid YAML: {error}", error=_one_line(error)) from error
    try:
        site = _with_plain_hosts(check(Site, plain, ""))
        _check_sense(site)
    except WrongValueError as error:
        raise SiteError(shown, error.key, error.problem) from error
    return site


def _one_line(error: Exception) -> str:
    """Return YAML's error message on one line, without its name for an unnamed source."""
    return " ".join(str(error).replace('in "<unicode string>", ', "at ").split())


def _with_plain_hosts(site: Site) -> Site:
    """Return a definition with its hosts in ASCII, as in canonical addresses."""
    addresses = {
        kind: tuple(
            replace(form, hosts=_plain(form.hosts, f"addresses.{kind}[{index}].hosts"))
            for index, form in enumerate(getattr(site.addresses, kind))
        )
        for kind in ("post", "category", "share")
    }
    return replace(
        site,
        hosts=_plain(site.hosts, "hosts"),
        addresses=Addresses(**addresses),
        share=site.share and replace(site.share, text=_plain_address(site.share.text, "share.text")),
        files=replace(site.files, expired=site.files.expired and _plain_address(site.files.expired, "files.expired")),
    )


def _plain(hosts: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(_plain_host(host, key) for host in hosts)


def _plain_host(host: str, key: str) -> str:
    try:
        plain = ascii_host(host)
    except ValueError:  # not a possible host name
        plain = ""
    if host != host.lower() or not re.fullmatch(r"[a-z0-9.\-]+", plain):
        raise WrongValueError(
            key,
            "holds {host!r}; a bare host name in small letters is expected, without a scheme or a port",
            host=host,
        )
    return plain


def _plain_address(template: str, key: str) -> str:
    return _IN_ADDRESS.sub(lambda match: _plain_host(match[0], key), template, count=1)


def _check_sense(site: Site) -> None:
    """Check what the types alone cannot express."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", site.name):
        raise WrongValueError("name", "is {name!r}; small letters, digits, - and _ are allowed", name=site.name)
    needed = {"hosts": site.hosts, "start": site.start, "layouts": site.layouts}
    for key, value in needed.items():
        if not value and (any(needed.values()) or site.addresses != Addresses(post=())):
            raise WrongValueError(key, "is empty; at least one is needed")
    _check_addresses(site)
    for index, layout in enumerate(site.layouts):
        _check_layout(layout, f"layouts[{index}]")
    if site.share is not None:
        _check_template(site.share.link, "id", "share.link")
        _plain_address(site.share.link, "share.link")  # only checked: it stays as the site writes it
        _check_template(site.share.text, "id", "share.text")
    _check_files(site)
    if site.navigation is not None:
        _check_template(site.navigation, "name category", "navigation")
    _check_hosts_are_public(site)


def _check_hosts_are_public(site: Site) -> None:
    """Refuse a definition with hosts on this machine or a private network, unless it says `private: true`."""
    others = sorted(host for host in all_hosts(site) if not is_public(f"{site.scheme}://{host}"))
    if others and not site.private:
        raise WrongValueError(
            "private",
            "is not true, and the host {others!r} is no public name; say `private: true` if you trust the"
            " definition and the site is meant to be on this machine or a private network",
            others=others[0],
        )


def _check_addresses(site: Site) -> None:
    for index, path in enumerate(site.start):
        _check_path(path, f"start[{index}]")
    if site.feed is not None:
        _check_path(site.feed, "feed")
    for kind, group in (("post", "id"), ("category", "slug"), ("share", "id")):
        for index, form in enumerate(getattr(site.addresses, kind)):
            _check_form(form, group, f"addresses.{kind}[{index}]")


def _check_files(site: Site) -> None:
    _check_path(site.files.page, "files.page")
    _check_template(site.files.page, "categories year month day id", "files.page")
    if "id" not in re.compile(site.files.named).groupindex:
        raise WrongValueError("files.named", "has no group (?P<id>…); it is needed to tell one from another")
    if site.files.expired is not None:
        _check_template(site.files.expired, "date id", "files.expired")
        if not host_of(site.files.expired):
            raise WrongValueError(
                "files.expired",
                "is {expired!r}; an address with a host is expected",
                expired=site.files.expired,
            )


def _check_layout(layout: Layout, key: str) -> None:
    for name in ("title", "body", "date"):
        if not getattr(layout, name):
            raise WrongValueError(f"{key}.{name}", "is empty; at least one rule is needed")
    for field in fields(layout):
        rules = getattr(layout, field.name)
        for index, rule in enumerate(rules if isinstance(rules, tuple) else ()):
            _check_rule(rule, f"{key}.{field.name}[{index}]")


def _check_rule(rule: Rule, key: str) -> None:
    """Refuse a rule that would return a whole page as a value."""
    if rule.attribute is not None and rule.css is None and rule.link is None:
        raise WrongValueError(f"{key}.attribute", "needs an element to be of: give css or link")
    narrows = (rule.after, rule.after_last, rule.before, rule.css, rule.link, rule.pattern)
    if rule.of in {"page", "body"} and not any(narrows):
        raise WrongValueError(key, "would take everything; give one of after, before, css, link, pattern")


def _check_form(form: AddressForm, group: str, key: str) -> None:
    if group not in re.compile(form.match).groupindex:
        raise WrongValueError(
            f"{key}.match",
            "has no group (?P<{group}>…); it is needed to tell one from another",
            group=group,
        )
    if form.address is not None:
        _check_template(form.address, group, f"{key}.address")
        _check_path(form.address, f"{key}.address")


def _check_path(path: str, key: str) -> None:
    """Check that a path can follow a host name: without its slash, `feed.xml` would become part of the host."""
    if not path.startswith("/"):
        raise WrongValueError(key, "is {path!r}; a path that begins with / is expected", path=path)


def _check_template(template: str, names: str, key: str) -> None:
    """Check that a template has no placeholders but `names` (separated by spaces), and no stray brackets."""
    unknown = set(_PLACEHOLDER.findall(template)) - set(names.split())
    if unknown or set("{}") & set(_PLACEHOLDER.sub("", template)):
        allowed = " and ".join(f"{{{name}}}" for name in names.split())
        raise WrongValueError(
            key,
            "is {template!r}; the only placeholder allowed is {allowed}",
            template=template,
            allowed=allowed,
        )
