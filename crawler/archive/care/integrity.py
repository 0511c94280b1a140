"""Is the archive sound? Each finding is a sentence with its repair, and repairs make anew what is derived.

Covers SQLite's own integrity, foreign keys, the search index against the texts, frames, versions, stories and the
counters of runs. Not here: the Markdown folder (`crawler.ops.check`).
"""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING

from crawler.archive.ledger import runs
from crawler.archive.search import index
from crawler.archive.search.filters import Filters
from crawler.archive.search.query import parse
from crawler.archive.search.search import search
from crawler.archive.store import stories
from crawler.archive.store.lock import writing
from crawler.errors import ArchiveDamaged
from crawler.text.words import counted, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.search.query import Query

_TERMS = 12  # taken from the archive itself, and looked for both ways
_LENGTHS = (1, 2, 3, 4, 6)  # tokens of such a term
# What is no list of strings and of pairs of numbers.
_NO_FRAME = (
    "(NOT json_valid({0}) OR json_type(iif(json_valid({0}), {0}, '0')) <> 'array' OR EXISTS"
    " (SELECT 1 FROM json_each(iif(json_valid({0}), {0}, '[]')) WHERE type <> 'text' AND NOT (type = 'array'"
    " AND json_type(value, '$[0]') = 'integer' AND json_type(value, '$[1]') = 'integer'"
    " AND json_array_length(value) = 2)))"
)
_AGAIN = "bring back a backup, or crawl them again"
_SHOWN = 5  # of many posts that share a fault


def damage(db: Database) -> list[str]:
    """Return a sentence for everything that is wrong with the file itself: nothing in it can be trusted then."""
    try:
        said = [fault for (fault,) in db.execute(f"PRAGMA integrity_check({_SHOWN})") if fault != "ok"]
        orphans = db.execute(
            'SELECT "table", count(*), parent FROM pragma_foreign_key_check GROUP BY 1, 3'
        ).fetchall()
    except sqlite3.DatabaseError as error:
        said, orphans = [str(error)], []
    return [ArchiveDamaged.sentence(fault) for fault in said] + [
        f"{counted(count, 'row')} of {table} without their row of {parent}: bring back a backup."
        for table, count, parent in orphans
    ]


def losses(db: Database) -> list[str]:
    """Return a sentence for posts whose versions do not add up, or whose bodies cannot be put together."""
    lost = db.execute(
        "SELECT post_id FROM posts WHERE revision <> (SELECT max(revision) FROM versions WHERE article_id = posts.id)"
        " OR revision <> (SELECT count(*) FROM versions WHERE article_id = posts.id)"
        " OR NOT EXISTS (SELECT 1 FROM versions WHERE article_id = posts.id)"
    ).fetchall()
    broken = db.execute(
        "SELECT DISTINCT post_id FROM posts JOIN versions ON article_id = posts.id"  # noqa: S608  # constants
        f" WHERE {' OR '.join(_NO_FRAME.format(frame) for frame in ('summary', 'markdown', 'html'))}"
    ).fetchall()
    return [
        *([f"{_these(lost)} lack versions: {_AGAIN}."] if lost else []),
        *([f"The bodies of {_these(broken)} cannot be put together: {_AGAIN}."] if broken else []),
    ]


def staleness(db: Database, *, seed: int = 0) -> Iterator[str]:
    """Yield a sentence for everything derived that is not what it should be; `seed` chooses the terms looked for.

    Reads every text once.
    """
    yield from _index_faults(db, seed)
    yield from stories.faults(db)
    yield from _run_faults(db)


def repair(db: Database) -> None:
    """Make anew what is derived: index, stories, the counts of runs. The posts themselves are left as they are."""
    with writing(db):
        index.rebuild(db)
        stories.rebuild(db)
        runs.recount(db)


def _index_faults(db: Database, seed: int) -> Iterator[str]:
    """Yield posts the index lacks or has too many, and terms it finds otherwise than a scan of the texts."""
    pairs, tokens = index.rows(db)
    versions = {
        row
        for (row,) in db.execute(
            "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END"
            " FROM posts JOIN versions ON article_id = posts.id"
        )
    }
    if versions - (pairs & tokens):
        lacking = counted(len(versions - (pairs & tokens)), "version")
        yield f"The search index lacks {lacking}: `finews check --repair` makes it anew."
    if (pairs | tokens) - versions:
        beyond = counted(len((pairs | tokens) - versions), "row")
        yield f"The search index has {beyond} of no post: `finews check --repair` makes it anew."
    terms = _sample(db, seed)
    held = dict.fromkeys(terms, 0)
    for title, text in db.execute("SELECT title, text FROM articles"):
        for term, query in terms.items():
            held[term] += query.matches(title, text)
    for term in terms:
        found = search(db, term, Filters(), limit=0)["total"]
        if found != held[term]:
            yield (
                f"The search index finds {term} in {counted(found, 'post')}, the texts hold it in {held[term]}:"
                " `finews check --repair` makes the index anew."
            )


def _sample(db: Database, seed: int) -> dict[str, Query]:
    """Return terms that stand in the archive, of each length, chosen by `seed`."""
    chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
    ids = [post for (post,) in db.execute("SELECT id FROM articles")]
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
    return f"{counted(len(rows), 'post')} ({names}{', …' if len(rows) > _SHOWN else ''})"
