"""The versions of a post: which there are, what each said, and writing them. Table `versions`.

Functions that write run a statement or two, inside the transaction of the post. Not here: which number a version
gets (`crawler.archive.store.revisions`), and what changed between two (`crawler.text.differences`).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict
from weakref import WeakKeyDictionary

from crawler.archive.search import index
from crawler.archive.store.bodies import decode_body
from crawler.archive.store.files import keys_of, write_file, written_file
from crawler.archive.store.filing import authors
from crawler.archive.store.revisions import VersionInfo, VersionText, substance
from crawler.dates import iso
from crawler.errors import NoSuchRevision

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from crawler.archive.store.derived import DerivedArticle
    from crawler.archive.store.revisions import Substance
    from crawler.items import Via

CURRENT = "posts JOIN versions ON versions.article_id = posts.id AND versions.revision = posts.revision"
"""SQL for a FROM clause: posts joined with their current versions."""

# The version that brought a post is not always revision 1: a later import may add earlier versions.
_CAME_WITH = "(SELECT min(id) FROM versions AS every WHERE every.article_id = versions.article_id)"
NEW_IN_RUN = f"(SELECT count(*) FROM versions WHERE run_id = runs.id AND id = {_CAME_WITH})"  # noqa: S608  # a constant
"""SQL expression, for use with the table `runs`: the number of posts that a run brought."""

CHANGED_IN_RUN = f"(SELECT count(*) FROM versions WHERE run_id = runs.id AND id <> {_CAME_WITH})"  # noqa: S608  # likewise
"""Likewise, the number of further versions that a run brought."""

_TEXTS = "SELECT title, published_at, text, draft FROM versions WHERE article_id = ?"
# Every version of a post, of thousands perhaps, is compared with all before it: these are cached, for so many posts.
_POSTS_CACHED = 1_000
_fingerprints: WeakKeyDictionary[Database, dict[int, set[int]]] = WeakKeyDictionary()
_infos: WeakKeyDictionary[Database, dict[int, list[VersionInfo]]] = WeakKeyDictionary()


class Revision(TypedDict):
    """A version of a post: when it was first seen (UTC), by which run and how (`via`), its hash, if it is a draft."""

    revision: int
    seen_at: str
    run: int
    via: str
    title: str
    published_at: str
    content_hash: str
    draft: bool


class Standing(NamedTuple):
    """A post as it stands now, as far as it tells it from others."""

    article_id: int
    post_id: str
    url: str
    via: Via
    title: str
    published_at: datetime
    text: str


def version_infos(db: Database, article_id: int) -> Sequence[VersionInfo]:
    """Return the versions of a post, oldest first."""
    by_post = _infos.setdefault(db, {})
    (count,) = db.execute("SELECT revision FROM posts WHERE id = ?", [article_id]).fetchone()
    if len(by_post.get(article_id, ())) != count:  # not at hand, or of a transaction that failed
        rows = db.execute(
            "SELECT revision, via, seen_at, content_hash FROM versions WHERE article_id = ? ORDER BY revision",
            [article_id],
        )
        _make_room_for_one(by_post)
        by_post[article_id] = [VersionInfo._make(row) for row in rows]
    return by_post[article_id]


def version_text(db: Database, article_id: int, revision: int) -> VersionText:
    """Return what a revision says."""
    row = db.execute(
        "SELECT title, published_at, text FROM versions WHERE article_id = ? AND revision = ?", [article_id, revision]
    ).fetchone()
    return VersionText(*row)


def standing(db: Database, article_id: int) -> Standing:
    """Return a post as it stands now."""
    row = db.execute(
        f"SELECT post_id, url, via, title, published_at, text FROM {CURRENT} WHERE posts.id = ?",  # noqa: S608  # a constant
        [article_id],
    ).fetchone()
    post_id, url, via, title, published_at, text = row
    return Standing(article_id, post_id, url, via, title, datetime.fromisoformat(published_at), text)


def has(db: Database, article_id: int, content_hash: str) -> bool:
    """Return whether any version of a post has this hash."""
    found = db.execute(
        "SELECT 1 FROM versions WHERE article_id = ? AND content_hash = ? LIMIT 1", [article_id, content_hash]
    )
    return found.fetchone() is not None


def found_in(db: Database, article_id: int, revision: int) -> dict[str, int]:
    """Return the revision whose words this one is found by, as `found_in`; nothing if it is found by its own."""
    said = version_text(db, article_id, revision)
    found, _ = index.found_by(db, article_id, revision, said.title, said.text)
    return {} if found == revision else {"found_in": found}


def is_known(db: Database, article_id: int, candidate: Substance) -> bool:
    """Return whether any version of a post has this substance.

    Versions are only compared if one of them has the same fingerprint.
    """
    if hash(candidate) not in _fingerprints_of(db, article_id):
        return False
    latest_first = db.execute(f"{_TEXTS} ORDER BY revision DESC", [article_id])
    return any(substance(*row) == candidate for row in latest_first)


def _fingerprints_of(db: Database, article_id: int) -> set[int]:
    """Return a fingerprint of each version of a post, and perhaps of some that were rolled back."""
    by_post = _fingerprints.setdefault(db, {})
    if article_id not in by_post:
        _make_room_for_one(by_post)
        by_post[article_id] = {hash(substance(*row)) for row in db.execute(_TEXTS, [article_id])}
    return by_post[article_id]


def _make_room_for_one(by_post: dict[int, Any]) -> None:
    if len(by_post) >= _POSTS_CACHED:
        del by_post[next(iter(by_post))]


def _cache_version(db: Database, article_id: int, revision: int, derived: DerivedArticle) -> None:
    """Add a version about to be written to those cached; the ones above it have moved up by one."""
    cached, article = _infos.get(db, {}).get(article_id), derived.article
    if cached is not None:
        above = [info._replace(revision=info.revision + 1) for info in cached[revision - 1 :]]
        new = VersionInfo(revision, article.post.via, derived.seen_at, article.content_hash)
        cached[revision - 1 :] = [new, *above]


def _cache_fingerprint(db: Database, article_id: int, derived: DerivedArticle) -> None:
    """Add the fingerprint of a version about to be written, if those of its post are cached."""
    post, cached = derived.article.post, _fingerprints.get(db, {}).get(article_id)
    if cached is not None:
        cached.add(hash(substance(post.title, derived.published_at, derived.article.text, draft=post.draft)))


def history(db: Database, article_id: int) -> list[Revision]:
    """Return the versions of a post as users see them, oldest first."""
    rows = db.query(
        "SELECT revision, seen_at, run_id AS run, via, title, published_at, content_hash, draft FROM versions"
        " WHERE article_id = ? ORDER BY revision",
        [article_id],
    )
    return [{**row, "draft": bool(row["draft"])} for row in rows]  # type: ignore[typeddict-item]  # the columns above


def version(db: Database, article_id: int, revision: int) -> dict[str, Any]:
    """Return a version of a post: the columns of `articles` that belong to versions, with decoded bodies.

    Raises `NoSuchRevision`.
    """
    count = len(history(db, article_id))
    if not 1 <= revision <= count:
        raise NoSuchRevision(revision, count)
    rows = db.query(
        "SELECT revision, title, published_at, summary, html, markdown, text, content_hash, derived, front_matter,"
        " draft, image FROM versions WHERE article_id = ? AND revision = ?",
        [article_id, revision],
    )
    row = next(iter(rows))
    bodies = {name: decode_body(row[name], row["text"]) for name in ("summary", "html", "markdown")}
    front = {"derived": row["derived"].split(), "front_matter": keys_of(row["front_matter"])}
    said = {"draft": bool(row["draft"]), "authors": authors.of_version(db, article_id, revision)}
    return {**row, **bodies, **front, **said}


def publication_times(db: Database, article_id: int) -> set[str]:
    """Return every publication time, in ISO 8601, that a version of a post states."""
    rows = db.execute("SELECT DISTINCT published_at FROM versions WHERE article_id = ?", [article_id])
    return {published_at for (published_at,) in rows}


def entries(db: Database, article_id: int) -> dict[int, index.Entry]:
    """Return the rows that a post has in the search index, each with what it is found by."""
    rows = db.execute(
        "SELECT iif(versions.revision = posts.revision, posts.id, -versions.id), versions.revision, title, text"
        " FROM versions JOIN posts ON posts.id = article_id WHERE article_id = ? ORDER BY versions.revision",
        [article_id],
    ).fetchall()
    return {row: index.found_by(db, article_id, *version)[1] for row, *version in rows}


def runs_of(db: Database, article_id: int) -> set[int]:
    """Return the runs that brought versions of a post."""
    return {run_id for (run_id,) in db.execute("SELECT run_id FROM versions WHERE article_id = ?", [article_id])}


def count(db: Database, sites: Sequence[str] = (), *, drafts: bool = True) -> int:
    """Return the number of versions, of these sites or of all; of those that were `drafts` too, if wanted."""
    of = "article_id IN (SELECT id FROM posts WHERE site IN (SELECT value FROM json_each(:sites)))" if sites else "1"
    sql = f"SELECT count(*) FROM versions WHERE {of} AND {'1' if drafts else 'NOT draft'}"  # noqa: S608  # constants
    return int(db.execute(sql, {"sites": json.dumps(sites)}).fetchone()[0])


def row(db: Database, article_id: int, revision: int) -> int:
    """Return the row id of a revision."""
    sql = "SELECT id FROM versions WHERE article_id = ? AND revision = ?"
    return int(db.execute(sql, [article_id, revision]).fetchone()[0])


def add(db: Database, article_id: int, revision: int, derived: DerivedArticle, run_id: int) -> None:
    """Add a version under an unused number."""
    _cache_fingerprint(db, article_id, derived)
    _cache_version(db, article_id, revision, derived)
    post = derived.article.post
    db.execute(
        "INSERT INTO versions (article_id, revision, seen_at, run_id, via, title, published_at, content_hash,"
        " draft, image, derived, front_matter, summary, markdown, html, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            *(article_id, revision, derived.seen_at, run_id, post.via, post.title, derived.published_at),
            *(derived.article.content_hash, post.draft, post.image, " ".join(post.derived), derived.front_matter),
            *derived.bodies,
        ],
    )
    authors.add(db, article_id, revision, post.authors)


def keep_filing(db: Database, row: int) -> None:
    """Store with a version that is no longer current what its post is filed under at this time.

    That is the outlet, the categories and the codes of securities, as JSON; searches as of an earlier time use it.
    """
    db.execute(
        "UPDATE versions SET filed = (SELECT json_object('source', source, 'category', category, 'categories',"
        " (SELECT json_group_array(category) FROM article_categories WHERE article_id = posts.id), 'codes',"
        " (SELECT json_group_array(code) FROM (SELECT DISTINCT code FROM mentions WHERE article_id = posts.id)))"
        " FROM posts WHERE posts.id = article_id) WHERE id = ?",
        [row],
    )


def make_room(db: Database, article_id: int, revision: int) -> None:
    """Move a revision and those above it up by one, so that its number is free."""
    # Via negative numbers, because two versions may never have the same number, even for a moment.
    up = "UPDATE versions SET revision = -revision - 1 WHERE article_id = ? AND revision >= ?"
    db.execute(up, [article_id, revision])
    db.execute("UPDATE versions SET revision = -revision WHERE article_id = ? AND revision < 0", [article_id])


def drop(db: Database, article_id: int, run_id: int) -> None:
    """Delete the versions that a run brought; those that remain, of which there must be any, are numbered anew."""
    rows = db.execute(
        "SELECT run_id = :run, id FROM versions WHERE article_id = :post ORDER BY 1, revision",
        {"run": run_id, "post": article_id},
    ).fetchall()
    count = sum(not is_of_run for is_of_run, _ in rows)
    db.execute("UPDATE versions SET revision = -revision WHERE article_id = ?", [article_id])  # see `make_room`
    for number, (_, row) in enumerate(rows, 1):
        db.execute("UPDATE versions SET revision = ? WHERE id = ?", [number, row])
    db.execute("UPDATE posts SET revision = ? WHERE id = ?", [count, article_id])
    db.execute("DELETE FROM versions WHERE article_id = ? AND revision > ?", [article_id, count])
    db.execute("UPDATE versions SET filed = NULL WHERE article_id = ? AND revision = ?", [article_id, count])


def rewrite(db: Database, article_id: int, revision: int, derived: DerivedArticle) -> None:
    """Overwrite the current version, unchanged in substance, with what the site says now."""
    _cache_fingerprint(db, article_id, derived)
    post, file = derived.article.post, written_file(db, article_id)
    db.execute(
        "UPDATE versions SET title = ?, published_at = ?, derived = ?, image = coalesce(?, image), summary = ?,"
        " markdown = ?, html = ?, text = ?, read_at = ? WHERE article_id = ? AND revision = ?",
        [
            *(post.title, derived.published_at, " ".join(post.derived), post.image, *derived.bodies),
            *(iso(post.fetch.fetched_at), article_id, revision),
        ],
    )
    if post.authors:
        authors.replace(db, article_id, revision, post.authors)
    if file is not None:
        write_file(db, row(db, article_id, revision), file, derived.html)
