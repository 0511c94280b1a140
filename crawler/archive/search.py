"""Full-text search: which posts a query finds, in which order, and what to show of them.

Exact: the index (`crawler.archive.index`) narrows down, and where it cannot tell, the text decides
(`crawler.archive.query`). Not here: what a query means, and where the words of the index come from.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from crawler.archive import index
from crawler.archive.query import parse
from crawler.archive.snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.query import Query

Sort = Literal["relevance", "date"]
Marks = tuple[str, str]

_FEW = 2_000  # posts that are fetched and sorted at once; of more, only the newest are looked at
_WEIGHED = 100  # of each kind, the newest so many are ordered by how much is said of the terms
_STEP = 500  # posts walked through at first, from the newest back
_MOST = 9_223_372_036_854_775_807
_SATURATION, _USUAL_LENGTH = 1.2, 1_000  # of BM25: how soon repeating a term tells no more; characters

_FAR = 10**12  # seconds before and after 1970 that no post is beyond
_VERSIONS = "CROSS JOIN versions ON article_id = posts.id AND versions.revision = posts.revision"
# When the current version was first seen: for most posts that is when the post was, and no further row need be read.
_KNOWN = (
    "CASE posts.revision WHEN 1 THEN first_seen_at ELSE"
    " (SELECT seen_at FROM versions WHERE article_id = posts.id AND versions.revision = posts.revision) END"
)
_MATCHED = "SELECT rowid FROM search WHERE search MATCH ? AND rowid BETWEEN ? AND ?"


class Hit(TypedDict, total=False):
    """A post that was found. `snippet` is the text around the first term; `others` are there only if collapsed."""

    id: str
    title: str
    published_at: str
    source: str | None
    category: str | None
    url: str
    snippet: str
    others: list[str]


class Found(TypedDict):
    """What a search found: `total` counts all posts, `results` are those asked for."""

    query: str
    total: int
    results: list[Hit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What else a post must be.

    Published from `since` to `until`, both included, in epoch seconds; of an outlet (`source`) and a `category`
    (slug); mentioning one of `codes`. With `as_of` (ISO 8601, UTC) the archive is searched as it stood then.
    """

    since: int | None = None
    until: int | None = None
    source: str | None = None
    category: str | None = None
    codes: tuple[str, ...] | None = None
    as_of: str | None = None

    def expressions(self) -> list[str]:
        """Return what the index is asked for besides the terms."""
        kinds = {"source": self.source, "category": self.category}
        single = [_quoted(index.filter_word(kind, value)) for kind, value in kinds.items() if value is not None]
        codes = [index.filter_word("stock", code) for code in self.codes or ()]
        return [*single, *(f"({' OR '.join(map(_quoted, words))})" for words in (codes, self._time_words()) if words)]

    @property
    def is_for_the_index(self) -> bool:
        """Whether the index alone can tell which posts pass; not to the minute, and not of the past."""
        return self.as_of is None and (not self._has_span or self._time_words() is not None)

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last second, however far away."""
        return (-_FAR if self.since is None else self.since, _FAR if self.until is None else self.until)

    @property
    def _has_span(self) -> bool:
        return (self.since, self.until) != (None, None)

    def _time_words(self) -> list[str] | None:
        return index.time_words(*self.span) if self._has_span else None


@dataclass(frozen=True, slots=True, order=True)
class _Place:
    """A version of a post that was found: when it was published, whose it is, and its `row` of the index."""

    published_ts: int
    article_id: int
    row: int


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
    marks: Marks = ("[", "]"),
) -> Found:
    """Return what `query` finds under `filters`.

    Newest first; by relevance, posts with all of it in the title stand before the others, and of both kinds the
    newest hundred are ordered by how much of the post the terms make up. `collapse` shows of a story that several
    outlets carry the first of its posts only, and counts it once. `marks` go around each hit in a snippet.
    """
    wanted = parse(query)
    if not wanted.wanted or filters.codes == ():
        return {"query": query, "total": 0, "results": []}
    plan = _planned(db, wanted, _bounded(db, filters))
    if plan.by_filters and not collapse:
        total = _count(db, plan)
        if total > _FEW:
            places = _best_of_many(db, plan, sort, offset + limit)[offset : offset + limit]
            return _found(db, query, total, [(place, []) for place in places], plan.query, marks)
    ordered = _ordered(db, plan, sort)
    stories = _stories(db, ordered) if collapse else [(place, []) for place in ordered]
    return _found(db, query, len(stories), stories[offset : offset + limit], plan.query, marks)


def _bounded(db: Database, filters: Filters) -> Filters:
    """Give a span that is open at one end the end of the archive: the index divides time into stretches."""
    if (filters.since, filters.until) == (None, None):
        return filters
    first, last = db.execute("SELECT min(published_ts), max(published_ts) FROM posts").fetchone()
    begin, end = index.around(first or 0, last or 0)
    return replace(
        filters,
        since=begin if filters.since is None else max(filters.since, begin),
        until=end if filters.until is None else min(filters.until, end),
    )


def _planned(db: Database, query: Query, filters: Filters) -> _Plan:
    asked = index.expressions(query, filters.expressions())
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
    current = "posts ON posts.id = search.rowid " + _VERSIONS
    for source in (current, "versions ON versions.id = -search.rowid"):
        rows = db.execute(
            f"SELECT search.rowid, title, text FROM search CROSS JOIN {source} WHERE search MATCH ?",  # noqa: S608
            match,
        )
        yield from (row for row, title, text in rows if not query.matches(title, text))


def _quoted(word: str) -> str:
    return f'"{word}"'


# Many hits: counted by the index, and only as many looked at as are shown.


def _best_of_many(db: Database, plan: _Plan, sort: Sort, count: int) -> list[_Place]:
    """Return the first `count` places."""
    if sort == "date":
        return _newest(db, plan, plan.match, count)
    best = _weighed(db, plan.query, _newest(db, plan, f"({plan.match}) AND ({plan.title_match})", count))
    if len(best) < count:
        rest = _newest(db, plan, f"({plan.match}) NOT ({plan.title_match})", count - len(best))
        best += _weighed(db, plan.query, rest)
    return best


def _newest(db: Database, plan: _Plan, match: str, count: int) -> list[_Place]:
    """Return the newest places that `match` finds: `count` of them, or as many as are weighed."""
    count = max(count, _WEIGHED)
    few = [row for (row,) in db.execute(f"{_MATCHED} LIMIT {_FEW + 1}", [match, 1, _MOST])]
    if len(few) <= _FEW:
        few = [row for row in few if row not in plan.rejected]
        rows = db.execute(
            "SELECT published_ts, id, id FROM posts WHERE id IN (SELECT value FROM json_each(?))"
            " ORDER BY published_ts DESC, id DESC LIMIT ?",
            [str(few), count],
        )
        return [_Place(*row) for row in rows]
    return list(islice(_walked(db, plan, match), count))


def _walked(db: Database, plan: _Plan, match: str) -> Iterator[_Place]:
    """Yield the places that `match` finds, walking from the newest post back."""
    last, step = (plan.seconds[1], _MOST), _STEP
    while posts := db.execute(
        "SELECT published_ts, id FROM posts WHERE published_ts >= ? AND (published_ts, id) < (?, ?)"
        " ORDER BY published_ts DESC, id DESC LIMIT ?",
        [plan.seconds[0], *last, step],
    ).fetchall():
        ids = [article_id for _, article_id in posts]
        found = {row for (row,) in db.execute(_MATCHED, [match, min(ids), max(ids)])}
        found -= plan.rejected
        yield from (_Place(published_ts, post, post) for published_ts, post in posts if post in found)
        last, step = posts[-1], step * 2


def _count(db: Database, plan: _Plan) -> int:
    (count,) = db.execute("SELECT count(*) FROM search WHERE search MATCH ? AND rowid > 0", [plan.match]).fetchone()
    return int(count) - sum(row > 0 for row in plan.rejected)


# Few hits, or such as the index alone cannot tell: all are looked at.


def _ordered(db: Database, plan: _Plan, sort: Sort) -> list[_Place]:
    """Return every place, the first first."""
    places = sorted(_current(db, plan), reverse=True)
    if plan.as_of is not None:
        places = sorted([*places, *_former(db, plan, plan.as_of)], reverse=True)
    if sort == "date":
        return places
    titled = _titled(db, plan)
    return _weighed(db, plan.query, [place for place in places if place.row in titled]) + _weighed(
        db, plan.query, [place for place in places if place.row not in titled]
    )


def _current(db: Database, plan: _Plan) -> Iterator[_Place]:
    """Yield the posts whose current version is found, and was known at the moment of `as_of`."""
    known, moment = (f" AND {_KNOWN} <= ?", [plan.as_of]) if plan.as_of else ("", [])
    rows = db.execute(
        "SELECT published_ts, posts.id, posts.id FROM search CROSS JOIN posts ON posts.id = search.rowid"  # noqa: S608
        f" WHERE search MATCH ? AND search.rowid > 0 AND published_ts BETWEEN ? AND ?{known}",
        [plan.match, *plan.seconds, *moment],
    )
    return (_Place(*row) for row in rows if row[2] not in plan.rejected)


def _former(db: Database, plan: _Plan, as_of: str) -> Iterator[_Place]:
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
            yield _Place(seconds, article_id, row)


def _titled(db: Database, plan: _Plan) -> set[int]:
    """Return the rows of the index whose title has all that is wanted."""
    return {row for (row,) in db.execute("SELECT rowid FROM search WHERE search MATCH ?", [plan.title_match])}


def _stories(db: Database, places: list[_Place]) -> list[tuple[_Place, list[int]]]:
    """Return of each story its first post among `places`, where the best of them stood, and the ids of the others."""
    stories = dict(db.execute("SELECT article_id, story_id FROM stories").fetchall())
    told: dict[tuple[str, int], list[_Place]] = {}
    for place in places:
        story = stories.get(place.article_id)
        key = ("post", place.article_id) if story is None else ("story", story)
        told.setdefault(key, []).append(place)
    return [(min(same), [place.article_id for place in sorted(same)[1:]]) for same in told.values()]


# What is shown.


def _weighed(db: Database, query: Query, places: list[_Place]) -> list[_Place]:
    """Order the first hundred by how much of the post the terms make up, the others as they are."""
    first = places[:_WEIGHED]
    versions = _versions(db, [place.row for place in first])
    weights = {place: _weight(versions[place.row]["text"], query) for place in first}
    return (
        sorted(first, key=lambda place: (-weights[place], -place.published_ts, -place.article_id)) + places[_WEIGHED:]
    )


def _weight(text: str, query: Query) -> float:
    """Weigh a text as BM25 does, all terms being equally rare: often counts, but ever less, least in long texts."""
    lower = text.lower()
    often = [max(1, lower.count("".join(term.tokens))) for term in query.terms]
    return sum(times / (times + _SATURATION * (0.25 + 0.75 * len(text) / _USUAL_LENGTH)) for times in often)


def _found(
    db: Database, query: str, total: int, shown: Sequence[tuple[_Place, list[int]]], wanted: Query, marks: Marks
) -> Found:
    versions = _versions(db, [row for place, others in shown for row in (place.row, *others)])
    results: list[Hit] = []
    for place, others in shown:
        row = versions[place.row]
        hit: Hit = {**row, "snippet": snippet(row["text"], wanted, marks)}  # type: ignore[typeddict-item]
        hit.pop("text")  # type: ignore[typeddict-item]
        results.append({**hit, "others": [versions[other]["id"] for other in others]} if others else hit)
    return {"query": query, "total": total, "results": results}


def _versions(db: Database, rows: list[int]) -> dict[int, dict[str, Any]]:
    """Return by the row of the index what is shown of the version behind it, and its text."""
    names = ("id", "title", "published_at", "source", "category", "url", "text")
    columns = "post_id, title, published_at, source, category, url, text"
    found = db.execute(
        f"SELECT posts.id, {columns} FROM posts {_VERSIONS}"  # noqa: S608  # constants
        " WHERE posts.id IN (SELECT value FROM json_each(:rows)) UNION ALL"
        f" SELECT -versions.id, {columns} FROM versions JOIN posts ON posts.id = article_id"
        " WHERE versions.id IN (SELECT -value FROM json_each(:rows))",
        {"rows": str(rows)},
    )
    return {row: dict(zip(names, values, strict=True)) for row, *values in found}
