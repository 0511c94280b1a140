"""Transactions that write. Not here: what they write."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


@contextmanager
def writing(db: Database) -> Iterator[None]:
    """Hold a transaction that may write from its first statement on; the only way this program begins one.

    It waits for another program's to end, as long as the connection is patient. One that read first would be refused
    at once when it comes to write, if another program had written in between. Transactions do not nest.
    """
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        db.rollback()  # does nothing where the error has done it
        raise
