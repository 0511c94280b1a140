"""What a crawl costs where the machine's mood does not matter: counts, held against kept ones.

Requests of a first and a second run; SQL statements, function calls and bytes written a post; function calls a page
in extraction. More than a tenth above what was kept is a step back, and the exit code 1; a tenth below is to be kept
(`--keep`). Under a minute, so that every change can be held against it.

    python tests/benchmarks/quick.py [--keep]
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import corpus

from crawler import dates
from crawler.archive.store.derived import DerivedArticle
from crawler.extraction.post import read_post
from crawler.items import Fetch, Page, Post
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site
from crawler.recording.normalise import normalise
from crawler.run import Run
from crawler.sites.addresses import address_of
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crawler.archive import Archive
    from crawler.items import Article
    from crawler.recording.recorder import Recorder

KEPT = Path(__file__).parent / "kept" / "costs.json"
TOLERANCE = 0.1

_POSTS = 96
_PAGES = Path(__file__).parent.parent / "pages" / "finews"
_SITE = load_site("finews")
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"  # calls are counted otherwise by each


def main(*, keep: bool) -> int:
    """Print each cost beside the kept one; return 1 after a step back."""
    costs = {**_requests(), **_storing(), **_extracting()}
    if keep:
        KEPT.parent.mkdir(exist_ok=True)
        KEPT.write_text(json.dumps({"python": _PYTHON, "costs": costs}, indent=1) + "\n", encoding="utf-8")
    kept = json.loads(KEPT.read_text(encoding="utf-8"))
    if kept["python"] != _PYTHON:
        print(f"Calls were counted under Python {kept['python']} and are not compared under {_PYTHON}.")
        kept["costs"] = {name: cost for name, cost in kept["costs"].items() if "calls" not in name}
    for name, cost in costs.items():
        print(f"{name:44}{cost:12.1f}{kept['costs'].get(name, float('nan')):12.1f}")
    told = verdicts(costs, kept["costs"])
    print("\n".join(told) or "Nothing costs more than it did.")
    return int(any("step back" in verdict for verdict in told))


def verdicts(costs: dict[str, float], kept: dict[str, float]) -> list[str]:
    """Say of each cost that is not about what it was whether that is a step back."""
    told = []
    for name, was in kept.items():
        cost = costs[name]
        if cost > was * (1 + TOLERANCE):
            told.append(f"{name}: {cost:.1f} instead of {was:.1f}, a step back. Mend it, or say why and --keep it.")
        elif cost < was * (1 - TOLERANCE):
            told.append(f"{name}: {cost:.1f} instead of {was:.1f}. --keep it, so that it stays.")
    return told


def _requests() -> dict[str, float]:
    """Crawl the sample site twice and count what was asked for."""
    with tempfile.TemporaryDirectory(prefix="finews-bench-") as folder, serve(bundled_site()) as server:
        command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--json"]
        first, second = (
            json.loads(subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, check=True).stdout)["requests"]
            for _ in range(2)
        )
    return {"requests, first run of the sample site": first, "requests, second run": second}


def _storing() -> dict[str, float]:
    """Store posts as a run does, in a folder of its own: Markdown, index, ledger and all."""
    articles = list(corpus.articles(_POSTS))
    with tempfile.TemporaryDirectory(prefix="finews-bench-") as name:
        folder = Path(name)
        with Run(folder / "archive.db", _SITE, "usual", folder / "_posts") as run:
            archive, recorder = run.archive, run.recorder
            written = _written()
            _store(recorder, articles[: _POSTS // 2])
            written = _written() - written
            calls, statements = _counted(archive, lambda: _store(recorder, articles[_POSTS // 2 :]))
            run.end("finished")
        size = (folder / "archive.db").stat().st_size
    return {
        "SQL statements a post": statements / (_POSTS / 2),
        "calls a post, storing": calls / (_POSTS / 2),
        "bytes written a post": written / (_POSTS / 2),
        "bytes of archive a post": size / _POSTS,
    }


def _store(recorder: Recorder, articles: Sequence[Article]) -> None:
    for article in articles:
        recorder.write([DerivedArticle(article)])


def _counted(archive: Archive, work: Callable[[], None]) -> tuple[int, int]:
    """Return how many functions were called, and how many SQL statements carried out."""
    statements = 0

    def note(statement: str) -> None:
        nonlocal statements
        statements += not statement.startswith("--")  # what FTS5 does for itself

    archive.db.conn.set_trace_callback(note)
    calls = _calls(work)
    archive.db.conn.set_trace_callback(None)
    return calls - statements, statements


def _extracting() -> dict[str, float]:
    """Read the fixtures' pages into articles."""
    pages = [_page(post.parent) for post in sorted(_PAGES.glob("*/post.json"))]

    def extract() -> None:
        for page in pages:
            post = read_post(page, _SITE)
            assert isinstance(post, Post), page.fetch.address.url
            normalise(post, _SITE)

    extract()  # what is cached is so for a whole run
    return {"calls a page, extraction and Markdown": _calls(extract) / len(pages)}


def _page(folder: Path) -> Page:
    url = json.loads((folder / "meta.json").read_text(encoding="utf-8"))["url"]
    address = address_of(_SITE, url)
    assert address is not None, url
    fetch = Fetch(address=address, fetched_at=dates.now() - timedelta(days=1), status=200)
    return Page(fetch=fetch, source=(folder / "page.html").read_text(encoding="utf-8"))


def _calls(work: Callable[[], None]) -> int:
    """Return how many functions `work` calls, Python's own among them."""
    calls = 0

    def note(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def _written() -> int:
    """Return how many bytes this process has written so far."""
    told = Path("/proc/self/io").read_text(encoding="ascii")
    return int(dict(line.split(": ") for line in told.splitlines())["wchar"])


if __name__ == "__main__":
    sys.exit(main(keep="--keep" in sys.argv[1:]))
