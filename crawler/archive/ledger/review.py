"""Ledger queries for `crawler.archive.watch`: what was listed, and what became of it.

Read-only. Not here: which answers are alarming.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler.errors import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

# Every post with an address in the ledger. Without a lower bound no index is used, since all posts would match.
_STORED = """
SELECT site, category, published_ts FROM posts WHERE EXISTS (SELECT 1 FROM links WHERE article_id = posts.id)
"""
_STORED_SINCE = f"{_STORED} AND published_ts >= ?"
# Every other listed post, once, by the address that is most likely to still lead to it.
_NOT_COUNTED = """
SELECT listed.site, listed.key, listed.state, listed.url, listed.found_on, listed.found_at,
    posts.category, posts.published_ts
FROM (
    SELECT site, finews_key(site, kind, url) AS key, state, url, found_on, found_at,
        min(CASE state WHEN 'found' THEN 0 WHEN 'failed' THEN 1 WHEN 'refused' THEN 2 WHEN 'gone' THEN 3 ELSE 4 END)
    FROM links WHERE article_id IS NULL AND deleted_at IS NULL AND (kind = 'post'
        OR kind = 'share' AND (outcome IS NOT NULL OR state = 'found')) GROUP BY 1, 2
) AS listed
LEFT JOIN posts ON posts.post_id = listed.key AND posts.site = listed.site
WHERE posts.id IS NULL OR NOT EXISTS (SELECT 1 FROM links WHERE article_id = posts.id)
"""
# How each post's page was read for the first time. A refused post that was stored later was refused by mistake.
_DECISIONS = """
SELECT fetches.outcome = 'refused' AND links.article_id IS NULL, fetches.fetched_at, fetches.reason, links.url
FROM fetches CROSS JOIN links ON links.id = fetches.link_id
WHERE fetches.outcome IN ('new', 'refused') AND fetches.status IN (200, 203)
    AND links.kind = 'post' AND links.site = :site
    AND fetches.id > (SELECT max(id) FROM fetches) - :rows
    AND NOT EXISTS (SELECT 1 FROM fetches AS former WHERE former.link_id = links.id AND former.id < fetches.id
        AND former.status IN (200, 203))
ORDER BY fetches.id DESC LIMIT :most
"""
_LOOKED_AT = 50_000  # rows of `fetches`; bounds the query when nearly all of them belong to another site
# Pages that never named a post are left out: Jekyll splits a category's name at spaces, and such pages stay empty.
_EMPTY = """
SELECT categories.slug, links.url, links.fetched_at, (
    SELECT count(*) FROM posts
    WHERE posts.category = categories.slug AND posts.site = categories.site AND gone_at IS NULL
        AND published_ts BETWEEN read_ts - :seconds AND read_ts
) AS posts
FROM (
    SELECT *, CAST(strftime('%s', fetched_at) AS INTEGER) AS read_ts FROM links
    WHERE site = :site AND kind = 'category' AND fetched_at > :since
) AS links
JOIN categories ON categories.site = links.site AND categories.url = links.url
WHERE (
    SELECT reason FROM fetches WHERE link_id = links.id AND outcome <> 'unchanged' ORDER BY id DESC LIMIT 1
) = :reason AND posts > 0
    AND EXISTS (SELECT 1 FROM fetches WHERE link_id = links.id AND outcome = 'read' AND reason IS NULL)
ORDER BY posts DESC, links.url
"""


# What a page said again that goes back and forth between versions, latest first.
_SAID_AGAIN = """
SELECT posts.post_id, links.url, fetches.last_fetched_at
FROM fetches CROSS JOIN links ON links.id = fetches.link_id JOIN posts ON posts.id = links.article_id
WHERE fetches.id > (SELECT max(id) FROM fetches) - :rows AND links.site = :site
    AND fetches.outcome = 'unchanged' AND fetches.reason LIKE :reason AND fetches.last_fetched_at > :since
GROUP BY posts.id ORDER BY max(fetches.id) DESC
"""


class ListedPost(NamedTuple):
    """A listed post, by one of its addresses: its `key`, unique within its site, and its state.

    If it is stored after all, `category` and `published_ts` (epoch seconds) are those of the stored post.
    """

    site: str
    key: str
    state: str
    url: str
    found_on: str | None
    found_at: str
    category: str | None
    published_ts: int | None


class Decision(NamedTuple):
    """What became of a post when its page was first read, `at` a time in UTC; `refused` is 1 or 0."""

    refused: int
    at: str
    reason: str | None
    url: str


class EmptyCategory(NamedTuple):
    """A category page that named no post at `read_at` (UTC), although the category has `posts` from around then."""

    slug: str
    url: str
    read_at: str
    posts: int


def stored(db: Database, since: float | None = None) -> Iterator[tuple[str, str | None, int]]:
    """Yield site, category and publication time (epoch seconds) of every stored post with an address in the ledger.

    With `since` (epoch seconds), only those published from then on.
    """
    return iter(db.execute(_STORED) if since is None else db.execute(_STORED_SINCE, [since]))


def not_counted(db: Database, key: Callable[[str, str, str], str]) -> Iterator[ListedPost]:
    """Yield every listed post that `stored` does not yield, once per `key` and site.

    `key` returns the post's id for a site, a kind and an address. Such a post may still be stored: because another
    address has the same id, or because it came some other way.
    """
    db.conn.create_function("finews_key", 3, key, deterministic=True)
    return (ListedPost(*row) for row in db.execute(_NOT_COUNTED))


def span(db: Database, site: str) -> tuple[str, str]:
    """Return when the first and the last address of a site were found (UTC).

    Raises `NotAsExpected` if there is none: then somebody has changed to which site a post belongs.
    """
    # Rows are inserted as addresses are found, so ids are in chronological order.
    first, last = (
        db.execute(f"SELECT found_at FROM links WHERE site = ? ORDER BY id {order} LIMIT 1", [site]).fetchone()  # noqa: S608  # a constant
        for order in ("ASC", "DESC")
    )
    if first is None:
        raise NotAsExpected(f"posts are of the site {site!r}, of which there is no address")
    return first[0], last[0]


def decisions(db: Database, site: str, most: int) -> list[Decision]:
    """Return what became of a site's posts when their pages were first read: the latest `most`, latest first."""
    return [
        Decision(*row) for row in db.execute(_DECISIONS, {"site": site, "rows": _LOOKED_AT, "most": most}).fetchall()
    ]


class Alternating(NamedTuple):
    """A post whose page goes back and forth between versions, and when it was last seen to (UTC)."""

    post_id: str
    url: str
    at: str


def alternating(db: Database, site: str, reason: str, since: str) -> list[Alternating]:
    """Return the posts whose pages, since then (UTC), said again what they had; `reason` is what that begins with."""
    values = {"rows": _LOOKED_AT, "site": site, "reason": f"{reason} %", "since": since}
    return [Alternating(*row) for row in db.execute(_SAID_AGAIN, values).fetchall()]


def empty_categories(db: Database, site: str, reason: str, since: str, seconds: float) -> list[EmptyCategory]:
    """Return the categories whose page named no post when last read in full, although there are some.

    The page was read after `since` (UTC) and ended with `reason`; the category has posts published within `seconds`
    before that. Categories with the most posts come first.
    """
    values = {"site": site, "seconds": seconds, "since": since, "reason": reason}
    return [EmptyCategory(*row) for row in db.execute(_EMPTY, values).fetchall()]
