"""Who wrote the versions of posts: tables `authors` and `article_authors`. And their lead images, `versions.image`.

Functions that write run inside the caller's transaction. A version without authors costs no statement. Not here: in
which form names are stored (`crawler.text.outside`), and which a person means (`crawler.archive.ledger.names`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

NAMES = "article_authors JOIN authors ON authors.id = author_id"
"""SQL for a FROM clause: the authors of versions, with their names."""

OF_POSTS = (
    f"{NAMES} JOIN posts ON posts.id = article_authors.article_id AND posts.revision = article_authors.revision"
)
"""Likewise, of the current versions only, joined with their posts."""


def of_version(db: Database, article_id: int, revision: int) -> list[str]:
    """Return the authors of a version, in the order in which they are named."""
    rows = db.execute(
        f"SELECT name FROM {NAMES} WHERE article_id = ? AND revision = ? ORDER BY position",  # noqa: S608  # a constant
        [article_id, revision],
    )
    return [name for (name,) in rows]


def every(db: Database) -> list[str]:
    """Return all authors."""
    return [name for (name,) in db.execute("SELECT name FROM authors ORDER BY name")]


def add(db: Database, article_id: int, revision: int, names: Sequence[str]) -> None:
    """Write the authors of a version that has none."""
    if not names:
        return
    db.conn.executemany(
        "INSERT INTO authors (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [(name,) for name in names]
    )
    db.conn.executemany(
        "INSERT INTO article_authors (article_id, revision, author_id, position)"
        " SELECT ?, ?, id, ? FROM authors WHERE name = ? ON CONFLICT DO NOTHING",
        [(article_id, revision, position, name) for position, name in enumerate(names)],
    )


def replace(db: Database, article_id: int, revision: int, names: Sequence[str]) -> None:
    """Write the authors of a version in place of those it has."""
    if of_version(db, article_id, revision) != list(names):
        db.execute("DELETE FROM article_authors WHERE article_id = ? AND revision = ?", [article_id, revision])
        add(db, article_id, revision, names)


def write(db: Database, row: int, names: Sequence[str], image: str | None) -> None:
    """Write the authors and the lead image of a version, by its row, in place of what it has."""
    db.execute("UPDATE versions SET image = ? WHERE id = ?", [image, row])
    article_id, revision = db.execute("SELECT article_id, revision FROM versions WHERE id = ?", [row]).fetchone()
    replace(db, article_id, revision, names)


def fill_in(db: Database, article_id: int, revision: int, names: Sequence[str], image: str | None) -> None:
    """Give a version authors and a lead image, as far as it has none."""
    if names and not of_version(db, article_id, revision):
        add(db, article_id, revision, names)
    if image is not None:
        sql = "UPDATE versions SET image = coalesce(image, ?) WHERE article_id = ? AND revision = ?"
        db.execute(sql, [image, article_id, revision])


def carry_over(db: Database, article_id: int, revision: int) -> None:
    """Give a version the authors and the lead image of the one before, as far as its source names none."""
    sql = "SELECT image FROM versions WHERE article_id = ? AND revision = ?"
    (image,) = db.execute(sql, [article_id, revision - 1]).fetchone()
    fill_in(db, article_id, revision, of_version(db, article_id, revision - 1), image)
