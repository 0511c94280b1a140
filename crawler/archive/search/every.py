"""All that a query finds, however much: read as it is asked for, instead of page by page.

Not here: which posts match, and how they are ordered (`crawler.archive.search.search`).
"""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from crawler.archive.search.results import present_each
from crawler.archive.search.search import (
    Grouped,
    all_newest_first,
    count,
    current_matches,
    former_matches,
    one_a_story,
    ordered,
    plan_of,
    rows_with_title,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters
    from crawler.archive.search.results import EveryHit, Match
    from crawler.archive.search.search import Plan, Sort

_NEWEST_FIRST = "ORDER BY published_ts DESC, posts.id DESC"
_OLDEST_FIRST = "ORDER BY published_ts, posts.id"


def every_hit(
    db: Database, query: str, filters: Filters, *, sort: Sort = "relevance", collapse: bool = False
) -> EveryHit:
    """Return all that `search` finds, in the same order; each hit is read only when it is asked for.

    However many there are, no more than a few texts are in memory at once. With `collapse`, and for a query that only
    the texts confirm, the row numbers of all hits are held.
    """
    plan = plan_of(db, query, filters)
    if plan is None:
        return {"query": query, "total": 0, "results": iter(())}
    if collapse:
        stories = one_a_story(db, list(ordered(db, plan, all_newest_first(db, plan, sort), sort)))
        return {"query": query, "total": len(stories), "results": present_each(db, stories, plan.query)}
    found = each_newest_first(db, plan, sort)
    shown = ((match, list[int]()) for match in ordered(db, plan, found, sort))
    return {"query": query, "total": found.total, "results": present_each(db, shown, plan.query)}


def each_newest_first(db: Database, plan: Plan, sort: Sort) -> Grouped:
    """Return what the query finds, each match fetched as it is read, unless only the texts confirm them."""
    if not plan.lookup.decides:
        return all_newest_first(db, plan, sort)
    former = sorted(former_matches(db, plan), reverse=True)
    groups = [_by_date(db, plan, former)] if sort == "date" else _by_relevance(db, plan, former)
    return Grouped(count(db, plan) + len(former), groups)


def matching_posts(db: Database, query: str, filters: Filters) -> Iterator[int]:
    """Yield the rows of the posts whose current version `search` finds, oldest first."""
    plan = plan_of(db, query, filters)
    matches: Iterable[Match] = ()
    if plan is not None and plan.lookup.decides:
        matches = current_matches(db, plan, plan.lookup, order=_OLDEST_FIRST)
    elif plan is not None:
        matches = reversed(list(ordered(db, plan, all_newest_first(db, plan, "date"), "date")))
    return (match.article_id for match in matches)


def _by_date(db: Database, plan: Plan, former: list[Match]) -> Iterator[Match]:
    """Yield all matches, newest first, with the `former` versions among them, which are in that order."""
    return merge(current_matches(db, plan, plan.lookup, order=_NEWEST_FIRST), former, reverse=True)


def _by_relevance(db: Database, plan: Plan, former: list[Match]) -> list[Iterator[Match]]:
    """Return all matches, newest first: those with every term in the title, and the others."""
    titled = rows_with_title(db, plan, former)
    # Both statements are begun before either is read, so that they see the same state of the archive.
    with_title = current_matches(db, plan, plan.in_title, order=_NEWEST_FIRST)
    others = current_matches(db, plan, plan.lookup, without=plan.in_title, order=_NEWEST_FIRST)
    return [
        merge(with_title, [match for match in former if match.row in titled], reverse=True),
        merge(others, [match for match in former if match.row not in titled], reverse=True),
    ]
