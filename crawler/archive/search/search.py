"""Full-text search: which posts a query finds, and in which order.

The answer is exact: the index knows which rows match, and where it does not (`crawler.archive.search.lookup`) their
texts are read. Not here: what a query means, and what is shown of a post (`crawler.archive.search.results`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from crawler.archive.search import results
from crawler.archive.search.lookup import lookup
from crawler.archive.search.query import parse
from crawler.archive.search.results import Match, order_by_weight, present

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters
    from crawler.archive.search.lookup import Lookup
    from crawler.archive.search.query import Query
    from crawler.archive.search.results import Found

Sort = Literal["relevance", "date"]

_FEW = 1_000  # up to so many matches are fetched and sorted; of more, only the newest are looked at
_STEP = 500  # posts in the first stretch of a walk from the newest post back
_MOST = 9_223_372_036_854_775_807
# When the current version was first seen. For most posts that is when the post was, so no row of `versions` is read.
_KNOWN = (
    "CASE posts.revision WHEN 1 THEN first_seen_at ELSE"
    " (SELECT seen_at FROM versions WHERE article_id = posts.id AND versions.revision = posts.revision) END"
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a query is answered: its lookup, that of posts with every term in the title, and the filters."""

    query: Query
    lookup: Lookup
    in_title: Lookup
    filters: Filters
    first: int  # the first and the last row of the index that may pass the filters
    last: int

    @property
    def of_posts(self) -> tuple[str, list[Any]]:
        """The condition on a row of `posts` for its current version to be searched, with the values for it."""
        return self._if_known(*self.filters.of_posts)

    @property
    def of_times(self) -> tuple[str, list[Any]]:
        """The part of `of_posts` that the filters' `of_rows` leaves over."""
        return self._if_known(*self.filters.of_days)

    def _if_known(self, condition: str, values: list[Any]) -> tuple[str, list[Any]]:
        if self.filters.as_of is None:
            return condition, values
        return f"{condition} AND {_KNOWN} <= ?", [*values, self.filters.as_of]


class Grouped(NamedTuple):
    """What a query finds: how many versions, and these in groups, each newest first.

    By date that is one group; by relevance, those with every term in the title come before the others.
    """

    total: int
    groups: list[Iterator[Match]]


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

    By date, the newest come first. By relevance, posts with every term in the title come first, and within both
    groups the newest fifty are ordered by how much of the text the terms make up. `collapse` shows only the first
    post of a story that several outlets carry, and counts the story once.
    """
    plan = plan_of(db, query, filters)
    if plan is None:
        return {"query": query, "total": 0, "results": []}
    if collapse:
        stories = one_a_story(db, list(ordered(db, plan, all_newest_first(db, plan, sort), sort)))
        return present(db, query, len(stories), stories[offset : offset + limit], plan.query)
    found = newest_first(db, plan, sort)
    best = islice(ordered(db, plan, found, sort), offset, offset + limit)
    return present(db, query, found.total, [(match, []) for match in best], plan.query)


def newest_first(db: Database, plan: Plan, sort: Sort) -> Grouped:
    """Return what the query finds; of many matches, only those that are read are fetched."""
    former = sorted(former_matches(db, plan), reverse=True)
    if plan.lookup.decides and (current := count(db, plan)) > _FEW:
        return Grouped(current + len(former), _walks(db, plan, former, sort))
    return _sorted(db, plan, former, sort)


def all_newest_first(db: Database, plan: Plan, sort: Sort) -> Grouped:
    """Return what the query finds, all of it fetched."""
    return _sorted(db, plan, list(former_matches(db, plan)), sort)


def ordered(db: Database, plan: Plan, found: Grouped, sort: Sort) -> Iterator[Match]:
    """Yield matches in the order in which they are shown: by relevance, the first fifty of each group by weight."""
    for group in found.groups:
        if sort == "relevance":
            yield from order_by_weight(db, plan.query, list(islice(group, results.WEIGHED)))
        yield from group


def plan_of(db: Database, query: str, filters: Filters) -> Plan | None:
    """Return how a query is answered; `None` if it can find nothing."""
    wanted = parse(query)
    if not wanted.wanted or filters.codes == ():
        return None
    return Plan(wanted, lookup(wanted), lookup(wanted, in_title=True), filters, *_rows_in_question(db, filters))


def _rows_in_question(db: Database, filters: Filters) -> tuple[int, int]:
    """Return the first and the last row of the index among the posts of the wanted days that were known by then.

    Posts are mostly stored in the order in which they are published, so a few days are a short stretch of the index.
    """
    first, last = 1, _MOST  # below, the plus keeps SQLite from walking through all ids to find the first or the last
    if filters.since is not None or filters.until is not None:
        first, last = db.execute(
            "SELECT coalesce(min(+id), 1), coalesce(max(+id), 0) FROM posts WHERE published_ts BETWEEN ? AND ?",
            filters.span,
        ).fetchone()
    if filters.as_of is not None:
        (known,) = db.execute(
            "SELECT coalesce(max(+article_id), 0) FROM versions WHERE seen_at <= ?", [filters.as_of]
        ).fetchone()
        last = min(last, known)
    return first, last


def current_matches(
    db: Database, plan: Plan, asked: Lookup, *, without: Lookup | None = None, order: str = ""
) -> Iterator[Match]:
    """Yield the posts whose current version `asked` finds, if it was known at the moment of `as_of`.

    What `without` finds is left out. `order` is SQL; SQLite sorts in temporary files what is too much for memory.
    """
    of_rows, sets = plan.filters.of_rows
    condition, values = plan.of_times
    if without is not None:
        of_rows, sets = f"{of_rows} AND +found.rowid NOT IN ({without.sql})", [*sets, *without.values]
    rows = db.conn.execute(
        "SELECT published_ts, posts.id, posts.id"  # noqa: S608  # constants
        f" FROM ({asked.within(plan.first, plan.last)}) AS found CROSS JOIN posts ON posts.id = found.rowid"
        f" WHERE {of_rows} AND {condition} {order}",
        [*asked.values, *sets, *values],
    )
    return (Match(*row) for row in rows)


# Many matches: the index counts them, and only as many are read as are shown.


def count(db: Database, plan: Plan) -> int:
    """Return how many current versions match, for a lookup that decides."""
    of_rows, sets = plan.filters.of_rows
    condition, values = plan.of_times
    posts = "" if condition == "1" else "CROSS JOIN posts ON posts.id = found.rowid"
    rows = db.conn.execute(
        f"SELECT count(*) FROM ({plan.lookup.within(plan.first, plan.last)}) AS found {posts}"  # noqa: S608  # constants
        f" WHERE {of_rows} AND {condition}",
        [*plan.lookup.values, *sets, *values],
    )
    return int(rows.fetchone()[0])


def _walks(db: Database, plan: Plan, former: list[Match], sort: Sort) -> list[Iterator[Match]]:
    """Return the groups of many matches, none of which is fetched before it is read; `former` are newest first."""
    if sort == "date":
        return [merge(_walk(db, plan, plan.lookup), former, reverse=True)]
    titled = rows_with_title(db, plan, former)
    with_title = [match for match in former if match.row in titled]
    others = [match for match in former if match.row not in titled]
    return [
        merge(_current_with_title(db, plan), with_title, reverse=True),
        merge(_walk(db, plan, plan.lookup, without=plan.in_title), others, reverse=True),
    ]


def _current_with_title(db: Database, plan: Plan) -> Iterator[Match]:
    """Yield the posts whose current title has every term, newest first."""
    few = list(islice(current_matches(db, plan, plan.in_title), _FEW + 1))
    return iter(sorted(few, reverse=True)) if len(few) <= _FEW else _walk(db, plan, plan.in_title)


def _walk(db: Database, plan: Plan, asked: Lookup, *, without: Lookup | None = None) -> Iterator[Match]:
    """Yield what `asked` finds and `without` does not, walking from the newest post back."""
    condition, values = plan.of_posts
    last, step = (plan.filters.span[1], _MOST), _STEP
    while posts := db.conn.execute(
        "SELECT published_ts, id FROM posts"  # noqa: S608  # constants
        f" WHERE +id BETWEEN ? AND ? AND {condition} AND (published_ts, id) < (?, ?)"
        " ORDER BY published_ts DESC, id DESC LIMIT ?",
        [plan.first, plan.last, *values, *last, step],
    ).fetchall():
        ids = [article_id for _, article_id in posts]
        members = _rows(db, asked, min(ids), max(ids))
        if without is not None:
            members -= _rows(db, without, min(ids), max(ids))
        yield from (Match(published_ts, post, post) for published_ts, post in posts if post in members)
        last, step = posts[-1], step * 2


def _rows(db: Database, asked: Lookup, first: int, last: int) -> set[int]:
    return {row for (row,) in db.conn.execute(asked.within(first, last), asked.values)}


# Few matches, or matches that only their texts confirm: all are looked at.


def former_matches(db: Database, plan: Plan) -> Iterator[Match]:
    """Yield former versions that match and were the latest known at the moment of `as_of`; none without `as_of`."""
    as_of, (first, last) = plan.filters.as_of, plan.filters.span
    if as_of is None:
        return
    condition, values = plan.filters.of_versions
    rows = db.conn.execute(
        "SELECT v.published_at, v.article_id, -v.id"  # noqa: S608  # constants
        f" FROM ({plan.lookup.within(-_MOST, -1)}) AS found CROSS JOIN versions AS v ON v.id = -found.rowid"
        f" JOIN posts ON posts.id = v.article_id WHERE {condition} AND v.seen_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM versions AS later WHERE later.article_id = v.article_id"
        " AND later.revision > v.revision AND later.seen_at <= ?)",
        [*plan.lookup.values, *values, as_of, as_of],
    )
    for published_at, article_id, row in rows:
        seconds = int(datetime.fromisoformat(published_at).timestamp())
        if first <= seconds <= last:
            yield Match(seconds, article_id, row)


def _sorted(db: Database, plan: Plan, former: list[Match], sort: Sort) -> Grouped:
    """Return all that the query finds, with the `former` versions."""
    matches, titled = [*current_matches(db, plan, plan.lookup), *former], set[int]()
    if not plan.lookup.decides:
        matches, titled = _read(db, plan.query, matches)
    elif sort == "relevance":
        titled = rows_with_title(db, plan, matches)
    newest = sorted(matches, reverse=True)
    if sort == "date":
        return Grouped(len(newest), [iter(newest)])
    with_title = (match for match in newest if match.row in titled)
    return Grouped(len(newest), [with_title, (match for match in newest if match.row not in titled)])


def _read(db: Database, query: Query, matches: list[Match]) -> tuple[list[Match], set[int]]:
    """Read the texts: return the matches that the query finds, and which rows have every term in their title."""
    meant, titled = [], set()
    for match, title, text in results.read_texts(db, matches):
        if query.matches(title, text):
            meant.append(match)
            titled |= {match.row} if query.is_in_title(title) else set()
    return meant, titled


def rows_with_title(db: Database, plan: Plan, matches: list[Match]) -> set[int]:
    """Return the rows of the matches whose title has every term."""
    if not matches:
        return set()
    # A term may stand in most titles; the plus is that of `crawler.archive.search.lookup`.
    few = "+rowid IN (SELECT value FROM json_each(?))"
    rows = db.conn.execute(
        f"SELECT rowid FROM ({plan.in_title.sql}) WHERE {few}",  # noqa: S608  # this package's own
        [*plan.in_title.values, str([match.row for match in matches])],
    )
    return {row for (row,) in rows}


def one_a_story(db: Database, matches: list[Match]) -> list[tuple[Match, list[int]]]:
    """Return each story's first post with the ids of the others, at the rank of the best of them."""
    stories = dict(db.execute("SELECT article_id, story_id FROM stories").fetchall())
    told: dict[tuple[str, int], list[Match]] = {}
    for match in matches:
        story = stories.get(match.article_id)
        key = ("post", match.article_id) if story is None else ("story", story)
        told.setdefault(key, []).append(match)
    return [(min(same), [match.article_id for match in sorted(same)[1:]]) for same in told.values()]
