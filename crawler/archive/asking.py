"""What a person asks for, as filters: times in the archive's time zone, and securities in any form.

Not here: what a query means (`crawler.archive.search.query`), and how securities are typed
(`crawler.archive.store.securities`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict

from crawler import dates
from crawler.archive.search.filters import Filters
from crawler.archive.store import articles, securities
from crawler.errors import NoSuchTime

if TYPE_CHECKING:
    from sqlite_utils import Database


class Asked(TypedDict, total=False):
    """What posts are narrowed down to, besides words; see `crawler.archive.archive.Archive.search`."""

    since: str | None
    until: str | None
    source: str | None
    category: str | None
    stock: str | None
    site: str | None
    as_of: str | None
    drafts: bool


def filters(db: Database, asked: Asked) -> Filters:
    """Return the filters that are meant. Raises `NoSuchTime` and `AmbiguousSecurity`."""
    since, until = seconds(db, asked.get("since"), asked.get("until"))
    as_of, stock = asked.get("as_of"), asked.get("stock")
    return Filters(
        since=since,
        until=until,
        site=asked.get("site"),
        source=asked.get("source"),
        category=asked.get("category"),
        published=not asked.get("drafts") and (as_of is not None or articles.has_drafts(db)),
        codes=None if stock is None else tuple(each["code"] for each in securities.candidates(db, stock)),
        as_of=None if as_of is None else end(db, as_of),
    )


def seconds(db: Database, since: str | None, until: str | None) -> tuple[int | None, int | None]:
    """Return the first second of `since` and the last of `until`, since 1970; `None` is an open end."""
    begin = None if since is None else int(span(db, since)[0].timestamp())
    return begin, None if until is None else int(span(db, until)[1].timestamp())


def end(db: Database, named: str) -> str:
    """Return the last second of the span of time that is `named`, in ISO 8601 and UTC."""
    return dates.iso(dates.utc(span(db, named)[1]))


def span(db: Database, named: str) -> tuple[datetime, datetime]:
    """Return the first and the last second of what is `named`, in the newest post's zone. Raises `NoSuchTime`."""
    newest = articles.newest(db)
    zone = None if newest is None else datetime.fromisoformat(articles.published_at(db, newest)).tzinfo
    try:
        return dates.span(named, zone or UTC)
    except (ValueError, OverflowError):
        raise NoSuchTime(named) from None
