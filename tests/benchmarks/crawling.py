"""How fast a site is crawled, beside a bare spider: the same links, the same server, one after the other in turn.

Three tables: pages a second, processor time, memory and bytes, with what takes the time; the same of a site ten times
as large; extraction alone, beside other libraries. What was measured is written to build/bench/crawling.json and held
against the last run that was kept (`--keep` keeps this one).

    python tests/benchmarks/crawling.py [--posts 2000] [--categories 50] [--rounds 3] [--keep]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import extracting
from measuring import Measured, keep, measured
from pages import write_site
from static_server import Served, served

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_HERE = Path(__file__).parent
_TIMES = 10  # as large as the site is the other one
_WAYS = {
    "bare spider": None,
    "bare, CONCURRENT_ITEMS=1": None,
    "usual stack": None,
    "finews crawl": (),
    "finews crawl --no-posts": ("--no-posts",),
    "finews crawl --no-captures": ("--no-captures",),
}


@dataclass(frozen=True, slots=True)
class Crawled:
    """A crawl that was measured: pages asked for, posts that came of it, bytes it left on the disk."""

    cost: Measured
    pages: int
    posts: int
    archive: int = 0
    files: int = 0

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.cost.seconds

    @property
    def cpu(self) -> float:
        """Milliseconds of processor a page."""
        return self.cost.cpu / self.pages * 1000


def main(posts: int, categories: int, rounds: int, *, kept: bool) -> None:
    """Print the tables."""
    with tempfile.TemporaryDirectory(prefix="finews-bench-") as folder:
        place = Path(folder)
        with _site(place, posts, categories) as server:
            crawls = _in_turn(place, server, rounds)
            print(
                f"{posts} posts, {categories} categories, {rounds} rounds, {os.cpu_count()} cores, {server.program}"
            )
            _print_crawls(crawls)
            shares = _stages(place, server)
        with _site(place, posts * _TIMES, categories * _TIMES) as server:
            large = _finews(place, server, ())
        _print_growth(crawls["finews crawl"], large)
    extraction = extracting.main()
    ours, bare = crawls["finews crawl"], crawls["bare spider"]
    figures = {
        "pages a second, of the bare spider's": _of(ours, bare, "rate"),
        "the same without Markdown files": _of(crawls["finews crawl --no-posts"], bare, "rate"),
        "the same without captures": _of(crawls["finews crawl --no-captures"], bare, "rate"),
        "pages a second, of the usual stack's": _of(ours, crawls["usual stack"], "rate"),
        "processor time a page, of the bare spider's": _of(ours, bare, "cpu"),
        "MB at the peak": median(crawl.cost.peak for crawl in ours),
        "MB at the peak, ten times as large": large.cost.peak,
        "time a page, ten times as large": median(crawl.rate for crawl in ours) / large.rate,
        "bytes of archive a post": ours[0].archive / ours[0].posts,
        "bytes of Markdown a post": ours[0].files / ours[0].posts,
        "ms of extraction a page, of trafilatura's": extraction["of trafilatura's"],
    }
    details = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "pages a second": {way: [round(crawl.rate, 1) for crawl in of_way] for way, of_way in crawls.items()},
        "processor ms a page": {way: [round(crawl.cpu, 2) for crawl in of_way] for way, of_way in crawls.items()},
        "shares of processor time": shares,
        "extraction": extraction,
    }
    keep("crawling", figures, details, kept=kept)


@contextmanager
def _site(place: Path, posts: int, categories: int) -> Iterator[Served]:
    site = place / "site"
    site.mkdir()
    write_site(site, posts, categories)
    with served(site) as server:
        yield server
    shutil.rmtree(site)


def _in_turn(place: Path, server: Served, rounds: int) -> dict[str, list[Crawled]]:
    crawls: dict[str, list[Crawled]] = {way: [] for way in _WAYS}
    for _ in range(rounds):
        crawls["bare spider"].append(_spider(place, server))
        crawls["bare, CONCURRENT_ITEMS=1"].append(_spider(place, server, "-s", "CONCURRENT_ITEMS=1"))
        crawls["usual stack"].append(_spider(place, server, spider="usual_stack.py"))
        for way, options in _WAYS.items():
            if options is not None:
                crawls[way].append(_finews(place, server, options))
    return crawls


def _spider(place: Path, server: Served, *options: str, spider: str = "bare_spider.py") -> Crawled:
    counted = place / "counted.json"
    shutil.rmtree(place / "usual_stack", ignore_errors=True)
    told = ["-a", f"url={server.url}", "-a", f"told={counted}"]
    command = [sys.executable, "-m", "scrapy", "runspider", str(_HERE / spider), "--nolog"]
    cost = measured([*command, *told, *options], place)
    return Crawled(cost, **json.loads(counted.read_text(encoding="utf-8")))


def _finews(place: Path, server: Served, options: Sequence[str]) -> Crawled:
    output = place / "output"
    shutil.rmtree(output, ignore_errors=True)
    cost = measured([sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json", *options], place)
    report = json.loads(cost.output)
    assert report["outcome"] == "finished", report
    files = sum(file.stat().st_size for file in (output / "_posts").glob("*.md"))
    archive = (output / "archive.db").stat().st_size
    return Crawled(cost, report["requests"], report["posts"]["new"], archive, files)


def _stages(place: Path, server: Served) -> dict[str, float]:
    shutil.rmtree(place / "output", ignore_errors=True)
    cost = measured([sys.executable, str(_HERE / "stages.py"), server.url], place)
    shares: dict[str, float] = json.loads(cost.output)
    print("of the processor time: " + ", ".join(f"{stage} {share:.0%}" for stage, share in shares.items()))
    return shares


def _of(ours: Sequence[Crawled], others: Sequence[Crawled], figure: str) -> float:
    """Return the median of the ratios, pair by pair."""
    return median(getattr(one, figure) / getattr(other, figure) for one, other in zip(ours, others, strict=True))


def _print_crawls(crawls: dict[str, list[Crawled]]) -> None:
    print(
        f"{'medians':26}{'pages/s':>9}{'of bare':>9}{'CPU ms/page':>13}{'of bare':>9}{'peak MB':>9}"
        f"{'archive':>9}{'Markdown':>9}{'written':>9}  bytes/post"
    )
    bare = crawls["bare spider"]
    for way, of_way in crawls.items():
        rate, cpu = median(crawl.rate for crawl in of_way), median(crawl.cpu for crawl in of_way)
        peak = median(crawl.cost.peak for crawl in of_way)
        sizes = (of_way[-1].archive, of_way[-1].files, of_way[-1].cost.written)
        per_post = "".join(f"{size / of_way[-1].posts:9.0f}" for size in sizes)
        print(
            f"{way:26}{rate:9.0f}{_of(of_way, bare, 'rate'):9.2f}{cpu:13.2f}{_of(of_way, bare, 'cpu'):9.2f}"
            f"{peak:9.0f}{per_post}"
        )


def _print_growth(small: Sequence[Crawled], large: Crawled) -> None:
    print(f"\n{'finews crawl':26}{'pages':>9}{'seconds':>9}{'ms/page':>9}{'peak MB':>9}{'requests/post':>15}")
    for name, crawl in (("the site", small[-1]), (f"{_TIMES} times as large", large)):
        figures: tuple[Any, ...] = (crawl.pages, crawl.cost.seconds, 1000 / crawl.rate, crawl.cost.peak)
        print(f"{name:26}{figures[0]:9}{figures[1]:9.1f}{figures[2]:9.2f}{figures[3]:9.0f}", end="")
        print(f"{crawl.pages / crawl.posts:15.4f}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--posts", type=int, default=2000)
    arguments.add_argument("--categories", type=int, default=50)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--keep", action="store_true", dest="kept")
    main(**vars(arguments.parse_args()))
