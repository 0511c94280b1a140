"""How what a query finds is spread: over days, outlets, authors, categories and securities.

It is counted in the index, for current versions of posts. Not here: what a query finds (`crawler.archive.search`).
"""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.archive.search.lookup import lookup
from crawler.archive.search.query import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters

_LAST = 9_223_372_036_854_775_807
_MOST = 6  # of a kind
_MANY = 5_000  # hits; of more, authors, categories and securities are not counted, which takes as long as the search
_DAY = 86_400
# Of most hits, which have no authors, no row of posts is read.
_AUTHORS = (
    " CROSS JOIN article_authors ON article_id = hit CROSS JOIN posts AS written ON written.id = article_id"
    " AND written.revision = article_authors.revision CROSS JOIN authors ON authors.id = author_id"
)

Counted = list[tuple[str, int]]
"""Names, each with its number of hits, most first."""


class Facets(NamedTuple):
    """The number of hits by day (since 1970, in the zone asked for), outlet, category (slug), security and author."""

    days: list[tuple[int, int]]
    sources: Counted
    categories: Counted
    codes: Counted
    authors: Counted


NONE = Facets([], [], [], [], [])


def facets(db: Database, query: str, filters: Filters, offset: int) -> Facets:
    """Return how the hits of a query are spread; `offset` is that of the time zone, in seconds.

    Of each kind but the days, those with the most hits. None are counted as of an earlier time, nor where the index
    alone does not settle what is found.
    """
    return most([every(db, query, filters, offset)])


def most(found: Iterable[Facets]) -> Facets:
    """Return how hits of archives are spread together; where there are many, not over all kinds."""
    each = list(found)
    days = Counter[int]()
    for one in each:
        days.update(dict(one.days))
    some = Facets(sorted(days.items()), _most(chain(*(one.sources for one in each))), [], [], [])
    if days.total() > _MANY:
        return some
    return some._replace(
        categories=_most(chain(*(one.categories for one in each))),
        codes=_most(chain(*(one.codes for one in each))),
        authors=_most(chain(*(one.authors for one in each))),
    )


def every(db: Database, query: str, filters: Filters, offset: int) -> Facets:
    """Return the same with all names of each kind, in no order."""
    wanted = parse(query)
    if not wanted.wanted or filters.codes == () or filters.as_of is not None:
        return NONE
    asked = lookup(wanted)
    if not asked.decides:
        return NONE
    rows, of_rows = filters.of_rows
    dated, of_days = filters.of_days
    found = f"FROM ({asked.within(1, _LAST)}) AS found"
    posts = " CROSS JOIN posts ON posts.id = found.rowid"

    def counted(what: str, joined: str = "", each: str = "*") -> list[tuple[Any, ...]]:
        # To read a row of posts takes longest, so it is read only where something of it is asked for.
        read = "" if joined and not of_days else posts
        hits = f"SELECT found.rowid AS hit{'' if joined else ', published_ts, source'} {found}{read}"
        sql = f"SELECT {what}, count({each}) FROM ({hits} WHERE {rows} AND {dated}){joined} GROUP BY {what}"  # noqa: S608  # constants
        return db.conn.execute(sql, [*asked.values, *of_rows, *of_days]).fetchall()

    days, sources = Counter[int](), Counter[str | None]()
    for day, source, count in counted(f"(published_ts + {offset:d}) / {_DAY}, source"):
        days[day] += count
        sources[source] += count
    some = Facets(sorted(days.items()), _named(sources.items()), [], [], [])
    if days.total() > _MANY:
        return some
    return some._replace(
        categories=_named(counted("category", " CROSS JOIN article_categories ON article_id = hit")),
        codes=_named(counted("code", " CROSS JOIN mentions ON article_id = hit", "DISTINCT hit")),
        authors=_named(counted("name", _AUTHORS)),
    )


def _named(counted: Iterable[tuple[str | None, int]]) -> Counted:
    return [(name, count) for name, count in counted if name is not None]


def _most(counted: Iterable[tuple[str, int]]) -> Counted:
    """Return the names with the most hits, most first."""
    total = Counter[str]()
    for name, count in counted:
        total[name] += count
    return sorted(total.items(), key=lambda each: (-each[1], each[0]))[:_MOST]
