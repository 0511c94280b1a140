"""A fleet: real scrapyd servers crawl sites, are killed, and one archive has all of it in the end."""

from __future__ import annotations

import hashlib
import json
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fleet_sites
import pytest
import scrapyd_nodes

from crawler import dates
from crawler.ops.fleet import running, status
from crawler.ops.fleet.plan.loading import load
from crawler.ops.fleet.survey import survey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapyd_nodes import ScrapydNode

pytestmark = pytest.mark.slow  # whole runs of the program

PATIENCE = 100  # seconds
CORRECTED = ("s00", "s05", "s11")
POSTS = {**{f"s{number:02}": 50 for number in range(9)}, "s09": 100, "s10": 150, "s11": 200}
SETTINGS = "[DOWNLOAD_DELAY=0, AUTOTHROTTLE_ENABLED=0, CONCURRENT_REQUESTS_PER_DOMAIN=8, 'FINEWS_MIRROR={url}']"


class Center:
    """Where the fleet is run from: a folder with fleet.yaml and the central archive."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder, self.environment = folder, environment
        self.file, self.archive = folder / "fleet.yaml", folder / "all.db"

    def write(self, nodes: dict[str, str], sites: fleet_sites.Sites, placed: dict[str, str | None]) -> None:
        """Write the fleet's file; `nodes` are addresses, `placed` says on which node a site is, if by hand."""
        for site in placed:
            (self.folder / f"{site}.yaml").write_text(sites.definition(site), encoding="utf-8")
        lines = [
            "nodes:",
            *(f"  - {{name: {name}, address: '{address}'}}" for name, address in nodes.items()),
            "sites:",
        ]
        lines += [
            f"  - {{site: {site}.yaml, every: 1h{f', node: {node}' if node else ''}}}"
            for site, node in placed.items()
        ]
        self.file.write_text("\n".join([*lines, f"settings: {SETTINGS.format(url=sites.url)}", ""]), encoding="utf-8")

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "crawler", "fleet", *arguments, "--fleet", str(self.file), "--json"]

    def ask(self, *arguments: str, code: int | None = 0) -> Any:
        """Run a command and return its JSON; `code` is its exit code, if it has to have one."""
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert code is None or done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def run(self, hours: int = 0) -> list[running.SiteStep]:
        """Run what is due so many hours from now."""
        now = dates.now() + timedelta(hours=hours)
        done = running.run(load(self.file), self.file, self.archive, now)
        assert done["troubles"] == {}
        assert [step["failed"] for step in done["sites"]] == [None] * len(done["sites"])
        return done["sites"]

    def collect(self, code: int | None = 0) -> Any:
        return self.ask("collect", "--archive", str(self.archive), "--no-posts", code=code)

    def until_quiet(self) -> None:
        """Run and collect until there is nothing left to do."""

        def is_quiet() -> bool:
            self.run()
            self.settle()
            return bool(status.status(load(self.file), self.archive, dates.now())["quiet"])

        within_patience(is_quiet)

    def settle(self) -> None:
        """Wait until no job is in the fleet, as far as its nodes answer, and collect what there is."""
        within_patience(self.is_idle)
        self.collect()

    def is_idle(self) -> bool:
        """Tell whether no job is in the fleet, as far as its nodes answer."""
        return not any(node.active for node in survey(load(self.file)).values())

    def rows(self, sql: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.archive}?mode=ro", uri=True)) as db:
            return db.execute(sql).fetchall()

    def has_posts(self) -> bool:
        """Tell whether anything has come in yet."""
        try:
            return self.rows("SELECT EXISTS (SELECT 1 FROM articles)") == [(1,)]
        except sqlite3.OperationalError:  # it is not there, or being made
            return False

    def digest(self) -> str:
        """Return a digest of the archive's file, which no program has open."""
        return hashlib.sha256(self.archive.read_bytes()).hexdigest()


def within_patience(look: Callable[[], Any], every: float = 0.2) -> Any:
    """Look until there is something to see."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        seen = look()
        if seen:
            return seen
        time.sleep(every)
    pytest.fail("it took too long")


@pytest.fixture
def center(tmp_path: Path, environment: dict[str, str]) -> Center:
    folder = tmp_path / "center"
    folder.mkdir()
    return Center(folder, environment)


@pytest.fixture
def proxies() -> Iterator[list[scrapyd_nodes.TearingProxy]]:
    made: list[scrapyd_nodes.TearingProxy] = []
    yield made
    for each in made:
        each.close()


def test_a_fleet_loses_nothing(
    center: Center, proxies: list[scrapyd_nodes.TearingProxy], tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        fleet_sites.serving(POSTS) as sites,
        scrapyd_nodes.nodes(tmp_path, environment, ("north", "south", "west")) as nodes,
    ):
        proxy = scrapyd_nodes.TearingProxy(nodes["west"].port)
        proxies.append(proxy)
        addresses = {"north": nodes["north"].address, "south": nodes["south"].address, "west": proxy.address}
        center.write(addresses, sites, dict.fromkeys(POSTS))
        deployed = center.ask("deploy")
        assert [node["outcome"] for node in deployed["nodes"]] == ["deployed"] * 3
        steps = center.run()
        assert {step["action"] for step in steps} == {"crawl"}
        _kill_in_the_middle(nodes["south"], [step["site"] for step in steps if step["node"] == "south"], sites)
        assert center.ask("run", "--archive", str(center.archive), code=1)["troubles"].keys() == {"south"}

        within_patience(center.is_idle)
        _kill_a_collector(center)
        proxy.tears = True
        torn = center.collect(code=1)
        assert (proxy.torn, [each["node"] for each in torn["sites"] if each["failed"]]) == (1, ["west"])

        nodes["south"].start()
        center.until_quiet()

        assert _posts(center) == {site: texts.keys() for site, texts in _said(sites).items()}
        assert _texts(center) == _said(sites)
        before, posts_before = center.digest(), len(sites.asked)
        assert center.collect()["sites"] == []
        assert center.digest() == before
        assert _check(center) == 0
        assert center.rows("SELECT site, count(DISTINCT archive_id) FROM runs GROUP BY site") == [
            (s, 1) for s in POSTS
        ]
        assert len(sites.asked) == posts_before

        for site in CORRECTED:
            sites.posts[site]["/post-3.html"] += f" {site} 更正"
        center.write(addresses, sites, dict.fromkeys(CORRECTED))
        _let_an_hour_pass(nodes)
        center.ask("deploy")
        center.run(hours=2)
        center.settle()
        assert _texts(center) == _said(sites)
        assert center.rows(
            "SELECT site, post_id, count(*) FROM articles JOIN revisions ON article_id = articles.id"
            " WHERE articles.revision > 1 GROUP BY articles.id ORDER BY site"
        ) == [(site, "post-3", 2) for site in CORRECTED]
        assert _check(center) == 0


def _kill_in_the_middle(node: ScrapydNode, its: list[str], sites: fleet_sites.Sites) -> None:
    """Kill a node once one of its sites is being crawled."""
    within_patience(lambda: any(10 < len(sites.asked_of(site)) < POSTS[site] for site in its))
    node.kill()


def _kill_a_collector(center: Center) -> None:
    """Kill a collection once it has begun to write."""
    with subprocess.Popen(
        center.command("collect", "--archive", str(center.archive), "--no-posts"),
        cwd=center.folder,
        env=center.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as collector:
        within_patience(center.has_posts, every=0.01)
        collector.send_signal(signal.SIGKILL)
    assert collector.returncode == -signal.SIGKILL, "it was done before it was killed"


def _let_an_hour_pass(nodes: dict[str, ScrapydNode]) -> None:
    """Have every address be due on all nodes, as it is when an hour has passed."""
    for node in nodes.values():
        for archive in node.folder.glob("archives/*/archive.db"):
            with closing(sqlite3.connect(archive)) as db, db:
                db.execute(
                    "UPDATE links SET next_try_at = ? WHERE next_try_at IS NOT NULL", ["2026-01-01T00:00:00+00:00"]
                )


def _said(sites: fleet_sites.Sites) -> dict[str, dict[str, str]]:
    return {
        site: {path.removeprefix("/").removesuffix(".html"): text for path, text in posts.items()}
        for site, posts in sites.posts.items()
    }


def _posts(center: Center) -> dict[str, Any]:
    return {site: texts.keys() for site, texts in _texts(center).items()}


def _texts(center: Center) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for site, post, text in center.rows("SELECT site, post_id, text FROM articles"):
        found.setdefault(site, {})[post] = text
    return found


def _check(center: Center) -> int:
    command = [sys.executable, "-m", "crawler", "check", "--archive", str(center.archive), "--no-posts"]
    return subprocess.run(command, cwd=center.folder, env=center.environment, check=False).returncode


def test_a_site_that_moves_takes_its_ledger_along(
    center: Center, tmp_path: Path, environment: dict[str, str]
) -> None:
    with (
        fleet_sites.serving({"garden": 100}) as sites,
        scrapyd_nodes.nodes(tmp_path, environment, ("north", "south")) as nodes,
    ):
        addresses = {name: node.address for name, node in nodes.items()}
        center.write(addresses, sites, {"garden": "north"})
        center.ask("deploy")
        sites.enough = 20
        center.until_quiet()
        for command in _block("sh").splitlines():
            typed = [sys.executable, "-m", "crawler", *shlex.split(command)[1:]]
            done = subprocess.run(
                typed, cwd=center.folder, env=center.environment, stderr=subprocess.PIPE, check=False
            )
            assert (done.returncode, done.stderr) == (0, b"")
        asked = [*sites.asked]
        assert len(sites.asked_of("garden")) == 20
        assert len(asked) < 60  # it was left alone soon
        center.write(addresses, sites, {"garden": "south"})

        assert [(step["action"], step["node"]) for step in center.run(hours=2)] == [("hand over", "north")]
        center.settle()
        assert [(step["action"], step["node"]) for step in center.run(hours=2)] == [("take over", "south")]
        center.settle()
        assert center.run(hours=0)[0]["why"] == "is not due"

        assert sites.asked == asked  # no page twice, and the host is left alone for as long as it has asked for
        assert center.rows("SELECT count(*), count(DISTINCT archive_id) FROM runs") == [(2, 2)]
        assert center.rows("SELECT count(*) FROM links WHERE kind = 'post' AND state = 'stored'") == [(20,)]
        assert _check(center) == 0
        assert [versions for versions in _versions(nodes["south"]) if "seed" in versions] == []


def _block(language: str) -> str:
    """Return the first block in a language of the page about fleets."""
    page = (Path(__file__).parent.parent / "docs/fleet.md").read_text(encoding="utf-8")
    return page.partition(f"```{language}\n")[2].partition("```\n")[0]


def test_the_file_of_the_page_about_fleets_is_one(tmp_path: Path) -> None:
    (tmp_path / "fleet.yaml").write_text(_block("yaml"), encoding="utf-8")
    garden = fleet_sites.Sites("", {}).definition("garden")
    (tmp_path / "garden.yaml").write_text(garden, encoding="utf-8")
    fleet = load(tmp_path / "fleet.yaml", {"SOUTH_PASSWORD": "x"})
    assert {name: member.settings for name, member in fleet.members.items()} == {
        "finews": {"FINEWS_PATIENCE_SECONDS": "30"},
        "garden": {"FINEWS_PATIENCE_SECONDS": "30", "DOWNLOAD_DELAY": "2"},
    }


def _versions(node: ScrapydNode) -> list[str]:
    return [egg.name for egg in node.folder.glob("eggs/finews/*.egg")]
