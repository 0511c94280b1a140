"""Stories: one story under several ids. Tables `stories` and `story_bands`, derived from the words.

Not here: when two texts tell the same (`crawler.likeness`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from sqlite_utils import Database


class Telling(TypedDict):
    """A post that tells a story; `first` marks the one that was published first."""

    id: str
    title: str
    published_at: str
    source: str | None
    first: bool


def told_by(db: Database, article_id: int) -> list[Telling]:
    """Return the posts that tell the story of this one, itself included, the first first; none if it is the only one."""
    rows = db.query(
        "SELECT post_id AS id, title, published_at, source FROM stories JOIN articles ON articles.id = article_id"
        " WHERE story_id = (SELECT story_id FROM stories WHERE article_id = ?) ORDER BY published_ts, articles.id",
        [article_id],
    )
    return [{**row, "first": not index} for index, row in enumerate(rows)]  # type: ignore[typeddict-item]
