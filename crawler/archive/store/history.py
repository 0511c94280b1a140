"""A post's versions: which there are, and what each said. Not here: what changed between two (`crawler.changes`)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict

from crawler.archive.store.bodies import decode_body
from crawler.errors import NoSuchRevision

if TYPE_CHECKING:
    from sqlite_utils import Database


class Revision(TypedDict):
    """A version of a post: when it was first seen (UTC), by which run, by which way, and what it is told apart by."""

    revision: int
    seen_at: str
    run: int
    via: str
    title: str
    published_at: str
    content_hash: str


def history(db: Database, article_id: int) -> list[Revision]:
    """Return the versions of a post, the oldest first."""
    rows = db.query(
        "SELECT revision, seen_at, run_id AS run, via, title, published_at, content_hash FROM versions"
        " WHERE article_id = ? ORDER BY revision",
        [article_id],
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def version(db: Database, article_id: int, revision: int) -> dict[str, Any]:
    """Return what one version of a post said: the columns of `articles` that belong to a version.

    Raises `NoSuchRevision`.
    """
    count = len(history(db, article_id))
    if not 1 <= revision <= count:
        raise NoSuchRevision(revision, count)
    rows = db.query(
        "SELECT revision, title, published_at, summary, html, markdown, text, content_hash, derived, front_matter"
        " FROM versions"
        " WHERE article_id = ? AND revision = ?",
        [article_id, revision],
    )
    row = next(iter(rows))
    bodies = {name: decode_body(row[name], row["text"]) for name in ("summary", "html", "markdown")}
    front = {"derived": row["derived"].split(), "front_matter": json.loads(row["front_matter"])}
    return {**row, **bodies, **front}
