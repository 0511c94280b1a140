"""Coverage: how many listed posts are stored, per site, category and day, and which commands fill the gaps.

A post counts once, by its id, however many addresses it has. The ledger's addresses are streamed, not held in memory.
Not here: posts that were never listed, except that days without any are reported; and requests to the site.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from crawler.archive.ledger import review
from crawler.archive.watch.attribution import Attribution
from crawler.sites.commands import command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

_IDS = 3  # ids of gone posts in one command
_MOST_DAYS = 2  # a site that lists something on at least one day in this many is expected to do so every day


class Row(TypedDict):
    """The listed posts of a category and day: `listed` is the sum of the other four numbers.

    `missing` posts were found but never fetched, or were gone before they could be stored. `commands` fill the gap.
    A day on which nothing was listed has zeros and no category.
    """

    site: str
    category: str | None
    day: str
    listed: int
    stored: int
    refused: int
    failed: int
    missing: int
    commands: tuple[str, ...]


class Coverage(TypedDict):
    """The `rows`, latest day first, and the `totals` of their numbers; `since` is the first day asked for."""

    archive: str
    since: str | None
    totals: dict[str, int]
    rows: list[Row]


@dataclass(slots=True)
class _Gap:
    """The posts of a category and day that are not stored, with what the commands need."""

    refused: int = 0
    failed: int = 0
    missing: int = 0
    is_waiting: bool = False
    gone: list[str] = field(default_factory=list)
    refused_at: str | None = None

    def add(self, state: str, key: str, url: str) -> None:
        """Count a post in this state."""
        if state == "refused":
            self.refused += 1
            self.refused_at = self.refused_at or url
        elif state == "failed":
            self.failed += 1
            self.is_waiting = True
        else:
            self.missing += 1
            self.is_waiting |= state != "gone"
            if state == "gone" and len(self.gone) < _IDS:
                self.gone.append(key)


_Filing = tuple[str, str]  # site and category, "" for none
_NO_GAP = _Gap()


class _Counts:
    """The counts: stored posts by site and category and then by day, and the gaps."""

    def __init__(self) -> None:
        self.stored: defaultdict[_Filing, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.gaps: defaultdict[tuple[_Filing, str], _Gap] = defaultdict(_Gap)

    def by_day(self, first: str) -> dict[str, set[_Filing]]:
        """Return the sites and categories that listed something, for each day from the `first` on."""
        by_day: defaultdict[str, set[_Filing]] = defaultdict(set)
        for filing, days in self.stored.items():
            for day in days:
                by_day[day].add(filing)
        for filing, day in self.gaps:
            by_day[day].add(filing)
        return {day: filings for day, filings in by_day.items() if day >= first}

    def row(self, filing: _Filing, day: str, attribution: Attribution) -> Row:
        """Return the row of a site, category and day."""
        stored, gap = self.stored[filing].get(day, 0), self.gaps.get((filing, day), _NO_GAP)
        return {
            "site": filing[0],
            "category": filing[1] or None,
            "day": day,
            "listed": stored + gap.refused + gap.failed + gap.missing,
            "stored": stored,
            "refused": gap.refused,
            "failed": gap.failed,
            "missing": gap.missing,
            "commands": () if gap is _NO_GAP else tuple(_commands(*filing, gap, attribution)),
        }


def coverage(db: Database, archive: str, since: datetime | None = None, sites: Sequence[str] = ()) -> Coverage:
    """Return what was listed and stored, per site, category and day, from the day of `since` on.

    If any `sites` are named, of them alone.
    """
    attribution, counts, first = Attribution(db), _Counts(), "" if since is None else since.date().isoformat()
    _count_stored(db, attribution, counts, since)
    _count_others(db, attribution, counts)
    by_day = counts.by_day(first)
    for site, day in list(_days_without(db, attribution, by_day)):
        by_day.setdefault(day, set()).add((site, ""))
    rows = [
        counts.row(filing, day, attribution)
        for day in sorted(by_day, reverse=True)
        for filing in sorted(by_day[day])
        if not sites or filing[0] in sites
    ]
    return {"archive": archive, "since": first or None, "totals": _totals(rows), "rows": rows}


def _count_stored(db: Database, attribution: Attribution, counts: _Counts, since: datetime | None) -> None:
    begin = None if since is None else since.replace(hour=0, minute=0, second=0).timestamp()
    for site, category, published in review.stored(db, begin):
        counts.stored[site, category or ""][attribution.day_at(site, published)] += 1


def _count_others(db: Database, attribution: Attribution, counts: _Counts) -> None:
    for post in review.not_counted(db, attribution.key):
        if post.published_ts is not None:
            counts.stored[post.site, post.category or ""][attribution.day_at(post.site, post.published_ts)] += 1
        else:
            filing = post.site, attribution.category(post.site, post.url, post.found_on) or ""
            day = attribution.day(post.site, post.url, post.found_at)
            counts.gaps[filing, day].add(post.state, post.key, post.url)


def _commands(site: str, category: str, gap: _Gap, attribution: Attribution) -> Iterator[str]:
    """Yield the commands that fill a gap: crawl again, fetch share links, or see why a post was refused."""
    if gap.is_waiting:
        has_page = category and attribution.has_page(site, category)
        yield command("crawl", *(["--category", category] if has_page else []), site=site)
    shared = sorted(key for key in gap.gone if attribution.is_shared(site, key))
    if shared:
        yield command("share", *shared, site=site)
    if gap.refused_at:
        yield command("why", gap.refused_at)


def _totals(rows: list[Row]) -> dict[str, int]:
    return {
        "listed": sum(row["listed"] for row in rows),
        "stored": sum(row["stored"] for row in rows),
        "refused": sum(row["refused"] for row in rows),
        "failed": sum(row["failed"] for row in rows),
        "missing": sum(row["missing"] for row in rows),
    }


def _days_without(
    db: Database, attribution: Attribution, by_day: dict[str, set[_Filing]]
) -> Iterator[tuple[str, str]]:
    """Yield each site and day on which it listed nothing, between the first and the last time it was visited.

    Sites that publish only now and then are left out, since for them such days mean nothing.
    """
    listed: defaultdict[str, set[str]] = defaultdict(set)
    for day, filings in by_day.items():
        for site in {site for site, _ in filings}:
            listed[site].add(day)
    for site, days in listed.items():
        begin, end = (attribution.day_found(site, found_at) for found_at in review.span(db, site))
        between = _days_between(max(begin, min(days)), min(end, max(days)))
        without = [day for day in between if day not in days]
        if len(without) * _MOST_DAYS <= len(between):
            yield from ((site, day) for day in without)


def _days_between(first: str, last: str) -> list[str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(begin + timedelta(days=number)).isoformat() for number in range((end - begin).days + 1)]
