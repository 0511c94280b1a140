"""All that a query finds, however much: read as it is asked for, instead of page by page.

Not here: which posts match, and how they are ordered (`crawler.archive.search.search`).
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from crawler.archive.search import results
from crawler.archive.search.results import order_by_weight, present_each
from crawler.archive.search.search import (
    count,
    current_matches,
    former_matches,
    in_order,
    one_a_story,
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
    if collapse or not plan.lookup.decides:
        ordered = in_order(db, plan, [*current_matches(db, plan, plan.lookup), *former_matches(db, plan)], sort)
        stories = one_a_story(db, ordered) if collapse else [(match, []) for match in ordered]
        return {"query": query, "total": len(stories), "results": present_each(db, stories, plan.query)}
    former = sorted(former_matches(db, plan), reverse=True)
    matches = _by_date(db, plan, former) if sort == "date" else _by_relevance(db, plan, former)
    hits = present_each(db, ((match, list[int]()) for match in matches), plan.query)
    return {"query": query, "total": count(db, plan) + len(former), "results": hits}


def matching_posts(db: Database, query: str, filters: Filters) -> Iterator[int]:
    """Yield the rows of the posts whose current version `search` finds, oldest first."""
    plan = plan_of(db, query, filters)
    matches: Iterable[Match] = ()
    if plan is not None and plan.lookup.decides:
        matches = current_matches(db, plan, plan.lookup, order=_OLDEST_FIRST)
    elif plan is not None:
        matches = reversed(in_order(db, plan, list(current_matches(db, plan, plan.lookup)), "date"))
    return (match.article_id for match in matches)


def _by_date(db: Database, plan: Plan, former: list[Match]) -> Iterator[Match]:
    """Yield all matches, newest first, with the `former` versions among them, which are in that order."""
    return merge(current_matches(db, plan, plan.lookup, order=_NEWEST_FIRST), former, reverse=True)


def _by_relevance(db: Database, plan: Plan, former: list[Match]) -> Iterator[Match]:
    """Yield all matches, those with every term in the title first; of each group the first fifty by weight."""
    titled = rows_with_title(db, plan, former)
    # Both statements are begun before either is read, so that they see the same state of the archive.
    with_title = current_matches(db, plan, plan.in_title, order=_NEWEST_FIRST)
    others = current_matches(db, plan, plan.lookup, without=plan.in_title, order=_NEWEST_FIRST)
    for current, is_titled in ((with_title, True), (others, False)):
        matches = merge(current, (match for match in former if (match.row in titled) == is_titled), reverse=True)
        yield from order_by_weight(db, plan.query, list(islice(matches, results.WEIGHED)))
        yield from matches
