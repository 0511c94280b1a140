"""What a query finds in several archives, in one order.

By relevance, how well a post matches depends on its own words alone (`crawler.archive.search.results`), so hits of
several archives compare. Not here: which posts an archive finds (`crawler.archive.search`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.federation import copies, stories
from crawler.archive.federation.members import ask_each
from crawler.archive.search import results
from crawler.archive.search.search import Grouped, Sort, all_newest_first, plan_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.federation.members import Member
    from crawler.archive.federation.stories import Located
    from crawler.archive.search.filters import Filters
    from crawler.archive.search.query import Query
    from crawler.archive.search.results import EveryHit, Hit, Match
    from crawler.archive.search.search import Plan

    Find = Callable[[Database, Plan, Sort], Grouped]

_PRESENTED_AT_ONCE = 200  # hits


class LocatedHit(results.Hit, total=False):
    """A hit, with the path of the archive that it is from."""

    archive: str


class _Joined(NamedTuple):
    """What all archives find: how many, and the hits in the order in which they are shown."""

    total: int
    hits: Iterator[tuple[Located, list[Located]]]


class Wanted(NamedTuple):
    """What is wanted of the hits: in which order, one a story or not, from the `first` on, and before the `end`."""

    sort: Sort
    collapse: bool
    first: int = 0
    end: int | None = None


def every_hit(members: Sequence[Member], query: str, filters: Filters, wanted: Wanted, find: Find) -> EveryHit:
    """Return what a query finds under `filters`, in the order of `search`; each hit is read when asked for.

    `find` is one of the functions of `crawler.archive.search` that return what an archive finds in groups.
    """
    plans = ask_each(members, partial(_plan, query=query, filters=filters))
    planned = [(member, plan) for member, plan in zip(members, plans, strict=True) if plan is not None]
    if not planned:
        return {"query": query, "total": 0, "results": iter(())}
    terms = planned[0][1].query
    found = _collapsed(planned, terms, wanted.sort) if wanted.collapse else _each(planned, terms, wanted.sort, find)
    hits = islice(found.hits, wanted.first, wanted.end)
    return {"query": query, "total": found.total, "results": _presented(hits, terms)}


def _plan(db: Database, query: str, filters: Filters) -> Plan | None:
    return plan_of(db, query, replace(filters, is_shared=copies.is_narrowed(db)))


def _each(planned: list[tuple[Member, Plan]], query: Query, sort: Sort, find: Find) -> _Joined:
    found = [member.ask(lambda db, plan=plan: find(db, plan, sort)) for member, plan in planned]  # type: ignore[misc]
    members = [member for member, _ in planned]
    ordered = _in_order(members, [each.groups for each in found], query, sort)
    return _Joined(sum(each.total for each in found), ((hit, []) for hit in ordered))


def _collapsed(planned: list[tuple[Member, Plan]], query: Query, sort: Sort) -> _Joined:
    ordered = [hit for hit, _ in _each(planned, query, sort, all_newest_first).hits]
    told = stories.one_a_story([member for member, _ in planned], ordered)
    return _Joined(len(told), iter(told))


def _in_order(
    members: Sequence[Member], found: Iterable[Sequence[Iterator[Match]]], query: Query, sort: Sort
) -> Iterator[Located]:
    """Yield what archives have found in groups, as `crawler.archive.search.search.ordered` does that of one."""
    for groups in zip(*found, strict=True):
        located = (_located(member, group) for member, group in zip(members, groups, strict=True))
        hits = merge(*located, key=_newest, reverse=True)
        if sort == "relevance":
            yield from _by_weight(list(islice(hits, results.WEIGHED)), query)
        yield from hits


def _located(member: Member, group: Iterator[Match]) -> Iterator[Located]:
    return (stories.Located(member, match) for match in member.read(group))


def _newest(hit: Located) -> tuple[int, int, int]:
    """Return what hits are ordered by: of one second, those of the first archive come first."""
    return hit.match.published_ts, -hit.member.number, hit.match.article_id


def _by_weight(hits: list[Located], query: Query) -> list[Located]:
    weights: dict[Located, float] = {}
    for member, own in stories.by_member(hits).items():
        weighed = member.ask(partial(results.weighed, query=query, matches=own))
        weights |= {stories.Located(member, match): weight for match, weight in weighed.items()}
    return sorted(hits, key=lambda hit: (weights[hit], _newest(hit)), reverse=True)


def _presented(hits: Iterator[tuple[Located, list[Located]]], query: Query) -> Iterator[LocatedHit]:
    """Yield hits as a search prints them, each with its archive, reading a few at a time."""
    while few := list(islice(hits, _PRESENTED_AT_ONCE)):
        shown = _shown([hit for hit, _ in few], query)
        ids = stories.ids([other for _, others in few for other in others])
        for hit, others in few:
            found: LocatedHit = {**shown[hit], "archive": hit.member.name}
            yield {**found, "others": [ids[other] for other in others]} if others else found


def _shown(hits: list[Located], query: Query) -> dict[Located, Hit]:
    found: dict[Located, Hit] = {}
    for member, own in stories.by_member(hits).items():
        alone = [(match, list[int]()) for match in own]
        presented = member.ask(lambda db, alone=alone: list(results.present_each(db, alone, query)))  # type: ignore[misc]
        found |= {stories.Located(member, match): hit for match, hit in zip(own, presented, strict=True)}
    return found
