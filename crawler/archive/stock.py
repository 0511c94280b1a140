"""What the archive has on a security: its names, its days, its posts.

Not here: the tables, and what a person may type as a security (`crawler.archive.store.securities`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.archive.search import results
from crawler.archive.search.query import parse
from crawler.archive.store import securities

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database


class StockPost(results.Hit):
    """A post that mentions a security: the name it `printed`, and whether that name is `odd` for the security."""

    printed: str
    odd: bool


class _About(TypedDict):
    """What the archive has on a security. `others` are further codes that match, for example in other markets."""

    code: str
    symbol: str
    market: str
    name: str
    names: list[securities.Name]
    total: int
    days: list[securities.Day]
    others: list[str]


class Stock(_About):
    """What the archive has on a security, with its posts."""

    results: list[StockPost]


class EveryMention(_About):
    """What the archive has on a security, with its posts, which are read as they are asked for."""

    results: Iterator[StockPost]


def about(
    db: Database, written: str, since: int, *, limit: int, offset: int = 0, drafts: bool = False
) -> EveryMention | None:
    """Return the posts from `since` (epoch seconds) on that mention the security `written`; `None` if there is none.

    A `limit` of -1 is none. Raises `AmbiguousSecurity`.
    """
    candidates = securities.candidates(db, written)
    if not candidates:
        return None
    security, *others = candidates
    code = security["code"]
    names = securities.names(db, code, drafts=drafts)
    days = securities.days(db, code, since, drafts=drafts)
    odd = {name["name"] for name in names if name["odd"]}
    return {
        "code": code,
        "symbol": security["symbol"],
        "market": security["market"],
        "name": security["name"],
        "names": names,
        "total": sum(day["posts"] for day in days),
        "days": days,
        "others": [other["code"] for other in others],
        "results": _posts(db, code, since, odd, limit=limit, offset=offset, drafts=drafts),
    }


def _posts(
    db: Database, code: str, since: int, odd: set[str], *, limit: int, offset: int, drafts: bool
) -> Iterator[StockPost]:
    """Yield the posts that mention a security, newest first; `odd` are the names that are not usual for it."""
    mentioning = securities.mentioning(db, code, since, limit=limit, offset=offset, drafts=drafts)
    for post, text, printed in mentioning:
        yield {
            **post,
            **results.excerpt(text, parse(f'"{printed[0]}"')),
            "printed": " / ".join(printed),
            "odd": not odd.isdisjoint(printed),
        }
