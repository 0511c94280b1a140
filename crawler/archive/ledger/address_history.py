"""The history of an address: which page named it, how each fetch of it ended, and which rule refused it.

It comes from the ledger alone, so it says what the crawler did, not what is on the site now. Not here: the versions
of stored posts (`crawler.archive.store.versions`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler.archive.ledger import deletions, sites
from crawler.archive.ledger.lookup import find_posts
from crawler.language import Sentence
from crawler.nearby import either
from crawler.sites.addresses import address_of, as_address, post_id_named
from crawler.sites.commands import command
from crawler.text.words import printable
from crawler.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from crawler.archive.ledger.deletions import Deletion
    from crawler.sites.definition import Site


class FetchEntry(TypedDict):
    """How one or more fetches in a row ended: the first at `fetched_at` in `run`, the last at `last_fetched_at`.

    `times` is their number. Times are in UTC. Those of another archive have its `archive`, and the run's
    `number` there.
    """

    run: int
    fetched_at: str
    outcome: str
    status: int | None
    reason: str | None
    rule: str | None
    times: int
    last_run: int
    last_fetched_at: str
    archive: NotRequired[str]
    number: NotRequired[int]


class CaptureEntry(TypedDict):
    """Where an answer is kept as it was served, in a file of the folder `captures` beside the archive."""

    captured_at: str
    status: int
    file: str
    offset: int
    length: int


class AddressHistory(TypedDict):
    """An address and its history. Times are in UTC; `next_try_at` is null if no run will try it again by itself.

    `captures` are the last ten answers that were kept as they were served, the latest last.
    """

    url: str
    site: str
    kind: str
    state: str
    reason: str | None
    found_at: str
    found_on: str | None
    title: str | None
    next_try_at: str | None
    post_id: str | None
    fetches: list[FetchEntry]
    captures: list[CaptureEntry]


_ADDRESSES = (
    "SELECT links.id, links.url, links.site, kind, state, reason, found_at, found_on, title, next_try_at, post_id"
    " FROM links LEFT JOIN posts ON posts.id = article_id WHERE links.url IN (SELECT value FROM json_each(:urls))"
    " AND (:site IS NULL OR links.site = :site)"
    " ORDER BY links.id"
)
_FETCHES = (
    "SELECT run_id AS run, fetched_at, outcome, status, reason, rule, times, last_run_id AS last_run, last_fetched_at"
    " FROM fetches WHERE link_id = ? ORDER BY id"
)
_CAPTURES = (
    'SELECT * FROM (SELECT captured_at, status, file, "offset", length FROM captures'
    " WHERE url = :url OR fetch_id IN (SELECT id FROM fetches WHERE link_id = :link)"
    " ORDER BY captured_at DESC, id DESC LIMIT 10) ORDER BY captured_at"
)


def histories(db: Database, name: str, site: str | None = None) -> list[AddressHistory]:
    """Return the history of each address that `name` (a post's id, or any address) stands for; none if unknown.

    An id may stand for posts of several sites; with `site`, only that site's addresses count.
    """
    result = []
    for row in list(db.query(_ADDRESSES, {"urls": json.dumps(_addresses(db, name)), "site": site})):
        link = row.pop("id")
        fetches = list(db.query(_FETCHES, [link]))
        kept = list(db.query(_CAPTURES, {"url": row["url"], "link": link}))
        result.append(AddressHistory(**row, fetches=fetches, captures=kept))  # type: ignore[typeddict-item]  # the columns are those
    return result


def in_full(name: str, sites: Sequence[Site]) -> str:
    """Return what a person named, a path as an address on the first of `sites` that has addresses."""
    site = next((site for site in sites if site.has_addresses), None)
    if site is not None and name.startswith("/") and not name.endswith(".md"):
        return f"{site.scheme}://{site.hosts[0]}{name}"
    return name


def deleted(db: Database, name: str) -> list[Deletion]:
    """Return the deletions of the posts that `name` may stand for, by id or address, whatever their sites."""
    ids = {post_id for site in sites.known(db).values() if (post_id := post_id_named(site, name))}
    return deletions.of_ids(db, {printable(name), *ids})


def last_outcome(db: Database, name: str) -> str | None:
    """Return what became of the addresses `name` stands for, as `refused: no title`; `None` if it was never seen."""
    known = histories(db, name)
    states = {f"{each['state']}: {each['reason']}" if each["reason"] else each["state"] for each in known}
    return "; ".join(sorted(states)) or None


def advice(name: str, sites: Sequence[Site], file: str | None = None) -> str:
    """Return a sentence on what to do about an address of one of `sites`, or an id, that was never seen.

    `file` is what was typed in place of a site's name.
    """
    url = as_address(name)
    if not any(site.has_addresses for site in sites):
        return Sentence("no file of {sites} with this name was imported", sites=either(site.name for site in sites))
    if url is None:
        sharing = next((site for site in sites if site.share), None)
        if sharing is None:
            return Sentence("no page has named a post with this id; if you know its address, ask for that")
        return Sentence(
            "no page has named a post with this id. `{command}` looks behind its share link",
            command=command("share", name, site=file or sharing.name),
        )
    site, address = next(((site, found) for site in sites if (found := address_of(site, url))), (None, None))
    if site is None or address is None:
        named = either(site.name for site in sites)
        return Sentence("it is not an address of the site {sites}, so no run requests it", sites=named)
    if address.kind == "share":
        share = command("share", address.key, site=file or site.name)
        return Sentence("no page has named it. `{command}` looks behind it", command=share)
    crawl = command("crawl", address.url, site=file or site.name)
    return Sentence("no page has named it. `{command}` asks for it", command=crawl)


def _addresses(db: Database, name: str) -> list[str]:
    """Return the addresses that `name` stands for: itself, and those of the posts it leads to."""
    posts = json.dumps(list(find_posts(db, name).values()))
    rows = db.execute("SELECT url FROM links WHERE article_id IN (SELECT value FROM json_each(?))", [posts])
    urls = {url for (url,) in rows}
    url, known = as_address(name), list(sites.known(db).values())
    leads_to = [] if url is None else [address for site in known if (address := address_of(site, url))]
    urls |= {address.url for address in leads_to} | ({url} if url else set())
    keys = {post_id for site in known if (post_id := post_id_named(site, name))}
    for key in keys if url else {name, *keys}:
        rows = db.execute(
            "SELECT url FROM links WHERE kind IN ('post', 'share', 'expired') AND instr(url, ?)", [printable(key)]
        )
        urls |= {url for (url,) in rows if _has_key(url, key, known)}
    return sorted(urls)


def _has_key(url: str, key: str, known: list[Site]) -> bool:
    """Return whether `key` is the post's id in an address: by a known site's rules, or else as its last part."""
    leads_to = [address for site in known if (address := address_of(site, url))]
    if leads_to:
        return any(address.key == key for address in leads_to)
    return re.search(rf"(?:^|[/=,]){re.escape(key)}(?:\.html)?$", path_of(url)) is not None
