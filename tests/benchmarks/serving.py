"""How fast `finews serve` answers: twenty readers at once, kind of page by kind of page, while posts are stored.

Debian's `wrk` asks: first for readers who look at a page for a second before they ask for the next, then for such as
do not look at all, but ask again at once. A second process stores posts as a crawl does, all the while. Prints
percentiles in milliseconds, how many pages a second the readers without a pause are given, what a page weighs, how
soon the server answers at first, and how much memory it takes; fails on nothing, machines differ.

    python tests/benchmarks/serving.py [--posts 100000] [--keep FILE] [--seconds 60]

Not here: searching without the pages (`search`).
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote
from urllib.request import urlopen

sys.path.insert(0, str(Path(__file__).parent))
import corpus
import natural
from search import build

from crawler.archive import Archive
from crawler.archive.store.derived import DerivedArticle
from crawler.run import Run
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Iterator

READERS = 20
ADDRESSES = 300  # of each kind, asked for in turn
A_LOOK = 1_000  # milliseconds that a reader looks at a page
A_BATCH, A_SECOND = 24, 20  # posts that are stored in one transaction, and in one second
WRITER = "--write"

# Prints the percentiles in milliseconds, and how many answers were none.
_LUA = """
local paths, at = {}, 0
for line in io.lines("PATHS") do paths[#paths + 1] = line end
function request() at = at % #paths + 1; return wrk.format("GET", paths[at]) end
function delay() return PAUSE end
function done(summary, latency)
  local e = summary.errors
  io.write(string.format('\\n{"p50": %.2f, "p95": %.2f, "p99": %.2f, "requests": %d, "errors": %d}\\n',
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, summary.requests,
    e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Server(NamedTuple):
    """A server that answers: its address, its process, and the seconds until it answered first."""

    url: str
    process: subprocess.Popen[str]
    seconds: float


def main(posts: int, keep: Path | None, seconds: int) -> None:
    """Build the archive, serve it, ask, and print what came of it."""
    if shutil.which("wrk") is None:
        raise SystemExit("The readers are those of wrk: apt-get install wrk.")
    with tempfile.TemporaryDirectory(prefix="finews-bench-") as folder:
        archive = keep or Path(folder) / "archive.db"
        if not archive.exists():
            build(archive, posts)
        kinds = dict(addresses(archive))
        with served(archive) as server, storing(archive):
            print(f"\nanswers {server.seconds:.2f} s after its start; {READERS} readers, {seconds} s each kind")
            print(_row("", "", "reading", "", "rushing"))
            print(_row("kind of page", "median", "95th", "median", "95th", "a second", "failed", "kB"))
            for kind, paths in kinds.items():
                heaviest = max(len(urlopen(server.url + path).read()) for path in paths[:READERS])
                calm, rush = (asked(server, paths, seconds, pause, Path(folder)) for pause in (A_LOOK, 0))
                shown = [f"{each[key]:.1f}" for each in (calm, rush) for key in ("p50", "p95")]
                failed = f"{calm['errors'] + rush['errors']:.0f}"
                print(
                    _row(kind, *shown, f"{rush['requests'] / seconds:.0f}", failed, f"{heaviest / 1000:.1f}"),
                    flush=True,
                )
            print(f"memory at its peak: {peak(server.process.pid):.0f} MB")


def _row(kind: str, *figures: str) -> str:
    return f"{kind:<22}" + "".join(f"{figure:>10}" for figure in figures)


def addresses(archive: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield each kind of page with addresses of it."""
    chance = random.Random(3)
    with Archive(archive) as opened:
        ids = [
            name for (name,) in opened.db.execute("SELECT post_id FROM posts ORDER BY random() LIMIT ?", [ADDRESSES])
        ]
        days = [day for (day,) in opened.db.execute("SELECT DISTINCT day FROM articles_by_day LIMIT ?", [ADDRESSES])]
        shares = [
            f"{symbol}.{market}" for symbol, market in opened.db.execute("SELECT symbol, market FROM securities")
        ]
    words = list(islice((word for word in iter(lambda: natural.word(chance), None) if len(word) > 1), ADDRESSES))
    yield "front", ["/"]
    yield "post", [f"/post/{name}" for name in ids]
    yield "post, as JSON", [f"/post/{name}.json" for name in ids]
    yield "revisions", [f"/post/{name}/changes" for name in ids]
    yield "day", [f"/day/{day}" for day in days]
    yield "outlet", [f"/outlet/{quote(name)}" for name in corpus.OUTLETS]
    yield "category", [f"/category/outlet{number}" for number in range(8)]
    yield "security", [f"/security/{name}" for name in shares[:ADDRESSES]]
    yield "feed of an outlet", [f"/outlet/{quote(name)}.atom" for name in corpus.OUTLETS]
    yield "outlets, securities", ["/outlets", "/securities", "/categories", "/days"]
    yield "runs", ["/runs"]
    yield "coverage", ["/coverage"]
    yield "search", [f"/search?q={quote(word)}" for word in words]
    yield (
        "search, two words",
        [f"/search?q={quote(f'{one} {other}')}" for one, other in pairwise(words)],
    )
    yield "search, newest first", [f"/search?q={quote(word)}&sort=date" for word in words]


@contextmanager
def served(archive: Path) -> Iterator[Server]:
    """Serve an archive on a free port."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "crawler", "serve", "--port", "0", "--archive", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, "it was asked for"
        url = process.stdout.readline().strip().rstrip("/")
        urlopen(url).read()
        try:
            yield Server(url, process, time.perf_counter() - began)
        finally:
            process.terminate()


@contextmanager
def storing(archive: Path) -> Iterator[None]:
    """Store posts in another process for as long as the block takes."""
    with subprocess.Popen([sys.executable, __file__, WRITER, str(archive)]) as process:
        try:
            yield
        finally:
            process.terminate()


def store(archive: Path) -> None:
    """Store new posts, as many a second as a crawl does, until somebody ends this."""
    run = Run(archive, load_site("finews"), "usual", None)
    articles = corpus.articles(10**9)
    while batch := list(islice(articles, A_BATCH)):
        began = time.perf_counter()
        new = [replace(each, post=replace(each.post, post_id=f"X{each.post.post_id}")) for each in batch]
        run.recorder.write([DerivedArticle(each) for each in new])
        time.sleep(max(0.0, A_BATCH / A_SECOND - (time.perf_counter() - began)))


def asked(server: Server, paths: list[str], seconds: int, pause: int, folder: Path) -> dict[str, float]:
    """Have twenty readers ask for these pages, each so many milliseconds after the last, and return the figures."""
    (folder / "paths").write_text("\n".join(paths) + "\n", encoding="utf-8")
    script = folder / "ask.lua"
    script.write_text(_LUA.replace("PATHS", str(folder / "paths")).replace("PAUSE", str(pause)), encoding="utf-8")
    command = ["wrk", "-t1", f"-c{READERS}", f"-d{seconds}s", "-s", str(script), server.url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    figures: dict[str, float] = json.loads(output.splitlines()[-1])
    return figures


def peak(pid: int) -> float:
    """Return the megabytes that a process held at most."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1000 if found else 0.0


if __name__ == "__main__":
    if sys.argv[1:2] == [WRITER]:
        store(Path(sys.argv[2]))
    else:
        options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
        options.add_argument("--posts", type=int, default=100_000)
        options.add_argument("--keep", type=Path, help="keep the archive there, and use it if it is there already")
        options.add_argument("--seconds", type=int, default=60, help="for each kind of page")
        main(**vars(options.parse_args()))
