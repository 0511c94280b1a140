"""Full-text search: which posts a query finds, and in which order.

Exact: the index narrows down (`expression`), and where it cannot tell, the text decides (`query`). Not here: what a
query means, and what is shown of a post (`crawler.archive.search.results`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Literal

from crawler.archive.search import results
from crawler.archive.search.expression import expressions
from crawler.archive.search.filters import bounded
from crawler.archive.search.query import parse
from crawler.archive.search.results import Match, found, weighed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters
    from crawler.archive.search.query import Query
    from crawler.archive.search.results import Found

Sort = Literal["relevance", "date"]

_FEW = 2_000  # posts that are fetched and sorted at once; of more, only the newest are looked at
_STEP = 500  # posts walked through at first, from the newest back
_MOST = 9_223_372_036_854_775_807
_VERSIONS = "CROSS JOIN versions ON article_id = posts.id AND versions.revision = posts.revision"
# When the current version was first seen: for most posts that is when the post was, and no further row need be read.
_KNOWN = (
    "CASE posts.revision WHEN 1 THEN first_seen_at ELSE"
    " (SELECT seen_at FROM versions WHERE article_id = posts.id AND versions.revision = posts.revision) END"
)
_MATCHED = "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """How a query is answered: what to ask the index for, and what is left to be decided without it.

    `match` finds what is wanted, and the rows in `rejected`, which the texts have shown not to be. `by_filters` tells
    whether the index also knows all about the filters.
    """

    query: Query
    match: str
    rejected: frozenset[int]
    title_match: str
    by_filters: bool
    seconds: tuple[int, int]
    as_of: str | None


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
    plan = _planned(db, wanted, bounded(db, filters))
    if plan.by_filters and not collapse:
        total = _count(db, plan)
        if total > _FEW:
            places = _best_of_many(db, plan, sort, offset + limit)[offset : offset + limit]
            return found(db, query, total, [(place, []) for place in places], plan.query)
    ordered = _ordered(db, plan, sort)
    stories = _stories(db, ordered) if collapse else [(place, []) for place in ordered]
    return found(db, query, len(stories), stories[offset : offset + limit], plan.query)


def _planned(db: Database, query: Query, filters: Filters) -> _Plan:
    asked = expressions(query, filters.expressions())
    return _Plan(
        query=query,
        match=asked.maybe,
        rejected=frozenset() if asked.surely is None else frozenset(_rejected(db, query, asked.maybe, asked.surely)),
        title_match=asked.in_title,
        by_filters=filters.is_for_the_index,
        seconds=filters.span,
        as_of=filters.as_of,
    )


def _rejected(db: Database, query: Query, maybe: str, surely: str) -> Iterator[int]:
    """Yield the rows of the index that may be meant and are not, by their texts."""
    match = [f"({maybe}) NOT ({surely})"]
    current = f"posts ON posts.id = search.rowid {_VERSIONS} WHERE search.rowid > 0"
    for source in (current, "versions ON versions.id = -search.rowid WHERE search.rowid < 0"):
        rows = db.execute(
            f"SELECT search.rowid, title, text FROM search CROSS JOIN {source} AND search MATCH ?",  # noqa: S608
            match,
        )
        yield from (row for row, title, text in rows if not query.matches(title, text))


# Many hits: counted by the index, and only as many looked at as are shown.


def _best_of_many(db: Database, plan: _Plan, sort: Sort, count: int) -> list[Match]:
    """Return the first `count` places."""
    if sort == "date":
        return _newest(db, plan, plan.match, count)
    best = weighed(db, plan.query, _newest(db, plan, f"({plan.match}) AND ({plan.title_match})", count))
    if len(best) < count:
        rest = _newest(db, plan, f"({plan.match}) NOT ({plan.title_match})", count - len(best))
        best += weighed(db, plan.query, rest)
    return best


def _newest(db: Database, plan: _Plan, match: str, count: int) -> list[Match]:
    """Return the newest places that `match` finds: `count` of them, or as many as are weighed."""
    count = max(count, results.WEIGHED)
    few = [row for (row,) in db.execute(f"{_MATCHED} LIMIT {_FEW + 1}", [match, 1, _MOST])]
    if len(few) <= _FEW:
        few = [row for row in few if row not in plan.rejected]
        rows = db.execute(
            "SELECT published_ts, id, id FROM posts WHERE id IN (SELECT value FROM json_each(?))"
            " ORDER BY published_ts DESC, id DESC LIMIT ?",
            [str(few), count],
        )
        return [Match(*row) for row in rows]
    return list(islice(_walked(db, plan, match), count))


def _walked(db: Database, plan: _Plan, match: str) -> Iterator[Match]:
    """Yield the places that `match` finds, walking from the newest post back."""
    last, step = (plan.seconds[1], _MOST), _STEP
    while posts := db.execute(
        "SELECT published_ts, id FROM posts WHERE published_ts >= ? AND (published_ts, id) < (?, ?)"
        " ORDER BY published_ts DESC, id DESC LIMIT ?",
        [plan.seconds[0], *last, step],
    ).fetchall():
        ids = [article_id for _, article_id in posts]
        members = {row for (row,) in db.execute(_MATCHED, [match, min(ids), max(ids)])}
        members -= plan.rejected
        yield from (Match(published_ts, post, post) for published_ts, post in posts if post in members)
        last, step = posts[-1], step * 2


def _count(db: Database, plan: _Plan) -> int:
    (count,) = db.execute("SELECT count(*) FROM search WHERE search MATCH ? AND rowid > 0", [plan.match]).fetchone()
    return int(count) - sum(row > 0 for row in plan.rejected)


# Few hits, or such as the index alone cannot tell: all are looked at.


def _ordered(db: Database, plan: _Plan, sort: Sort) -> list[Match]:
    """Return every place, the first first."""
    places = sorted(_current(db, plan), reverse=True)
    if plan.as_of is not None:
        places = sorted([*places, *_former(db, plan, plan.as_of)], reverse=True)
    if sort == "date":
        return places
    titled = _titled(db, plan)
    return weighed(db, plan.query, [place for place in places if place.row in titled]) + weighed(
        db, plan.query, [place for place in places if place.row not in titled]
    )


def _current(db: Database, plan: _Plan) -> Iterator[Match]:
    """Yield the posts whose current version is found, and was known at the moment of `as_of`."""
    known, moment = (f" AND {_KNOWN} <= ?", [plan.as_of]) if plan.as_of else ("", [])
    rows = db.execute(
        "SELECT published_ts, posts.id, posts.id FROM search CROSS JOIN posts ON posts.id = search.rowid"  # noqa: S608
        f" WHERE search MATCH ? AND search.rowid > 0 AND published_ts BETWEEN ? AND ?{known}",
        [plan.match, *plan.seconds, *moment],
    )
    return (Match(*row) for row in rows if row[2] not in plan.rejected)


def _former(db: Database, plan: _Plan, as_of: str) -> Iterator[Match]:
    """Yield the former versions that are found and were the latest known at the moment `as_of`."""
    rows = db.execute(
        "SELECT v.published_at, v.article_id, -v.id FROM search CROSS JOIN versions AS v ON v.id = -search.rowid"
        " WHERE search MATCH ? AND search.rowid < 0 AND v.seen_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM versions AS later WHERE later.article_id = v.article_id"
        " AND later.revision > v.revision AND later.seen_at <= ?)",
        [plan.match, as_of, as_of],
    )
    for published_at, article_id, row in rows:
        seconds = int(datetime.fromisoformat(published_at).timestamp())
        if plan.seconds[0] <= seconds <= plan.seconds[1] and row not in plan.rejected:
            yield Match(seconds, article_id, row)


def _titled(db: Database, plan: _Plan) -> set[int]:
    """Return the rows of the index whose title has all that is wanted."""
    return {row for (row,) in db.execute("SELECT rowid FROM search WHERE search MATCH ?", [plan.title_match])}


def _stories(db: Database, places: list[Match]) -> list[tuple[Match, list[int]]]:
    """Return of each story its first post among `places`, where the best of them stood, and the ids of the others."""
    stories = dict(db.execute("SELECT article_id, story_id FROM stories").fetchall())
    told: dict[tuple[str, int], list[Match]] = {}
    for place in places:
        story = stories.get(place.article_id)
        key = ("post", place.article_id) if story is None else ("story", story)
        told.setdefault(key, []).append(place)
    return [(min(same), [place.article_id for place in sorted(same)[1:]]) for same in told.values()]
