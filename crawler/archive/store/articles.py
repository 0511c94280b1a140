"""Posts as they are read: the view `articles`, with tags and mentions as lists. Not here: writing them (`posts`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlite_utils import Database


class Mention(TypedDict):
    """A security a post mentions, by its code as the site writes it and the name it was printed under."""

    code: str
    symbol: str
    market: str
    name: str
    count: int


class Article(TypedDict):
    """A post: the columns of the view `articles`, see docs/sql.md, with its tags and mentions."""

    id: int
    site: str
    post_id: str
    url: str
    share_url: str | None
    title: str
    source: str | None
    category: str | None
    summary: str
    published_at: str
    published_ts: int
    html: str
    markdown: str
    text: str
    content_hash: str
    revision: int
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    derived: list[str]
    front_matter: dict[str, Any]
    tags: list[str]
    mentions: list[Mention]


def get(db: Database, article_id: int) -> Article:
    """Return a post: the columns of `articles`, with `tags` and `mentions` as lists."""
    row: dict[str, Any] = next(iter(db.query("SELECT * FROM articles WHERE id = ?", [article_id])))
    return _with_lists(db, row)


def every(db: Database) -> Iterator[Article]:
    """Yield every post as `get` returns it, oldest first, without holding them all."""
    for row in db.query("SELECT * FROM articles ORDER BY published_ts, id"):
        yield _with_lists(db, row)


def days(db: Database, article_id: int) -> set[str]:
    """Return the times, in ISO 8601, that the revisions of a post were published at."""
    rows = db.execute("SELECT DISTINCT published_at FROM versions WHERE article_id = ?", [article_id])
    return {published_at for (published_at,) in rows}


def namesake(db: Database, row: Mapping[str, Any], published_at: str) -> tuple[str, str] | None:
    """Return site and address of another site's post of this id on that day (ISO 8601).

    Their Markdown files would bear one name.
    """
    other = db.execute(
        "SELECT site, url FROM articles WHERE post_id = ? AND site <> ? AND substr(published_at, 1, 10) = ?",
        [row["post_id"], row["site"], published_at[:10]],
    ).fetchone()
    return None if other is None else (str(other[0]), str(other[1]))


def _with_lists(db: Database, row: dict[str, Any]) -> Article:
    tags = db.execute(
        "SELECT name FROM tags JOIN article_tags ON tag_id = tags.id WHERE article_id = ? ORDER BY position",
        [row["id"]],
    )
    mentions = db.query(
        "SELECT m.code, symbol, market, m.name, m.count FROM mentions m JOIN securities USING (code)"
        " WHERE article_id = ? ORDER BY m.count DESC, m.code, m.name",
        [row["id"]],
    )
    article = {
        **row,
        "derived": row["derived"].split(),
        "front_matter": json.loads(row["front_matter"]),
        "tags": [name for (name,) in tags],
        "mentions": list(mentions),
    }
    return cast("Article", article)
