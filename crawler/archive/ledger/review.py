"""The ledger in review: what was listed and what became of it, as `crawler.archive.watch` asks.

Only reads. Not here: what of it is amiss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

# Every post with an address in the ledger; by an index only where that leads to few of them.
_STORED = """
SELECT site, category, published_ts FROM posts WHERE EXISTS (SELECT 1 FROM links WHERE article_id = posts.id)
"""
_STORED_SINCE = f"{_STORED} AND published_ts >= ?"
# Every other post that was listed, by the address there is most hope for.
_NOT_COUNTED = """
SELECT listed.site, listed.key, listed.state, listed.url, listed.found_on, listed.found_at,
    posts.category, posts.published_ts
FROM (
    SELECT site, finews_key(site, kind, url) AS key, state, url, found_on, found_at,
        min(CASE state WHEN 'found' THEN 0 WHEN 'failed' THEN 1 WHEN 'refused' THEN 2 WHEN 'gone' THEN 3 ELSE 4 END)
    FROM links WHERE article_id IS NULL AND (kind = 'post'
        OR kind = 'share' AND (outcome IS NOT NULL OR state = 'found')) GROUP BY 1, 2
) AS listed
LEFT JOIN posts ON posts.post_id = listed.key AND posts.site = listed.site
WHERE posts.id IS NULL OR NOT EXISTS (SELECT 1 FROM links WHERE article_id = posts.id)
"""
# The first time that a post's page was read. One that was stored later on was refused by mistake, since mended.
_DECISIONS = """
SELECT fetches.outcome = 'refused' AND links.article_id IS NULL, fetches.fetched_at, fetches.reason, links.url
FROM fetches CROSS JOIN links ON links.id = fetches.link_id
WHERE fetches.outcome IN ('new', 'refused') AND fetches.status = 200 AND links.kind = 'post' AND links.site = :site
    AND fetches.id > (SELECT max(id) FROM fetches) - :rows
    AND NOT EXISTS (SELECT 1 FROM fetches AS former WHERE former.link_id = links.id AND former.id < fetches.id
        AND former.status = 200)
ORDER BY fetches.id DESC LIMIT :most
"""
_LOOKED_AT = 50_000  # rows of the ledger, should another site have nearly all of them
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
ORDER BY posts DESC, links.url
"""


class Listed(NamedTuple):
    """A post that was listed, by one of its addresses: its `key` among those of its site, and where it stands.

    If it is stored after all, with its category and the time it was published (epoch seconds).
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
    """What became of a post the first time its page was read."""

    refused: int
    at: str
    reason: str | None
    url: str


class EmptyCategory(NamedTuple):
    """A category page that named no post when it was read at `read_at` (UTC), though it has `posts` of that time."""

    slug: str
    url: str
    read_at: str
    posts: int


def stored(db: Database, since: float | None = None) -> Iterator[tuple[str, str | None, int]]:
    """Yield site, category and time (epoch seconds) of every stored post that has an address in the ledger."""
    return iter(db.execute(_STORED) if since is None else db.execute(_STORED_SINCE, [since]))


def not_counted(db: Database, key: Callable[[str, str, str], str]) -> Iterator[Listed]:
    """Yield every listed post that `stored` does not, once for each `key` of a site.

    `key` returns the post's id for a site, a kind and an address. Such a post may be stored all the same: another
    post's address has its id, or it came some other way.
    """
    db.conn.create_function("finews_key", 3, key, deterministic=True)
    return (Listed(*row) for row in db.execute(_NOT_COUNTED))


def span(db: Database, site: str) -> tuple[str, str]:
    """Return when the first and the last address of a site were found (UTC); it must have one."""
    # Rows are made as addresses are found.
    first, last = (
        db.execute(f"SELECT found_at FROM links WHERE site = ? ORDER BY id {order} LIMIT 1", [site]).fetchone()[0]  # noqa: S608  # a constant
        for order in ("ASC", "DESC")
    )
    return first, last


def decisions(db: Database, site: str, most: int) -> list[Decision]:
    """Return what became of the posts of a site whose pages were read for the first time, the latest first."""
    return [
        Decision(*row) for row in db.execute(_DECISIONS, {"site": site, "rows": _LOOKED_AT, "most": most}).fetchall()
    ]


def empty_categories(db: Database, site: str, reason: str, since: str, seconds: float) -> list[EmptyCategory]:
    """Return the categories whose page, when last read in full, named no post although there were some.

    They were read after `since` (UTC), ended for `reason`, and have posts published within `seconds` before. Those
    with most posts come first.
    """
    values = {"site": site, "seconds": seconds, "since": since, "reason": reason}
    return [EmptyCategory(*row) for row in db.execute(_EMPTY, values).fetchall()]
