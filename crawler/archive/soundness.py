"""Is the archive sound? Each finding is a sentence with its repair, and repairs make anew what is derived.

Covers SQLite's own integrity, foreign keys, the search index against the texts, frames, versions, stories and the
counters of runs. Not here: the Markdown folder (`crawler.ops.check`).
"""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

from crawler.archive import index, runs, stories
from crawler.archive.filters import Filters
from crawler.archive.query import parse
from crawler.archive.search import search
from crawler.archive.words import EVERY
from crawler.text import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.query import Query

_TERMS = 12  # taken from the archive itself, and looked for both ways
_LENGTHS = (1, 2, 3, 4, 6)  # tokens of such a term
_RESCUE = "bring back a backup, or save what can be read with `finews export`"
_SHOWN = 5  # of many posts that share a fault


def faults(db: Database, *, seed: int = 0) -> Iterator[str]:
    """Yield a sentence for everything that is wrong; `seed` chooses the terms that are looked for.

    Reads every text once. Stops after the first stage when the file itself is damaged.
    """
    damaged = list(_file_faults(db))
    yield from damaged
    if not damaged:
        yield from _version_faults(db)
        yield from _index_faults(db, seed)
        yield from stories.faults(db)
        yield from _run_faults(db)


def repair(db: Database) -> None:
    """Make anew what is derived: index, stories, the counts of runs. The posts themselves are left as they are."""
    with db.atomic():
        index.rebuild(db)
        stories.rebuild(db)
        runs.recount(db)


def _file_faults(db: Database) -> Iterator[str]:
    try:
        for (said,) in db.execute(f"PRAGMA integrity_check({_SHOWN})"):
            if said != "ok":
                yield f"The file is damaged ({said}): {_RESCUE}."
        orphans = db.execute(
            'SELECT "table", count(*), parent FROM pragma_foreign_key_check GROUP BY 1, 3'
        ).fetchall()
    except sqlite3.DatabaseError as error:
        yield f"The file is damaged ({error}): {_RESCUE}."
        return
    for table, count, parent in orphans:
        yield f"{count} rows of {table} refer to rows of {parent} that are not there: bring back a backup."


def _version_faults(db: Database) -> Iterator[str]:
    """Yield posts whose versions do not add up, and bodies that cannot be put together."""
    lost = db.execute(
        "SELECT post_id FROM posts WHERE revision <> (SELECT max(revision) FROM versions WHERE article_id = posts.id)"
        " OR revision <> (SELECT count(*) FROM versions WHERE article_id = posts.id)"
        " OR NOT EXISTS (SELECT 1 FROM versions WHERE article_id = posts.id)"
    ).fetchall()
    if lost:
        yield f"{_these(lost)} lack versions: bring back a backup, or crawl them again."
    broken = db.execute(
        "SELECT post_id FROM posts JOIN versions ON article_id = posts.id"
        " WHERE NOT (json_valid(summary) AND json_valid(markdown) AND json_valid(html))"
    ).fetchall()
    if broken:
        yield f"The bodies of {_these(broken)} cannot be put together: bring back a backup, or crawl them again."


def _index_faults(db: Database, seed: int) -> Iterator[str]:
    """Yield posts the index lacks or has too many, and terms it finds otherwise than a scan of the texts."""
    indexed = {row for (row,) in db.execute("SELECT rowid FROM search WHERE search MATCH ?", [f'"{EVERY}"'])}
    versions = {
        row
        for (row,) in db.execute(
            "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END"
            " FROM posts JOIN versions ON article_id = posts.id"
        )
    }
    if versions - indexed:
        yield f"The search index lacks {len(versions - indexed)} versions: `finews check --repair` adds them."
    if indexed - versions:
        yield f"The search index has {len(indexed - versions)} rows of no post: `finews check --repair` drops them."
    terms = _sample(db, seed)
    counted = dict.fromkeys(terms, 0)
    for title, text in db.execute("SELECT title, text FROM articles"):
        for term, query in terms.items():
            counted[term] += query.matches(title, text)
    for term in terms:
        found = search(db, term, Filters(), limit=0)["total"]
        if found != counted[term]:
            yield (
                f"The search index finds {found} posts for {term}, the texts hold it in {counted[term]}:"
                " `finews check --repair` makes the index anew."
            )


def _sample(db: Database, seed: int) -> dict[str, Query]:
    """Return terms that stand in the archive, of each length, chosen by `seed`."""
    chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
    ids = [post for (post,) in db.execute("SELECT id FROM posts")]
    terms: dict[str, Query] = {}
    for number, post in enumerate(chance.sample(ids, min(_TERMS, len(ids)))):
        (text,) = db.execute("SELECT title || char(10) || text FROM articles WHERE id = ?", [post]).fetchone()
        words, length = tokens(text), _LENGTHS[number % len(_LENGTHS)]
        start = chance.randrange(max(1, len(words) - length + 1))
        term = '"' + " ".join(words[start : start + length]) + '"'
        terms[term] = parse(term)
    return terms


def _run_faults(db: Database) -> Iterator[str]:
    for run_id, new, changed, versions, revisions in runs.miscounted(db):
        yield (
            f"Run {run_id} says {new} new and {changed} changed, but {versions} and {revisions} versions are of it:"
            " `finews check --repair` counts again."
        )


def _these(rows: list[tuple[str]]) -> str:
    names = ", ".join(name for (name,) in rows[:_SHOWN])
    return f"{len(rows)} posts ({names}{', …' if len(rows) > _SHOWN else ''})"
