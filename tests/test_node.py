"""Archives that are collected: the settings, the seed before a run, the snapshot after it, and the last one."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from scrapy.exceptions import NotConfigured
from scrapy.settings import Settings
from scrapy.signals import spider_opened
from scrapy.utils.test import get_crawler

from crawler import dates
from crawler.addon import RunAddon, run_ended
from crawler.archive import Archive
from crawler.archive.care import archives
from crawler.archive.ledger import hosts
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.merging import marks, snapshots
from crawler.archive.store import articles
from crawler.archive.store.lock import run_lock
from crawler.dates import iso
from crawler.errors import ArchiveLocked, NotAnArchive, UsageError
from crawler.node.addon import NodeAddon
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site
from crawler.snapshots.making import Making, begin, make
from crawler.snapshots.manifest import read
from crawler.snapshots.taking_over import take_over
from crawler.spiders.category import CategorySpider
from crawler.spiders.snapshot import SnapshotSpider

if TYPE_CHECKING:
    from pathlib import Path

    from scrapy.crawler import Crawler

FEED = "/srv/scrapyd/items/finews/category/26f5.jl"


def crawler_with(path: Path, **settings: Any) -> Crawler:
    crawler = get_crawler(CategorySpider, {"FINEWS_ARCHIVE": path, "FINEWS_SITE": "finews", **settings})
    crawler.spider = CategorySpider.from_crawler(crawler)
    return crawler


def crawl(path: Path, post_id: str = made.ID) -> None:
    with made.Run(path) as run:
        run.write(made.article(post_id))
        run.end()


def posts_in(path: Path) -> int:
    with Archive(path) as archive:
        return articles.count(archive.db)


# Settings.


def test_without_its_settings_nothing_is_done(tmp_path: Path):
    with pytest.raises(NotConfigured):
        NodeAddon.from_crawler(crawler_with(tmp_path / "a.db"))


@pytest.mark.parametrize("feed", [f"file://{FEED}", f"file://{FEED.replace('items', 'my%20items')}"])
def test_snapshots_go_to_the_folder_that_scrapyd_hands_out_and_no_feed_is_written_there(tmp_path: Path, feed: str):
    feeds = json.dumps({feed: {"format": "jsonlines"}})
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS="{items}/snapshots/finews", FEEDS=feeds)
    addon = NodeAddon.from_crawler(crawler)
    assert addon.making is not None
    assert str(addon.making.folder) == f"{FEED.partition('/finews')[0]}/snapshots/finews".replace(
        "items", "my items" if "%20" in feed else "items"
    )
    settings = Settings({"FINEWS_SNAPSHOTS": "{items}/snapshots/finews"})
    settings.set("FEEDS", feeds, priority="cmdline")
    addon.update_settings(settings)
    assert settings.getdict("FEEDS") == {}


def test_a_folder_that_is_named_leaves_feeds_as_they_are(tmp_path: Path):
    addon = NodeAddon.from_crawler(crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(tmp_path)))
    settings = Settings({"FINEWS_SNAPSHOTS": str(tmp_path), "FEEDS": {"out.json": {}}})
    addon.update_settings(settings)
    assert settings.getdict("FEEDS") == {"out.json": {}}


@pytest.mark.parametrize(
    "feeds",
    [{}, {"out.jl": {}}, {"s3://bucket/finews/category/1.jl": {}}, {"file:///1.jl": {}}, {f"file://{FEED}x": {}}],
)
def test_where_scrapyd_hands_out_nothing_a_sentence_says_what_to_set(tmp_path: Path, feeds: dict[str, Any]):
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS="{items}/snapshots/finews", FEEDS=feeds)
    with pytest.raises(UsageError) as told:
        NodeAddon.from_crawler(crawler)
    assert str(told.value) == (
        "FINEWS_SNAPSHOTS names {items}, the folder that scrapyd hands out, and it hands out none: set items_dir in"
        " scrapyd.conf, or name a folder."
    )


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"FINEWS_COLLECTED": "abc"}, "'abc' is not a state of an archive"),
        ({"FINEWS_SEED": "maybe"}, "FINEWS_SEED is 'maybe': 1 or 0 is expected."),
        ({"FINEWS_SEED": "1"}, "FINEWS_SEED is 1, and the program was deployed without crawler/seed/archive.db"),
    ],
)
def test_a_wrong_setting_begins_no_run(tmp_path: Path, settings: dict[str, str], sentence: str):
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(tmp_path / "out"), **settings)
    with pytest.raises(UsageError) as told:
        NodeAddon.from_crawler(crawler)
    assert str(told.value).startswith(sentence)
    assert [*tmp_path.iterdir()] == []


# Before and after a run.


def test_a_run_that_begins_says_so_in_case_that_it_is_killed(tmp_path: Path):
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(tmp_path / "out"))
    addon, run = NodeAddon.from_crawler(crawler), RunAddon.from_crawler(crawler)
    crawler.addons.addons = [addon, run]
    crawler.signals.send_catch_log(spider_opened, spider=crawler.spider)
    own = archives.own_id(run.run.archive.db)
    run.close()
    assert addon.trouble is None
    told = read(tmp_path / "out")
    assert told is not None
    assert (told["archive"], told["state"], told["run"], told["handed_over"]) == (own, None, None, False)


def test_a_site_that_comes_back_is_no_longer_handed_over_once_its_run_begins(tmp_path: Path):
    crawl(tmp_path / "a.db")
    folder = tmp_path / "out"
    make(tmp_path / "a.db", Making(folder=folder, handed_over=True))
    before = read(folder)
    with Archive(tmp_path / "a.db") as archive:
        begin(archive, folder)
    assert before is not None
    assert before["handed_over"]
    assert read(folder) == {**before, "handed_over": False}


def test_a_snapshot_is_made_when_the_run_has_ended(tmp_path: Path):
    crawl(tmp_path / "a.db")
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(tmp_path / "out"), FINEWS_COLLECTED="none")
    addon = NodeAddon.from_crawler(crawler)
    crawler.signals.send_catch_log(run_ended, report={})
    assert addon.trouble is None
    assert (tmp_path / "out" / "000001.db").exists()


def test_another_run_that_has_begun_meanwhile_makes_its_own(tmp_path: Path):
    crawl(tmp_path / "a.db")
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(tmp_path / "out"))
    addon = NodeAddon.from_crawler(crawler)
    with run_lock(tmp_path / "a.db"):
        crawler.signals.send_catch_log(run_ended, report={})
    assert addon.trouble is None
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_run_whose_snapshot_cannot_be_made_says_so_and_the_next_one_makes_it(
    tmp_path: Path, environment: dict[str, str]
):
    (tmp_path / "file").touch()
    with serve(bundled_site()) as server:

        def crawl_into(folder: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-m", "crawler", "crawl", "--limit", "3", "--mirror", server.url]
            settings = {**environment, "FINEWS_SNAPSHOTS": folder}
            return subprocess.run(command, cwd=tmp_path, env=settings, capture_output=True, text=True, check=False)

        failed = crawl_into("file/out")
        assert failed.returncode == 1
        assert "Error: No snapshot could be made in file/out (Not a directory). The archive holds" in failed.stderr
        assert crawl_into("out").returncode == 0
    told = read(tmp_path / "out")
    assert told is not None
    assert told["run"] is not None
    assert (told["run"]["run"], told["site"], len(told["snapshots"])) == (2, "finews", 1)


# The last one.


@pytest.mark.slow
def test_the_spider_snapshot_hands_the_site_over_without_a_run(tmp_path: Path, environment: dict[str, str]):
    crawl(tmp_path / "a.db")
    folder = tmp_path / "out"
    settings = {"FINEWS_ARCHIVE": tmp_path / "a.db", "FINEWS_SNAPSHOTS": folder}
    given = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    command = [sys.executable, "-m", "scrapy", "crawl", "snapshot", *given]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert f"handed over, with {folder}/000001.db" in done.stderr
    told = read(folder)
    assert told is not None
    assert (told["handed_over"], len(told["snapshots"])) == (True, 1)
    with Archive(tmp_path / "a.db") as archive:
        assert [run["run"] for run in archive.runs()] == [1]
    crawler = crawler_with(tmp_path / "a.db", FINEWS_SNAPSHOTS=str(folder))
    addon = NodeAddon.from_crawler(crawler)
    crawler.signals.send_catch_log(run_ended, report={})
    assert addon.trouble is None
    told = read(folder)
    assert told is not None
    assert not told["handed_over"]


def test_the_spider_snapshot_needs_a_folder():
    with pytest.raises(UsageError, match="No folder for snapshots is given: set FINEWS_SNAPSHOTS"):
        SnapshotSpider.from_crawler(get_crawler(SnapshotSpider, {"FINEWS_SNAPSHOTS": ""}))


# The seed.


def packed(archive: Path) -> zipfile.Path:
    """Return an archive as a member of an egg."""
    egg = archive.with_suffix(".egg")
    with zipfile.ZipFile(egg, "w") as written:
        written.write(archive, "crawler/seed/archive.db")
    return zipfile.Path(egg, "crawler/seed/archive.db")


@pytest.fixture
def seed(tmp_path: Path) -> Path:
    """An archive that knows a post, an address that was not fetched yet, and what hosts asked for."""
    path = tmp_path / "seed.db"
    host, now = made.SITE.hosts[0], dates.now()
    with made.Run(path) as run:
        run.write(made.listing(*map(made.post_address, (made.ID, "NW2"))))
        run.write(made.article(fetch=made.fetch(made.post_address(), fetched_at=now, etag='"v1"'), seen_at=now))
        hosts.note(run.archive.db, host, day=hosts.day_of(now), requests=17)
        hosts.note(run.archive.db, host, wait_until=iso(now + timedelta(hours=5)), wait_reason="HTTP 429")
        run.end()
    return path


def test_a_site_that_moves_is_asked_nothing_twice_and_no_wait_is_forgotten(tmp_path: Path, seed: Path):
    take_over(tmp_path / "node.db", packed(seed))
    now = dates.now()
    with made.Run(tmp_path / "node.db") as run:
        db = run.archive.db
        known = hosts.known(db, made.SITE.hosts[0])
        assert (known.requests, known.wait_reason) == (17, "HTTP 429")
        assert known.wait_left(now) > timedelta(hours=4)
        etags = dict(db.execute("SELECT url, etag FROM links WHERE kind = 'post'").fetchall())
        assert etags == {made.post_address().url: '"v1"', made.post_address("NW2").url: None}
        frontier = Frontier(db, "finews", run.id, scope="usual", limit=None, patience=timedelta(days=1))
        frontier.begin([], now, rules="")
        due = [each.url for each in frontier.take(9, now, host=made.SITE.hosts[0]) if each.kind == "post"]
    assert due == [made.post_address("NW2").url]


def test_a_seed_is_taken_in_once(tmp_path: Path, seed: Path):
    node = tmp_path / "node.db"
    crawl(node, "NW3")
    (tmp_path / ".node.db.seed-of-a-killed-run").mkdir()
    take_over(node, packed(seed))
    assert posts_in(node) == 2
    with Archive(node) as archive:
        before = marks.mark_of(archive.db)
    take_over(node, packed(seed))
    with Archive(node) as archive:
        assert marks.mark_of(archive.db) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("node.db", "node.db.lock", "seed.db", "seed.db.lock", "seed.egg")
    ]


def test_a_snapshot_can_be_a_seed(tmp_path: Path, seed: Path):
    with Archive(seed) as archive:
        snapshots.make(archive.db, tmp_path / "snapshot.db", None, made.LATER)
    take_over(tmp_path / "node.db", packed(tmp_path / "snapshot.db"))
    assert posts_in(tmp_path / "node.db") == 1


def test_a_seed_of_an_older_schema_is_brought_forward(tmp_path: Path, request: pytest.FixtureRequest):
    kept = request.path.parent / "archives" / "0012.db"
    take_over(tmp_path / "node.db", packed(shutil.copy(kept, tmp_path / "old.db")))
    assert posts_in(tmp_path / "node.db") > 0


def test_no_seed_is_taken_in_during_a_run(tmp_path: Path, seed: Path):
    with run_lock(tmp_path / "node.db"), pytest.raises(ArchiveLocked):
        take_over(tmp_path / "node.db", packed(seed))


def test_a_seed_that_is_no_archive_leaves_the_archive_as_it_was(tmp_path: Path):
    node = tmp_path / "node.db"
    crawl(node)
    (tmp_path / "seed.db").write_bytes(b"no archive" * 100)
    with pytest.raises(NotAnArchive):
        take_over(node, packed(tmp_path / "seed.db"))
    assert posts_in(node) == 1
