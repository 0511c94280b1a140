"""How fast posts are imported, and in how much memory: 4,000 posts of 2,000 characters, beside the plainest script.

The plainest script reads front matter with `python-frontmatter`, inserts rows with `sqlite-utils` and has SQLite's
trigram index made of them: no mentions, no history, no Markdown, no term of two characters is found. Both run as
processes of their own on the same files, in turn.

    python tests/benchmarks/importing.py [posts] [rounds]
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import corpus

_PLAIN = """
import sys
from pathlib import Path
import frontmatter
import sqlite_utils

db = sqlite_utils.Database(sys.argv[2])
def rows():
    for path in sorted(Path(sys.argv[1]).iterdir()):
        post = frontmatter.load(path)
        yield {"id": path.stem[11:], "title": post["title"], "date": str(post["date"]), "body": post.content}
db["posts"].insert_all(rows(), pk="id")
db["posts"].enable_fts(["title", "body"], tokenize="trigram")
"""


def main(count: int = 4_000, rounds: int = 3) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="finews-bench-") as folder:
        place = Path(folder)
        (place / "_posts").mkdir()
        for name, text in _files(count):
            (place / "_posts" / name).write_text(text, encoding="utf-8")
        figures: dict[str, list[tuple[float, float, float, float]]] = {"finews import": [], "plain": [], "again": []}
        for number in range(rounds):
            archive = place / f"{number}.db"
            ours = [sys.executable, "-m", "crawler", "import", str(place / "_posts"), "--archive", str(archive)]
            ours += ["--posts", str(place / f"out{number}"), "--json"]
            figures["finews import"].append(_measured(ours, count))
            figures["again"].append(_measured(ours, count))
            plain = place / f"plain{number}.db"
            figures["plain"].append(
                _measured([sys.executable, "-c", _PLAIN, str(place / "_posts"), str(plain)], count)
            )
            sizes = [path.stat().st_size / 1e6 for path in (archive, plain)]
        print(f"{count} posts, {rounds} rounds, {os.cpu_count()} cores; medians")
        print(f"{'':16}{'posts/s':>10}{'seconds':>10}{'CPU s':>10}{'peak MB':>10}")
        for name, rows in figures.items():
            seconds, cpu, memory = (median(row[at] for row in rows) for at in range(3))
            print(f"{name:16}{count / seconds:10.0f}{seconds:10.1f}{cpu:10.1f}{memory:10.0f}")
        print(f"archive {sizes[0]:.0f} MB, plain database {sizes[1]:.0f} MB")


def _files(count: int) -> list[tuple[str, str]]:
    """Make the posts of a folder."""
    return [
        corpus.source_file(article, random.Random(number)) for number, article in enumerate(corpus.articles(count))
    ]


def _measured(command: list[str], count: int) -> tuple[float, float, float]:
    """Run a command; return its seconds, those of its processors, and the memory of its largest process in MB."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.stdout:
        posts = json.loads(done.stdout)["posts"]
        assert sum(posts.values()) == count == posts["new"] + posts["unchanged"], posts
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, after.ru_maxrss / 1024


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
