"""SQL functions for programs that open the archive through this package, to search in statements of their own.

    SELECT title FROM articles JOIN search ON search.rowid = articles.id
    WHERE search MATCH finews_query('江西 5G') AND finews_matches('江西 5G', title, text)

The second condition matters for terms in the exact form `="…"`, and for very long ones. Not here: what a query means.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from crawler.archive.search.lookup import expression
from crawler.archive.search.query import Query, parse
from crawler.archive.search.words import NEVER

if TYPE_CHECKING:
    import sqlite3


def register(connection: sqlite3.Connection) -> None:
    """Register `finews_query(query)` and `finews_matches(query, title, text)` for a connection."""
    connection.create_function("finews_query", 1, finews_query, deterministic=True)
    connection.create_function("finews_matches", 3, finews_matches, deterministic=True)


def finews_query(query: str | None) -> str | None:
    """Return the expression to `MATCH` in the table `search`: it finds every post that matches, and may find more."""
    if query is None:
        return None
    parsed = _parsed(str(query))
    return expression(parsed) if parsed.wanted else f'"{NEVER}"'


def finews_matches(query: str | None, title: str | None, text: str | None) -> bool:
    """Tell whether `query` finds a post with this title and plain text."""
    return query is not None and _parsed(str(query)).matches(str(title or ""), str(text or ""))


@lru_cache(maxsize=64)
def _parsed(query: str) -> Query:
    return parse(query)
