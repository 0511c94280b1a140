"""How what a query finds is spread: over days, outlets, authors, categories and securities.

It is counted in the index, for current versions of posts. Not here: what a query finds (`crawler.archive.search`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.search.lookup import lookup
from crawler.archive.search.query import parse

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters

_LAST = 9_223_372_036_854_775_807
_MOST = 6  # of a kind
_MANY = 5_000  # hits; of more, authors, categories and securities are not counted, which takes as long as the search
_DAY = 86_400
_AUTHORS = (
    "JOIN article_authors ON article_authors.article_id = posts.id AND article_authors.revision = posts.revision"
    " JOIN authors ON authors.id = author_id"
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

    None are counted as of an earlier time, nor where the index alone does not settle what is found.
    """
    wanted = parse(query)
    if not wanted.wanted or filters.codes == () or filters.as_of is not None:
        return NONE
    asked = lookup(wanted)
    if not asked.decides:
        return NONE
    condition, values = filters.of_posts
    hits = (
        f"FROM ({asked.within(1, _LAST)}) AS found CROSS JOIN posts ON posts.id = found.rowid{{join}}"
        f" WHERE {condition} GROUP BY 1"
    )

    def most(what: str, join: str = "") -> list[tuple[str, int]]:
        sql = f"SELECT {what}, count(*) {hits.format(join=join)} HAVING {what} IS NOT NULL ORDER BY 2 DESC, 1 LIMIT ?"
        return db.conn.execute(sql, [*asked.values, *values, _MOST]).fetchall()

    by_day = f"SELECT (published_ts + {offset:d}) / {_DAY}, count(*) {hits.format(join='')} ORDER BY 1"
    days = db.conn.execute(by_day, [*asked.values, *values]).fetchall()
    if sum(count for _, count in days) > _MANY:
        return Facets(days, most("source"), [], [], [])
    return Facets(
        days,
        most("source"),
        most("article_categories.category", " JOIN article_categories ON article_id = posts.id"),
        most("code", " JOIN (SELECT DISTINCT article_id, code FROM mentions) AS said ON said.article_id = posts.id"),
        most("name", f" {_AUTHORS}"),
    )
