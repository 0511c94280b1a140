"""Whether an address or a file is that of a post that was deleted, and may not come back by itself.

Not here: the deletions themselves (`crawler.archive.ledger.deletions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.ledger import deletions
from crawler.extraction.post import days_of
from crawler.items import Address
from crawler.sites.addresses import address_of

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.archive.ledger.deletions import Deletion
    from crawler.sites.definition import Site


def deletion_of(db: Database, site: Site, post_id: str, url: str) -> Deletion | None:
    """Return the deletion of the post with this id, if `url` is an address of that very post; "" for no address.

    An id that tells its day belongs to one post. Any other may be the name of several, which their pages tell apart.
    """
    deletion = deletions.find(db, site.name, post_id)
    if deletion is None or deletion.url in {"", url} or tells_its_day(site, post_id):
        return deletion
    address = address_of(site, url)
    return deletion if address is not None and address.kind != "post" else None


class Lifted(NamedTuple):
    """A deletion that is no more, and the addresses that were marked by it."""

    deletion: Deletion
    addresses: list[str]


def let_come_back(db: Database, site: Site, post_id: str) -> Lifted | None:
    """Lift the deletion of a post that somebody asks for by name, if there is one; inside a transaction."""
    deletion = deletions.find(db, site.name, post_id)
    if deletion is None:
        return None
    leads_to = {url: address_of(site, url) for url in deletions.marked(db, site.name)}
    own = [url for url, address in leads_to.items() if address is not None and address.key == post_id]
    deletions.lift(db, site.name, post_id, own)
    return Lifted(deletion, own)


def tells_its_day(site: Site, post_id: str) -> bool:
    """Return whether an id contains the day; a site gives such an id to one post only."""
    return bool(days_of(Address(url="", kind="post", key=post_id), site))
