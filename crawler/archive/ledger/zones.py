"""Time zones: that of a site, that of an archive, and results with their times in it.

Times in the tables are in UTC, except when a post was published, which is in its site's zone. People read and type
all of them in the archive's zone. Not here: how a time is written (`crawler.dates`).
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crawler import dates
from crawler.archive.ledger import sites
from crawler.archive.store import articles
from crawler.sites.loading import bundled_names, load_site

if TYPE_CHECKING:
    from sqlite_utils import Database

_FIRST_SITE = """
SELECT site FROM (SELECT site FROM articles ORDER BY id LIMIT 1) UNION ALL
SELECT site FROM (SELECT site FROM runs ORDER BY id LIMIT 1)
"""
_MOMENTS = ("_at", "since")  # what the keys of times end with; a length of time is in `seconds`
_AS_SITES_WRITE = {"published_at"}


def of_archive(db: Database) -> tzinfo:
    """Return the zone of an archive: that of the site of its first post, or else of its first run, or else UTC.

    It does not change as long as that post is there, whatever other sites are added.
    """
    first = db.execute(_FIRST_SITE).fetchone()
    return UTC if first is None else of_site(db, first[0])


def of_site(db: Database, site: str) -> tzinfo:
    """Return the zone of a site: by its latest definition, or else the offset of its newest post, or else UTC."""
    definition = sites.latest(db, site)
    if definition is not None:
        zone = _zone_in(definition)
        if zone is not None:
            return zone
    if site in bundled_names():
        return load_site(site).timezone
    newest = articles.newest(db, (site,))
    offset = None if newest is None else datetime.fromisoformat(articles.published_at(db, newest)).tzinfo
    return offset or UTC


@lru_cache(16)
def _zone_in(definition: str) -> ZoneInfo | None:
    """Return the zone in a stored definition; `None` if this machine knows none such. Reading all of it is slow."""
    try:
        return ZoneInfo(json.loads(definition)["timezone"])
    except (ValueError, KeyError, TypeError, OSError, ZoneInfoNotFoundError):
        return None


def localised(document: Any, zone: tzinfo) -> Any:
    """Return a result, such as a list of reports, with its times in `zone`; those of publication stay as they are."""
    if isinstance(document, dict):
        return {name: _localised_value(name, value, zone) for name, value in document.items()}
    if isinstance(document, list | tuple):
        return [localised(each, zone) for each in document]
    return document


def _localised_value(name: str, value: Any, zone: tzinfo) -> Any:
    if not isinstance(value, str):
        return localised(value, zone)
    if not name.endswith(_MOMENTS) or name in _AS_SITES_WRITE:
        return value
    try:
        point = datetime.fromisoformat(value)
    except ValueError:  # the `since` of a coverage is a day, and other programs may have changed a time
        return value
    return value if point.tzinfo is None else dates.iso(dates.local(point, zone))
