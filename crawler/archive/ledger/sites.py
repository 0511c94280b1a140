"""The sites an archive holds: each run's definition, so that questions go by it without the file. Table `sites`.

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

# Of each site the definition of the latest run that brought one.
_LATEST = "SELECT definition FROM sites WHERE rowid IN (SELECT max(rowid) FROM sites GROUP BY name) ORDER BY name"


def note(db: Database, site: Site, run_id: int) -> None:
    """Note the definition that a run goes by, if it has not been used before."""
    db.execute(
        "INSERT INTO sites (name, rules, definition, run_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [site.name, rules_version(site), as_json(site), run_id],
    )


def known(db: Database) -> dict[str, Site]:
    """Return the sites that an archive holds and those that come with the program, by their names.

    A bundled site is known by today's definition, any other by the last one it was crawled by.
    """
    stored = [site for (definition,) in db.execute(_LATEST) if (site := _read(definition)) is not None]
    return {site.name: site for site in [*stored, *map(load_site, bundled_names())]}


@lru_cache(16)
def _read(definition: str) -> Site | None:
    """Read a definition; `None` for one that another version of the program wrote, in words this one has not."""
    try:
        return from_json(definition)
    except SiteError:
        return None
