"""The search index alone, on a million posts of natural text: how large it is, and how long its answers take.

    python tests/benchmarks/index_alone.py [--posts N] [--keep FILE]

No part of `make bench`, since a million posts take an hour and 13 GB. Not here: the tables beside the index, and with
them filters and the order of hits, which cost the same for few posts and many (`search`).
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import corpus
import natural
from search import PER_KIND, kinds, row

from crawler.archive import Archive
from crawler.archive.search import index
from crawler.archive.search.lookup import lookup
from crawler.archive.search.query import parse
from crawler.archive.search.words import EVERY, words_of
from crawler.archive.store.lock import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

BATCH = 500
SHOWN = 20
MOST = 2**63 - 1


def main() -> None:
    """Build the index, and ask it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=1_000_000)
    options.add_argument("--keep", type=Path, help="keep the index there, and use it if it is there already")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = wanted.keep or Path(folder) / "index.db"
        if not path.exists():
            build(path, wanted.posts)
        with Archive(path) as archive:
            size(archive.db)
            ask(archive.db)


def entries(count: int) -> Iterator[index.Entry]:
    """Yield titles and texts, the same on every machine."""
    chance = random.Random(20220420)
    for _ in range(count):
        yield index.Entry(natural.title(chance), "\n".join(natural.paragraphs(chance, corpus.LENGTH)))


def build(path: Path, count: int) -> None:
    """Index posts, many in a transaction, and say what one costs."""
    spent, row_of_post = 0.0, 0
    source = entries(count)
    with Archive(path, create=True) as archive:
        while batch := list(islice(source, BATCH)):
            began = time.process_time()
            with writing(archive.db):
                for entry in batch:
                    row_of_post += 1
                    index.add(archive.db, row_of_post, words_of(*entry))
            spent += time.process_time() - began
    print(f"{count} posts indexed, {spent / count * 1000:.2f} ms of processor a post")


def size(db: Database) -> None:
    """Print what the index takes."""
    (count,) = db.execute("SELECT count(*) FROM search WHERE search MATCH ?", [f'"{EVERY}"']).fetchone()
    tables = ("search_data", "search_tokens_data")
    sizes = [db.execute(f"SELECT sum(length(block)) FROM {table}").fetchone()[0] for table in tables]
    print(f"{count} posts, {sum(sizes) / 1e6:.0f} MB, {sum(sizes) / count:.0f} bytes a post")


def ask(db: Database) -> None:
    """Print how long it takes to count all hits and name the last twenty, by kinds of queries without filters."""
    texts = [entry.text for entry in entries(400)]
    print(f"\n{'query':<34}{'hits (median, most)':>22}{'median ms':>11}{'95th ms':>9}{'most ms':>9}")
    everything: list[float] = []
    for kind, queries in kinds(texts, random.Random(7)):
        asked = [query for query, filters in islice(queries, PER_KIND) if filters.keys() <= {"sort"}]
        if not asked:
            continue
        times, hits = [], []
        for query in asked:
            wanted = lookup(parse(query))
            began = time.perf_counter()
            (total,) = db.execute(f"SELECT count(*) FROM ({wanted.sql})", wanted.values).fetchone()
            db.execute(f"{wanted.within(1, MOST)} ORDER BY rowid DESC LIMIT {SHOWN}", wanted.values).fetchall()
            times.append((time.perf_counter() - began) * 1000)
            hits.append(total)
        everything += times
        print(row(kind, hits, times))
    print(row("all of these", [], everything))


if __name__ == "__main__":
    main()
