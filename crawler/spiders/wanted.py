"""Which addresses of the frontier a spider requests: not those of posts that were deleted, unless they are named.

Not here: whether they may be requested at all (`crawler.middlewares.guard`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.archive.ledger import deletions
from crawler.archive.store.lock import writing
from crawler.recording.deleted import deletion_of, let_come_back

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

    from crawler.items import Address
    from crawler.sites.definition import Site

_OF_POSTS = {"post", "share", "expired"}


def is_wanted(db: Database, site: Site, address: Address, run_id: int) -> bool:
    """Return whether to request an address; one of a deleted post is marked in the ledger instead."""
    deletion = deletion_of(db, site, address.key, address.url) if address.kind in _OF_POSTS else None
    if deletion is None:
        return True
    with writing(db):
        deletions.mark_met(db, deletion, address.url, run_id)
    return False


def named(db: Database, site: Site, addresses: Iterable[Address]) -> None:
    """Let posts come back that were deleted, since a person has named their addresses."""
    keys = [address.key for address in addresses if address.kind in _OF_POSTS]
    if keys:
        with writing(db):
            for key in keys:
                let_come_back(db, site, key)
