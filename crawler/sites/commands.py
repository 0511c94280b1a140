"""Commands of this program that are about a site, as a person would type them. Not here: running them."""

from __future__ import annotations

import shlex
from functools import cache

from crawler.sites.loading import bundled_names

_DEFAULT_SITE = "finews"  # the default of --site


def command(name: str, *arguments: str, site: str = _DEFAULT_SITE) -> str:
    """Return a command of this program, quoted for a shell.

    `site` is a site's name, or the file of its definition; one that is not bundled is named as a file.
    """
    option = [] if site == _DEFAULT_SITE else ["--site", _name_or_file(site)]
    return shlex.join(["finews", name, *option, *arguments])


@cache
def _name_or_file(site: str) -> str:
    return site if site.endswith((".yaml", ".yml")) or site in bundled_names() else f"{site}.yaml"
