"""The self-test: proves that a killed run loses nothing, and that readers do not disturb it.

It crawls a sample site and kills the run at random, again and again, while readers come and go; then it counts what
is stored. Nothing is simulated: it uses a real server on loopback, real processes and SIGKILL. Not here: the user's
archive, which is not touched.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.archive import Archive
from crawler.errors import FinewsError
from crawler.ops.check import check
from crawler.ops.readers import Readers, writes_into_a_deleted_log
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import build, bundled_posts
from crawler.text.words import CJK

if TYPE_CHECKING:
    from crawler.ops.sample_site.server import RunningServer
    from crawler.ops.sample_site.source import SourcePost

_POSTS = 600
_CATEGORIES = 20
_WORDS = 200  # characters of a post
_PATIENCE = 120.0  # seconds without progress before a run counts as stuck


def run_selftest(kills: int) -> dict[str, Any]:
    """Crawl a site of 600 posts, kill the run `kills` times at random, let the last run finish, and compare.

    Returns the number of `posts`, how many were `stored`, how many were `lost` or differ from their pages, how many
    requests were `repeated`, and the numbers of pages at which runs were `killed_at`; the number of `readers`, their
    `reader_failures`, and whether a run's write-ahead log was deleted (`log_deleted`); and the `findings` of a check.
    Raises `FinewsError` if a run makes no progress.
    """
    chance = random.Random()  # noqa: S311  # no secret
    posts = _posts(chance)
    points = sorted(chance.sample(range(1, _POSTS), kills))
    with tempfile.TemporaryDirectory(prefix="finews-selftest-") as folder, serve(build(posts)) as server:
        archive = Path(folder) / "archive.db"
        readers = Readers(archive)
        deleted = [_crawl(server, readers, kill_at=point) for point in (*points, None)]
        with Archive(archive) as opened:
            stored = {post["post_id"]: post["text"] for post in opened.posts(drafts=True)}
        findings = check(archive, None)["findings"]
        requested = Counter(request.target for request in server.requests if request.target.endswith(".html"))
    return {
        "posts": len(posts),
        "stored": len(stored),
        "lost": sum(stored.get(post.id) != _text(post) for post in posts),
        "kills": kills,
        "killed_at": points,
        "repeated": sum(requested.values()) - len(requested),
        "readers": readers.count,
        "reader_failures": readers.failures,
        "log_deleted": any(deleted),
        "findings": findings,
    }


def _crawl(server: RunningServer, readers: Readers, *, kill_at: int | None) -> bool:
    """Run a crawl to its end, or kill it once the server has served `kill_at` posts in total.

    Readers come and go meanwhile. During the last run, which is not killed, second runs are tried too; after a kill,
    a second run would take over. Returns whether the run's write-ahead log was deleted meanwhile.
    """
    command = [sys.executable, "-m", "crawler", "crawl", "--mirror", server.url, "--archive", str(readers.archive)]
    command += ["--no-posts", "--json"]
    before, deleted = len(server.requests), False
    child = subprocess.Popen(  # noqa: S603  # this very program
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    with child, readers.during(lambda: len(server.requests) > before, () if kill_at else command):
        deadline = time.monotonic() + _PATIENCE
        while child.poll() is None and (kill_at is None or _served(server) < kill_at):
            if time.monotonic() > deadline:
                child.kill()
                raise FinewsError(
                    "The crawl did not get on within {patience:.0f} seconds: run it by hand and see.",
                    patience=_PATIENCE,
                )
            deleted = deleted or writes_into_a_deleted_log(child.pid)
            time.sleep(0.005)
        child.kill()
        _, errors = child.communicate()
    if child.returncode > 0:
        raise FinewsError("The crawl of the sample site failed: {errors}", errors=errors.strip() or child.returncode)
    return deleted


def _served(server: RunningServer) -> int:
    """Return the number of posts served so far, each counted once."""
    return len({request.target for request in server.requests if "/2022/" in request.target})


def _text(post: SourcePost) -> str:
    """Return the text of a generated post."""
    return post.body.removeprefix("<p>").partition("</p>")[0]


def _posts(chance: random.Random) -> list[SourcePost]:
    """Generate posts with random characters of a bundled one, so that each tells a story of its own."""
    model = max(bundled_posts(), key=lambda post: len(post.body))
    letters = re.findall(f"[{CJK}]", model.body)

    def post(number: int) -> SourcePost:
        outlet = number % _CATEGORIES
        words = "".join(chance.choices(letters, k=_WORDS))
        back = f"[返回第{outlet}家新闻](//finews.withounder.com/category/outlet{outlet}.html)"
        return replace(
            model,
            id=f"NW2022042000{number:06}",
            title=words[:20],
            category=f"outlet{outlet}",
            tag=f"第{outlet}家新闻",
            body=f"<p>{words}</p>\n\n{back}",
        )

    return [post(number) for number in range(_POSTS)]
