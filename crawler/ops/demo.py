"""The demonstration: serving the bundled sample site on a free loopback port, crawling it, and searching the result.

Nothing is simulated: it uses a real server, the real spiders and real HTTP. Not here: the sample site, and leaving it
up (`crawler.ops.sample_site.serving`).
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
    """Serve the sample site and crawl it, see `crawl_sample`; without `archive` into a new temporary folder."""
    with serve(bundled_site()) as server:
        return crawl_sample(server.url, archive or new_archive(), progress=progress)


def crawl_sample(url: str, archive: Path, *, progress: bool) -> dict[str, Any]:
    """Crawl the sample site served at `url` into `archive`, with Markdown in a folder beside it, and search that.

    Returns the run's `report`, the result of a `search`, and the paths of `archive` and `posts`.
    """
    posts = archive.with_name("_posts")
    report = run("category", RunOptions(archive=archive, posts=posts, mirror=url, progress=progress))
    with Archive(archive) as opened:
        results = opened.search(QUERY, limit=3)
    return {"report": report, "search": results, "archive": str(archive), "posts": str(posts)}


def new_archive() -> Path:
    """Return the path of an archive to be made in a new temporary folder, which is kept."""
    return Path(tempfile.mkdtemp(prefix="finews-demo-")) / "archive.db"
