"""Posts as they are read: the view `articles`, with tags and mentions as lists. Not here: writing them (`posts`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


def get(db: Database, article_id: int) -> dict[str, Any]:
    """Return a post: the columns of `articles`, with `tags` and `mentions` as lists."""
    row: dict[str, Any] = next(iter(db.query("SELECT * FROM articles WHERE id = ?", [article_id])))
    return _with_lists(db, row)


def every(db: Database) -> Iterator[dict[str, Any]]:
    """Yield every post as `get` returns it, oldest first, without holding them all."""
    for row in db.query("SELECT * FROM articles ORDER BY published_ts, id"):
        yield _with_lists(db, row)


def days(db: Database, article_id: int) -> set[str]:
    """Return the times, in ISO 8601, that the revisions of a post were published at."""
    rows = db.execute("SELECT DISTINCT published_at FROM versions WHERE article_id = ?", [article_id])
    return {published_at for (published_at,) in rows}


def namesake(db: Database, row: dict[str, Any], published_at: str) -> tuple[str, str] | None:
    """Return site and address of another site's post of this id on that day (ISO 8601).

    Their Markdown files would bear one name.
    """
    other = db.execute(
        "SELECT site, url FROM articles WHERE post_id = ? AND site <> ? AND substr(published_at, 1, 10) = ?",
        [row["post_id"], row["site"], published_at[:10]],
    ).fetchone()
    return None if other is None else (str(other[0]), str(other[1]))


def _with_lists(db: Database, row: dict[str, Any]) -> dict[str, Any]:
    tags = db.execute(
        "SELECT name FROM tags JOIN article_tags ON tag_id = tags.id WHERE article_id = ? ORDER BY position",
        [row["id"]],
    )
    mentions = db.query(
        "SELECT m.code, symbol, market, m.name, m.count FROM mentions m JOIN securities USING (code)"
        " WHERE article_id = ? ORDER BY m.count DESC, m.code, m.name",
        [row["id"]],
    )
    return {
        **row,
        "derived": row["derived"].split(),
        "front_matter": json.loads(row["front_matter"]),
        "tags": [name for (name,) in tags],
        "mentions": list(mentions),
    }
