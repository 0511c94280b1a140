"""Finding the post that a person means, by its id, any of its addresses, or its file; and a fetch by its time.

Not here: reading the post.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive import captures
from crawler.archive.ledger import sites
from crawler.archive.ledger.links import post_at
from crawler.archive.store import articles
from crawler.archive.store.posts import row_of
from crawler.dates import iso
from crawler.sites.addresses import as_address, id_in_name, post_id_named
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.items import Capture
    from crawler.sites.definition import Site

READ_WITHIN = timedelta(seconds=30)
"""How long after an answer came it is recorded at the latest, as a rule."""


class CapturedLink(NamedTuple):
    """An address of a post of which answers are kept, with its row in the ledger and that of the post."""

    id: int
    url: str
    site: str
    found_on: str | None
    article_id: int | None
    rules: str | None


def find_posts(db: Database, name: str, site: str | None = None) -> dict[str, int]:
    """Return the row ids of the posts that a person may mean by `name`: an id, any address, or a file.

    There is at most one for each site, by whose name it is returned; none if no site has such a post. With `site`,
    only that site's.
    """
    # A terminal may pass text that is not valid UTF-8, which SQLite does not accept.
    name, url = printable(name), as_address(name)
    if url is None:
        found = articles.rows_by(db, "post_id", name)
    else:
        found = articles.rows_by(db, "url", url) or post_at(db, url)
    found = found or _by_definition(db, name)
    return found if site is None else {of_site: row for of_site, row in found.items() if of_site == site}


def fetch_at(db: Database, url: str, at: datetime) -> int | None:
    """Return the row id of the fetch that asked for an address `at` a time (UTC); `None` if none is known.

    A fetch is recorded once its answer is read, a little after that came.
    """
    row = db.execute(
        "SELECT fetches.id FROM fetches JOIN links ON links.id = link_id"
        " WHERE url = ? AND fetches.fetched_at <= ? AND last_fetched_at >= ? ORDER BY fetches.id DESC LIMIT 1",
        [url, iso(at + READ_WITHIN), iso(at)],
    ).fetchone()
    return None if row is None else int(row[0])


def captures_of(db: Database, article_id: int, urls: Iterable[str] = ()) -> Iterator[Capture]:
    """Yield the answers that are kept of a post's addresses, and of other addresses of its (`urls`), latest first."""
    return captures.where(
        db,
        "(fetch_id IN (SELECT fetches.id FROM fetches JOIN links ON links.id = link_id WHERE article_id = :article)"
        " OR url IN (SELECT value FROM json_each(:urls))) ORDER BY captured_at DESC, id DESC",
        {"article": article_id, "urls": json.dumps(list(urls))},
    )


def captured_links(db: Database, sites: Sequence[str]) -> Iterator[CapturedLink]:
    """Yield the addresses of posts of these sites of which answers are kept."""
    rows = db.execute(
        "SELECT id, url, site, found_on, article_id, rules FROM links WHERE kind = 'post' AND deleted_at IS NULL"
        " AND site IN (SELECT value FROM json_each(?)) AND (EXISTS (SELECT 1 FROM captures WHERE url = links.url)"
        " OR EXISTS (SELECT 1 FROM captures WHERE fetch_id IN (SELECT id FROM fetches WHERE link_id = links.id)))"
        " ORDER BY id",
        [json.dumps(sites)],
    )
    return (CapturedLink(*row) for row in rows.fetchall())


def captures_at(db: Database, link: CapturedLink) -> Iterator[Capture]:
    """Yield the answers that are kept of a post's address, the latest first."""
    return captures.where(
        db,
        "(url = :url OR fetch_id IN (SELECT id FROM fetches WHERE link_id = :link))"
        " ORDER BY captured_at DESC, id DESC",
        {"url": link.url, "link": link.id},
    )


def _by_definition(db: Database, name: str) -> dict[str, int]:
    """Return the posts that `name` stands for by the definitions of the sites."""
    found: dict[str, int] = {}
    for site in sites.known(db).values():
        rows = (row_of(db, site.name, post_id) for post_id in _ids(site, name))
        row = next((row for row in rows if row is not None), None)
        if row is not None:
            found[site.name] = row
    return found


def _ids(site: Site, name: str) -> Iterator[str]:
    """Yield the ids that `name` may mean: of posts that share a name, all but the first have their day in front."""
    post_id = post_id_named(site, name)
    day = id_in_name(site, name.rpartition("/")[2])[1] if post_id and as_address(name) is None else ""
    if day:
        yield f"{day}-{post_id}"
    if post_id:
        yield post_id
