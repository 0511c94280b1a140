"""Readers beside whatever writes: they harm nothing, and nothing of theirs fails.

What a reader could do is delete the log a run writes into: SQLite's locks belong to the process, and a run that had
looked at its archive's file past SQLite would have lost them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bad_server as bad
import made
import outlets
import pytest

from crawler.archive import Archive
from crawler.archive.store import connection
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveLocked, ArchiveOutdated, UsageError
from crawler.items import UnreadFile
from crawler.ops.check import check
from crawler.ops.importing.folder import post_files
from crawler.ops.importing.run import ImportOptions, import_posts
from crawler.ops.readers import Readers, writes_into_a_deleted_log
from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import build, bundled_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from crawler.items import Article
    from crawler.ops.sample_site.source import SourcePost

pytestmark = pytest.mark.slow  # whole runs of the program

LATE = 0.1  # seconds before a post's page is served
COUNT = (
    "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT count(*) FROM articles').fetchone()[0])"
)
OLD = Path(__file__).parent / "archives" / "0003.db"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "output" / "archive.db"


@pytest.fixture
def guarded(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of children, which that of their readers is as well."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


def finews(*arguments: str, archive: Path) -> list[str]:
    return [sys.executable, "-m", "crawler", *arguments, "--archive", str(archive), "--json"]


def words(post: SourcePost) -> str:
    """Return what stands on the page of a made post."""
    return post.body.removeprefix("<p>").partition("</p>")[0]


class Done(NamedTuple):
    """What a command printed, and whether the log it wrote into was `deleted` under it."""

    result: Any
    deleted: bool


def run_to_its_end(
    command: Sequence[str], environment: dict[str, str], meanwhile: Callable[[], bool] = lambda: False
) -> Done:
    """Run a command that ends with 0 and says nothing on standard error."""
    deleted = False
    child = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with child:
        while child.poll() is None:
            deleted = meanwhile() or deleted or writes_into_a_deleted_log(child.pid)
            time.sleep(0.005)
        out, err = child.communicate()
    assert (child.returncode, err) == (0, "")
    return Done(json.loads(out), deleted)


def assert_sound(path: Path, posts: int | None = None) -> None:
    """See that the archive is sound, by SQLite's word and by the program's, and holds so many posts."""
    with closing(sqlite3.connect(path)) as connected:
        assert connected.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert posts in {None, connected.execute("SELECT count(*) FROM articles").fetchone()[0]}
    assert check(path, None)["findings"] == []


# A crawl writes by itself up to its 64th post, then a process of its own does. Both last for some seconds, so that a
# second run comes in time to be turned away.
@pytest.mark.parametrize(("count", "late"), [(40, 2.0), (240, LATE)], ids=["a short run", "a long run"])
def test_readers_and_a_second_run_beside_a_crawl_harm_nothing(
    archive: Path, guarded: dict[str, str], count: int, late: float
):
    posts = outlets.posts(count, 10)
    with bad.serve_badly(build(posts), {post.address: [bad.late(late)] for post in posts}) as server:
        crawl = finews("crawl", "--mirror", server.url, "--no-posts", archive=archive)
        readers = Readers(archive)
        with readers.during(lambda: bool(server.asked), second_run=crawl):
            done = run_to_its_end(crawl, guarded)
    assert (readers.failures, done.deleted) == ([], False)
    assert readers.turned_away > 0
    assert (done.result["outcome"], done.result["posts"]["new"], done.result["pending"]) == ("finished", count, 0)
    with Archive(archive) as opened:
        assert {post["post_id"]: post["text"] for post in opened.posts()} == {post.id: words(post) for post in posts}
    assert_sound(archive, count)


def test_a_run_that_is_killed_after_somebody_has_read_keeps_all_that_a_reader_saw(
    archive: Path, guarded: dict[str, str]
):
    posts, seen = outlets.posts(60, 10), 0
    with bad.serve_badly(build(posts), {post.address: [bad.late(LATE)] for post in posts}) as server:
        with subprocess.Popen(
            finews("crawl", "--mirror", server.url, "--no-posts", archive=archive),
            env=guarded,
            stdout=subprocess.DEVNULL,
        ) as crawl:
            while seen < 32:
                assert crawl.poll() is None
                done = subprocess.run([sys.executable, "-c", COUNT, str(archive)], capture_output=True, check=False)
                seen = int(done.stdout or 0)  # nothing before the archive is made
            crawl.kill()
        with closing(sqlite3.connect(archive)) as connected:
            assert connected.execute("SELECT count(*) FROM articles").fetchone()[0] >= seen
        done = run_to_its_end(finews("crawl", "--mirror", server.url, "--no-posts", archive=archive), guarded)
    assert done.result["pending"] == 0
    assert_sound(archive, 60)


def has_begun(path: Path) -> bool:
    """Tell whether a run has begun in the archive at `path`, as any program would ask."""
    if not path.exists():
        return False
    with closing(sqlite3.connect(path)) as connected, suppress(sqlite3.OperationalError):
        return bool(connected.execute("SELECT count(*) FROM runs").fetchone()[0])
    return False


def test_readers_beside_an_import_harm_nothing(archive: Path, tmp_path: Path, guarded: dict[str, str]):
    folder = tmp_path / "old"
    folder.mkdir()
    for number in range(600):
        post = outlets.post(number, 0)
        head = f"layout: post\ntitle: {post.title}\ndate: 2022-04-20 16:44:59 +0800"
        (folder / f"2022-04-20-{post.id}.md").write_text(f"---\n{head}\n---\n{post.body}", encoding="utf-8")
    readers = Readers(archive)
    with readers.during(lambda: has_begun(archive)):
        done = run_to_its_end(finews("import", str(folder), "--no-posts", archive=archive), guarded)
    assert (readers.failures, done.deleted) == ([], False)
    assert readers.count > 0
    assert done.result["posts"]["new"] == 600
    assert_sound(archive, 600)


def test_readers_beside_a_repair_harm_nothing(archive: Path, guarded: dict[str, str]):
    with made.Run(archive) as run:
        run.recorder.write([made.prepared(article) for article in articles(500)])
        run.end()
    readers = Readers(archive)
    with readers.during(lambda: True):
        done = run_to_its_end(finews("check", "--repair", "--no-posts", archive=archive), guarded)
    assert (readers.failures, done.deleted) == ([], False)
    assert readers.count > 0
    assert (done.result["repaired"], done.result["findings"]) == (True, [])
    assert_sound(archive, 500)


def articles(count: int) -> Iterator[Article]:
    for number in range(count):
        post = outlets.post(number, 0)
        yield made.article(post.id, title=post.title, html=f"<p>{words(post)}</p>")


# An archive of an older version.


@pytest.fixture
def old(archive: Path) -> Path:
    archive.parent.mkdir()
    shutil.copyfile(OLD, archive)
    return archive


def test_readers_of_an_older_archive_bring_it_forward_one_after_the_other(old: Path, guarded: dict[str, str]):
    commands = [
        finews(*command.split(), archive=old) for command in ("stats", "runs", "search 江西", "stats", "runs")
    ]
    children = [
        subprocess.Popen(command, env=guarded, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in commands
    ]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 5
    assert check(old, None)["findings"] == []


def test_readers_beside_a_run_that_brings_an_archive_forward_harm_nothing(old: Path, guarded: dict[str, str]):
    posts = outlets.posts(40, 10)
    with bad.serve_badly(build(posts), {post.address: [bad.late(LATE)] for post in posts}) as server:
        readers = Readers(old)
        with readers.during(lambda: True):
            done = run_to_its_end(finews("crawl", "--mirror", server.url, "--no-posts", archive=old), guarded)
    assert (readers.failures, done.deleted) == ([], False)
    assert done.result["posts"]["new"] == 40
    assert_sound(old)


def test_an_older_archive_that_a_run_is_at_work_on_is_left_as_it_is_and_said_to_be_so(
    old: Path, guarded: dict[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(connection, "_MIGRATION_SECONDS", 0)
    before = old.read_bytes()
    with run_lock(old):
        with pytest.raises(ArchiveOutdated) as refused:
            Archive(old)
        done = subprocess.run(finews("stats", archive=old), env=guarded, capture_output=True, text=True, check=False)
    said = re.fullmatch(
        rf"{re.escape(str(old))} is of an older version, and a run is at work on it"
        rf" \(pid {os.getpid()}, started \S+\): ask again when it has ended\.",
        str(refused.value),
    )
    assert said is not None
    assert (done.returncode, done.stdout, done.stderr) == (75, "", f"Error: {refused.value}\n")
    assert old.read_bytes() == before
    with Archive(old) as archive:  # the run has ended
        assert archive.search("江西")["total"] > 0


# One program that opens an archive more than once.


def another_program_comes_and_goes(path: Path) -> None:
    program = "import sqlite3, sys; a = sqlite3.connect(sys.argv[1]); a.execute('SELECT * FROM runs'); a.close()"
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)


def open_and_close(path: Path) -> None:
    Archive(path).close()


def make_again(path: Path) -> None:
    Archive(path, create=True).close()


def begin_another_run(path: Path) -> None:
    with pytest.raises(ArchiveLocked):
        made.Run(path)


def back_up(path: Path) -> None:
    with Archive(path) as archive:
        for _ in range(2):  # the second one replaces the first
            archive.backup(path.with_name("backup.db"))


def back_up_onto_the_archive(path: Path) -> None:
    with Archive(path) as archive, pytest.raises(UsageError):
        archive.backup(path)


def check_it(path: Path) -> None:
    assert check(path, None)["findings"] == []


def import_it(path: Path) -> None:
    (file,) = post_files([path], path)
    assert isinstance(file, UnreadFile)


@pytest.mark.parametrize(
    "meanwhile",
    [
        open_and_close,
        make_again,
        begin_another_run,
        back_up,
        back_up_onto_the_archive,
        check_it,
        import_it,
    ],
)
def test_whatever_else_a_program_does_with_an_archive_a_run_of_its_own_keeps_its_locks(
    archive: Path, meanwhile: Callable[[Path], None]
):
    first, second = articles(2)
    run = made.Run(archive)
    run.write(first)
    meanwhile(archive)
    another_program_comes_and_goes(archive)
    assert not writes_into_a_deleted_log(os.getpid())
    run.write(second)
    run.end()
    assert_sound(archive, 2)


@pytest.mark.parametrize("kept", [0, 1])
def test_a_program_may_open_an_archive_twice_beside_a_crawl_and_close_either(
    archive: Path, guarded: dict[str, str], kept: int
):
    Archive(archive, create=True).close()
    posts = outlets.posts(30, 10)
    opened = [Archive(archive), Archive(archive)]

    def close_one() -> bool:
        if server.asked and len(opened) > 1:
            opened.pop(1 - kept).close()
        return False

    with bad.serve_badly(build(posts), {post.address: [bad.late(LATE)] for post in posts}) as server:
        command = finews("crawl", "--mirror", server.url, "--no-posts", archive=archive)
        done = run_to_its_end(command, guarded, meanwhile=close_one)
    (still_open,) = opened
    assert still_open.stats()["posts"] == done.result["posts"]["new"] == 30
    assert not done.deleted
    assert not writes_into_a_deleted_log(os.getpid())
    still_open.close()
    assert_sound(archive, 30)


# One owner, one door.

COUNTED = """
import sys

opened = []
sys.addaudithook(lambda event, values: opened.append(str(values[0])) if event == "sqlite3.connect" else None)
from crawler.cli import main

try:
    main(sys.argv[1:])
finally:
    print([name for name in opened if "archive.db" in name], file=sys.stderr)
"""


@pytest.mark.parametrize("spider", ["crawl", f"share {made.ID}"])
def test_a_run_opens_its_archive_once_and_asks_sqlite_alone_what_it_is(
    archive: Path, guarded: dict[str, str], spider: str
):
    Archive(archive, create=True).close()
    with serve(bundled_site()) as server:
        command = [*spider.split(), "--mirror", server.url, "--archive", str(archive), "--no-posts", "--json"]
        done = subprocess.run(
            [sys.executable, "-c", COUNTED, *command], env=guarded, capture_output=True, text=True, check=False
        )
    assert done.stderr.splitlines()[-1] == str([*[f"{archive.as_uri()}?immutable=1"] * 2, str(archive)])


# Waiting.


@contextmanager
def another_writer(path: Path, seconds: float) -> Iterator[None]:
    """Have another program begin to write into an archive, and go on for so many seconds."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO hosts (host) VALUES ('another.example')")
    timer = threading.Timer(seconds, other.execute, ["COMMIT"])
    timer.start()
    try:
        yield
    finally:
        timer.join()
        other.close()


def test_a_run_that_begins_and_ends_while_another_program_writes_waits_for_it(archive: Path):
    Archive(archive, create=True).close()
    with another_writer(archive, 1):
        run = made.Run(archive)
    with closing(sqlite3.connect(archive)) as connected, connected:
        connected.execute("DELETE FROM hosts")
    with another_writer(archive, 1):
        run.write(made.article())
    run.archive.db.execute("DELETE FROM hosts")
    with another_writer(archive, 1):
        assert run.end()["posts"]["new"] == 1


def test_an_import_that_begins_while_another_program_writes_waits_for_it(archive: Path, tmp_path: Path):
    (tmp_path / "2022-04-20-a.md").write_text("---\ntitle: 题\ndate: 2022-04-20\n---\n正文", encoding="utf-8")
    Archive(archive, create=True).close()
    with another_writer(archive, 1):
        report = import_posts(
            [tmp_path / "2022-04-20-a.md"], ImportOptions(archive=archive, posts=None, site="notes")
        )
    assert report["posts"]["new"] == 1
