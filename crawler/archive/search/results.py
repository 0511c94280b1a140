"""What is shown of the posts a search found, and how those are ordered that say the same of the terms.

Not here: which posts are found (`crawler.archive.search.search`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict

from crawler.archive.search import index
from crawler.archive.search.field import field_of
from crawler.archive.search.snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.search.query import Query

WEIGHED = 50
"""So many posts are ordered by how much they say of the terms."""

_READ_AT_ONCE = 200  # posts
_SATURATION, _USUAL_LENGTH = 1.2, 1_000  # of BM25: how soon repeating a term tells no more; characters


class Hit(TypedDict, total=False):
    """A post that was found, with the `text` around the first term and the `highlights` in it.

    `snippet` is that text with brackets around every hit; `others` are there only if collapsed. Of a post whose text
    was taken away, title and text are those of the revision that it was `found_in`, and `now` is what it says since.
    """

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    category: str | None
    url: str
    snippet: str
    text: str
    highlights: list[tuple[int, int]]
    others: list[str]
    found_in: int
    now: str


class Found(TypedDict):
    """What a search found: `total` counts all posts, `results` are those asked for."""

    query: str
    total: int
    results: list[Hit]


class Match(NamedTuple):
    """A version of a post that was found: when it was published, whose it is, and its `row` of the index."""

    published_ts: int
    article_id: int
    row: int


def weighed(db: Database, query: Query, places: list[Match]) -> list[Match]:
    """Order the first fifty by how much of the post the terms make up, the others as they are."""
    first = places[:WEIGHED]
    versions = _versions(db, [place.row for place in first])
    weights = {place: _weight(versions[place.row]["text"], query) for place in first}
    return (
        sorted(first, key=lambda place: (-weights[place], -place.published_ts, -place.article_id)) + places[WEIGHED:]
    )


def _weight(text: str, query: Query) -> float:
    """Weigh a text as BM25 does, all terms being equally rare: often counts, but ever less, least in long texts.

    A term that stands in the title alone weighs as if it stood in the text once.
    """
    field = field_of(text)
    often = [max(1, term.count(field)) for term in query.terms]
    return sum(times / (times + _SATURATION * (0.25 + 0.75 * len(text) / _USUAL_LENGTH)) for times in often)


def found(db: Database, query: str, total: int, shown: Sequence[tuple[Match, list[int]]], wanted: Query) -> Found:
    """Return what a search prints of `shown`: places, each with the posts that tell the same story."""
    versions = _versions(db, [row for place, others in shown for row in (place.row, *others)])
    results: list[Hit] = []
    for place, others in shown:
        row = versions[place.row]
        hit: Hit = {**row, **excerpt(row["text"], wanted)}  # type: ignore[typeddict-item]  # the columns and these
        results.append({**hit, "others": [versions[other]["id"] for other in others]} if others else hit)
    return {"query": query, "total": total, "results": results}


class Excerpt(TypedDict):
    """What a `Hit` shows of a text."""

    snippet: str
    text: str
    highlights: list[tuple[int, int]]


def excerpt(text: str, query: Query) -> Excerpt:
    """Return what is shown of a text."""
    shown = snippet(text, query)
    return {"snippet": shown.marked("[", "]"), "text": shown.text, "highlights": list(shown.highlights)}


def said(db: Database, places: list[Match]) -> Iterator[tuple[Match, str, str]]:
    """Yield places with the title and the text that stand there, reading a few at a time."""
    for start in range(0, len(places), _READ_AT_ONCE):
        few = places[start : start + _READ_AT_ONCE]
        versions = _versions(db, [place.row for place in few])
        yield from ((place, versions[place.row]["title"], versions[place.row]["text"]) for place in few)


def _versions(db: Database, rows: list[int]) -> dict[int, dict[str, Any]]:
    """Return by the row of the index what is shown of the version it is found by, and its text."""
    names = ("id", "site", "title", "published_at", "source", "category", "url", "text")
    columns = "versions.revision, post_id, site, title, published_at, source, category, url, text"
    rows_found = db.execute(
        f"SELECT posts.id, posts.id, {columns} FROM posts"  # noqa: S608  # constants
        " JOIN versions ON article_id = posts.id AND versions.revision = posts.revision"
        " WHERE posts.id IN (SELECT value FROM json_each(:rows)) UNION ALL"
        f" SELECT -versions.id, posts.id, {columns} FROM versions JOIN posts ON posts.id = article_id"
        " WHERE versions.id IN (SELECT -value FROM json_each(:rows))",
        {"rows": str(rows)},
    ).fetchall()
    return {
        row: _found_by(db, article_id, revision, dict(zip(names, values, strict=True)))
        for row, article_id, revision, *values in rows_found
    }


def _found_by(db: Database, article_id: int, revision: int, said: dict[str, Any]) -> dict[str, Any]:
    """Return what is shown of a version, with the words that it is found by."""
    found_in, entry = index.found_by(db, article_id, revision, said["title"], said["text"])
    return said if found_in == revision else {**said, **entry._asdict(), "found_in": found_in, "now": said["text"]}
