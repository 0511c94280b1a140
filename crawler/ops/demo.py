"""The demonstration: the bundled sample site is served on a free loopback port, crawled, and searched.

Nothing is simulated: a real server, the real spiders, real HTTP. Not here: the sample site.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler.archive import Archive
from crawler.ops.run import RunOptions, run
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

QUERY = "江西 5G"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """What the demonstration made: the run's `report`, what a search `found`, and where the files are."""

    report: dict[str, Any]
    found: dict[str, Any]
    archive: Path
    posts: Path


def run_demo(into: str | None) -> Demo:
    """Run the demonstration into the folder `into`, or a new temporary one, which stays."""
    folder = Path(into or tempfile.mkdtemp(prefix="finews-demo-"))
    archive, posts = folder / "archive.db", folder / "_posts"
    with serve(bundled_site()) as server:
        report = run("category", RunOptions(archive=archive, posts=posts, mirror=server.url, progress=True))
    with Archive(archive) as opened:
        found = opened.search(QUERY, limit=3)
    return Demo(report=report, found=found, archive=archive, posts=posts)
