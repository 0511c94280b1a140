"""Posts in order of time, a page at a time, and how many there were on which day.

What is listed is walked by an index, and no more rows are read than are shown. Drafts are in no list. Not here:
searching (`crawler.archive.search`), and what single posts say (`articles`, `versions`).
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, cast

from crawler.archive.store import articles
from crawler.archive.store.articles import DRAFTS
from crawler.archive.store.filing.authors import NAMES, OF_POSTS
from crawler.archive.store.versions import CURRENT
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

By = Literal["source", "author", "category", "code", "story"]
"""What the posts of a list have in common: outlet, author, category (slug), code of a security, or story."""

_FAR = 10**12  # seconds: no post lies further from 1970
_FEW = 1_000  # posts: so many of a category or author are sorted; of more, the newest are found by walking back
_POSTS = "SELECT published_ts AS at, id AS post FROM posts WHERE NOT draft"
_WALKS = {
    None: _POSTS,
    "source": f"{_POSTS} AND source = :value",
    "few of author": (
        "SELECT published_ts AS at, posts.id AS post"  # noqa: S608  # a constant
        f" FROM {OF_POSTS} WHERE name = :value AND NOT draft"
    ),
    "author": (
        f"{_POSTS} AND EXISTS (SELECT 1 FROM {NAMES} WHERE article_id = posts.id"  # noqa: S608  # likewise
        " AND article_authors.revision = posts.revision AND name = :value)"
    ),
    "few of category": f"{_POSTS} AND id IN (SELECT article_id FROM article_categories WHERE category = :value)",  # noqa: S608  # a constant
    "category": (
        f"{_POSTS} AND EXISTS (SELECT 1 FROM article_categories WHERE article_id = posts.id AND category = :value)"  # noqa: S608  # likewise
    ),
    "code": (
        "SELECT DISTINCT published_ts AS at, article_id AS post FROM mentions"  # noqa: S608  # likewise
        f" WHERE code = :value AND article_id NOT IN ({DRAFTS})"
    ),
    "story": (
        "SELECT published_ts AS at, id AS post FROM stories CROSS JOIN posts ON posts.id = article_id"
        " WHERE story_id = :value AND NOT draft"
    ),
}
_LISTED = (
    "SELECT post_id AS id, site, title, published_at, source, category,"  # noqa: S608  # a constant
    f" (SELECT json_group_array(name) FROM (SELECT name FROM {NAMES} WHERE article_id = posts.id"  # a constant
    " AND article_authors.revision = posts.revision ORDER BY position)) AS authors,"
    " url, posts.published_ts AS at, posts.id AS post"
)


class ListedPost(TypedDict):
    """A post in a list; `at` and `post` are its place: when it was published in epoch seconds, and its row."""

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    category: str | None
    authors: list[str]
    url: str
    at: int
    post: int


class Place(NamedTuple):
    """A place in a list, that of the post which was published `at` a time (epoch seconds), by its row id."""

    at: int
    post: int


class Wanted(NamedTuple):
    """What to list: posts that have `value` in common, or all, published from `since` to `until` (epoch seconds)."""

    by: By | None = None
    value: str | int | None = None
    since: int = -_FAR
    until: int = _FAR


def older(db: Database, wanted: Wanted, place: Place | None, limit: int) -> list[ListedPost]:
    """Return the newest posts before a place in the list, or of all, newest first."""
    return _read(db, wanted, place or Place(_FAR, _FAR), limit, "<", "DESC")


def newer(db: Database, wanted: Wanted, place: Place, limit: int) -> list[ListedPost]:
    """Return the oldest posts behind a place in the list, newest first."""
    return _read(db, wanted, place, limit, ">", "ASC")[::-1]


def _read(
    db: Database, wanted: Wanted, place: Place, limit: int, side: Literal["<", ">"], order: Literal["ASC", "DESC"]
) -> list[ListedPost]:
    # The plus has SQLite begin where the span of time does, and not at the end of all posts.
    walk = (
        f"SELECT * FROM ({_walk(db, wanted)}) WHERE at BETWEEN :since AND :until AND (+at, post) {side} (:at, :post)"  # noqa: S608  # constants
        f" ORDER BY at {order}, post {order} LIMIT :limit"
    )
    since = max(wanted.since, place.at) if side == ">" else wanted.since
    until = min(wanted.until, place.at) if side == "<" else wanted.until
    rows = db.query(
        f"{_LISTED} FROM ({walk}) AS walk CROSS JOIN {CURRENT} WHERE posts.id = walk.post"
        f" ORDER BY walk.at {order}, walk.post {order}",
        {**_values(wanted._replace(since=since, until=until)), "at": place.at, "post": place.post, "limit": limit},
    )
    return list(map(_listed, rows))


def _listed(row: dict[str, Any]) -> ListedPost:
    return cast("ListedPost", {**row, "authors": json.loads(row["authors"])})


def _walk(db: Database, wanted: Wanted) -> str:
    """Return the SQL that yields `at` and `post` of all that is wanted, whenever it was published."""
    of = {"category": "article_categories WHERE category", "author": f"{NAMES} WHERE name"}.get(wanted.by or "")
    if of is None:
        return _WALKS[wanted.by]
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {of} = ? LIMIT ?)"  # noqa: S608  # constants
    (count,) = db.execute(counted, [_values(wanted)["value"], _FEW + 1]).fetchone()
    return _WALKS[wanted.by if count > _FEW else f"few of {wanted.by}"]


def _values(wanted: Wanted) -> dict[str, Any]:
    # An address may hand over text that is no UTF-8, which SQLite does not accept.
    value = printable(wanted.value) if isinstance(wanted.value, str) else wanted.value
    return {"value": value, "since": wanted.since, "until": wanted.until}


def these(db: Database, rows: Iterable[int]) -> list[ListedPost]:
    """Return these posts, in no order."""
    found = db.query(
        f"{_LISTED} FROM {CURRENT} WHERE posts.id IN (SELECT value FROM json_each(?))",  # noqa: S608  # constants
        [json.dumps(list(rows))],
    )
    return list(map(_listed, found))


def per_span(db: Database, wanted: Wanted, spans: Iterable[tuple[int, int]]) -> list[int]:
    """Return the number of posts in each span of time: its first and last second, in epoch seconds."""
    rows = db.execute(
        f"SELECT (SELECT count(*) FROM ({_counted(db, wanted)})) FROM json_each(:spans) AS span ORDER BY span.key",  # noqa: S608  # constants
        {**_values(wanted), "spans": json.dumps(list(spans))},
    )
    return [count for (count,) in rows]


def _counted(db: Database, wanted: Wanted) -> str:
    """Return the SQL for what is wanted in a span; where there are no drafts, the index alone can count it."""
    walk = _walk(db, wanted)
    walk = walk if articles.has_drafts(db) else walk.replace("NOT draft", "1")
    time = "mentions.published_ts" if wanted.by == "code" else "posts.published_ts"
    return f"{walk} AND {time} BETWEEN json_extract(span.value, '$[0]') AND json_extract(span.value, '$[1]')"


def beside(db: Database, post: int, category: str | None) -> tuple[ListedPost | None, ListedPost | None]:
    """Return the posts before and after one among those whose first category is its own, or among all."""
    return around(db, Place(articles.published_ts(db, post), post), category)


def around(db: Database, place: Place, category: str | None) -> tuple[ListedPost | None, ListedPost | None]:
    """Return the posts before and after a place among those whose first category is this, or among all."""
    where = f"{_POSTS} AND category = :value" if category else _POSTS

    def one(side: str, order: str) -> ListedPost | None:
        rows = db.query(
            f"{_LISTED} FROM (SELECT * FROM ({where}) WHERE (at, post) {side} (:at, :post)"  # noqa: S608  # constants
            f" ORDER BY at {order}, post {order} LIMIT 1) AS walk CROSS JOIN {CURRENT} WHERE posts.id = walk.post",
            {"value": category, "at": place.at, "post": place.post},
        )
        return next(map(_listed, rows), None)

    return one("<", "DESC"), one(">", "ASC")


def near_ids(db: Database, written: str, limit: int) -> list[ListedPost]:
    """Return the posts whose ids stand next to what was `written` in alphabetical order, at most so many."""
    sides = [("<=", "DESC"), (">", "ASC")]
    found = [
        list(
            db.query(
                f"{_LISTED} FROM {CURRENT} WHERE post_id {side} ? AND NOT posts.draft"
                f" ORDER BY post_id {order} LIMIT ?",
                [printable(written), limit],
            )
        )
        for side, order in sides
    ]
    return cast("list[ListedPost]", sorted(chain(*found), key=lambda row: -shared(row["id"], written))[:limit])


def shared(one: str, other: str) -> int:
    """Return how many characters two ids begin with in common."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def story_of(db: Database, post: int) -> int | None:
    """Return the number of the story that a post tells, if another post tells it too."""
    row = db.execute("SELECT story_id FROM stories WHERE article_id = ?", [post]).fetchone()
    return None if row is None else int(row[0])


def categories(db: Database, slugs: Sequence[str]) -> dict[str, str]:
    """Return the names of categories by slug, as sites print them; of those that have a name."""
    rows = db.execute(
        "SELECT slug, name FROM categories WHERE slug IN (SELECT value FROM json_each(?)) AND name <> ''",
        [json.dumps(list(slugs))],
    )
    return dict(rows.fetchall())
