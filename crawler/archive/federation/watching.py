"""What is watched in one archive, where several are asked: of each site, in the archive that crawled it last.

A shard of a year that is over is not silent, it is done. Not here: what is watched (`crawler.archive.watch`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crawler.archive.ledger import runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.archive.federation.members import Member
    from crawler.archive.watch.alarm import Alarm
    from crawler.archive.watch.coverage import Coverage

_NUMBERS = ("listed", "stored", "refused", "failed", "missing")


def latest(members: Sequence[Member]) -> dict[str, Member]:
    """Return the archive of the latest run of each site; of several that began at one time, the first."""
    found: dict[str, tuple[str, Member]] = {}
    for member in members:
        for site, started_at in member.ask(_latest_starts).items():
            if site not in found or started_at > found[site][0]:
                found[site] = started_at, member
    return {site: member for site, (_, member) in found.items()}


def _latest_starts(db: Database) -> dict[str, str]:
    return {site: next(runs.reports(db, (site,)))["started_at"] for site in runs.counts(db)}


def alarms(members: Sequence[Member], now: datetime | None = None) -> list[Alarm]:
    """Return the current alarms; see `Archive.alarms`."""
    return [
        alarm
        for site, member in latest(members).items()
        for alarm in member.ask(lambda _, site=site, member=member: member.archive.alarms(now, site=site))  # type: ignore[misc]
    ]


def coverage(members: Sequence[Member], since: str | None, sites: Sequence[str]) -> Coverage:
    """Return how many listed posts are stored, of these sites or of all; see `Archive.coverage`."""
    found = [
        member.ask(lambda _, site=site, member=member: member.archive.coverage(since, site=site))  # type: ignore[misc]
        for site, member in latest(members).items()
        if not sites or site in sites
    ]
    return joined(found, [member.name for member in members])


def joined(found: Iterable[Coverage], names: Sequence[str]) -> Coverage:
    """Return the coverage of several sites as one, latest day first; `names` are those of the archives."""
    each = list(found)
    rows = sorted((row for one in each for row in one["rows"]), key=lambda row: (row["site"], row["category"] or ""))
    return {
        "archive": os.pathsep.join(names),
        "since": each[0]["since"] if each else None,
        "totals": {name: sum(one["totals"][name] for one in each) for name in _NUMBERS},
        "rows": sorted(rows, key=lambda row: row["day"], reverse=True),
    }
