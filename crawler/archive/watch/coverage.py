"""Coverage: how many listed posts are stored, per site, category and day, and which command fills a gap.

A post counts once, by its id, whatever addresses it has. The ledger's addresses are read one by one and not kept.
Not here: posts that were never listed, except that days without any are reported; and asking the site.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, TypedDict

from crawler.archive.ledger import review
from crawler.archive.watch.attribution import Attribution
from crawler.archive.watch.phrases import command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

_IDS = 3  # ids of gone posts in one command
_MOST_DAYS = 2  # a site that lists something on at least one day in this many should do so every day


class Row(TypedDict):
    """The listed posts of a category and day: `listed` is the sum of the other four numbers.

    `missing` posts were found and never fetched, or were gone before they could be stored. `commands` fill the gap. A
    day on which nothing was listed has zeros and no category.
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


_Filed = tuple[str, str]  # site and category, "" for none
_WHOLE = _Gap()


class _Counts:
    """The counts: stored posts by site and category and then by day, and the gaps."""

    def __init__(self) -> None:
        self.stored: defaultdict[_Filed, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.gaps: defaultdict[tuple[_Filed, str], _Gap] = defaultdict(_Gap)

    def by_day(self, first: str) -> dict[str, set[_Filed]]:
        """Return the sites and categories that listed something, for each day from the `first` on."""
        found: defaultdict[str, set[_Filed]] = defaultdict(set)
        for filed, days in self.stored.items():
            for day in days:
                found[day].add(filed)
        for filed, day in self.gaps:
            found[day].add(filed)
        return {day: filed for day, filed in found.items() if day >= first}

    def row(self, filed: _Filed, day: str, places: Attribution) -> Row:
        """Return the row of a site, category and day."""
        stored, gap = self.stored[filed].get(day, 0), self.gaps.get((filed, day), _WHOLE)
        return {
            "site": filed[0],
            "category": filed[1] or None,
            "day": day,
            "listed": stored + gap.refused + gap.failed + gap.missing,
            "stored": stored,
            "refused": gap.refused,
            "failed": gap.failed,
            "missing": gap.missing,
            "commands": () if gap is _WHOLE else tuple(_commands(*filed, gap, places)),
        }


def coverage(db: Database, archive: str, since: datetime | None = None) -> Coverage:
    """Return what was listed and stored, per site, category and day, from the day of `since` on."""
    places, counts, first = Attribution(db), _Counts(), "" if since is None else since.date().isoformat()
    _count_stored(db, places, counts, since)
    _count_others(db, places, counts)
    by_day = counts.by_day(first)
    for site, day in list(_days_without(db, places, by_day)):
        by_day.setdefault(day, set()).add((site, ""))
    rows = [counts.row(filed, day, places) for day in sorted(by_day, reverse=True) for filed in sorted(by_day[day])]
    return {"archive": archive, "since": first or None, "totals": _totals(rows), "rows": rows}


def _count_stored(db: Database, places: Attribution, counts: _Counts, since: datetime | None) -> None:
    begin = None if since is None else since.replace(hour=0, minute=0, second=0).timestamp()
    for site, category, published in review.stored(db, begin):
        counts.stored[site, category or ""][places.day_at(site, published)] += 1


def _count_others(db: Database, places: Attribution, counts: _Counts) -> None:
    for post in review.not_counted(db, places.key):
        if post.published_ts is not None:
            counts.stored[post.site, post.category or ""][places.day_at(post.site, post.published_ts)] += 1
        else:
            filed = post.site, places.category(post.site, post.url, post.found_on) or ""
            counts.gaps[filed, places.day(post.site, post.url, post.found_at)].add(post.state, post.key, post.url)


def _commands(site: str, category: str, gap: _Gap, places: Attribution) -> Iterator[str]:
    """Yield the commands that fill a gap: crawl again, look behind share links, or see why a post was refused."""
    if gap.is_waiting:
        of_category = category and places.has_page(site, category)
        yield command("crawl", *(["--category", category] if of_category else []), site=site)
    shared = sorted(key for key in gap.gone if places.is_shared(site, key))
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


def _days_without(db: Database, places: Attribution, by_day: dict[str, set[_Filed]]) -> Iterator[tuple[str, str]]:
    """Yield the days on which a site listed nothing at all, between the first and the last time it was visited.

    For a site that publishes only now and then this means nothing, so there are none.
    """
    listed: defaultdict[str, set[str]] = defaultdict(set)
    for day, filed in by_day.items():
        for site in {site for site, _ in filed}:
            listed[site].add(day)
    for site, days in listed.items():
        begin, end = (places.day_found(site, found_at) for found_at in review.span(db, site))
        between = _days_between(max(begin, min(days)), min(end, max(days)))
        without = [day for day in between if day not in days]
        if len(without) * _MOST_DAYS <= len(between):
            yield from ((site, day) for day in without)


def _days_between(first: str, last: str) -> list[str]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(begin + timedelta(days=number)).isoformat() for number in range((end - begin).days + 1)]
