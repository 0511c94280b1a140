"""What a person asks a search for, as filters; and what to say of it: how it was understood, and what is near.

Whatever is asked for is answered. A name that the archive does not know finds nothing, and the answer says which are
near. Not here: what a query means (`crawler.archive.search.query`), how names are taken
(`crawler.archive.ledger.names`), and which post is meant (`crawler.archive.ledger.lookup`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.archive.ledger import names, zones
from crawler.archive.search import hints, search
from crawler.archive.search.filters import Filters
from crawler.archive.store import articles
from crawler.errors import NoSuchTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo
    from typing import TypeAlias

    from sqlite_utils import Database

    from crawler.archive.search.results import Found
    from crawler.archive.search.search import Sort

    Several: TypeAlias = str | Sequence[str] | None  # a value or several, any of which will do


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a search is narrowed down to, as a person gave it; see `crawler.archive.archive.Archive.search`."""

    since: str | None = None
    until: str | None = None
    as_of: str | None = None
    site: Several = None
    source: Several = None
    category: Several = None
    stock: Several = None


class _Times(NamedTuple):
    """The bounds of a search, each `None` where it is open; `as_of` is the last second of what was named."""

    since: datetime | None
    until: datetime | None
    as_of: datetime | None


def answer(
    db: Database,
    query: str,
    asked: Asked,
    *,
    sort: Sort = "relevance",
    limit: int = 20,
    offset: int = 0,
    collapse: bool = False,
    drafts: bool = False,
) -> Found:
    """Return what a query finds; if that is nothing, `understood` and `hints` say what was looked for.

    There are `hints` as well if a name is unknown, or was taken for another. Raises `NoSuchTime` and
    `AmbiguousSecurity`.
    """
    zone = zones.of_archive(db)
    times = _Times(
        None if asked.since is None else _span(asked.since, zone)[0],
        None if asked.until is None else _span(asked.until, zone)[1],
        None if asked.as_of is None else _span(asked.as_of, zone)[1],
    )
    filters, remarks = _filters(db, asked, times, drafts=drafts)
    found = search.search(db, query, filters, sort=sort, limit=limit, offset=offset, collapse=collapse)
    if found["total"]:
        # A former version may be filed under a name that no post has now.
        return _with(found, hints=[] if asked.as_of else remarks)
    remarks = [*hints.on_query(query), *remarks, *_on_times(db, times, zone)]
    said, narrowed = hints.understood(query), list(_narrowed(filters, times, zone))
    is_plain = said in {query.strip(), f'"{query.strip()}"'} and not narrowed
    return _with(found, hints=remarks, understood="" if is_plain else "; ".join(filter(None, [said, *narrowed])))


def span(db: Database, named: str) -> tuple[datetime, datetime]:
    """Return the first and the last second of what is `named`, in the archive's zone. Raises `NoSuchTime`."""
    return _span(named, zones.of_archive(db))


def seconds(db: Database, since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """Return the first second of `since` and the last of `until`, since 1970; `None` is an open end."""
    begin = None if since is None else int(span(db, since)[0].timestamp())
    return begin, None if until is None else int(span(db, until)[1].timestamp())


def _span(named: str, zone: tzinfo) -> tuple[datetime, datetime]:
    try:
        return dates.span(named, zone)
    except (ValueError, OverflowError):
        raise NoSuchTime(named) from None


def _filters(db: Database, asked: Asked, times: _Times, *, drafts: bool) -> tuple[Filters, list[str]]:
    """Return the filters that are meant, and what is to be said of the names among them."""
    sites = names.sites(db, each(asked.site))
    sources = names.sources(db, each(asked.source))
    categories = names.categories(db, each(asked.category))
    stocks = names.securities(db, each(asked.stock))
    filters = Filters(
        since=None if times.since is None else int(times.since.timestamp()),
        until=None if times.until is None else int(times.until.timestamp()),
        sites=sites.names,
        sources=sources.names,
        categories=categories.names,
        codes=stocks.names if each(asked.stock) else None,
        published=not drafts and (times.as_of is not None or articles.has_drafts(db)),
        as_of=None if times.as_of is None else dates.iso(dates.utc(times.as_of)),
    )
    return filters, [remark for meant in (sites, sources, categories, stocks) for remark in meant.remarks]


def each(value: Several) -> tuple[str, ...]:
    """Return the values of what may be one value, several, or none."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def _with(found: Found, *, hints: list[str], understood: str = "") -> Found:
    """Add to an answer what there is to say."""
    if understood:
        found = {**found, "understood": understood}
    return {**found, "hints": hints} if hints else found


def _narrowed(filters: Filters, times: _Times, zone: tzinfo) -> Iterator[str]:
    """Yield what a search was narrowed down to: `source 大江网 or 新华社`, `since 2022-04-01 00:00:00`."""
    for what, values in (
        ("site", filters.sites),
        ("source", filters.sources),
        ("category", filters.categories),
        ("security", filters.codes or ()),
    ):
        if values:
            yield f"{what} {' or '.join(values)}"
    for what, point in zip(("since", "until", "as of"), times, strict=True):
        if point is not None:
            yield f"{what} {dates.shown(point, zone)}"


def _on_times(db: Database, times: _Times, zone: tzinfo) -> Iterator[str]:
    """Yield a sentence if no time lies between the bounds, or no post."""
    since, until, _ = times
    if since is not None and until is not None and since > until:
        yield f"{dates.shown(since, zone)} is after {dates.shown(until, zone)}: nothing lies between."
    first, last = articles.oldest(db), articles.newest(db)
    if first is None or last is None:
        return
    earliest, latest = (datetime.fromisoformat(articles.published_at(db, row)) for row in (first, last))
    if until is not None and until < earliest:
        yield f"The earliest post is of {dates.shown(earliest, zone)}."
    if since is not None and since > latest:
        yield f"The latest post is of {dates.shown(latest, zone)}."
