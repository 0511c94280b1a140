"""Full-text search: which posts a query finds, and in which order.

Exact: the index says which rows a query means, and where it cannot (`crawler.archive.search.lookup`) their texts are
read. Not here: what a query means, and what is shown of a post (`crawler.archive.search.results`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from crawler.archive.search import results
from crawler.archive.search.lookup import lookup
from crawler.archive.search.query import parse
from crawler.archive.search.results import Match, found, weighed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters
    from crawler.archive.search.lookup import Lookup
    from crawler.archive.search.query import Query
    from crawler.archive.search.results import Found

Sort = Literal["relevance", "date"]

_FEW = 1_000  # posts that are fetched and sorted at once; of more, only the newest are looked at
_STEP = 500  # posts walked through at first, from the newest back
_MOST = 9_223_372_036_854_775_807
# When the current version was first seen: for most posts that is when the post was, and no further row need be read.
_KNOWN = (
    "CASE posts.revision WHEN 1 THEN first_seen_at ELSE"
    " (SELECT seen_at FROM versions WHERE article_id = posts.id AND versions.revision = posts.revision) END"
)


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a query is answered: what to ask the index, for posts with all of it in the title too, and the filters."""

    query: Query
    asked: Lookup
    in_title: Lookup
    filters: Filters
    first: int  # no current version that the filters let through has a row of the index before this one,
    last: int  # or behind this one

    @property
    def of_posts(self) -> tuple[str, list[Any]]:
        """The condition for a row of `posts` whose current version is looked at, with the values for it."""
        condition, values = self.filters.of_posts
        if self.filters.as_of is None:
            return condition, values
        return f"{condition} AND {_KNOWN} <= ?", [*values, self.filters.as_of]


def search(
    db: Database,
    query: str,
    filters: Filters,
    *,
    sort: Sort = "relevance",
    limit: int = 20,
    offset: int = 0,
    collapse: bool = False,
) -> Found:
    """Return what `query` finds under `filters`.

    Newest first; by relevance, posts with all of it in the title stand before the others, and of both kinds the
    newest fifty are ordered by how much of the post the terms make up. `collapse` shows of a story that several
    outlets carry the first of its posts only, and counts it once.
    """
    wanted = parse(query)
    if not wanted.wanted or filters.codes == ():
        return {"query": query, "total": 0, "results": []}
    plan = _Plan(wanted, lookup(wanted), lookup(wanted, in_title=True), filters, *_rows_of_days(db, filters))
    all_are_needed = collapse or not plan.asked.decides
    current = list(islice(_current(db, plan, plan.asked), None if all_are_needed else _FEW + 1))
    former = list(_former(db, plan))
    if len(current) > _FEW and not all_are_needed:
        best = _best_of_many(db, plan, former, sort, offset + limit)[offset : offset + limit]
        return found(db, query, _count(db, plan) + len(former), [(place, []) for place in best], wanted)
    ordered = _ordered(db, plan, [*current, *former], sort)
    stories = _stories(db, ordered) if collapse else [(place, []) for place in ordered]
    return found(db, query, len(stories), stories[offset : offset + limit], wanted)


def _rows_of_days(db: Database, filters: Filters) -> tuple[int, int]:
    """Return the first and the last row of the index that a post of the wanted days may have.

    Posts are mostly stored in the order in which they are published, so some days are a stretch of the index.
    """
    if filters.since is None and filters.until is None:
        return 1, _MOST
    # The plus keeps SQLite from looking for the first id by walking through all of them.
    (first, last) = db.execute(
        "SELECT min(+id), max(+id) FROM posts WHERE published_ts BETWEEN ? AND ?", filters.span
    ).fetchone()
    return (1, 0) if first is None else (first, last)


def _current(db: Database, plan: _Plan, asked: Lookup) -> Iterator[Match]:
    """Yield the posts whose current version `asked` finds, and was known at the moment of `as_of`."""
    condition, values = plan.of_posts
    rows = db.conn.execute(
        "SELECT published_ts, posts.id, posts.id"  # noqa: S608  # constants
        f" FROM ({asked.within(plan.first, plan.last)}) AS found CROSS JOIN posts ON posts.id = found.rowid"
        f" WHERE {condition}",
        [*asked.values, *values],
    )
    return (Match(*row) for row in rows)


# Many hits: counted by the index, and only as many looked at as are shown.


def _count(db: Database, plan: _Plan) -> int:
    condition, values = plan.of_posts
    posts = "" if condition == "1" else f"CROSS JOIN posts ON posts.id = found.rowid WHERE {condition}"
    rows = db.conn.execute(
        f"SELECT count(*) FROM ({plan.asked.within(plan.first, plan.last)}) AS found {posts}",  # noqa: S608  # constants
        [*plan.asked.values, *values],
    )
    return int(rows.fetchone()[0])


def _best_of_many(db: Database, plan: _Plan, former: list[Match], sort: Sort, count: int) -> list[Match]:
    """Return the first `count` places."""
    if sort == "date":
        return _newest(_walked(db, plan, plan.asked), former, count)
    weighable = max(count, results.WEIGHED)
    titled = _titled(db, plan, former)
    with_title = [place for place in former if place.row in titled]
    best = weighed(db, plan.query, _newest(_current_in_title(db, plan), with_title, weighable))
    if len(best) < count:
        others = [place for place in former if place.row not in titled]
        best += weighed(
            db, plan.query, _newest(_walked(db, plan, plan.asked, without=plan.in_title), others, weighable)
        )
    return best


def _newest(current: Iterator[Match], former: list[Match], count: int) -> list[Match]:
    """Return the newest `count` places of `current`, which come newest first, and of `former`, which may not."""
    return sorted([*islice(current, count), *former], reverse=True)[:count]


def _current_in_title(db: Database, plan: _Plan) -> Iterator[Match]:
    """Yield the posts whose current title has all that is wanted, the newest first."""
    few = list(islice(_current(db, plan, plan.in_title), _FEW + 1))
    return iter(sorted(few, reverse=True)) if len(few) <= _FEW else _walked(db, plan, plan.in_title)


def _walked(db: Database, plan: _Plan, asked: Lookup, *, without: Lookup | None = None) -> Iterator[Match]:
    """Yield the places that `asked` finds and `without` does not, walking from the newest post back."""
    condition, values = plan.of_posts
    last, step = (plan.filters.span[1], _MOST), _STEP
    while posts := db.conn.execute(
        f"SELECT published_ts, id FROM posts WHERE {condition} AND (published_ts, id) < (?, ?)"  # noqa: S608  # constants
        " ORDER BY published_ts DESC, id DESC LIMIT ?",
        [*values, *last, step],
    ).fetchall():
        ids = [article_id for _, article_id in posts]
        members = _rows(db, asked, min(ids), max(ids))
        if without is not None:
            members -= _rows(db, without, min(ids), max(ids))
        yield from (Match(published_ts, post, post) for published_ts, post in posts if post in members)
        last, step = posts[-1], step * 2


def _rows(db: Database, asked: Lookup, first: int, last: int) -> set[int]:
    return {row for (row,) in db.conn.execute(asked.within(first, last), asked.values)}


# Few hits, or such as the index alone cannot tell: all are looked at.


def _former(db: Database, plan: _Plan) -> Iterator[Match]:
    """Yield the former versions that are found and were the latest known at the moment of `as_of`, if it is set."""
    as_of, (first, last) = plan.filters.as_of, plan.filters.span
    if as_of is None:
        return
    condition, values = plan.filters.of_versions
    rows = db.conn.execute(
        "SELECT v.published_at, v.article_id, -v.id"  # noqa: S608  # constants
        f" FROM ({plan.asked.within(-_MOST, -1)}) AS found CROSS JOIN versions AS v ON v.id = -found.rowid"
        f" JOIN posts ON posts.id = v.article_id WHERE {condition} AND v.seen_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM versions AS later WHERE later.article_id = v.article_id"
        " AND later.revision > v.revision AND later.seen_at <= ?)",
        [*plan.asked.values, *values, as_of, as_of],
    )
    for published_at, article_id, row in rows:
        seconds = int(datetime.fromisoformat(published_at).timestamp())
        if first <= seconds <= last:
            yield Match(seconds, article_id, row)


def _ordered(db: Database, plan: _Plan, places: list[Match], sort: Sort) -> list[Match]:
    """Return the places that are meant, the first first."""
    titled: Collection[int] = ()
    if not plan.asked.decides:
        places, titled = _read(db, plan.query, places)
    elif sort == "relevance":
        titled = _titled(db, plan, places)
    newest = sorted(places, reverse=True)
    if sort == "date":
        return newest
    return weighed(db, plan.query, [place for place in newest if place.row in titled]) + weighed(
        db, plan.query, [place for place in newest if place.row not in titled]
    )


def _read(db: Database, query: Query, places: list[Match]) -> tuple[list[Match], set[int]]:
    """Read what the index cannot tell: return the places that are meant, and the rows whose title has all of it."""
    meant, titled = [], set()
    for place, title, text in results.said(db, places):
        if query.matches(title, text):
            meant.append(place)
            titled |= {place.row} if query.is_in_title(title) else set()
    return meant, titled


def _titled(db: Database, plan: _Plan, places: list[Match]) -> set[int]:
    """Return the rows of those places whose title has all that is wanted."""
    if not places:
        return set()
    # A term may stand in most titles; the plus is that of `crawler.archive.search.lookup`.
    few = "+rowid IN (SELECT value FROM json_each(?))"
    rows = db.conn.execute(
        f"SELECT rowid FROM ({plan.in_title.sql}) WHERE {few}",  # noqa: S608  # this package's own
        [*plan.in_title.values, str([place.row for place in places])],
    )
    return {row for (row,) in rows}


def _stories(db: Database, places: list[Match]) -> list[tuple[Match, list[int]]]:
    """Return of each story its first post among `places`, where the best of them stood, and the ids of the others."""
    stories = dict(db.execute("SELECT article_id, story_id FROM stories").fetchall())
    told: dict[tuple[str, int], list[Match]] = {}
    for place in places:
        story = stories.get(place.article_id)
        key = ("post", place.article_id) if story is None else ("story", story)
        told.setdefault(key, []).append(place)
    return [(min(same), [place.article_id for place in sorted(same)[1:]]) for same in told.values()]
