"""What a person asks a search for, as filters; and what to say of it: how it was understood, and what is near.

Whatever is asked for is answered. A name that the archive does not know finds nothing, and the answer says which are
near. Not here: what a query means (`crawler.archive.search.query`), how names are taken
(`crawler.archive.ledger.names`), and which post is meant (`crawler.archive.ledger.lookup`).
"""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypedDict, TypeVar, cast

from crawler import dates
from crawler.archive.ledger import names, zones
from crawler.archive.search import hints
from crawler.archive.search.filters import Filters
from crawler.archive.store import articles, versions
from crawler.errors import FinewsError, NoSuchTime
from crawler.language import Sentence
from crawler.nearby import either

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo
    from typing import TypeAlias

    from sqlite_utils import Database

    from crawler.archive.store.articles import Article

    Several: TypeAlias = str | Sequence[str] | None  # a value or several, any of which will do

_Found = TypeVar("_Found")  # what was found, as a dictionary


class Asked(TypedDict, total=False):
    """What posts are narrowed down to, besides words; see `crawler.archive.archive.Archive.search`."""

    since: str | None
    until: str | None
    source: Several
    author: Several
    category: Several
    stock: Several
    site: Several
    as_of: str | None
    drafts: bool


class Told(TypedDict, total=False):
    """What is said besides what was found, if there is anything: how it was `understood`, and what is near."""

    understood: str
    hints: list[str]


class _Times(NamedTuple):
    """The bounds of a search, each `None` where it is open; `as_of` is the last second of what was named."""

    since: datetime | None
    until: datetime | None
    as_of: datetime | None


class Extent(NamedTuple):
    """From when to when there are posts, each `None` if there are none: when the first was seen (ISO 8601, UTC).

    And when the `earliest` and the `latest` were published (ISO 8601, with an offset).
    """

    seen: str | None
    earliest: str | None
    latest: str | None


class Whole(names.Known, Protocol):
    """What is asked as a whole: an archive (`OneArchive`), or several (`crawler.archive.federation`)."""

    @property
    def count(self) -> int:
        """How many archives are asked."""

    def zone(self) -> tzinfo:
        """Return the zone in which times are read and shown."""

    def has_drafts(self) -> bool:
        """Return whether any post is a draft."""

    def has_several_sites(self) -> bool:
        """Return whether there are posts of more than one site."""

    def extent(self) -> Extent:
        """Return from when to when there are posts."""


class OneArchive(names.OfArchive):
    """An archive that is asked by itself; see `Whole`."""

    count = 1

    def zone(self) -> tzinfo:
        """See `Whole`."""
        return zones.of_archive(self.db)

    def has_drafts(self) -> bool:
        """See `Whole`."""
        return articles.has_drafts(self.db)

    def has_several_sites(self) -> bool:
        """See `Whole`."""
        return articles.are_of_several_sites(self.db)

    def extent(self) -> Extent:
        """See `Whole`."""
        (seen,) = self.db.execute("SELECT min(first_seen_at) FROM articles").fetchone()
        ends = articles.oldest(self.db), articles.newest(self.db)
        return Extent(seen, *(None if row is None else articles.published_at(self.db, row) for row in ends))


class Meant(NamedTuple):
    """What was asked for, as `filters`; and `remarks` on names that are unknown or were taken for others."""

    filters: Filters
    remarks: list[str]
    times: _Times
    zone: tzinfo


def meant(whole: Whole, asked: Asked) -> Meant:
    """Return what is meant by what a person asked for. Raises `NoSuchTime` and `AmbiguousSecurity`."""
    zone = whole.zone()
    since, until, as_of = asked.get("since"), asked.get("until"), asked.get("as_of")
    times = _Times(
        None if since is None else _span(since, zone)[0],
        None if until is None else _span(until, zone)[1],
        None if as_of is None else _span(as_of, zone)[1],
    )
    found, remarks = _filters(whole, asked, times)
    return Meant(found, remarks, times, zone)


def filters(whole: Whole, asked: Asked) -> Filters:
    """Return the filters that are meant. Raises `NoSuchTime` and `AmbiguousSecurity`."""
    return meant(whole, asked).filters


def explained(whole: Whole, query: str | None, meant: Meant, found: _Found) -> _Found:
    """Return what was `found` with what `told` says of it; its `total` is how many were found."""
    added = told(whole, query, meant, cast("dict[str, int]", found)["total"])
    return cast("_Found", {**cast("dict[str, object]", found), **added})


def told(whole: Whole, query: str | None, meant: Meant, total: int) -> Told:
    """Return what there is to say where `total` posts are found: if none, how it was understood, and what is near.

    There are `hints` as well if a name is unknown, or was taken for another. `query` is `None` where there is none to
    match.
    """
    if total:
        # A former version may be filed under a name that no post has now.
        return _told([] if meant.times.as_of else meant.remarks)
    of_query, said = ([], "") if query is None else (hints.on_query(query), hints.understood(query))
    narrowed = list(_narrowed(meant.filters, meant.times, meant.zone))
    is_plain = not narrowed and (query is None or said in {query.strip(), f'"{query.strip()}"'})
    return _told(
        [*of_query, *meant.remarks, *_on_times(whole.extent(), meant.times, meant.zone)],
        "" if is_plain else reduce(_besides, filter(None, [said, *narrowed]), ""),
    )


def span(whole: Whole, named: str) -> tuple[datetime, datetime]:
    """Return the first and the last second of what is `named`, in the archive's zone. Raises `NoSuchTime`."""
    return _span(named, whole.zone())


def end(whole: Whole, named: str) -> str:
    """Return the last second of the span of time that is `named`, in ISO 8601 and UTC. Raises `NoSuchTime`."""
    return dates.iso(dates.utc(span(whole, named)[1]))


def revision_as_of(db: Database, post: Article, named: str) -> int:
    """Return the latest revision of a post that the archive knew at the end of the time that is `named`.

    Raises `NoSuchTime`, and `FinewsError` if the post was not known then.
    """
    until = end(OneArchive(db), named)
    known = [each["revision"] for each in versions.history(db, post["id"]) if each["seen_at"] <= until]
    if not known:
        zone = zones.of_archive(db)
        raise FinewsError(
            "{post_id} was not known as of {as_of}: it was first seen {first_seen_at}.",
            post_id=post["post_id"],
            as_of=named,
            first_seen_at=dates.shown(dates.local(datetime.fromisoformat(post["first_seen_at"]), zone), zone),
        )
    return max(known)


def _span(named: str, zone: tzinfo) -> tuple[datetime, datetime]:
    try:
        return dates.span(named, zone)
    except (ValueError, OverflowError):
        raise NoSuchTime(named) from None


def _filters(whole: Whole, asked: Asked, times: _Times) -> tuple[Filters, list[str]]:
    """Return the filters that are meant, and what is to be said of the names among them."""
    sites = names.sites(whole, each(asked.get("site")))
    sources = names.sources(whole, each(asked.get("source")))
    authors = names.authors(whole, each(asked.get("author")))
    categories = names.categories(whole, each(asked.get("category")))
    stocks = names.securities(whole, each(asked.get("stock")))
    found = Filters(
        since=None if times.since is None else int(times.since.timestamp()),
        until=None if times.until is None else int(times.until.timestamp()),
        sites=sites.names,
        sources=sources.names,
        authors=authors.names,
        categories=categories.names,
        codes=stocks.names if each(asked.get("stock")) else None,
        published=not asked.get("drafts") and (times.as_of is not None or whole.has_drafts()),
        as_of=None if times.as_of is None else dates.iso(dates.utc(times.as_of)),
    )
    return found, [remark for each_of in (sites, sources, authors, categories, stocks) for remark in each_of.remarks]


def each(value: Several) -> tuple[str, ...]:
    """Return the values of what may be one value, several, or none."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def _told(hints: list[str], understood: str = "") -> Told:
    """Return what there is to say, without what is empty."""
    return {**({"understood": understood} if understood else {}), **({"hints": hints} if hints else {})}


def _narrowed(filters: Filters, times: _Times, zone: tzinfo) -> Iterator[str]:
    """Yield what a search was narrowed down to: `source 大江网 or 新华社`, `since 2022-04-01 00:00:00`."""
    for what, values in (
        (Sentence("site"), filters.sites),
        (Sentence("source"), filters.sources),
        (Sentence("author"), filters.authors),
        (Sentence("category"), filters.categories),
        (Sentence("security"), filters.codes or ()),
    ):
        if values:
            yield Sentence("{what} {names}", what=what, names=either(values))
    bounds = (Sentence("since {time}"), Sentence("until {time}"), Sentence("as of {time}"))
    for bound, point in zip(bounds, times, strict=True):
        if point is not None:
            yield Sentence(bound, time=dates.shown(point, zone))


def _besides(first: str, second: str) -> str:
    return Sentence("{first}; {second}", first=first, second=second) if first else second


def _on_times(extent: Extent, times: _Times, zone: tzinfo) -> Iterator[str]:
    """Yield a sentence if no time lies between the bounds, or no post."""
    since, until, as_of = times
    seen = None if extent.seen is None else dates.local(datetime.fromisoformat(extent.seen), zone)
    if as_of is not None and seen is not None and as_of < seen:
        yield Sentence("Nothing was archived yet: the first post was seen {time}.", time=dates.shown(seen, zone))
    if since is not None and until is not None and since > until:
        yield Sentence(
            "{since} is after {until}: nothing lies between.",
            since=dates.shown(since, zone),
            until=dates.shown(until, zone),
        )
    if extent.earliest is None or extent.latest is None:
        return
    earliest, latest = map(datetime.fromisoformat, (extent.earliest, extent.latest))
    if until is not None and until < earliest:
        yield Sentence("The earliest post is of {time}.", time=dates.shown(earliest, zone))
    if since is not None and since > latest:
        yield Sentence("The latest post is of {time}.", time=dates.shown(latest, zone))
