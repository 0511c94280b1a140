"""Reading posts: the view `articles` with what is several as lists, and all other queries on the table `posts`.

Not here: writing them (`crawler.archive.store.posts`), and searching (`crawler.archive.search`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypedDict, cast

from crawler.archive.store.files import keys_of
from crawler.archive.store.filing import categories, tags
from crawler.archive.store.versions import CURRENT
from crawler.errors import NotAsExpected
from crawler.text.file_names import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlite_utils import Database

    from crawler.archive.search.filters import Filters
    from crawler.items import Post

FOLDED = "finews_folded"
"""The name of `crawler.text.file_names.folded` as an SQL function."""

DRAFTS = "SELECT id FROM posts WHERE draft"
"""SQL for a subquery: the rows of the posts that are drafts, few if any."""

OF_SITES = "(:sites IS NULL OR site IN (SELECT value FROM json_each(:sites)))"
"""SQL condition: of one of the sites in the parameter `sites`, a list in JSON; null is all."""

_EARLY = 3600  # seconds; a post dated later than this after it was seen has a wrong date, not just a fast clock
_LIKELY = f"published_ts <= CAST(strftime('%s', first_seen_at) AS INTEGER) + {_EARLY}"
# Skips from one name to the next in the index, without reading every post.
_SOURCES = """
WITH RECURSIVE outlet (source) AS (
    SELECT min(source) FROM posts
    UNION ALL SELECT (SELECT min(source) FROM posts WHERE source > outlet.source) FROM outlet WHERE source IS NOT NULL
)
SELECT source FROM outlet WHERE source IS NOT NULL
"""


class Mention(TypedDict):
    """A security that a post mentions: its code as the site writes it, and the name it was printed under."""

    code: str
    symbol: str
    market: str
    name: str
    count: int


class Article(TypedDict):
    """A post: the columns of the view `articles`, see docs/sql.md, with its authors, tags and mentions."""

    id: int
    site: str
    post_id: str
    url: str | None
    share_url: str | None
    title: str
    source: str | None
    category: str | None
    summary: str
    published_at: str
    published_ts: int
    html: str
    markdown: str
    text: str
    content_hash: str
    revision: int
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    derived: list[str]
    front_matter: dict[str, Any]
    draft: bool
    image: str | None
    authors: list[str]
    categories: list[str]
    tags: list[str]
    mentions: list[Mention]


class PublishedPost(NamedTuple):
    """When a post was published (epoch seconds), its row id, and its site."""

    at: int
    article_id: int
    site: str


def get(db: Database, article_id: int) -> Article:
    """Return a post: the columns of `articles`, with what is several as lists. Raises `NotAsExpected`."""
    row: dict[str, Any] | None = next(iter(db.query("SELECT * FROM articles WHERE id = ?", [article_id])), None)
    if row is None:  # of a file that somebody has made or changed
        raise NotAsExpected(f"row {article_id} of posts lacks its version")
    return _with_lists(db, row)


def make_room_for_ids(db: Database) -> None:
    """Make the temporary table of `note_first_ids`; before posts are read, or SQLite would end their reading."""
    db.execute("CREATE TEMP TABLE IF NOT EXISTS first_ids (folded TEXT PRIMARY KEY, post_id TEXT) WITHOUT ROWID")


def note_first_ids(db: Database, after: int) -> int:
    """Note the ids of posts from the row behind `after` on, and return the last row there is; see `first_alike`.

    They last as long as the connection, so a run reads every id once, when it first writes a file.
    """
    (last,) = db.conn.execute("SELECT coalesce(max(id), 0) FROM posts").fetchone()
    if last == after:
        return after
    db.execute(
        f"INSERT OR IGNORE INTO temp.first_ids SELECT {FOLDED}(post_id), post_id FROM posts"  # noqa: S608  # a constant
        " WHERE id > ? AND id <= ? ORDER BY id",
        [after, last],
    )
    return int(last)


def first_alike(db: Database, post_id: str) -> str | None:
    """Return, of the ids noted that fold as this one does, the one that was stored first; `None` if none does."""
    row = db.conn.execute("SELECT post_id FROM temp.first_ids WHERE folded = ?", [folded(post_id)]).fetchone()
    return None if row is None else str(row[0])


def every(db: Database, filters: Filters) -> Iterator[Article]:
    """Yield every post that passes the filters as `get` returns it, oldest first, one at a time."""
    condition, values = filters.of_posts
    among = "1" if condition == "1" else f"id IN (SELECT id FROM posts WHERE {condition})"  # noqa: S608  # constants
    for row in db.query(f"SELECT * FROM articles WHERE {among} ORDER BY published_ts, id", values):  # noqa: S608  # likewise
        yield _with_lists(db, row)


def namesake(db: Database, row: Mapping[str, Any], published_at: str) -> tuple[str, str | None] | None:
    """Return the site and address of another site's post with the same id and day (of `published_at`, ISO 8601).

    The Markdown files of two such posts would have the same name.
    """
    other = db.execute(
        "SELECT site, url FROM articles WHERE post_id = ? AND site <> ? AND substr(published_at, 1, 10) = ?",
        [row["post_id"], row["site"], published_at[:10]],
    ).fetchone()
    return None if other is None else (str(other[0]), other[1])


def rows_by(db: Database, what: Literal["post_id", "url"], value: str) -> dict[str, int]:
    """Return the row id of the post with this id or address for each site that has one, the first archived first."""
    return dict(db.execute(f"SELECT site, id FROM posts WHERE {what} = ? ORDER BY id", [value]).fetchall())  # noqa: S608  # constants


def published_at(db: Database, article_id: int) -> str:
    """Return when a post was published, in ISO 8601 with the site's offset."""
    return naming(db, article_id)[0]


def elsewhere(db: Database, post: Post) -> int | None:
    """Return the row of the post that has this post's id, if it stands at another address."""
    sql = "SELECT id FROM posts WHERE site = ? AND post_id = ? AND url <> ?"
    return _first(db, sql, [post.site, post.post_id, post.url or ""])


def id_at(db: Database, site: str, url: str) -> str | None:
    """Return the id of the site's post at an address, if there is one."""
    row = db.execute("SELECT post_id FROM posts WHERE url = ? AND site = ? ORDER BY id", [url, site]).fetchone()
    return None if row is None else str(row[0])


def naming(db: Database, article_id: int) -> tuple[str, str]:
    """Return what a post's file is named by: when it was published (ISO 8601), and its id."""
    published_at, post_id = db.execute(
        f"SELECT published_at, post_id FROM {CURRENT} WHERE posts.id = ?",  # noqa: S608  # a constant
        [article_id],
    ).fetchone()
    return str(published_at), str(post_id)


def published_ts(db: Database, article_id: int) -> int:
    """Return when a post was published, in epoch seconds."""
    return int(db.execute("SELECT published_ts FROM posts WHERE id = ?", [article_id]).fetchone()[0])


def newest(db: Database, sites: Sequence[str] = (), *, likely: bool = False, drafts: bool = True) -> int | None:
    """Return the row id of the latest published post; a `likely` one was not dated in the future when first seen."""
    where = f"{_wanted(drafts)} AND {_LIKELY}" if likely else _wanted(drafts)
    return _first(db, f"SELECT id FROM posts WHERE {where} ORDER BY published_ts DESC LIMIT 1", _of(sites))  # noqa: S608  # constants


def oldest(db: Database, sites: Sequence[str] = (), *, drafts: bool = True) -> int | None:
    """Return the row id of the earliest published post, of these sites or of all; of `drafts` too, if wanted."""
    return _first(db, f"SELECT id FROM posts WHERE {_wanted(drafts)} ORDER BY published_ts LIMIT 1", _of(sites))  # noqa: S608  # constants


def published_until(
    db: Database, by: Literal["site", "source"], name: str, until: float, since: float | None = None
) -> Iterator[PublishedPost]:
    """Yield the posts of a site, or of an outlet (`source`), published after `since` and up to `until`, latest first.

    Times are in epoch seconds. Drafts are left out, and so are posts that were dated in the future when they were
    first seen, since their date must be wrong.
    """
    later, values = ("", []) if since is None else (" AND published_ts > ?", [since])
    rows = db.execute(
        f"SELECT published_ts, id, site FROM posts WHERE {by} = ? AND published_ts <= ? AND NOT draft"  # noqa: S608  # constants
        f" AND {_LIKELY}{later}"
        " ORDER BY published_ts DESC",
        [name, until, *values],
    )
    return (PublishedPost(*row) for row in rows)


def dated_outside(db: Database, site: str, earliest: float, ahead: float, since: str) -> list[tuple[str, str, str]]:
    """Return the posts of a site that were first seen `since` a time and that are dated as none should be.

    That is before `earliest` (epoch seconds) or more than `ahead` seconds after they were seen. Each with its id, the
    time it claims and when it was first seen, both in ISO 8601; the first seen comes first.
    """
    return db.execute(
        f"SELECT post_id, published_at, first_seen_at FROM {CURRENT} WHERE site = ? AND first_seen_at >= ?"  # noqa: S608  # a constant
        " AND (published_ts < ? OR published_ts > CAST(strftime('%s', first_seen_at) AS INTEGER) + ?)"
        " ORDER BY first_seen_at, posts.id",
        [site, since, earliest, ahead],
    ).fetchall()


def sources(db: Database) -> list[str]:
    """Return the outlets that have posts."""
    return [source for (source,) in db.execute(_SOURCES)]


def category_page(db: Database, article_id: int) -> str | None:
    """Return the address of a post's category page, if known."""
    row = db.execute(
        "SELECT categories.url FROM posts JOIN categories ON categories.site = posts.site AND slug = category"
        " WHERE posts.id = ? AND categories.url <> ''",
        [article_id],
    ).fetchone()
    return None if row is None else str(row[0])


def count(db: Database, sites: Sequence[str] = (), *, gone: bool = False, drafts: bool = True) -> int:
    """Return the number of posts, or of those that their site dropped; of `drafts` too, if they are wanted."""
    where = f"{_wanted(drafts)} AND gone_at IS NOT NULL" if gone else _wanted(drafts)
    return int(db.execute(f"SELECT count(*) FROM posts WHERE {where}", _of(sites)).fetchone()[0])  # noqa: S608  # constants


def has_drafts(db: Database) -> bool:
    """Return whether any post is a draft."""
    return db.execute(f"{DRAFTS} LIMIT 1").fetchone() is not None


def are_of_several_sites(db: Database) -> bool:
    """Return whether there are posts of more than one site; quicker than counting those of each."""
    return _first(db, "SELECT id FROM posts WHERE site <> (SELECT site FROM posts LIMIT 1) LIMIT 1", []) is not None


def sites(db: Database) -> list[str]:
    """Return the sites that have posts, that with the most first."""
    return [site for (site,) in db.execute("SELECT site FROM posts GROUP BY site ORDER BY count(*) DESC, site")]


def _wanted(drafts: bool) -> str:
    """Return the condition on posts, in SQL: of `:sites`, unless that is null, and of drafts only if wanted."""
    return OF_SITES if drafts else f"{OF_SITES} AND NOT draft"


def _of(sites: Sequence[str]) -> dict[str, str | None]:
    return {"sites": json.dumps(sites) if sites else None}


def _first(db: Database, sql: str, values: list[str] | dict[str, str | None]) -> int | None:
    row = db.execute(sql, values).fetchone()
    return None if row is None else int(row[0])


def _with_lists(db: Database, row: dict[str, Any]) -> Article:
    mentions = db.query(
        "SELECT m.code, symbol, market, m.name, m.count FROM mentions m JOIN securities USING (code)"
        " WHERE article_id = ? ORDER BY m.count DESC, m.code, m.name",
        [row["id"]],
    )
    article = {
        **row,
        "derived": row["derived"].split(),
        "front_matter": keys_of(row["front_matter"]),
        "draft": bool(row["draft"]),
        "authors": json.loads(row["authors"]),
        "categories": categories.of_post(db, row["id"]),
        "tags": tags.of_post(db, row["id"]),
        "mentions": list(mentions),
    }
    return cast("Article", article)
