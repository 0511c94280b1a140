"""A security and the posts that mention it.

Not here: which security a person means, and the tables (`crawler.archive.store.securities`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler.archive.asking import span
from crawler.archive.ledger import names
from crawler.archive.search import results
from crawler.archive.search.query import parse
from crawler.archive.store import securities

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def stock(
    db: Database,
    written: str,
    since: str | None,
    sites: Sequence[str] = (),
    *,
    limit: int,
    offset: int,
    drafts: bool,
) -> Stock | None:
    """Return what the archive has on a security, see `crawler.archive.archive.Archive.stock`; `None` if nothing."""
    candidates = securities.candidates(db, written)
    if not candidates:
        return None
    meant = names.sites(db, sites)
    security, *others = candidates
    code, begin = security["code"], 0 if since is None else int(span(db, since)[0].timestamp())
    printed_as = securities.names(db, code, meant.names, drafts=drafts)
    days = securities.days(db, code, begin, meant.names, drafts=drafts)
    odd = {name["name"] for name in printed_as if name["odd"]}
    posts: list[StockPost] = [
        {
            **post,
            **results.excerpt(text, parse(f'"{printed[0]}"')),
            "printed": " / ".join(printed),
            "odd": not odd.isdisjoint(printed),
        }
        for post, text, printed in securities.mentioning(
            db, code, begin, meant.names, limit=limit, offset=offset, drafts=drafts
        )
    ]
    found: Stock = {
        "code": code,
        "symbol": security["symbol"],
        "market": security["market"],
        "name": security["name"],
        "names": printed_as,
        "total": sum(day["posts"] for day in days),
        "days": days,
        "others": [other["code"] for other in others],
        "results": posts,
    }
    return {**found, "hints": list(meant.remarks)} if meant.remarks else found
