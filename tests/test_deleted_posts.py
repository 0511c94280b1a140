"""Deleted posts and whole runs: nothing brings one back, but whoever names it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from crawler.ops.check import check
from crawler.ops.sample_site.server import RunningServer, serve
from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow  # whole runs of the program

SEED = "NW202204202350104915"
SHARED = "NW202204182347990071"  # of this one only the share link works


class Place:
    """An archive of the sample site, and the server that serves it."""

    def __init__(self, run: Callable[..., subprocess.CompletedProcess[str]], server: RunningServer, folder: Path):
        self.run, self.server, self.archive = run, server, folder / "output" / "archive.db"

    def __call__(self, *arguments: str) -> dict[str, Any]:
        """Run a command that fetches, and return its report; afterwards everything must be sound."""
        self.server.requests.clear()
        done = self.run(*arguments, "--mirror", self.server.url, "--json")
        assert check(self.archive, self.archive.parent / "_posts")["findings"] == []
        return json.loads(done.stdout)  # type: ignore[no-any-return]

    def ask(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(self.archive)) as db, db:
            return db.execute(sql).fetchall()

    def holds(self, post_id: str) -> bool:
        return bool(self.ask(f"SELECT 1 FROM articles WHERE post_id = '{post_id}'"))

    def asked(self, post_id: str) -> list[str]:
        return [request.target for request in self.server.requests if post_id in request.target]


@pytest.fixture
def place(finews: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> Iterator[Place]:
    with serve(bundled_site()) as server:
        made = Place(finews, server, tmp_path)
        made("crawl")
        yield made


@pytest.mark.parametrize("by_sql", [False, True])
def test_no_crawl_brings_a_deleted_post_back(place: Place, by_sql: bool) -> None:
    if by_sql:
        place.ask(f"DELETE FROM articles WHERE post_id = '{SEED}'")
        check(place.archive, place.archive.parent / "_posts", repair=True)
    else:
        assert place.run("delete", SEED, "--yes").returncode == 0
    # As if the page were found anew, at another address, and by its share link.
    place.ask(f"DELETE FROM links WHERE instr(url, '{SEED}')")
    place.ask(
        "INSERT INTO links (url, site, kind, state, found_at) VALUES"
        f" ('http://finews.zning.xyz/html_News/NewsShare.html?infoCode={SEED}', 'finews', 'share', 'found',"
        " '2022-04-21T01:00:00+00:00')"
    )
    for arguments in (["--full"], [], ["--category", "dajiangwang"]):
        report = place("crawl", *arguments)
        assert (place.holds(SEED), place.asked(SEED), report["pending"]) == (False, [], 0)
    told = place.run("why", SEED).stdout
    assert told.count("refused: deleted on ") == 2


def test_whoever_names_a_deleted_post_has_it_again(place: Place) -> None:
    ((url,),) = place.ask(f"SELECT url FROM articles WHERE post_id = '{SEED}'")
    place.run("delete", SEED, "--yes")
    assert place("crawl", url)["posts"]["new"] == 1
    assert place.ask("SELECT * FROM deletions") == place.ask("SELECT * FROM links WHERE deleted_at IS NOT NULL") == []
    place("share", SHARED)
    assert place.holds(SHARED)
    place.run("delete", SHARED, "--yes")
    assert place("share", SHARED)["posts"]["new"] == 1
    assert "deleted" not in place.run("why", SHARED).stdout


def test_a_crawl_of_which_every_post_was_deleted_is_no_failure(place: Place) -> None:
    place.ask("DELETE FROM articles")
    check(place.archive, place.archive.parent / "_posts", repair=True)
    done = place.run("crawl", "--full", "--mirror", place.server.url)
    assert "Every post was refused" not in done.stderr
    assert place.ask("SELECT count(*) FROM articles") == [(0,)]
