"""Finding the post that a person means, by its id, any of its addresses, or its file. Not here: reading the post."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archive.ledger import sites
from crawler.archive.ledger.links import article_at
from crawler.archive.store import articles
from crawler.archive.store.posts import row_of
from crawler.sites.addresses import as_address, post_id_named
from crawler.text.words import printable

if TYPE_CHECKING:
    from sqlite_utils import Database


def find_post(db: Database, name: str) -> int | None:
    """Return the row id of the post that a person means by `name`: its id, any of its addresses, or its file.

    If several sites have such a post, the one archived first is returned; if none has, `None`.
    """
    # A terminal may pass text that is not valid UTF-8, which SQLite does not accept.
    name, url = printable(name), as_address(name)
    row = articles.named(db, name) if url is None else articles.at(db, url) or article_at(db, url)
    if row is not None:
        return row
    candidates = [(site.name, post_id_named(site, name)) for site in sites.known(db).values()]
    rows = (row_of(db, site, post_id) for site, post_id in candidates if post_id)
    return next((row for row in rows if row is not None), None)
