"""Storing posts, with their versions, tags, mentions and entries in the index.

Table `posts`. A post is stored in the same transaction as the ledger's row of its address. Not here: reading posts
(`crawler.archive.store.articles`), files, HTML, single versions (`crawler.archive.store.versions`), and what is
written in the tables of what posts are filed under (`crawler.archive.store.filing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from crawler.archive.search import index
from crawler.archive.store import files, stories, versions
from crawler.archive.store.derived import DerivedArticle
from crawler.archive.store.filing import authors, categories, tags
from crawler.archive.store.revisions import revision_for, says_again
from crawler.archive.store.securities import note_mentions, redate
from crawler.dates import iso
from crawler.items import Recorded

if TYPE_CHECKING:
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.archive.store.revisions import VersionInfo
    from crawler.items import Article

ROWS = "SELECT id FROM posts"
"""SQL for a subquery: the rows of all posts."""

SAYS_AGAIN = "says again what was said in revision"
"""What the reason begins with of a page that goes back and forth between versions; the revision stands behind it."""


def store(db: Database, article: Article, run_id: int, derived: DerivedArticle | None = None) -> Recorded:
    """Store a post: as new, as a revision if it says something new, or as seen again.

    When a page shows the current version again, its outlet, authors, image, tags and markup are overwritten without a
    new revision, so that a corrected definition reaches stored posts. A share link or a file only fills in what is
    missing. `derived` is the same article with what has already been derived from it.
    """
    derived, post = derived or DerivedArticle(article), article.post
    article_id = row_of(db, post.site, post.post_id)
    if article_id is None:
        return Recorded(address=post.fetch.address, outcome="new", article_id=_add(db, derived, run_id))
    known = versions.version_infos(db, article_id)
    revision = revision_for(
        article,
        known,
        lambda number: versions.version_text(db, article_id, number),
        lambda substance: versions.is_known(db, article_id, substance),
    )
    if revision is None:
        _confirm(db, article_id, known[-1], derived)
        again = says_again(article, known)
        reason = None if again is None else f"{SAYS_AGAIN} {again}"
        return Recorded(address=post.fetch.address, outcome="unchanged", article_id=article_id, reason=reason)
    if revision > known[-1].revision:
        _revise(db, article_id, revision, derived, run_id)
    else:
        _insert(db, article_id, revision, derived, run_id)
    if post.via == "page":
        mark_seen(db, article_id, post.fetch.fetched_at)
    return Recorded(address=post.fetch.address, outcome="changed", article_id=article_id)


def has_rival(db: Database, article: Article, run_id: int) -> bool:
    """Return whether another post has this id: one with different content, at another address that this run met too.

    If the site no longer names the other address, the post has moved and `article` is a revision of it.
    """
    post = article.post
    row = db.execute(
        f"SELECT 1 FROM {versions.CURRENT} JOIN links USING (url)"  # noqa: S608  # a constant
        " WHERE posts.site = ? AND post_id = ? AND url <> ? AND state = 'stored' AND content_hash <> ?"
        " AND met_run_id = ?",
        [post.site, post.post_id, post.url, article.content_hash, run_id],
    ).fetchone()
    return row is not None


def mark_seen(db: Database, article_id: int, at: datetime) -> None:
    """Record that a post is still on the site, unchanged."""
    db.execute("UPDATE posts SET last_seen_at = ?, gone_at = NULL WHERE id = ?", [iso(at), article_id])


def mark_gone(db: Database, url: str, at: datetime) -> None:
    """Record that the site has dropped the post at `url`; the post stays in the archive.

    The former address of a post that has moved does not count.
    """
    db.execute("UPDATE posts SET gone_at = coalesce(gone_at, ?) WHERE url = ?", [iso(at), url])


def row_of(db: Database, site: str, post_id: str) -> int | None:
    """Return the row id of a site's post, or `None` if it is not stored."""
    row = db.execute("SELECT id FROM posts WHERE site = ? AND post_id = ?", [site, post_id]).fetchone()
    return None if row is None else int(row[0])


def delete(db: Database, article_id: int) -> None:
    """Delete a post with everything of it in the tables but the search index, by the triggers of the schema."""
    db.execute("DELETE FROM posts WHERE id = ?", [article_id])


def _add(db: Database, derived: DerivedArticle, run_id: int) -> int:
    """Add a new post and return its row id."""
    post, seen_at = derived.article.post, derived.seen_at
    slug = post.category.slug if post.category else None
    about = (post.site, post.post_id, post.url or "", post.share_url, post.source, slug)
    categories.note(db, post)
    cursor = db.execute(
        "INSERT INTO posts (site, post_id, url, share_url, source, category, draft, published_ts, revision,"
        " first_seen_at, last_seen_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)",
        [*about, post.draft, derived.published_ts, seen_at, seen_at],
    )
    article_id = cursor.lastrowid
    assert article_id is not None, "an INSERT into a table with an integer key has a row id"
    versions.add(db, article_id, 1, derived, run_id)
    categories.add(db, article_id, [category.slug for category in post.categories])
    tags.add(db, article_id, post.tags)
    if post.mentions:
        note_mentions(db, article_id, post.mentions, derived.published_ts)
    index.add(db, article_id, derived.words)
    stories.assign_story(db, article_id, derived.entry, derived.published_ts, derived.keys)
    return article_id


def _revise(db: Database, article_id: int, revision: int, derived: DerivedArticle, run_id: int) -> None:
    """Add a new current version of a post; the one before keeps its filing and gets its own row in the index."""
    before = _indexed(db, article_id)
    former = versions.row(db, article_id, revision - 1)
    versions.keep_filing(db, former)
    versions.add(db, article_id, revision, derived, run_id)
    authors.carry_over(db, article_id, revision)
    _update(db, article_id, revision, derived)
    index.add(db, -former, before.entry.words())
    _index(db, article_id, before)


def _insert(db: Database, article_id: int, revision: int, derived: DerivedArticle, run_id: int) -> None:
    """Insert an earlier version of a post; the versions after it move up by one.

    A later version that removed the text may be found by the words of this one from now on.
    """
    before, hollow = _indexed(db, article_id), index.hollow_above(db, article_id, revision - 1)
    versions.make_room(db, article_id, revision)
    versions.add(db, article_id, revision, derived, run_id)
    db.execute(
        "UPDATE posts SET revision = revision + 1, first_seen_at = min(first_seen_at, ?) WHERE id = ?",
        [derived.seen_at, article_id],
    )
    _fill(db, article_id, derived)
    row = versions.row(db, article_id, revision)
    versions.keep_filing(db, row)
    index.add(db, -row, index.found_by(db, article_id, revision, *derived.entry)[1].words())
    _index(db, article_id, before)
    for former, entry in index.hollow_above(db, article_id, revision).items():
        if former < 0 and entry != hollow[former]:
            index.remove(db, former, hollow[former].words())
            index.add(db, former, entry.words())


def _confirm(db: Database, article_id: int, current: VersionInfo, derived: DerivedArticle) -> None:
    """Store the details that come with content already known, and that the post is still there."""
    post = derived.article.post
    if post.via != "page":
        _fill(db, article_id, derived)
        files.keep_file(db, article_id, derived)
        return
    mark_seen(db, article_id, post.fetch.fetched_at)
    (url,) = db.execute("SELECT url FROM posts WHERE id = ?", [article_id]).fetchone()
    if current.via != "page":
        _fill(db, article_id, derived)
        db.execute("UPDATE posts SET url = ? WHERE id = ?", [post.url, article_id])
    elif url == post.url and current.content_hash == derived.article.content_hash:
        _refresh(db, article_id, current.revision, derived)


def _refresh(db: Database, article_id: int, revision: int, derived: DerivedArticle) -> None:
    """Overwrite the current version, unchanged in substance, with what its page says now."""
    before = _indexed(db, article_id)
    versions.rewrite(db, article_id, revision, derived)
    _update(db, article_id, revision, derived)
    _index(db, article_id, before)


def _fill(db: Database, article_id: int, derived: DerivedArticle) -> None:
    """Fill in what is not yet known of a post: outlet, category, share link, authors, image, tags, securities."""
    post = derived.article.post
    category, published_ts, revision = db.execute(
        "SELECT category, published_ts, revision FROM posts WHERE id = ?", [article_id]
    ).fetchone()
    is_same = post.category is not None and [post.category.slug] == categories.of_post(db, article_id)
    if category is None or is_same:
        categories.note(db, post)
        categories.file(db, article_id, post)
    db.execute(
        "UPDATE posts SET share_url = coalesce(share_url, ?), source = coalesce(source, ?),"
        " category = coalesce(category, ?) WHERE id = ?",
        [post.share_url, post.source, post.category.slug if post.category else None, article_id],
    )
    authors.fill_in(db, article_id, revision, post.authors, post.image)
    if not _has(db, "article_tags", article_id):
        tags.add(db, article_id, post.tags)
    if post.mentions and not _has(db, "mentions", article_id):
        note_mentions(db, article_id, post.mentions, published_ts)


def _has(db: Database, table: Literal["article_tags", "mentions"], article_id: int) -> bool:
    """Return whether a post has a row in a table."""
    return db.execute(f"SELECT 1 FROM {table} WHERE article_id = ? LIMIT 1", [article_id]).fetchone() is not None  # noqa: S608


def _update(db: Database, article_id: int, revision: int, derived: DerivedArticle) -> None:
    """Update a post to its current version; what the source lacks (a share link has no category) stays as it was."""
    post = derived.article.post
    slug = post.category.slug if post.category else None
    categories.note(db, post)
    categories.file(db, article_id, post)
    db.execute(
        "UPDATE posts SET url = ?, share_url = coalesce(?, share_url), source = coalesce(?, source),"
        " category = coalesce(?, category), draft = ?, published_ts = ?, revision = ? WHERE id = ?",
        [post.url or "", post.share_url, post.source, slug, post.draft, derived.published_ts, revision, article_id],
    )
    if post.tags:
        tags.replace(db, article_id, post.tags)
    # A page whose text was taken away is filed under what it was about.
    if post.mentions or index.found_by(db, article_id, revision, *derived.entry)[0] == revision:
        note_mentions(db, article_id, post.mentions, derived.published_ts)
    else:
        redate(db, article_id, derived.published_ts)


class _Indexed(NamedTuple):
    """What a post's entries in the index and its story were derived from."""

    entry: index.Entry
    published_ts: int


def _indexed(db: Database, article_id: int) -> _Indexed:
    (published_ts,) = db.execute("SELECT published_ts FROM posts WHERE id = ?", [article_id]).fetchone()
    return _Indexed(index.current(db, article_id), published_ts)


def _index(db: Database, article_id: int, before: _Indexed) -> None:
    """Update a post's entries in the index and its story; `before` is what they were derived from."""
    now = _indexed(db, article_id)
    if before == now:
        return
    if before.entry != now.entry:
        index.remove(db, article_id, before.entry.words())
        index.add(db, article_id, now.entry.words())
    stories.leave_story(db, article_id, before.entry)
    stories.assign_story(db, article_id, *now)
