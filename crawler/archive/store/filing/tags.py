"""The tags of posts. Tables `tags` and `article_tags`.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database


def of_post(db: Database, article_id: int) -> list[str]:
    """Return the tags of a post, in the order in which its source names them."""
    rows = db.execute(
        "SELECT name FROM tags JOIN article_tags ON tag_id = tags.id WHERE article_id = ? ORDER BY position",
        [article_id],
    )
    return [name for (name,) in rows]


def replace(db: Database, article_id: int, tags: Sequence[str]) -> None:
    """Write the tags of a post in place of those it has."""
    db.execute("DELETE FROM article_tags WHERE article_id = ?", [article_id])
    add(db, article_id, tags)


def add(db: Database, article_id: int, tags: Sequence[str]) -> None:
    """Write the tags of a post that has none."""
    for position, tag in enumerate(tags):
        db.execute("INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [tag])
        db.execute(
            "INSERT INTO article_tags (article_id, tag_id, position) SELECT ?, id, ? FROM tags WHERE name = ?"
            " ON CONFLICT DO NOTHING",
            [article_id, position, tag],
        )
