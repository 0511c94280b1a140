"""Deleting posts: from the tables, the search index and the stories, and marking their addresses in the ledger.

Not here: the Markdown files and asking whether to (`crawler.ops.deleting`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archive.ledger import deletions, links, runs
from crawler.archive.ledger.deletions import Deletion
from crawler.archive.search import index
from crawler.archive.store import articles, posts, securities, stories, versions
from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlite_utils import Database


def delete(
    db: Database, article_id: int, addresses: Iterable[str], at: datetime, *, keep_history: bool = False
) -> None:
    """Delete a post `at` a time (UTC), inside the caller's transaction; no run requests its `addresses` by itself.

    How these were found and how each fetch of them ended is forgotten, unless that is to be kept.
    """
    row = articles.get(db, article_id)
    deletion = Deletion(row["site"], row["post_id"], row["url"] or "", iso(at))
    urls = {*addresses, *links.addresses_of(db, article_id)}
    if keep_history:
        deletions.mark(db, deletion, urls)  # so that the trigger does not find them any more
    remove(db, article_id)
    deletions.write(db, deletion)
    deletions.mark(db, deletion, urls)
    if not keep_history:
        deletions.forget_fetches(db, urls)


def remove(db: Database, article_id: int) -> None:
    """Take a post out of the tables, the index and its story, and out of what runs say they brought."""
    mentioned = {mention["code"] for mention in articles.get(db, article_id)["mentions"]}
    entries, run_ids = versions.entries(db, article_id), versions.runs_of(db, article_id)
    for row, entry in entries.items():
        index.remove(db, row, entry.words())
    stories.leave_story(db, article_id, entries[article_id])
    posts.delete(db, article_id)
    for code in mentioned:
        securities.name_anew(db, code)
    runs.recount_only(db, run_ids)
