"""The demonstration: serving the bundled sample site on a free loopback port, crawling it, and searching the result.

Nothing is simulated: it uses a real server, the real spiders and real HTTP. Not here: the sample site.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from crawler.archive import Archive
from crawler.ops.run import RunOptions, run
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

QUERY = "江西 5G"


def run_demo(archive: Path | None, *, progress: bool) -> dict[str, Any]:
    """Run the demonstration into `archive` and a folder beside it, or else into a temporary folder that is kept.

    Returns the run's `report`, the result of a `search`, and the paths of `archive` and `posts`.
    """
    archive = archive or Path(tempfile.mkdtemp(prefix="finews-demo-")) / "archive.db"
    posts = archive.with_name("_posts")
    with serve(bundled_site()) as server:
        options = RunOptions(archive=archive, posts=posts, mirror=server.url, progress=progress)
        report = run("category", options)
    with Archive(archive) as opened:
        results = opened.search(QUERY, limit=3)
    return {"report": report, "search": results, "archive": str(archive), "posts": str(posts)}
