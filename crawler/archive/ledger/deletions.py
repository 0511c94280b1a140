"""Posts that were deleted: they do not come back unless somebody asks for them by name. Table `deletions`.

The schema's trigger adds a row whenever a post is deleted, by whatever program, and marks the post's addresses in the
ledger. Functions that write run inside the caller's transaction. Not here: deleting a post
(`crawler.archive.care.deleting`), and whether an address leads to a deleted post (`crawler.recording.deleted`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.store.posts import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

RULE = "deletions"
"""What the ledger names as the rule that keeps a deleted post out."""

BEGINS = "deleted on "
"""What the reason begins with for which the address of a deleted post is not requested."""

_MARK = (
    "UPDATE links SET state = 'refused', reason = :reason, status = NULL, attempts = 0, etag = NULL,"
    " last_modified = NULL, rules = NULL, read_at = NULL, next_try_at = NULL, leads_on = 0, article_id = NULL,"
    " deleted_at = :deleted_at"
)


class Deletion(NamedTuple):
    """A deleted post: its site and id, the address of its page ("" if it had none), and when it was deleted (UTC)."""

    site: str
    post_id: str
    url: str
    deleted_at: str

    @property
    def reason(self) -> str:
        """Why its addresses are not requested, as the ledger says it."""
        return f"{BEGINS}{self.deleted_at[:10]}; not asked for again"


def find(db: Database, site: str, post_id: str) -> Deletion | None:
    """Return the deletion of a site's post; `None` if it was not deleted."""
    row = db.execute("SELECT * FROM deletions WHERE site = ? AND post_id = ?", [site, post_id]).fetchone()
    return None if row is None else Deletion(*row)


def every(db: Database) -> list[Deletion]:
    """Return every deletion."""
    return [Deletion(*row) for row in db.execute("SELECT * FROM deletions ORDER BY site, post_id").fetchall()]


def of_ids(db: Database, post_ids: Iterable[str]) -> list[Deletion]:
    """Return the deletions of posts with any of these ids, whatever their site."""
    rows = db.execute(
        "SELECT * FROM deletions WHERE post_id IN (SELECT value FROM json_each(?)) ORDER BY deleted_at",
        [json.dumps(list(post_ids))],
    )
    return [Deletion(*row) for row in rows]


def write(db: Database, deletion: Deletion) -> None:
    """Write the deletion of a post, in place of the one there may be."""
    db.execute("INSERT OR REPLACE INTO deletions (site, post_id, url, deleted_at) VALUES (?, ?, ?, ?)", deletion)


def mark(db: Database, deletion: Deletion, urls: Iterable[str]) -> None:
    """Mark addresses of a deleted post, so that no run requests them; what is known of their fetches stays."""
    db.execute(
        f"{_MARK} WHERE url IN (SELECT value FROM json_each(:urls))",  # noqa: S608  # a constant
        {"reason": deletion.reason, "deleted_at": deletion.deleted_at, "urls": json.dumps(list(urls))},
    )


def mark_met(db: Database, deletion: Deletion, url: str, run_id: int) -> None:
    """Mark an address that a run would have requested, and count it as refused in that run's report."""
    mark(db, deletion, [url])
    db.execute("UPDATE links SET outcome = 'refused', run_id = ? WHERE url = ?", [run_id, url])


def forget_fetches(db: Database, urls: Iterable[str]) -> None:
    """Forget how fetches of these addresses ended, and what the links that named them said."""
    values = [json.dumps(list(urls))]
    of_urls = "url IN (SELECT value FROM json_each(?))"
    db.execute(f"DELETE FROM fetches WHERE link_id IN (SELECT id FROM links WHERE {of_urls})", values)  # noqa: S608
    db.execute(f"UPDATE links SET title = NULL WHERE {of_urls}", values)  # noqa: S608  # a constant


def marked(db: Database, site: str) -> list[str]:
    """Return the addresses of a site that no run requests, because their posts were deleted."""
    rows = db.execute("SELECT url FROM links WHERE site = ? AND deleted_at IS NOT NULL ORDER BY id", [site])
    return [url for (url,) in rows]


def lift(db: Database, site: str, post_id: str, urls: Iterable[str]) -> None:
    """Let a deleted post come back, since it is asked for by name; `urls` are its addresses.

    A page is as good as newly found. Other addresses are forgotten, until a page names them again.
    """
    values = {"urls": json.dumps(list(urls))}
    of_urls = "url IN (SELECT value FROM json_each(:urls)) AND deleted_at IS NOT NULL"
    db.execute("DELETE FROM deletions WHERE site = ? AND post_id = ?", [site, post_id])
    db.execute(f"DELETE FROM links WHERE {of_urls} AND kind <> 'post'", values)  # noqa: S608  # a constant
    db.execute(f"UPDATE links SET state = 'found', reason = NULL, deleted_at = NULL WHERE {of_urls}", values)  # noqa: S608


def mark_orphans(db: Database, at: str) -> None:
    """Mark the addresses of posts that are no longer there, and drop fetches of addresses that are not; for repairs.

    Before step 0009 of the schema, a program that does not enforce foreign keys left such rows of a deleted post.
    """
    db.execute("DELETE FROM fetches WHERE link_id NOT IN (SELECT id FROM links)")
    db.execute(
        f"{_MARK} WHERE article_id NOT IN ({ROWS})",
        {"reason": f"{BEGINS}or before {at[:10]}; not asked for again", "deleted_at": at},
    )
