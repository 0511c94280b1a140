"""What the archive has on a security: its names, its days, its posts.

Not here: the tables, and what a person may type as a security (`crawler.archive.store.securities`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler.archive import asking
from crawler.archive.search import results
from crawler.archive.search.query import parse
from crawler.archive.store import securities
from crawler.archive.store.filing import candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.asking import Asked


class StockPost(results.Hit):
    """A post that mentions a security: the name it `printed`, and whether that name is `odd` for the security."""

    printed: str
    odd: bool


class _About(TypedDict):
    """What the archive has on a security. `others` are further codes that match, for example in other markets.

    `understood` and `hints` say what was asked for, and what may have been meant instead, where that is worth saying.
    """

    code: str
    symbol: str
    market: str
    name: str
    names: list[securities.Name]
    total: int
    days: list[securities.Day]
    others: list[str]
    understood: NotRequired[str]
    hints: NotRequired[list[str]]


class Stock(_About):
    """What the archive has on a security, with its posts."""

    results: list[StockPost]


class EveryMention(_About):
    """What the archive has on a security, with its posts, which are read as they are asked for."""

    results: Iterator[StockPost]


def about(db: Database, written: str, asked: Asked, *, limit: int, offset: int = 0) -> EveryMention | None:
    """Return the posts that mention the security `written`; `None` if there is none.

    Of what is `asked`, `since`, `site` and `drafts` count. A `limit` of -1 is none. Raises `AmbiguousSecurity` and
    `NoSuchTime`.
    """
    found = candidates.candidates(db, written)
    if not found:
        return None
    archive = asking.OneArchive(db)
    meant = asking.meant(archive, {"since": asked.get("since"), "site": asked.get("site")})
    of, since, drafts = meant.filters.sites, meant.filters.since or 0, asked.get("drafts", False)
    security, *others = found
    code = security["code"]
    printed_as = securities.names(db, code, of, drafts=drafts)
    days = securities.days(db, code, since, of, drafts=drafts)
    mentioning = securities.mentioning(db, code, since, of, limit=limit, offset=offset, drafts=drafts)
    odd = {name["name"] for name in printed_as if name["odd"]}
    about: EveryMention = {
        "code": code,
        "symbol": security["symbol"],
        "market": security["market"],
        "name": security["name"],
        "names": printed_as,
        "total": sum(day["posts"] for day in days),
        "days": days,
        "others": [other["code"] for other in others],
        "results": shown(mentioning, odd),
    }
    return asking.explained(archive, None, meant, about)


def shown(mentioning: Iterable[tuple[results.Hit, str, list[str]]], odd: set[str]) -> Iterator[StockPost]:
    """Yield posts that mention a security as they are shown; `odd` are the names that are not usual for it."""
    for post, text, printed in mentioning:
        yield {
            **post,
            **results.excerpt(text, parse(f'"{printed[0]}"')),
            "printed": " / ".join(printed),
            "odd": not odd.isdisjoint(printed),
        }
