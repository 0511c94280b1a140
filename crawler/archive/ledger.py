"""The ledger: every address met, where it stands, and what became of it. Table `links`.

Each function is one statement or two, meant to run inside the transaction of the page they belong to. Not
here: which address to ask for next, that is a spider's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.items import Fetch, Link, Outcome, State


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of an address: who named it and how, its page's validators and rules, is it stored."""

    url: str
    found_on: str | None
    title: str
    etag: str | None
    last_modified: str | None
    rules: str | None
    stored: bool


def found(db: Database, site: str, links: Iterable[Link], *, by: Fetch, run_id: int) -> None:
    """Note that the page `by` names `links`: new ones are `found`, old ones are met again."""
    at = iso(by.fetched_at)
    db.conn.executemany(
        "INSERT INTO links (url, site, kind, state, found_on, title, found_at, met_run_id)"
        " VALUES (?, ?, ?, 'found', ?, ?, ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET met_run_id = excluded.met_run_id,"
        " title = coalesce(nullif(links.title, ''), excluded.title)",
        [(link.address.url, site, link.address.kind, by.address.url, link.text, at, run_id) for link in links],
    )


def settled(
    db: Database,
    site: str,
    fetch: Fetch,
    state: State,
    *,
    run_id: int,
    outcome: Outcome | None = None,
    reason: str | None = None,
    article_id: int | None = None,
    rules: str | None = None,
) -> None:
    """Note how a request for an address ended.

    Validators of the last good page stay when none came, and so do the `rules` it was read by.
    """
    at = iso(fetch.fetched_at)
    db.execute(
        "INSERT INTO links (url, site, kind, state, status, reason, attempts, found_on, etag, last_modified,"
        " rules, found_at, fetched_at, article_id, met_run_id, run_id, outcome)"
        " VALUES (:url, :site, :kind, :state, :status, :reason, 1, :found_on, :etag, :last_modified,"
        " :rules, :at, :at, :article_id, :run_id, :run_id, :outcome)"
        " ON CONFLICT (url) DO UPDATE SET state = excluded.state, status = excluded.status, reason = excluded.reason,"
        " attempts = links.attempts + 1, fetched_at = excluded.fetched_at,"
        " etag = coalesce(excluded.etag, links.etag),"
        " last_modified = coalesce(excluded.last_modified, links.last_modified),"
        " rules = coalesce(excluded.rules, links.rules),"
        " article_id = coalesce(excluded.article_id, links.article_id),"
        " met_run_id = excluded.met_run_id, run_id = excluded.run_id, outcome = excluded.outcome",
        {
            "url": fetch.address.url,
            "site": site,
            "kind": fetch.address.kind,
            "state": state,
            "status": fetch.status,
            "reason": reason,
            "found_on": fetch.found_on,
            "etag": fetch.etag,
            "last_modified": fetch.last_modified,
            "rules": rules,
            "at": at,
            "article_id": article_id,
            "run_id": run_id,
            "outcome": outcome,
        },
    )


def forget_validators(db: Database, article_id: int) -> None:
    """Ask in full next time for every address of a post."""
    db.execute("UPDATE links SET etag = NULL, last_modified = NULL WHERE article_id = ?", [article_id])


def article_at(db: Database, url: str) -> int | None:
    """Return the article an address belongs to, if the ledger knows one."""
    row = db.execute("SELECT article_id FROM links WHERE url = ?", [url]).fetchone()
    return None if row is None else cast("int | None", row[0])


def known(db: Database, url: str) -> Known | None:
    """Return what the ledger knows of an address."""
    return next(_known(db, "url = ?", [url]), None)


def unsettled_posts(db: Database, site: str) -> list[Known]:
    """Return the posts that were found and never fetched, or failed: what a run takes up from the ones before."""
    return list(_known(db, "site = ? AND kind = 'post' AND state IN ('found', 'failed')", [site]))


def posts(db: Database, site: str) -> list[Known]:
    """Return every post that has ever been met."""
    return list(_known(db, "site = ? AND kind = 'post'", [site]))


def categories(db: Database, site: str) -> list[Known]:
    """Return every category page of the site that has been met."""
    return list(_known(db, "site = ? AND kind = 'category'", [site]))


def _known(db: Database, where: str, values: list[str]) -> Iterator[Known]:
    columns = (
        "url, found_on, coalesce(title, ''), etag, last_modified, rules, state = 'stored' AND article_id IS NOT NULL"
    )
    sql = f"SELECT {columns} FROM links WHERE {where} ORDER BY url"  # noqa: S608  # only the constants above
    rows = db.execute(sql, values)
    for url, found_on, title, etag, last_modified, rules, stored in rows:
        yield Known(url, found_on, title, etag, last_modified, rules, bool(stored))
