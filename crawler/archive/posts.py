"""Posts: stored with their revision, mentions and tags, and read back.

Tables `articles`, `revisions`, `categories`, `tags`, `article_tags`, `securities`, `mentions`. What is stored is
meant to share its transaction with the ledger's row of the same address. Not here: files, HTML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crawler.archive.ledger import article_at
from crawler.dates import iso
from crawler.items import Archived
from crawler.securities import parse as parse_security
from crawler.sites.addresses import address_of
from crawler.sites.loading import bundled_names, load_site
from crawler.text import printable
from crawler.urls import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.items import Article, Category, Mention

# The columns of `articles` that a new revision sets; `_row` gives the values in this order.
_COLUMNS = (
    "url", "share_url", "title", "source", "category", "summary", "published_at", "published_ts", "html", "markdown",
    "text", "content_hash",
)  # fmt: skip


def store(db: Database, article: Article, run_id: int) -> Archived:
    """Store a post: new, as a new revision when what matters has changed, or seen again.

    A page seen again is still believed in what makes no revision: its outlet, its tags, its markup. So a mended
    definition reaches what is stored.
    """
    post, seen_at = article.post, iso(article.post.fetch.fetched_at)
    old = db.execute(
        "SELECT id, content_hash, revision, url FROM articles WHERE site = ? AND post_id = ?",
        [post.site, post.post_id],
    ).fetchone()
    if old is None:
        article_id = _insert(db, article, seen_at)
        _add_revision(db, article_id, 1, article, run_id)
        return Archived(address=post.fetch.address, outcome="new", article_id=article_id)
    article_id, content_hash, revision, url = old
    if content_hash == article.content_hash:
        if post.via == "page" and url == post.url:
            _update(db, article_id, revision, article, seen_at)
        else:
            seen_again(db, article_id, post.fetch.fetched_at)
        return Archived(address=post.fetch.address, outcome="unchanged", article_id=article_id)
    _update(db, article_id, revision + 1, article, seen_at)
    _add_revision(db, article_id, revision + 1, article, run_id)
    return Archived(address=post.fetch.address, outcome="changed", article_id=article_id)


def has_rival(db: Database, article: Article, run_id: int) -> bool:
    """Tell whether another post, other words at another address that this run has met too, has the id of this one.

    An address the site names no longer is no rival: there the same post has moved, and a revision is due.
    """
    post = article.post
    row = db.execute(
        "SELECT 1 FROM articles JOIN links USING (url) WHERE articles.site = ? AND post_id = ? AND url <> ?"
        " AND state = 'stored' AND content_hash <> ? AND met_run_id = ?",
        [post.site, post.post_id, post.url, article.content_hash, run_id],
    ).fetchone()
    return row is not None


def seen_again(db: Database, article_id: int, at: datetime) -> None:
    """Note that a post is still on the site as it was."""
    db.execute("UPDATE articles SET last_seen_at = ?, gone_at = NULL WHERE id = ?", [iso(at), article_id])


def gone(db: Database, url: str, at: datetime) -> None:
    """Note that the site has forgotten the post at `url`; what is stored of it stays.

    A former address of a post that has moved says nothing of the post.
    """
    db.execute("UPDATE articles SET gone_at = coalesce(gone_at, ?) WHERE url = ?", [iso(at), url])


def get(db: Database, article_id: int) -> dict[str, Any]:
    """Return a post: the columns of `articles`, with `tags` and `mentions` as lists."""
    row: dict[str, Any] = next(iter(db.query("SELECT * FROM articles WHERE id = ?", [article_id])))
    return _with_lists(db, row)


def days(db: Database, article_id: int) -> set[str]:
    """Return the times, in ISO 8601, that the revisions of a post were published at."""
    rows = db.execute("SELECT DISTINCT published_at FROM revisions WHERE article_id = ?", [article_id])
    return {published_at for (published_at,) in rows}


def namesake(db: Database, row: dict[str, Any], published_at: str) -> tuple[str, str] | None:
    """Return site and address of another site's post of this id on that day (ISO 8601).

    Their Markdown files would bear one name.
    """
    other = db.execute(
        "SELECT site, url FROM articles WHERE post_id = ? AND site <> ? AND substr(published_at, 1, 10) = ?",
        [row["post_id"], row["site"], published_at[:10]],
    ).fetchone()
    return None if other is None else (str(other[0]), str(other[1]))


def every(db: Database) -> Iterator[dict[str, Any]]:
    """Yield every post as `get` returns it, oldest first, without holding them all."""
    for row in db.query("SELECT * FROM articles ORDER BY published_ts, id"):
        yield _with_lists(db, row)


def find(db: Database, name: str) -> int | None:
    """Return the row of the post `name` is the id or any address of; of several sites', the first archived."""
    url = canonical(name) or (canonical(f"https://{name.lstrip('/')}") if "/" in name else None)
    if url is None:
        # A terminal may hand over what is no UTF-8, which SQLite does not take.
        return _first(db, "SELECT id FROM articles WHERE post_id = ? ORDER BY id", [printable(name)])
    by_address = _first(db, "SELECT id FROM articles WHERE url = ?", [url]) or article_at(db, url)
    if by_address is not None:
        return by_address
    for site in map(load_site, bundled_names()):
        address = address_of(site, url)
        if address is not None and address.kind in {"post", "share"}:
            return _first(db, "SELECT id FROM articles WHERE site = ? AND post_id = ?", [site.name, address.key])
    return None


def _insert(db: Database, article: Article, seen_at: str) -> int:
    post = article.post
    _note_category(db, post.site, post.category)
    values = [post.site, post.post_id, *_row(article), 1, seen_at, seen_at]
    columns = ("site", "post_id", *_COLUMNS, "revision", "first_seen_at", "last_seen_at")
    cursor = db.execute(
        f"INSERT INTO articles ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",  # noqa: S608  # constants
        values,
    )
    assert cursor.lastrowid is not None, "an INSERT into a table with an integer key has a row id"
    _note_lists(db, cursor.lastrowid, article)
    return cursor.lastrowid


def _update(db: Database, article_id: int, revision: int, article: Article, seen_at: str) -> None:
    """Write what a post is now. What is not told (a share link's text names no category) stays as it was."""
    _note_category(db, article.post.site, article.post.category)
    assignments = ", ".join(f"{column} = coalesce(?, {column})" for column in _COLUMNS)
    db.execute(
        f"UPDATE articles SET {assignments}, revision = ?, last_seen_at = ?, gone_at = NULL WHERE id = ?",  # noqa: S608
        [*_row(article), revision, seen_at, article_id],
    )
    db.execute("DELETE FROM mentions WHERE article_id = ?", [article_id])
    if article.post.tags:
        db.execute("DELETE FROM article_tags WHERE article_id = ?", [article_id])
    _note_lists(db, article_id, article)


def _row(article: Article) -> list[Any]:
    post = article.post
    return [
        post.url,
        post.share_url,
        post.title,
        post.source,
        post.category.slug if post.category else None,
        article.summary,
        _published_at(article),
        _published_ts(article),
        post.html,
        article.markdown,
        article.text,
        article.content_hash,
    ]


def _add_revision(db: Database, article_id: int, revision: int, article: Article, run_id: int) -> None:
    post = article.post
    db.execute(
        "INSERT INTO revisions (article_id, revision, seen_at, run_id, via, title, published_at, html, content_hash)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            article_id,
            revision,
            iso(post.fetch.fetched_at),
            run_id,
            post.via,
            post.title,
            _published_at(article),
            post.html,
            article.content_hash,
        ],
    )


def _note_category(db: Database, site: str, category: Category | None) -> None:
    """Note a category, or a better name than its slug."""
    if category is not None:
        db.execute(
            "INSERT INTO categories (site, slug, name, url) VALUES (?, ?, ?, ?) ON CONFLICT (site, slug) DO UPDATE"
            " SET name = excluded.name, url = excluded.url WHERE excluded.name <> excluded.slug",
            [site, category.slug, category.name, category.url],
        )


def _note_lists(db: Database, article_id: int, article: Article) -> None:
    """Write a post's tags and mentions, and the securities they are the first or the latest to name."""
    for position, tag in enumerate(article.post.tags):
        db.execute("INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [tag])
        db.execute(
            "INSERT INTO article_tags (article_id, tag_id, position) SELECT ?, id, ? FROM tags WHERE name = ?"
            " ON CONFLICT DO NOTHING",
            [article_id, position, tag],
        )
    for mention in article.post.mentions:
        _note_mention(db, article_id, mention, _published_ts(article))


def _note_mention(db: Database, article_id: int, mention: Mention, published_ts: int) -> None:
    security = parse_security(mention.code)
    assert security is not None, "extraction keeps only codes it could parse"
    db.execute(
        "INSERT INTO securities (code, symbol, market, name, named_ts) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (code) DO UPDATE SET name = excluded.name, named_ts = excluded.named_ts"
        " WHERE excluded.named_ts >= securities.named_ts",
        [security.code, security.symbol, security.market, mention.name, published_ts],
    )
    db.execute(
        "INSERT INTO mentions (article_id, code, name, count) VALUES (?, ?, ?, ?)",
        [article_id, mention.code, mention.name, mention.count],
    )


def _with_lists(db: Database, row: dict[str, Any]) -> dict[str, Any]:
    tags = db.execute(
        "SELECT name FROM tags JOIN article_tags ON tag_id = tags.id WHERE article_id = ? ORDER BY position",
        [row["id"]],
    )
    mentions = db.query(
        "SELECT m.code, symbol, market, m.name, m.count FROM mentions m JOIN securities USING (code)"
        " WHERE article_id = ? ORDER BY m.count DESC, m.code, m.name",
        [row["id"]],
    )
    return {**row, "tags": [name for (name,) in tags], "mentions": list(mentions)}


def _first(db: Database, sql: str, values: list[str]) -> int | None:
    row = db.execute(sql, values).fetchone()
    return None if row is None else int(row[0])


def _published_at(article: Article) -> str:
    assert article.post.published_at is not None, "validation refuses a post without a date"
    return iso(article.post.published_at)


def _published_ts(article: Article) -> int:
    assert article.post.published_at is not None, "validation refuses a post without a date"
    return int(article.post.published_at.timestamp())
