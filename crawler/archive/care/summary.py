"""Counting what an archive holds.

Not here: what single runs did (`crawler.archive.ledger.runs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.archive.care import top
from crawler.archive.ledger import links
from crawler.archive.store import articles, securities, versions

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database


class Summary(TypedDict):
    """What an archive holds: `posts` by site, category and outlet (`sources`), addresses by state (`links`).

    A post is counted in each of its categories. `days` has the number of posts of each of the latest sixty days,
    oldest first, up to the last on which a post was published. `drafts` are posts that were not published: they count
    in no other number but `runs`, `securities` and `links`, unless they are wanted.
    """

    archive: str
    bytes: int
    posts: int
    gone: int
    drafts: int
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
    days: dict[str, int]


def summary(db: Database, path: Path, *, drafts: bool = False) -> Summary:
    """Return the counts, the size of the file at `path`, and the time span that posts cover; see `Summary`."""
    first, last = articles.oldest(db, drafts=drafts), articles.newest(db, drafts=drafts)
    return {
        "archive": str(path),
        "bytes": path.stat().st_size,
        "posts": articles.count(db, drafts=drafts),
        "gone": articles.count(db, gone=True, drafts=drafts),
        "drafts": articles.count(db) - articles.count(db, drafts=False),
        "revisions": versions.count(db, drafts=drafts),
        "securities": _count(db, "securities"),
        "mentions": securities.count_mentions(db, drafts=drafts),
        "runs": _count(db, "runs"),
        "first_published_at": None if first is None else articles.published_at(db, first),
        "last_published_at": None if last is None else articles.published_at(db, last),
        "sites": top.counts(db, "sites", drafts=drafts),
        "categories": top.counts(db, "categories", drafts=drafts),
        "sources": top.counts(db, "outlets", drafts=drafts),
        "links": links.states(db),
        "days": top.latest_days(db, drafts=drafts),
    }


def _count(db: Database, what: str) -> int:
    (count,) = db.execute(f"SELECT count(*) FROM {what}").fetchone()  # noqa: S608  # the constants above
    return int(count)
