"""What a search shows of the posts it found, and how posts that match equally well are ordered.

Not here: which posts are found (`crawler.archive.search.search`).
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, NotRequired, TypedDict

from crawler.archive.search import index
from crawler.archive.search.field import field_of
from crawler.archive.search.snippet import snippet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.search.query import Query

WEIGHED = 50
"""How many posts of a group are ordered by weight."""

_READ_AT_ONCE = 200  # posts
_SATURATION = 1.2  # of BM25: how soon another occurrence of a term adds nothing
_USUAL_LENGTH = 1_000  # characters


class Hit(TypedDict, total=False):
    """A post that was found, with the `text` around the first occurrence of a term and the `highlights` in it.

    `snippet` is that text with brackets around every occurrence; `others` is there only when stories are collapsed.
    If the site has removed a post's text, title and text are those of the revision it was `found_in`, and `now` is
    the current text.
    """

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    category: str | None
    categories: list[str]
    authors: list[str]
    url: str
    snippet: str
    text: str
    highlights: list[tuple[int, int]]
    others: list[str]
    found_in: int
    now: str


class Found(TypedDict):
    """What a search found: `total` counts every post, `results` holds the page that was asked for.

    If that is nothing, `understood` is what was looked for, unless it is just what was typed. `hints` are sentences
    on what may have been meant instead; they are there only if there are any.
    """

    query: str
    total: int
    results: list[Hit]
    understood: NotRequired[str]
    hints: NotRequired[list[str]]


class EveryHit(TypedDict):
    """All that a search found: how many, and the hits, which are read as they are asked for."""

    query: str
    total: int
    results: Iterator[Hit]
    understood: NotRequired[str]
    hints: NotRequired[list[str]]


class Match(NamedTuple):
    """A version that was found: when it says it was published, its post, and its `row` of the index."""

    published_ts: int
    article_id: int
    row: int


def order_by_weight(db: Database, query: Query, matches: list[Match]) -> list[Match]:
    """Order matches by how much of the text the terms make up; of equal ones the newest comes first."""
    weights = weighed(db, query, matches)
    return sorted(matches, key=lambda match: (-weights[match], -match.published_ts, -match.article_id))


def weighed(db: Database, query: Query, matches: list[Match]) -> dict[Match, float]:
    """Return how much of the text of each match the terms make up. What else is in the archive does not count."""
    versions = _versions(db, [match.row for match in matches])
    return {match: _weight(versions[match.row]["text"], query) for match in matches}


def _weight(text: str, query: Query) -> float:
    """Weigh a text as BM25 does for terms that are equally rare.

    Each further occurrence counts for less, and in a long text for less again. A term that only the title has counts
    as one occurrence in the text.
    """
    field = field_of(text)
    often = [max(1, term.count(field)) for term in query.terms]
    return sum(times / (times + _SATURATION * (0.25 + 0.75 * len(text) / _USUAL_LENGTH)) for times in often)


def present(db: Database, query: str, total: int, shown: Sequence[tuple[Match, list[int]]], wanted: Query) -> Found:
    """Return `shown` as a search prints it; each match comes with the ids of the posts that tell the same story."""
    return {"query": query, "total": total, "results": _hits(db, shown, wanted)}


def present_each(db: Database, shown: Iterable[tuple[Match, list[int]]], wanted: Query) -> Iterator[Hit]:
    """Yield `shown` as a search prints it, reading a few at a time."""
    each = iter(shown)
    while few := list(islice(each, _READ_AT_ONCE)):
        yield from _hits(db, few, wanted)


def _hits(db: Database, shown: Sequence[tuple[Match, list[int]]], wanted: Query) -> list[Hit]:
    versions = _versions(db, [row for match, others in shown for row in (match.row, *others)])
    categories = _categories(db, [match.article_id for match, _ in shown])
    authors = _authors(db, [match.row for match, _ in shown])
    results: list[Hit] = []
    for match, others in shown:
        row = {**versions[match.row], "categories": categories[match.article_id], "authors": authors[match.row]}
        hit: Hit = {**row, **excerpt(row["text"], wanted)}  # type: ignore[typeddict-item]
        results.append({**hit, "others": [versions[other]["id"] for other in others]} if others else hit)
    return results


def post_ids(db: Database, matches: list[Match]) -> list[str]:
    """Return the ids of the posts that were found, in the order of their matches."""
    versions = _versions(db, [match.row for match in matches])
    return [versions[match.row]["id"] for match in matches]


class Excerpt(TypedDict):
    """The part of a `Hit` that is taken from the text."""

    snippet: str
    text: str
    highlights: list[tuple[int, int]]


def excerpt(text: str, query: Query) -> Excerpt:
    """Return the part of a text that is shown."""
    shown = snippet(text, query)
    return {"snippet": shown.marked("[", "]"), "text": shown.text, "highlights": list(shown.highlights)}


def read_texts(db: Database, matches: list[Match]) -> Iterator[tuple[Match, str, str]]:
    """Yield each match with its title and text, reading a few at a time."""
    for start in range(0, len(matches), _READ_AT_ONCE):
        few = matches[start : start + _READ_AT_ONCE]
        versions = _versions(db, [match.row for match in few])
        yield from ((match, versions[match.row]["title"], versions[match.row]["text"]) for match in few)


def _categories(db: Database, posts: list[int]) -> dict[int, list[str]]:
    """Return the slugs of all categories of these posts, in their order."""
    found: dict[int, list[str]] = {post: [] for post in posts}
    rows = db.execute(
        "SELECT article_id, category FROM article_categories"
        " WHERE article_id IN (SELECT value FROM json_each(?)) ORDER BY article_id, position",
        [str(posts)],
    )
    for post, category in rows:
        found[post].append(category)
    return found


def _authors(db: Database, rows: list[int]) -> dict[int, list[str]]:
    """Return the authors of versions, by the row of the index, in their order."""
    found: dict[int, list[str]] = {row: [] for row in rows}
    named = db.execute(
        "SELECT wanted.row, name FROM (SELECT id AS row, id AS article_id, revision FROM posts"
        " WHERE id IN (SELECT value FROM json_each(:rows)) UNION ALL SELECT -id, article_id, revision FROM versions"
        " WHERE id IN (SELECT -value FROM json_each(:rows))) AS wanted"
        " JOIN article_authors USING (article_id, revision) JOIN authors ON authors.id = author_id ORDER BY position",
        {"rows": str(rows)},
    )
    for row, name in named:
        found[row].append(name)
    return found


def _versions(db: Database, rows: list[int]) -> dict[int, dict[str, Any]]:
    """Return what is shown of each version, and the text it is found by, by the row of the index."""
    names = ("id", "site", "title", "published_at", "source", "category", "url", "text")
    columns = "versions.revision, post_id, site, title, published_at, source, category, nullif(url, ''), text"
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
