"""The sites an archive holds: each run's definition, so that questions can use it without the file. Table `sites`.

Not here: what a definition may say (`crawler.sites`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.errors import SiteError
from crawler.sites.loading import as_json, bundled_names, from_json, load_site, rules_version

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.sites.definition import Site

# For each site the definition of the latest run that brought a new one.
_LATEST = "SELECT definition FROM sites WHERE rowid IN (SELECT max(rowid) FROM sites GROUP BY name) ORDER BY name"


def note(db: Database, site: Site, run_id: int) -> None:
    """Record the definition that a run uses, unless it has been used before."""
    db.execute(
        "INSERT INTO sites (name, rules, definition, run_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [site.name, rules_version(site), as_json(site), run_id],
    )


def known(db: Database) -> dict[str, Site]:
    """Return the sites that an archive holds, and those that come with the program, by name.

    A bundled site has today's definition, any other the one it was last crawled with.
    """
    stored = [site for (definition,) in db.execute(_LATEST) if (site := _read(definition)) is not None]
    return {site.name: site for site in [*stored, *map(load_site, bundled_names())]}


@lru_cache(16)
def _read(definition: str) -> Site | None:
    """Parse a definition; `None` if another version of the program wrote it with keys unknown to this one."""
    try:
        return from_json(definition)
    except SiteError:
        return None
