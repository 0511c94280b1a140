"""The versions of a post as rows. Table `versions`.

Each function is a statement or two, meant to run inside the transaction of the post. Not here: which version there is
to be (`crawler.archive.store.revisions`), and how they are told (`crawler.archive.store.history`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler.archive.store.revisions import VersionInfo, VersionText

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.archive.store.derived import DerivedArticle


def version_infos(db: Database, article_id: int) -> list[VersionInfo]:
    """Return the versions of a post, from the first on."""
    rows = db.execute(
        "SELECT revision, via, seen_at, content_hash FROM versions WHERE article_id = ? ORDER BY revision",
        [article_id],
    )
    return [VersionInfo(*row) for row in rows]


def version_text(db: Database, article_id: int, revision: int) -> VersionText:
    """Return what a revision says."""
    row = db.execute(
        "SELECT title, published_at, text FROM versions WHERE article_id = ? AND revision = ?", [article_id, revision]
    ).fetchone()
    return VersionText(*row)


def row(db: Database, article_id: int, revision: int) -> int:
    """Return the row of a revision."""
    (found,) = db.execute(
        "SELECT id FROM versions WHERE article_id = ? AND revision = ?", [article_id, revision]
    ).fetchone()
    return int(found)


def add(db: Database, article_id: int, revision: int, derived: DerivedArticle, run_id: int) -> None:
    """Add a version with a number that is free."""
    post = derived.article.post
    db.execute(
        "INSERT INTO versions (article_id, revision, seen_at, run_id, via, title, published_at, content_hash,"
        " derived, front_matter, summary, markdown, html, text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            article_id,
            revision,
            derived.seen_at,
            run_id,
            post.via,
            post.title,
            derived.published_at,
            derived.article.content_hash,
            " ".join(post.derived),
            json.dumps(post.others, ensure_ascii=False) if post.others else "{}",
            *derived.bodies,
        ],
    )


def make_room(db: Database, article_id: int, revision: int) -> None:
    """Move a revision and those above it up by one, so that its number is free."""
    # By way of negative numbers: no two versions may have one number, not even for a moment.
    db.execute(
        "UPDATE versions SET revision = -revision - 1 WHERE article_id = ? AND revision >= ?", [article_id, revision]
    )
    db.execute("UPDATE versions SET revision = -revision WHERE article_id = ? AND revision < 0", [article_id])


def rewrite(db: Database, article_id: int, revision: int, derived: DerivedArticle) -> None:
    """Write what is told now of a version that has not changed in substance."""
    db.execute(
        "UPDATE versions SET title = ?, published_at = ?, summary = ?, markdown = ?, html = ?, text = ?"
        " WHERE article_id = ? AND revision = ?",
        [derived.article.post.title, derived.published_at, *derived.bodies, article_id, revision],
    )
