"""What an archive holds, in numbers.

Not here: what single runs did (`crawler.archive.ledger.runs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database


class Summary(TypedDict):
    """What an archive holds: `posts` by site, category and outlet (`sources`), addresses by state (`links`)."""

    archive: str
    bytes: int
    posts: int
    gone: int
    revisions: int
    securities: int
    mentions: int
    runs: int
    first_published_at: str | None
    last_published_at: str | None
    sites: dict[str, int]
    categories: dict[str, int]
    sources: dict[str, int]
    links: dict[str, int]


def summary(db: Database, path: Path) -> Summary:
    """Return counts of everything, the span of time covered, and the posts of each site, category and outlet."""
    first, last = (_published(db, order) for order in ("ASC", "DESC"))
    return {
        "archive": str(path),
        "bytes": path.stat().st_size,
        "posts": _count(db, "posts"),
        "gone": _count(db, "posts WHERE gone_at IS NOT NULL"),
        "revisions": _count(db, "versions"),
        "securities": _count(db, "securities"),
        "mentions": _count(db, "mentions"),
        "runs": _count(db, "runs"),
        "first_published_at": first,
        "last_published_at": last,
        "sites": _groups(db, "site"),
        "categories": _groups(db, "category"),
        "sources": _groups(db, "source"),
        "links": dict(db.execute("SELECT state, count(*) FROM links GROUP BY state ORDER BY 2 DESC, 1").fetchall()),
    }


def _published(db: Database, order: str) -> str | None:
    """Return when the first (`ASC`) or the last (`DESC`) post was published."""
    row = db.execute(f"SELECT published_at FROM articles ORDER BY published_ts {order} LIMIT 1").fetchone()  # noqa: S608
    return None if row is None else str(row[0])


def _count(db: Database, what: str) -> int:
    (count,) = db.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608  # the constants above
    return int(count)


def _groups(db: Database, column: str) -> dict[str, int]:
    rows = db.execute(
        f"SELECT {column}, count(*) FROM posts WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1"  # noqa: S608
    )
    return dict(rows.fetchall())
