"""What the archive has on a security: its names, its days, its posts.

Not here: the tables, and what a person may type as a security (`crawler.archive.store.securities`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler.archive.ledger import names
from crawler.archive.search import results
from crawler.archive.search.query import parse
from crawler.archive.store import securities

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlite_utils import Database


class StockPost(results.Hit):
    """A post that mentions a security: the name it `printed`, and whether that name is `odd` for the security."""

    printed: str
    odd: bool


class Stock(TypedDict):
    """What the archive has on a security. `others` are further codes that match, for example in other markets.

    `hints` say what may have been meant instead; they are there only if there are any.
    """

    code: str
    symbol: str
    market: str
    name: str
    names: list[securities.Name]
    total: int
    days: list[securities.Day]
    others: list[str]
    results: list[StockPost]
    hints: NotRequired[list[str]]


def about(
    db: Database,
    written: str,
    since: int,
    sites: Sequence[str] = (),
    *,
    limit: int = 20,
    offset: int = 0,
    drafts: bool = False,
) -> Stock | None:
    """Return the posts from `since` (epoch seconds) on that mention the security `written`; `None` if there is none.

    Where any `sites` are named, only their posts count. `limit`, `offset` and `drafts` are those of `Archive.stock`.
    Raises `AmbiguousSecurity`.
    """
    candidates = securities.candidates(db, written)
    if not candidates:
        return None
    of, remarks = names.sites(db, sites)
    security, *others = candidates
    code = security["code"]
    printed_as = securities.names(db, code, of, drafts=drafts)
    days = securities.days(db, code, since, of, drafts=drafts)
    mentioning = securities.mentioning(db, code, since, of, limit=limit, offset=offset, drafts=drafts)
    odd = {name["name"] for name in printed_as if name["odd"]}
    found: Stock = {
        "code": code,
        "symbol": security["symbol"],
        "market": security["market"],
        "name": security["name"],
        "names": printed_as,
        "total": sum(day["posts"] for day in days),
        "days": days,
        "others": [other["code"] for other in others],
        "results": list(_posts(mentioning, odd)),
    }
    return {**found, "hints": list(remarks)} if remarks else found


def _posts(mentioning: Iterable[tuple[results.Hit, str, list[str]]], odd: set[str]) -> Iterator[StockPost]:
    """Yield posts that mention a security as they are shown; `odd` are the names that are not usual for it."""
    for post, text, printed in mentioning:
        yield {
            **post,
            **results.excerpt(text, parse(f'"{printed[0]}"')),
            "printed": " / ".join(printed),
            "odd": not odd.isdisjoint(printed),
        }
