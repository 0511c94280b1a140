"""Finding a site's definition, reading it and checking it.

A site is given by name (`finews`, a bundled one) or as a file (`my.yaml`). Not here: what a definition may say
(`crawler.sites.definition`).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from crawler import __version__
from crawler.errors import SiteError, UsageError
from crawler.nearby import either, nearest
from crawler.sites.checking import WrongValueError, check
from crawler.sites.definition import Site
from crawler.sites.documents import BadDocumentError, read_yaml
from crawler.sites.hosts import with_plain_hosts
from crawler.sites.sense import check_sense

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

_BUNDLED = files(__package__)
# To be raised when pages are read in another way than before, as in another encoding: then they are requested anew.
_READING = 2


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
            near, names = either(nearest(name, bundled_names())), ", ".join(bundled_names())
            if not near:
                raise SiteError(name, "", "is not a site; give {names}, or a .yaml file.", names=names)
            raise SiteError(
                name,
                "",
                "is not a site; did you mean {near}? Else give {names}, or a .yaml file.",
                near=near,
                names=names,
            )
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
    """Return an identifier of a site's rules, made from its definition and from how this program reads pages."""
    return hashlib.sha256(f"{__version__} {_READING} {site!r}".encode()).hexdigest()[:16]


def as_json(site: Site) -> str:
    """Return a definition as JSON, with every key; `from_json` reads it back."""
    return json.dumps(asdict(site), ensure_ascii=False, default=str)  # a time zone by its name


def from_json(written: str) -> Site:
    """Return the site that `as_json` wrote; raise `SiteError` if this version of the program cannot read it."""
    try:
        site: Site = check(Site, json.loads(written), "")
    except (ValueError, WrongValueError, RecursionError) as error:
        raise SiteError("a stored definition", "", str(error)) from error
    return site


def _read(file: Traversable, shown: str) -> Site:
    try:
        plain = read_yaml(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SiteError(
            shown,
            "",
            "cannot be read ({reason}); give a YAML file that describes the site.",
            reason=error.strerror,
        ) from error
    except UnicodeDecodeError as error:
        raise SiteError(shown, "", "is not UTF-8 text; save it in that encoding.") from error
    except BadDocumentError as error:
        raise SiteError(shown, "", error.problem) from error
    try:
        site = with_plain_hosts(check(Site, plain, ""))
        check_sense(site)
    except WrongValueError as error:
        raise SiteError(shown, error.key, error.problem) from error
    return site
