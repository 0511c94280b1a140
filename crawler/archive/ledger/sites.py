"""The definitions of the sites an archive holds, so that readers need no definition files. Table `sites`.

Not here: what a definition may say (`crawler.sites`).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.errors import SiteError
from crawler.sites.loading import as_json, bundled_names, from_json, load_site, rules_version

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.items import Outcome
    from crawler.sites.definition import Site

# For each site, the latest definition stored.
_LATEST = "SELECT definition FROM sites WHERE rowid IN (SELECT max(rowid) FROM sites GROUP BY name) ORDER BY name"


def note(db: Database, site: Site, run_id: int) -> None:
    """Record the definition that a run uses, unless an earlier run has recorded it."""
    db.execute(
        "INSERT INTO sites (name, rules, definition, run_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [site.name, rules_version(site), as_json(site), run_id],
    )


def note_reading(
    db: Database, link: int, rules: str, outcome: Outcome, article_id: int | None, *, run_id: int
) -> None:
    """Record that what was kept of an address was read by these `rules`, and what came of it in a run."""
    db.execute(
        "UPDATE links SET rules = :rules, outcome = :outcome, run_id = :run, article_id = :article, state = 'stored',"
        " reason = iif(state = 'stored', reason, NULL) WHERE id = :link AND :article IS NOT NULL",
        {"rules": rules, "outcome": outcome, "run": run_id, "article": article_id, "link": link},
    )


def known(db: Database) -> dict[str, Site]:
    """Return the sites that an archive holds, and those bundled with the program, by name.

    A bundled site has the program's definition, any other the latest one stored.
    """
    stored = [site for (definition,) in db.execute(_LATEST) if (site := _read(definition)) is not None]
    return {site.name: site for site in [*stored, *map(load_site, bundled_names())]}


def latest(db: Database, name: str) -> str | None:
    """Return the definition of a site that was stored last, as JSON; `None` if none was."""
    row = db.execute("SELECT definition FROM sites WHERE name = ? ORDER BY rowid DESC LIMIT 1", [name]).fetchone()
    return None if row is None else str(row[0])


@lru_cache(16)
def _read(definition: str) -> Site | None:
    """Parse a definition; `None` if it is invalid here, because another version of the program wrote it."""
    try:
        return from_json(definition)
    except SiteError:
        return None
