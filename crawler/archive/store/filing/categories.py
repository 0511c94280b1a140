"""The categories of posts. Tables `categories` and `article_categories`.

Functions that write run inside the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from crawler.items import Post


def of_post(db: Database, article_id: int) -> list[str]:
    """Return the slugs of a post's categories, the first one first."""
    rows = db.execute("SELECT category FROM article_categories WHERE article_id = ? ORDER BY position", [article_id])
    return [slug for (slug,) in rows]


def note(db: Database, post: Post) -> None:
    """Record the categories that a post names; replace a name and address unless the name is only the slug."""
    db.conn.executemany(
        "INSERT INTO categories (site, slug, name, url) VALUES (?, ?, ?, ?) ON CONFLICT (site, slug) DO UPDATE"
        " SET name = excluded.name, url = excluded.url WHERE excluded.name <> excluded.slug",
        [(post.site, category.slug, category.name, category.url) for category in post.categories],
    )


def file(db: Database, article_id: int, post: Post) -> None:
    """File a post under its categories, if it names any.

    A page or a share link names one category only. It takes the place of the first; the others stay.
    """
    slugs = [category.slug for category in post.categories]
    if not post.categories:
        return
    before = of_post(db, article_id)
    if post.via in {"page", "share", "rules"}:
        slugs += before[1:]
    if list(dict.fromkeys(slugs)) != before:
        replace(db, article_id, slugs)


def replace(db: Database, article_id: int, slugs: Iterable[str]) -> None:
    """File a post under these categories in place of those it has."""
    db.execute("DELETE FROM article_categories WHERE article_id = ?", [article_id])
    add(db, article_id, slugs)


def add(db: Database, article_id: int, slugs: Iterable[str]) -> None:
    """File a post that has no category under these."""
    db.conn.executemany(
        "INSERT INTO article_categories (article_id, category, position) VALUES (?, ?, ?)",
        [(article_id, slug, position) for position, slug in enumerate(dict.fromkeys(slugs))],
    )
