"""Finding the post that a person means, by its id, any of its addresses, or its file. Not here: reading the post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archive.ledger import sites
from crawler.archive.ledger.links import article_at
from crawler.archive.store import articles
from crawler.archive.store.posts import row_of
from crawler.sites.addresses import as_address, id_in_name, post_id_named
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.sites.definition import Site


def find_post(db: Database, name: str) -> int | None:
    """Return the row id of the post that a person means by `name`: its id, any of its addresses, or its file.

    If several sites have such a post, the one archived first is returned; if none has, `None`.
    """
    # A terminal may pass text that is not valid UTF-8, which SQLite does not accept.
    name, url = printable(name), as_address(name)
    row = articles.named(db, name) if url is None else articles.at(db, url) or article_at(db, url)
    if row is not None:
        return row
    candidates = [(site.name, post_id) for site in sites.known(db).values() for post_id in _ids(site, name)]
    rows = (row_of(db, site, post_id) for site, post_id in candidates)
    return next((row for row in rows if row is not None), None)


def find_posts(db: Database, name: str) -> list[int]:
    """Return the rows of all posts that a person may mean: an id may be that of posts of several sites."""
    first = find_post(db, name)
    if first is None:
        return []
    _, post_id = articles.naming(db, first)
    return [first] if as_address(printable(name)) else articles.all_named(db, post_id)


def _ids(site: Site, name: str) -> Iterator[str]:
    """Yield the ids that `name` may mean: of posts that share a name, all but the first have their day in front."""
    post_id = post_id_named(site, name)
    day = id_in_name(site, name.rpartition("/")[2])[1] if post_id and as_address(name) is None else ""
    if day:
        yield f"{day}-{post_id}"
    if post_id:
        yield post_id
