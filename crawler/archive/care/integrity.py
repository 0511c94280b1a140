"""Checking the archive. Each finding is a sentence with its remedy; a repair rebuilds what is derived.

Checks SQLite's own integrity, foreign keys, the search index against the texts, encoded bodies, versions, stories and
the counts of runs. Not here: the Markdown folder (`crawler.ops.check`).
"""

from __future__ import annotations

import random
import sqlite3
from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.archive.ledger import deletions, runs
from crawler.archive.search import index
from crawler.archive.search.filters import Filters
from crawler.archive.search.query import parse
from crawler.archive.search.search import search
from crawler.archive.store import posts, securities, stories
from crawler.archive.store.bodies import BROKEN
from crawler.archive.store.lock import writing
from crawler.dates import iso
from crawler.errors import ArchiveDamaged
from crawler.language import Sentence
from crawler.text.words import counted, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from crawler.archive.search.query import Query

_TERMS = 12  # sample terms taken from the archive, looked up in the index and in the texts themselves
_LENGTHS = (1, 2, 3, 4, 6)  # their lengths in tokens
_AGAIN = Sentence("bring back a backup, or crawl them again")
_DELETED_WITH = {"posts", "links"}  # what refers to one of these goes with it
_PARTS = (
    *("versions", "article_authors", "article_tags", "article_categories", "mentions", "stories", "story_keys"),
    *("files", "before_imports"),
)
_SHOWN = 5  # ids named in a sentence about many posts


def damage(db: Database) -> list[str]:
    """Return a sentence for every fault of the file itself; if there is one, nothing in the file can be trusted."""
    try:
        faults = [fault for (fault,) in db.execute(f"PRAGMA integrity_check({_SHOWN})") if fault != "ok"]
        orphans = [orphan for orphan in _orphans(db) if orphan.parent not in _DELETED_WITH]
    except sqlite3.DatabaseError as error:
        faults, orphans = [str(error)], []
    return [
        *(ArchiveDamaged.damage(fault) for fault in faults),
        *(
            Sentence(
                "{rows} of {table} without their row of {parent}: bring back a backup.",
                rows=counted(count, "row"),
                table=table,
                parent=parent,
            )
            for table, parent, count in orphans
        ),
    ]


class _Orphans(NamedTuple):
    """How many rows of a table refer to rows of another (`parent`) that are not there."""

    table: str
    parent: str
    rows: int


def _orphans(db: Database) -> list[_Orphans]:
    rows = db.execute('SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2')
    return [_Orphans(*row) for row in rows.fetchall()]


def leftovers(db: Database) -> list[str]:
    """Return a sentence if a post was deleted without what belonged to it, as a plain sqlite3 shell once did."""
    left = [orphan for orphan in _orphans(db) if orphan.parent in _DELETED_WITH]
    if not left:
        return []
    tables = ", ".join(sorted({orphan.table for orphan in left}))
    rows = counted(sum(orphan.rows for orphan in left), "row")
    return [
        Sentence(
            "{rows} of posts that are not there ({tables}): `finews check --repair` removes what is left of posts"
            " that were deleted; if none were, bring back a backup.",
            rows=rows,
            tables=tables,
        )
    ]


def losses(db: Database) -> list[str]:
    """Return a sentence for posts that lack versions, and one for posts whose bodies cannot be decoded."""
    lost, broken = incomplete_posts(db), _undecodable_posts(db)
    return [
        *([Sentence("{posts} lack versions: {again}.", posts=_these(lost), again=_AGAIN)] if lost else []),
        *(
            [Sentence("The bodies of {posts} cannot be put together: {again}.", posts=_these(broken), again=_AGAIN)]
            if broken
            else []
        ),
    ]


def staleness(db: Database, *, seed: int = 0) -> Iterator[str]:
    """Yield a sentence for every piece of derived data that is wrong; `seed` selects the sample terms.

    Reads every text once.
    """
    yield from _index_faults(db, seed)
    yield from stories.faults(db)
    yield from _run_faults(db)


def repair(db: Database) -> None:
    """Rebuild what is derived: index, stories, the counts of runs; and remove what is left of deleted posts.

    The posts themselves are not changed.
    """
    with writing(db):
        _remove_leftovers(db)
        index.rebuild(db)
        stories.rebuild(db)
        runs.recount(db)


def _remove_leftovers(db: Database) -> None:
    deletions.mark_orphans(db, iso(dates.now()))
    for table in _PARTS:
        db.execute(f"DELETE FROM {table} WHERE article_id NOT IN ({posts.ROWS})")  # noqa: S608  # constants
    securities.name_all(db)


def _index_faults(db: Database, seed: int) -> Iterator[str]:
    """Yield a sentence for rows missing or left over in the index, and for terms it finds in the wrong posts."""
    pairs, tokens = index.rows(db)
    stored = {
        row
        for (row,) in db.execute(
            "SELECT CASE versions.revision WHEN posts.revision THEN posts.id ELSE -versions.id END"
            " FROM posts JOIN versions ON article_id = posts.id"
        )
    }
    if stored - (pairs & tokens):
        lacking = counted(len(stored - (pairs & tokens)), "version")
        yield Sentence("The search index lacks {lacking}: `finews check --repair` makes it anew.", lacking=lacking)
    if (pairs | tokens) - stored:
        beyond = counted(len((pairs | tokens) - stored), "row")
        yield Sentence(
            "The search index has {beyond} of no post: `finews check --repair` makes it anew.", beyond=beyond
        )
    terms = _sample(db, seed)
    in_texts = dict.fromkeys(terms, 0)
    for version in db.execute("SELECT id, revision, title, text FROM articles"):
        _, entry = index.found_by(db, *version)
        for term, query in terms.items():
            in_texts[term] += query.matches(*entry)
    for term in terms:
        in_index = search(db, term, Filters(), limit=0)["total"]
        if in_index != in_texts[term]:
            yield Sentence(
                "The search index finds {term} in {posts}, the texts hold it in {in_texts}: `finews check --repair`"
                " makes the index anew.",
                term=term,
                posts=counted(in_index, "post"),
                in_texts=in_texts[term],
            )


def _sample(db: Database, seed: int) -> dict[str, Query]:
    """Return terms of each length that occur in the archive, chosen by `seed`."""
    chance = random.Random(seed)  # noqa: S311  # a sample, not a secret
    ids = [post for (post,) in db.execute("SELECT id FROM articles")]
    terms: dict[str, Query] = {}
    for number, post in enumerate(chance.sample(ids, min(_TERMS, len(ids)))):
        words, length = tokens("\n".join(index.current(db, post))), _LENGTHS[number % len(_LENGTHS)]
        start = chance.randrange(max(1, len(words) - length + 1))
        term = '"' + " ".join(words[start : start + length]) + '"'
        terms[term] = parse(term)
    return terms


def _run_faults(db: Database) -> Iterator[str]:
    for run_id, new, changed, first, later in runs.miscounted(db):
        yield Sentence(
            "Run {run_id} says {new} new and {changed} changed, but {first} and {later} versions are of it:"
            " `finews check --repair` counts again.",
            run_id=run_id,
            new=new,
            changed=changed,
            first=first,
            later=later,
        )


def incomplete_posts(db: Database) -> list[str]:
    """Return the ids of posts that lack a version between the first and the current one."""
    rows = db.execute(
        "SELECT post_id FROM posts LEFT JOIN versions ON article_id = posts.id GROUP BY posts.id"
        " HAVING count(versions.id) <> posts.revision OR max(versions.revision) <> posts.revision"
    )
    return [post_id for (post_id,) in rows]


def _undecodable_posts(db: Database) -> list[str]:
    """Return the ids of posts with a version whose bodies cannot be decoded."""
    faults = " OR ".join(BROKEN.format(body) for body in ("summary", "markdown", "html"))
    rows = db.execute(
        f"SELECT DISTINCT post_id FROM versions JOIN posts ON posts.id = article_id WHERE {faults} ORDER BY posts.id"  # noqa: S608  # constants
    )
    return [post_id for (post_id,) in rows]


def _these(post_ids: list[str]) -> str:
    names = ", ".join(post_ids[:_SHOWN])
    more = ", …" if len(post_ids) > _SHOWN else ""
    return Sentence("{posts} ({names}{more})", posts=counted(len(post_ids), "post"), names=names, more=more)
