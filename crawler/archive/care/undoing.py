"""Undoing an import: what posts were before it is kept while it runs, and brought back when it is undone.

Table `before_imports`, and in the tables of posts all that an import may change. Of a deleted post that an import has
brought back, what it was is its deletion. Functions that write run inside the caller's transaction. Not here: the
Markdown files (`crawler.ops.importing.undoing`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from crawler.archive.care import deleting
from crawler.archive.ledger import deletions, links, runs
from crawler.archive.ledger.deletions import Deletion
from crawler.archive.search import index
from crawler.archive.store import articles, files, stories, versions
from crawler.archive.store.filing import authors, categories, tags
from crawler.archive.store.securities import note_mentions
from crawler.items import Mention
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlite_utils import Database

# What an import may change of a post that was there before, as JSON. It never says that a post is still on its site.
_STATE = """json_object(
    'post', json_object('url', url, 'share_url', share_url, 'source', source, 'category', category, 'draft', draft,
        'published_ts', published_ts, 'first_seen_at', first_seen_at),
    'categories', (SELECT json_group_array(category) FROM
        (SELECT category FROM article_categories WHERE article_id = posts.id ORDER BY position)),
    'tags', (SELECT json_group_array(name) FROM
        (SELECT name FROM article_tags JOIN tags ON tags.id = tag_id WHERE article_id = posts.id ORDER BY position)),
    'mentions', (SELECT json_group_array(json_array(code, name, count)) FROM mentions WHERE article_id = posts.id),
    'bylines', (SELECT json_group_object(id, json_object('image', image, 'authors',
        (SELECT json_group_array(name) FROM (SELECT name FROM article_authors JOIN authors ON authors.id = author_id
        WHERE article_authors.article_id = posts.id AND article_authors.revision = versions.revision
        ORDER BY position)))) FROM versions WHERE article_id = posts.id),
    'front_matter', (SELECT json_group_object(id, front_matter) FROM versions WHERE article_id = posts.id)
)"""
_OF_RUN = "(SELECT 1 FROM versions WHERE versions.article_id = before_imports.article_id AND versions.run_id = :run)"
_TOUCHED = (
    "SELECT article_id FROM versions WHERE run_id = :run"
    " UNION SELECT article_id FROM before_imports WHERE run_id = :run"
    " UNION SELECT article_id FROM files WHERE run_id = :run AND article_id IS NOT NULL ORDER BY 1"
)


def note_before(db: Database, article_id: int, run_id: int) -> None:
    """Keep what a post is before run `run_id`, an import, changes it; once per run."""
    db.execute(
        f"INSERT OR IGNORE INTO before_imports (article_id, run_id, post) SELECT id, ?, {_STATE} FROM posts"  # noqa: S608  # a constant
        " WHERE id = ?",
        [run_id, article_id],
    )


def note_deletion(db: Database, article_id: int, run_id: int, deletion: Deletion, addresses: Iterable[str]) -> None:
    """Keep of a post that run `run_id` has brought that it was deleted before, and which `addresses` were marked."""
    before = {"deletion": deletion._asdict(), "addresses": list(addresses)}
    db.execute(
        "INSERT INTO before_imports (article_id, run_id, post) VALUES (?, ?, ?)",
        [article_id, run_id, json.dumps(before)],
    )


def drop_unchanged(db: Database, run_id: int) -> None:
    """Drop what was kept of posts that an import did not change after all; at its end."""
    db.execute(
        f"DELETE FROM before_imports WHERE run_id = :run AND NOT EXISTS {_OF_RUN}"  # noqa: S608  # constants
        f" AND post = (SELECT {_STATE} FROM posts WHERE id = article_id)",
        {"run": run_id},
    )


def touched(db: Database, run_id: int) -> list[int]:
    """Return the rows of the posts that an import brought, changed or found to be as they were."""
    return [article_id for (article_id,) in db.execute(_TOUCHED, {"run": run_id}).fetchall()]


def is_new(db: Database, article_id: int, run_id: int) -> bool:
    """Return whether an import brought a post, rather than further versions or details of one."""
    return versions.runs_of(db, article_id) == {run_id}


def why_kept(db: Database, article_id: int, run_id: int) -> str | None:
    """Return why a post cannot be taken back to what it was before run `run_id`; `None` if it can."""
    later = [run for run in versions.runs_of(db, article_id) if run > run_id]
    if later:
        return Sentence("run {run} brought a later version", run=min(later))
    row = db.execute(
        "SELECT min(run_id) FROM (SELECT run_id FROM before_imports WHERE article_id = :post"
        " UNION SELECT run_id FROM files WHERE article_id = :post) WHERE run_id > :run",
        {"post": article_id, "run": run_id},
    ).fetchone()
    if row[0] is not None:
        return Sentence("run {run} imported it again: undo that one first", run=row[0])
    if not is_new(db, article_id, run_id):
        is_changed = run_id in versions.runs_of(db, article_id)
        is_unknown = is_changed and _before(db, article_id, run_id) is None
        return Sentence("what it was before is not known") if is_unknown else None
    fetched = links.addresses_of(db, article_id)
    if fetched:
        return Sentence(
            "a crawl has found it on the site ({address}): `finews delete` takes it out", address=fetched[0]
        )
    return None


def take_back(db: Database, article_id: int, run_id: int) -> bool:
    """Take back what an import made of a post; return whether that was anything.

    A post that it brought goes, any other is again what it was.
    """
    before = _before(db, article_id, run_id)
    if is_new(db, article_id, run_id):
        _remove(db, article_id, before)
        return True
    if before is not None:
        _restore(db, article_id, run_id, before)
    files.forget(db, article_id, run_id)
    runs.recount_only(db, [run_id])
    return before is not None


def _remove(db: Database, article_id: int, before: dict[str, Any] | None) -> None:
    """Remove a new post as if it had never been: it may come again, unless it was a deleted one before."""
    post = articles.get(db, article_id)
    former = deletions.find(db, post["site"], post["post_id"])
    if former is None and before is not None:
        former = Deletion(**before["deletion"])
    deleting.remove(db, article_id)
    if former is None:
        deletions.lift(db, post["site"], post["post_id"], ())
        return
    deletions.write(db, former)
    deletions.mark(db, former, before["addresses"] if before else ())


def _before(db: Database, article_id: int, run_id: int) -> dict[str, Any] | None:
    row = db.execute(
        "SELECT post FROM before_imports WHERE article_id = ? AND run_id = ?", [article_id, run_id]
    ).fetchone()
    return None if row is None else json.loads(row[0])


def _restore(db: Database, article_id: int, run_id: int, before: dict[str, Any]) -> None:
    """Write back what a post was, with its entries in the index and its story."""
    entries = versions.entries(db, article_id)
    stories.leave_story(db, article_id, entries[article_id])
    versions.drop(db, article_id, run_id)
    _write_back(db, article_id, before)
    now = versions.entries(db, article_id)
    for row in entries.keys() - {row for row, entry in now.items() if entries.get(row) == entry}:
        index.remove(db, row, entries[row].words())
    for row in now.keys() - {row for row, entry in entries.items() if now.get(row) == entry}:
        index.add(db, row, now[row].words())
    stories.assign_story(db, article_id, now[article_id], articles.published_ts(db, article_id))
    db.execute("DELETE FROM before_imports WHERE article_id = ? AND run_id = ?", [article_id, run_id])


def _write_back(db: Database, article_id: int, before: dict[str, Any]) -> None:
    db.execute(
        "UPDATE posts SET url = :url, share_url = :share_url, source = :source, category = :category, draft = :draft,"
        " published_ts = :published_ts, first_seen_at = :first_seen_at WHERE id = :id",
        {**before["post"], "id": article_id},
    )
    categories.replace(db, article_id, before["categories"])
    tags.replace(db, article_id, before["tags"])
    for row, said in before.get("bylines", {}).items():  # of an import before 0010 there are none
        authors.write(db, int(row), said["authors"], said["image"])
    mentions = tuple(Mention(code=code, name=name, count=count) for code, name, count in before["mentions"])
    note_mentions(db, article_id, mentions, before["post"]["published_ts"])
    db.conn.executemany(
        "UPDATE versions SET front_matter = ? WHERE id = ?",
        [(front_matter, int(row)) for row, front_matter in before["front_matter"].items()],
    )
