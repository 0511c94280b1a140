"""What there is most of: outlets, authors, categories, securities, days and sites, by their number of posts.

Not here: all other numbers of an archive (`crawler.archive.care.summary`), and how they are drawn (`crawler.cli`).
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from crawler.archive.store import articles
from crawler.archive.store.articles import DRAFTS
from crawler.archive.store.filing.authors import OF_POSTS
from crawler.archive.store.versions import CURRENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

Kind = Literal["outlets", "authors", "categories", "securities", "days", "sites"]
"""What posts are counted by. Days are those of the site's calendar."""

Span = tuple[int | None, int | None]
"""The first and the last second of publication, since 1970; `None` is an open end."""


class Ranked(TypedDict):
    """One of a kind: its `key`, its `name`, and how many `posts` it has.

    `key` is what filters and commands take: the outlet, the author, the slug of a category, the code of a security
    (`1.600160`), the day (`2022-04-20`), the name of a site. `name` is for people: a category's and a security's own,
    otherwise the same as `key`.
    """

    key: str
    name: str
    posts: int


class Top(TypedDict):
    """The `results` with most posts, and how many of the `kind` there are in `total`.

    If there are none, `understood` says what was asked for, and `hints` what is near.
    """

    kind: Kind
    total: int
    results: list[Ranked]
    understood: NotRequired[str]
    hints: NotRequired[list[str]]


_OF_OTHER_SITES = "SELECT id FROM posts WHERE site NOT IN (SELECT value FROM json_each(:sites))"
_DAYS = 60
_NAME_OF_CATEGORY = "(SELECT name FROM categories WHERE slug = article_categories.category ORDER BY site LIMIT 1)"
_NAME_OF_SECURITY = "(SELECT name FROM securities WHERE code = mentions.code)"
# `NOT IN` instead of `NOT draft` lets SQLite count outlets and mentions in an index, without reading the rows.
_QUERIES: dict[Kind, str] = {
    "outlets": (
        "SELECT source, source, count(*) FROM posts"
        " WHERE {span} AND id NOT IN ({left_out}) AND source IS NOT NULL GROUP BY 1"
    ),
    "authors": (
        "SELECT name, name, count(*) FROM {written} WHERE {span} AND posts.id NOT IN ({left_out}) GROUP BY 1"
    ),
    "categories": (
        "SELECT article_categories.category, coalesce({name_of_category}, article_categories.category), count(*)"
        " FROM article_categories JOIN posts ON posts.id = article_id"
        " WHERE {span} AND article_id NOT IN ({left_out}) GROUP BY 1"
    ),
    "securities": (
        "SELECT code, {name_of_security}, count(DISTINCT article_id) FROM mentions"
        " WHERE {span} AND article_id NOT IN ({left_out}) GROUP BY 1"
    ),
    "days": (
        "SELECT substr(published_at, 1, 10), substr(published_at, 1, 10), count(*) FROM {current}"
        " WHERE {span} AND posts.id NOT IN ({left_out}) GROUP BY 1"
    ),
    "sites": "SELECT site, site, count(*) FROM posts WHERE {span} AND id NOT IN ({left_out}) GROUP BY 1",
}
KINDS: tuple[Kind, ...] = tuple(_QUERIES)


def top(
    db: Database,
    kind: Kind,
    span: Span = (None, None),
    sites: Sequence[str] = (),
    *,
    limit: int | None = 20,
    drafts: bool = False,
) -> Top:
    """Return the `limit` of a `kind` with most posts in a span of time, most first; `None` is no limit.

    A post counts for each of its authors, in each of its categories, and once for each security it mentions. If any
    `sites` are named, only their posts count. `drafts` count if wanted.
    """
    ranked = _ranked(db, kind, span, sites, drafts=drafts)
    return {"kind": kind, "total": len(ranked), "results": ranked[:limit]}


def counts(db: Database, kind: Kind, sites: Sequence[str] = (), *, drafts: bool = False) -> dict[str, int]:
    """Return the number of posts, of these sites or of all, by the keys of a kind, most first."""
    return {each["key"]: each["posts"] for each in _ranked(db, kind, (None, None), sites, drafts=drafts)}


def latest_days(db: Database, sites: Sequence[str] = (), *, drafts: bool = False) -> dict[str, int]:
    """Return the number of posts of each of the latest sixty days, oldest first; of none, if there are no posts.

    They end with the day of the latest post. Posts that were dated in the future when they were first seen are left
    out, since their date must be wrong.
    """
    last = latest(db, sites, drafts=drafts)
    return {} if last is None else days_up_to(db, last, sites, drafts=drafts)


def latest(db: Database, sites: Sequence[str] = (), *, drafts: bool = False) -> datetime | None:
    """Return when the latest post was published that was not dated in the future; `None` if there is none."""
    newest = articles.newest(db, sites, likely=True, drafts=drafts)
    return None if newest is None else datetime.fromisoformat(articles.published_at(db, newest))


def days_up_to(db: Database, last: datetime, sites: Sequence[str] = (), *, drafts: bool = False) -> dict[str, int]:
    """Return the number of posts of each of the sixty days up to a time, oldest first."""
    days = [last.date() - timedelta(days=ago) for ago in range(min(_DAYS, last.toordinal()))]
    span = int(last.timestamp()) - (_DAYS + 1) * 24 * 3600, int(last.timestamp())
    counted = {each["key"]: each["posts"] for each in _ranked(db, "days", span, sites, drafts=drafts)}
    return {day.isoformat(): counted.get(day.isoformat(), 0) for day in reversed(days)}


def _ranked(db: Database, kind: Kind, span: Span, sites: Sequence[str], *, drafts: bool) -> list[Ranked]:
    left_out = [*([] if drafts else [DRAFTS]), *([_OF_OTHER_SITES] if sites else [])]
    sql = _QUERIES[kind].format(
        span=_within(span),
        left_out=" UNION ALL ".join(left_out),
        current=CURRENT,
        written=OF_POSTS,
        name_of_category=_NAME_OF_CATEGORY,
        name_of_security=_NAME_OF_SECURITY,
    )
    since, until = span
    rows = db.execute(f"{sql} ORDER BY 3 DESC, 1", {"since": since, "until": until, "sites": json.dumps(sites)})
    return [{"key": key, "name": name, "posts": posts} for key, name, posts in rows]


def _within(span: Span) -> str:
    """Return the condition in SQL that leaves nothing but a span of time; its ends are `:since` and `:until`."""
    since, until = span
    ends = [(since, "published_ts >= :since"), (until, "published_ts <= :until")]
    return " AND ".join(condition for end, condition in ends if end is not None) or "1"
