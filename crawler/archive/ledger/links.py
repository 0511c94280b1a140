"""Every address met, its state, and each fetch of it. Tables `links` and `fetches`.

Each function runs a few statements inside the caller's transaction, which covers one page. Not here: which address
to request next (`crawler.archive.ledger.frontier`), and the history of an address
(`crawler.archive.ledger.address_history`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from crawler.archive import captures
from crawler.dates import iso, utc
from crawler.revisits import next_look

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlite_utils import Database

    from crawler.items import Address, Fetch, FetchOutcome, Kind, Link, Outcome, State


_SITEMAP_AGE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class KnownAddress:
    """What the ledger knows of an address: which page named it and how, its state, validators and rules version."""

    id: int
    url: str
    kind: Kind
    state: State
    reason: str | None
    rule: str | None
    found_on: str | None
    title: str | None
    found_at: str
    read_at: str | None
    etag: str | None
    last_modified: str | None
    rules: str | None
    article_id: int | None
    needs_category_visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a request for an address ended, as recorded in the ledger.

    `rule` is the rule that refused it; `rules` is the version of the definition that the page was read by.
    """

    state: State
    outcome: Outcome | None = None
    reason: str | None = None
    rule: str | None = None
    article_id: int | None = None
    rules: str | None = None


# Fields of `KnownAddress` that have another name in the table, or come from elsewhere.
_READ_AS = {
    "rule": "(SELECT rule FROM fetches WHERE link_id = links.id ORDER BY id DESC LIMIT 1)",
    "needs_category_visit": "leads_on",
}
_COLUMNS = ", ".join(_READ_AS.get(field.name, field.name) for field in fields(KnownAddress))


def plan(db: Database, site: str, addresses: Iterable[Address], at: datetime, *, run_id: int) -> None:
    """Record the addresses that a run starts with as met; new ones get the state `found`."""
    db.conn.executemany(
        "INSERT INTO links (url, site, kind, state, found_at, met_run_id) VALUES (?, ?, ?, 'found', ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET met_run_id = excluded.met_run_id",
        [(address.url, site, address.kind, iso(at), run_id) for address in addresses],
    )


def unknown(db: Database, links: Iterable[Link]) -> set[str]:
    """Return the addresses among `links` that the ledger does not have."""
    rows = db.execute(
        "SELECT value FROM json_each(?) WHERE value NOT IN (SELECT url FROM links)",
        [json.dumps([link.address.url for link in links])],
    )
    return {url for (url,) in rows}


def record_links(
    db: Database, site: str, links: Iterable[Link], *, by: Fetch, run_id: int, need_visit: Iterable[str] = ()
) -> None:
    """Record that the page `by` names `links`: new addresses get the state `found`, known ones are marked as met.

    A known post that this run has not requested counts in its report as unchanged, refused or gone, according to its
    state; if the run requests it later, that outcome replaces this one. `need_visit` are new posts whose category
    page must be visited because it may list more unknown posts.
    """
    at, needing = iso(by.fetched_at), set(need_visit)
    db.conn.executemany(
        "INSERT INTO links (url, site, kind, state, found_on, title, found_at, met_run_id, leads_on)"
        " VALUES (?, ?, ?, 'found', ?, ?, ?, ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET met_run_id = excluded.met_run_id,"
        " title = coalesce(nullif(links.title, ''), excluded.title),"
        " outcome = iif(links.kind = 'post' AND links.state IN ('stored', 'refused', 'gone')"
        "  AND links.run_id IS NOT excluded.met_run_id, iif(links.state = 'stored', 'unchanged', links.state),"
        "  links.outcome),"
        " run_id = iif(links.kind = 'post' AND links.state IN ('stored', 'refused', 'gone'),"
        "  excluded.met_run_id, links.run_id)",
        [
            (
                link.address.url,
                site,
                link.address.kind,
                by.address.url,
                link.text,
                at,
                run_id,
                link.address.url in needing,
            )
            for link in links
        ],
    )


def mark_due(db: Database, site: str, listings: Sequence[Address], at: datetime, *, run_id: int) -> None:
    """Make these listings due for this run or, if it ends first, for the next; at most once per run."""
    db.conn.executemany(
        "INSERT INTO links (url, site, kind, state, found_at, met_run_id) VALUES (?, ?, ?, 'found', ?, ?)"
        " ON CONFLICT (url) DO UPDATE SET state = 'found' WHERE links.asked_run_id IS NOT excluded.met_run_id",
        [(address.url, site, address.kind, iso(at), run_id) for address in listings],
    )


def mark_changed(db: Database, site: str, sitemaps: Iterable[Link], at: datetime, *, run_id: int) -> None:
    """Make those of the known `sitemaps` due that have changed since they were read; at most once per run.

    One of which the index does not say when it changed becomes due after a few hours.
    """
    db.conn.executemany(
        "UPDATE links SET state = 'found' WHERE url = ? AND site = ? AND asked_run_id IS NOT ? AND read_at <= ?",
        [(each.address.url, site, run_id, iso(utc(each.changed_at or at - _SITEMAP_AGE))) for each in sitemaps],
    )


def record_outcome(
    db: Database, site: str, fetch: Fetch, end: End, *, run_id: int, before: KnownAddress | None = None
) -> FetchOutcome:
    """Record how a request for an address ended and when to repeat it; return the outcome as recorded.

    `before` is what was known of the address, if the caller has already read it. If the answer had no validators,
    those of the last good page are kept, and likewise `rules`. An attempt that the frontier counted when it gave out
    the address is not counted again, and a good answer ends the count: what is known of an address's trouble (state,
    reason, attempts, next try) is of the time since the last one.
    """
    at, is_good = iso(fetch.fetched_at), end.state in {"fetched", "stored"}
    next_try = None
    if _is_revisited(fetch, end):
        next_try = next_look(end.state, _since(db, fetch, end, before), fetch.fetched_at)
    [(link_id,)] = db.execute(
        "INSERT INTO links (url, site, kind, state, status, reason, attempts, found_on, etag, last_modified, rules,"
        " found_at, fetched_at, read_at, next_try_at, article_id, met_run_id, asked_run_id, run_id, outcome)"
        " VALUES (:url, :site, :kind, :state, :status, :reason, :attempts, :found_on, :etag, :last_modified, :rules,"
        " :at, :at, :read_at, :next_try_at, :article_id, :run_id, :run_id, :run_id, :outcome)"
        " ON CONFLICT (url) DO UPDATE SET state = excluded.state, status = excluded.status, reason = excluded.reason,"
        " attempts = iif(excluded.attempts = 0, 0, links.attempts + (links.asked_run_id IS NOT excluded.asked_run_id"
        "  OR EXISTS (SELECT 1 FROM fetches WHERE link_id = links.id AND last_run_id = excluded.asked_run_id))),"
        " fetched_at = excluded.fetched_at,"
        " etag = coalesce(excluded.etag, links.etag),"
        " last_modified = coalesce(excluded.last_modified, links.last_modified),"
        " rules = coalesce(excluded.rules, links.rules),"
        " read_at = coalesce(excluded.read_at, links.read_at), next_try_at = excluded.next_try_at, leads_on = 0,"
        " article_id = coalesce(excluded.article_id, links.article_id),"
        " met_run_id = excluded.met_run_id, asked_run_id = excluded.asked_run_id,"
        " run_id = excluded.run_id, outcome = excluded.outcome RETURNING id",
        {
            "url": fetch.address.url,
            "site": site,
            "kind": fetch.address.kind,
            "state": end.state,
            "status": fetch.status,
            "reason": end.reason,
            "found_on": fetch.found_on,
            "etag": fetch.etag,
            "last_modified": fetch.last_modified,
            "rules": end.rules,
            "at": at,
            "attempts": 0 if is_good else 1,
            "read_at": at if is_good else None,
            "next_try_at": iso(next_try) if next_try else None,
            "article_id": end.article_id,
            "run_id": run_id,
            "outcome": end.outcome,
        },
    ).fetchall()
    fetch_outcome = _fetch_outcome(fetch, end)
    captures.record(db, fetch.captures, _note_fetch(db, link_id, fetch, end, fetch_outcome, run_id=run_id))
    return fetch_outcome


def post_at(db: Database, url: str) -> dict[str, int]:
    """Return the row id of the post that an address belongs to, by its site; none if the ledger knows of none."""
    rows = db.execute("SELECT site, article_id FROM links WHERE url = ? AND article_id IS NOT NULL", [url])
    return dict(rows.fetchall())


def addresses_of(db: Database, article_id: int) -> list[str]:
    """Return the addresses that a post was found at."""
    rows = db.execute("SELECT url FROM links WHERE article_id = ? ORDER BY id", [article_id])
    return [url for (url,) in rows]


def without_post(db: Database, site: str, post_id: str) -> list[str]:
    """Return the addresses of a site that contain an id and are not known to be those of a stored post."""
    rows = db.execute(
        "SELECT url FROM links WHERE site = ? AND article_id IS NULL AND kind IN ('post', 'share', 'expired')"
        " AND instr(url, ?) ORDER BY id",
        [site, post_id],
    )
    return [url for (url,) in rows]


def known(db: Database, url: str) -> KnownAddress | None:
    """Return what the ledger knows of an address."""
    return next(iter(known_where(db, "url = :url", {"url": url})), None)


def categories(db: Database, site: str) -> list[KnownAddress]:
    """Return every known category page of the site."""
    return known_where(db, "site = :site AND kind = 'category' ORDER BY id", {"site": site})


def home(db: Database, site: str) -> str | None:
    """Return the address of a site's home page, or `None` if it was never requested."""
    row = db.execute("SELECT url FROM links WHERE site = ? AND kind = 'home' ORDER BY id LIMIT 1", [site]).fetchone()
    return None if row is None else str(row[0])


def states(db: Database, sites: Sequence[str] = ()) -> dict[str, int]:
    """Return the number of addresses in each state, of these sites or of all, in descending order."""
    where = "WHERE site IN (SELECT value FROM json_each(:sites))" if sites else ""
    sql = f"SELECT state, count(*) FROM links {where} GROUP BY state ORDER BY 2 DESC, 1"  # noqa: S608  # constants
    return dict(db.execute(sql, {"sites": json.dumps(sites)}).fetchall())


def known_where(db: Database, where: str, values: Mapping[str, object]) -> list[KnownAddress]:
    """Return what the ledger knows of the addresses selected by `where`, the SQL after WHERE."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM links WHERE {where}", dict(values))  # noqa: S608  # from this package
    return [KnownAddress(*row) for row in rows]


def _is_revisited(fetch: Fetch, end: End) -> bool:
    """Return whether an address becomes due by itself, as posts and failures do; for listings see `mark_due`."""
    if fetch.auxiliary:
        return False
    return fetch.address.kind == "post" or (fetch.address.kind != "home" and end.state == "failed")


def _since(db: Database, fetch: Fetch, end: End, before: KnownAddress | None) -> datetime:
    """Return when the address began to fail if the fetch failed, otherwise when it was found."""
    before = before or known(db, fetch.address.url)
    if before is None:
        return fetch.fetched_at
    if end.state != "failed":
        return datetime.fromisoformat(before.found_at)
    last = db.execute(
        "SELECT outcome, fetched_at FROM fetches WHERE link_id = ? ORDER BY id DESC LIMIT 1", [before.id]
    ).fetchone()
    return datetime.fromisoformat(last[1]) if last and last[0] == "failed" else fetch.fetched_at


def _fetch_outcome(fetch: Fetch, end: End) -> FetchOutcome:
    if end.outcome is not None:
        return end.outcome
    if end.state in {"refused", "failed", "gone"}:
        return cast("FetchOutcome", end.state)
    return "unchanged" if fetch.status == HTTPStatus.NOT_MODIFIED else "read"


def _note_fetch(db: Database, link_id: int, fetch: Fetch, end: End, outcome: FetchOutcome, *, run_id: int) -> int:
    """Record a fetch and return its row id; one that ended like the one before is counted in its row."""
    at = iso(fetch.fetched_at)
    repeated = db.execute(
        "UPDATE fetches SET times = times + 1, last_run_id = ?, last_fetched_at = ?"
        " WHERE id = (SELECT max(id) FROM fetches WHERE link_id = ?)"
        " AND outcome = ? AND status IS ? AND reason IS ? AND rule IS ? RETURNING id",
        [run_id, at, link_id, outcome, fetch.status, end.reason, end.rule],
    ).fetchone()
    noted = (
        repeated
        or db.execute(
            "INSERT INTO fetches (link_id, outcome, status, reason, rule, run_id, fetched_at, last_run_id,"
            " last_fetched_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
            [link_id, outcome, fetch.status, end.reason, end.rule, run_id, at, run_id, at],
        ).fetchone()
    )
    return int(noted[0])
