"""Counting what an archive holds.

Not here: what single runs did (`crawler.archive.ledger.runs`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler.archive.care import archives, top
from crawler.archive.care.archives import MergedArchive  # noqa: TC001  # the API reads the annotations
from crawler.archive.ledger import links, runs
from crawler.archive.store import articles, securities, versions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlite_utils import Database


class AskedArchive(TypedDict):
    """One of several archives that were asked together: its path and size, and how many posts it speaks for.

    So many others of its posts are `superseded`: another archive has seen them last.
    """

    archive: str
    bytes: int
    posts: int
    superseded: int
    revisions: int
    runs: int


class Summary(TypedDict):
    """What an archive holds: `posts` by site, category, outlet (`sources`) and author, addresses by state (`links`).

    A post is counted in each of its categories and for each of its authors. `days` has the number of posts of each of
    the latest sixty days, oldest first, up to the last on which a post was published. `drafts` are posts that were
    not published: they count in no other number but `runs`, `securities` and `links`, unless they are wanted.
    `archives` are those that were merged into this one, if any were; `asked` are those that were asked, if several.
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
    authors: dict[str, int]
    links: dict[str, int]
    days: dict[str, int]
    archives: NotRequired[list[MergedArchive]]
    asked: NotRequired[list[AskedArchive]]


def summary(db: Database, path: Path, sites: Sequence[str] = (), *, drafts: bool = False) -> Summary:
    """Return the counts, the size of the file at `path`, and the time span that posts cover; see `Summary`.

    If any `sites` are named, only what is theirs is counted.
    """
    first, last = articles.oldest(db, sites, drafts=drafts), articles.newest(db, sites, drafts=drafts)
    of_runs, merged = runs.counts(db), archives.merged(db)
    counts: Summary = {
        "archive": str(path),
        "bytes": path.stat().st_size,
        "posts": articles.count(db, sites, drafts=drafts),
        "gone": articles.count(db, sites, gone=True, drafts=drafts),
        "drafts": articles.count(db, sites) - articles.count(db, sites, drafts=False),
        "revisions": versions.count(db, sites, drafts=drafts),
        "securities": len(securities.codes(db, sites)),
        "mentions": securities.count_mentions(db, sites, drafts=drafts),
        "runs": sum(of_runs[site] for site in of_runs if not sites or site in sites),
        "first_published_at": None if first is None else articles.published_at(db, first),
        "last_published_at": None if last is None else articles.published_at(db, last),
        "sites": top.counts(db, "sites", sites, drafts=drafts),
        "categories": top.counts(db, "categories", sites, drafts=drafts),
        "sources": top.counts(db, "outlets", sites, drafts=drafts),
        "authors": top.counts(db, "authors", sites, drafts=drafts),
        "links": links.states(db, sites),
        "days": top.latest_days(db, sites, drafts=drafts),
    }
    return {**counts, "archives": merged} if merged else counts
