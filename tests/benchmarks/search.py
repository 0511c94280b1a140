"""The archive on 100,000 posts of natural text: how fast it answers, how large it is, what indexing costs.

    python tests/benchmarks/search.py [--posts N] [--keep FILE]

Prints tables; fails on nothing, machines differ. Not here: crawling.
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))
import corpus
import natural

from crawler.archive import Archive
from crawler.archive.ledger import links, runs
from crawler.archive.search import index
from crawler.archive.store import posts
from crawler.archive.store.lock import writing
from crawler.markdown.post_file import render_post
from crawler.text.words import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BATCH = 500
REPEATS = 3
PER_KIND = 40


def main() -> None:
    """Build, ask, compare."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--posts", type=int, default=100_000)
    options.add_argument("--keep", type=Path, help="keep the archive there, and use it if it is there already")
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = wanted.keep or Path(folder) / "archive.db"
        if not path.exists():
            build(path, wanted.posts)
        with Archive(path) as archive:
            size(archive)
            ask(archive)
            compare(archive, Path(folder) / "other.db")
        processes(path)


def build(path: Path, count: int) -> None:
    """Store posts as a crawl does, but many in one transaction, and say what a post costs."""
    spent = {"store": 0.0, "of which words": 0.0, "of which index": 0.0}
    timed(index.Entry, "words", spent, "of which words")
    with Archive(path, create=True) as archive:
        run_id = runs.begin(archive.db, "finews", corpus.FIRST)
        articles = corpus.articles(count)
        while batch := list(islice(articles, BATCH)):
            began = time.perf_counter()
            with writing(archive.db):
                with index.put_off(archive.db):
                    for article in batch:
                        store(archive, article, run_id)
                    stored = time.perf_counter()
                spent["of which index"] += time.perf_counter() - stored
            spent["store"] += time.perf_counter() - began
        runs.finish(archive.db, run_id, "finished", now=corpus.FIRST, seconds=0, traffic=runs.Traffic())
    print(
        f"\n{count} posts stored, ms a post: "
        + ", ".join(f"{what} {s / count * 1000:.2f}" for what, s in spent.items())
    )


def timed(module: Any, name: str, spent: dict[str, float], what: str) -> None:
    """Let a function of a module count the time it takes."""
    function = getattr(module, name)

    def counted(*arguments: Any) -> Any:
        began = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            spent[what] += time.perf_counter() - began

    setattr(module, name, counted)


def store(archive: Archive, article: Any, run_id: int) -> None:
    """Store a post with its row of the ledger."""
    done = posts.store(archive.db, article, run_id)
    end = links.End(state="stored", outcome=done.outcome, article_id=done.article_id, rules="0123456789abcdef")
    links.record_outcome(archive.db, "finews", article.post.fetch, end, run_id=run_id)


def size(archive: Archive) -> None:
    """Compare the archive's size with that of its Markdown, of which every hundredth file is made."""
    (count,) = archive.db.execute("SELECT count(*) FROM posts").fetchone()
    sample = archive.db.execute("SELECT post_id FROM posts WHERE id % 100 = 0 OR ? < 1000", [count]).fetchall()
    markdown = statistics.mean(len(render_post(archive.post(name)).encode()) for (name,) in sample) * count
    archive.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    indexed = index_size(archive)
    whole = archive.path.stat().st_size
    print(
        f"archive {whole / 1e6:.0f} MB, {whole / count:.0f} bytes a post, {whole / markdown:.2f} times its Markdown"
        f" ({markdown / count:.0f} bytes a post); of it the index {indexed / count:.0f} a post"
    )


def index_size(archive: Archive) -> int:
    """Return the bytes of the index."""
    tables = ("search_data", "search_tokens_data")
    return sum(archive.db.execute(f"SELECT sum(length(block)) FROM {table}").fetchone()[0] for table in tables)


def ask(archive: Archive) -> None:
    """Print how long queries of each kind take."""
    texts = [text for (text,) in archive.db.execute("SELECT text FROM versions WHERE id % 211 = 7 LIMIT 400")]
    chance = random.Random(7)
    print(f"\n{'query':<34}{'hits (median, most)':>22}{'median ms':>11}{'95th ms':>9}{'most ms':>9}")
    everything: list[float] = []
    for kind, queries in kinds(texts, chance):
        times, hits = [], []
        for query, filters in islice(queries, PER_KIND):
            began = time.perf_counter()
            hits.append(archive.search(query, **filters)["total"])
            times.append((time.perf_counter() - began) * 1000)
        everything += times
        print(row(kind, hits, times))
    print(row("all of these", [], everything))
    print(f"\n{'terms that stand in very many posts':<34}")
    for query in (*FREQUENT, " ".join(FREQUENT), *frequent_phrases(texts)):
        times, hits = [], []
        for _ in range(REPEATS):
            began = time.perf_counter()
            hits.append(archive.search(query)["total"])
            times.append((time.perf_counter() - began) * 1000)
        print(row(query, hits, times))


def frequent_phrases(texts: list[str]) -> list[str]:
    """Return the four stretches of five characters that most texts have: the slowest there are."""
    stretches = Counter(
        stretch
        for text in texts
        for stretch in {text[at : at + 5] for at in range(len(text) - 5)}
        if stretch.isalpha()
    )
    return [stretch for stretch, _ in stretches.most_common(4)]


def row(kind: str, hits: list[int], times: list[float]) -> str:
    """Return a line of the table."""
    found = f"{statistics.median_low(hits)}, {max(hits)}" if hits else ""
    slow = statistics.quantiles(times, n=20)[-1]
    return f"{kind:<34}{found:>22}{statistics.median(times):>11.1f}{slow:>9.1f}{max(times):>9.1f}"


def kinds(texts: list[str], chance: random.Random) -> Iterator[tuple[str, Iterator[tuple[str, dict[str, Any]]]]]:
    """Yield kinds of queries, each with as many as are wanted.

    Words are as frequent in queries as in posts; longer terms are stretches of posts.
    """

    def word(length: int | None = None) -> str:
        wanted = (length,) if length else (2, 3, 4)
        return next(word for word in iter(lambda: natural.word(chance), None) if len(word) in wanted)

    def term(length: int) -> str:
        text = chance.choice(texts)
        at = chance.randrange(len(text) - 5 * length)
        return '"' + " ".join(tokens(text[at:])[:length]) + '"'

    def endless(
        make: Callable[[], str], filters: Callable[[], dict[str, Any]] = dict
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        while True:
            yield make(), filters()

    def days() -> dict[str, Any]:
        since = corpus.FIRST + timedelta(days=chance.randrange(100))
        return {"since": f"{since:%Y-%m-%d}", "until": f"{since + timedelta(days=chance.randrange(1, 60)):%Y-%m-%d}"}

    yield "one character", endless(lambda: word(1))
    for length in (2, 3, 4):
        yield f"a word of {length} characters", endless(lambda length=length: word(length))
    yield "six tokens of a post", endless(lambda: term(6))
    yield "nine tokens of a post", endless(lambda: term(9))
    yield "two words", endless(lambda: f"{word()} {word()}")
    yield "two words, one excluded", endless(lambda: f"{word()} {word()} -{word()}")
    yield "one word or another", endless(lambda: f"{word()} OR {word()}")
    yield "two words, newest first", endless(lambda: f"{word()} {word()}", lambda: {"sort": "date"})
    yield "a word, some days", endless(word, days)
    yield "a word, an outlet", endless(word, lambda: {"source": chance.choice(corpus.OUTLETS)})
    yield (
        "a word, a category, some days",
        endless(word, lambda: {"category": f"outlet{chance.randrange(8)}", **days()}),
    )
    yield "a word, a security", endless(word, lambda: {"stock": f"6{chance.randrange(2000):05}"})
    yield "a word, as of a day", endless(word, lambda: {"as_of": days()["since"]})
    yield "a word in most posts, another", endless(lambda: f"{chance.choice(FREQUENT)} {word()}")


def compare(archive: Archive, path: Path) -> None:
    """Compare with `LIKE` and with FTS5's own tokenizers, on the same texts; what ours costs is printed above."""
    others = {"fts5 trigram": "trigram", "fts5 unicode61": "unicode61"}
    with closing(sqlite3.connect(path)) as other:
        other.execute("ATTACH ? AS archive", [str(archive.path)])
        built: dict[str, tuple[float, int]] = {}
        for name, tokenizer in others.items():
            began, before = time.perf_counter(), path.stat().st_size if path.exists() else 0
            table = f"{tokenizer}_index"
            other.execute(f"CREATE VIRTUAL TABLE {table} USING fts5(title, text, content='', tokenize='{tokenizer}')")
            other.execute(f"INSERT INTO {table} (rowid, title, text) SELECT id, title, text FROM archive.articles")
            other.commit()
            built[name] = (time.perf_counter() - began, path.stat().st_size - before)
        own = index_size(archive)
        print(f"\n{'':<16}{'MB':>7}{'built s':>9}", *(f"{query:>20}" for query in WORDS), "  (hits, ms)")
        answers = [answered(lambda query=query: archive.search(query)["total"]) for query in WORDS]
        print(f"{'finews':<16}{own / 1e6:>7.0f}{'':>9}", *answers)
        for name, tokenizer in others.items():
            sql = f"SELECT count(*) FROM {tokenizer}_index WHERE {tokenizer}_index MATCH ?"
            answers = [
                answered(lambda query=query, sql=sql: other.execute(sql, [phrases(query)]).fetchone()[0])
                for query in WORDS
            ]
            print(f"{name:<16}{built[name][1] / 1e6:>7.0f}{built[name][0]:>9.0f}", *answers)
        like = "SELECT count(*) FROM archive.articles WHERE {}"
        answers = [
            answered(lambda query=query: other.execute(like.format(likes(query))).fetchone()[0]) for query in WORDS
        ]
        print(f"{'LIKE':<16}{'':>7}{'':>9}", *answers)


FREQUENT = ("我们", "一个", "没有")
WORDS = ("的", "我们", "一个 没有", "经济发展", "工业")


def phrases(query: str) -> str:
    """Return a query as FTS5 takes it."""
    return " ".join(f'"{word}"' for word in query.split())


def likes(query: str) -> str:
    """Return a query as conditions."""
    return " AND ".join(f"(title LIKE '%{word}%' OR text LIKE '%{word}%')" for word in query.split())


def answered(question: Callable[[], int]) -> str:
    """Return how many were found and the median time."""
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        found = question()
        times.append((time.perf_counter() - began) * 1000)
    return f"{found:>12}{statistics.median(times):>8.1f}"


def processes(path: Path) -> None:
    """Print how long the command takes as a whole."""
    times = []
    for query in WORDS:
        for _ in range(REPEATS):
            began = time.perf_counter()
            subprocess.run(
                [sys.executable, "-m", "crawler", "search", query, "--archive", str(path)],
                check=True, capture_output=True,
            )  # fmt: skip
            times.append((time.perf_counter() - began) * 1000)
    print(f"\nfinews search as a process: median {statistics.median(times):.0f} ms, most {max(times):.0f} ms")


if __name__ == "__main__":
    main()
