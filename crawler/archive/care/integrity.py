"""Checking the archive. Each finding is a sentence with its remedy; a repair rebuilds what is derived.

Checks SQLite's own integrity, foreign keys, the search index against the texts, encoded bodies, versions, stories and
the counts of runs. Not here: the Markdown folder (`crawler.ops.check`).
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
from crawler.archive.store import stories, versions
from crawler.archive.store.lock import writing
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
_SHOWN = 5  # ids named in a sentence about many posts


def damage(db: Database) -> list[str]:
    """Return a sentence for every fault of the file itself; if there is one, nothing in the file can be trusted."""
    try:
        faults = [fault for (fault,) in db.execute(f"PRAGMA integrity_check({_SHOWN})") if fault != "ok"]
        orphans = db.execute(
            'SELECT "table", count(*), parent FROM pragma_foreign_key_check GROUP BY 1, 3'
        ).fetchall()
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
            for table, count, parent in orphans
        ),
    ]


def losses(db: Database) -> list[str]:
    """Return a sentence for posts that lack versions, and one for posts whose bodies cannot be decoded."""
    lost, broken = versions.incomplete_posts(db), versions.undecodable_posts(db)
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
    """Rebuild what is derived: index, stories and the counts of runs. The posts themselves are not changed."""
    with writing(db):
        index.rebuild(db)
        stories.rebuild(db)
        runs.recount(db)


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


def _these(post_ids: list[str]) -> str:
    names = ", ".join(post_ids[:_SHOWN])
    more = ", …" if len(post_ids) > _SHOWN else ""
    return Sentence("{posts} ({names}{more})", posts=counted(len(post_ids), "post"), names=names, more=more)
