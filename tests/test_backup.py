"""The backup: a copy that can be trusted, taken while others write, and no harm to whatever stands there already."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.errors import ArchiveError, ArchiveLocked, UsageError
from crawler.ops.check import check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

TABLES = (
    "runs categories posts versions tags article_tags securities mentions links stories story_keys derived"
    " _sqlite_migrations articles revisions"
).split()
STORY = (
    "江西出台5G应用行动计划，将建成十万个基站，覆盖全部乡镇，并培育一百家示范工厂，带动投资三百亿元，预计年底完成。"
    * 4
)

# Backs up in a process that may write no file longer than so many bytes, as on a full disk.
ON_A_FULL_DISK = """
import resource, signal, sys
from crawler.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
main(["backup", sys.argv[3], "--archive", sys.argv[2]])
"""

# Is killed amid a transaction that has outgrown its memory, and leaves a journal behind.
KILLED = """
import os, sys
from crawler.archive import Archive
db = Archive(sys.argv[1]).db
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("DELETE FROM articles")
db.execute("DELETE FROM search_data")
os._exit(9)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive in a folder of its own: two posts of one story, and one that was revised."""
    folder = tmp_path / "output"
    with Archive(folder / "archive.db", create=True) as archive, archive.db.atomic():
        run = runs.begin(archive.db, "finews", made.SEEN)
        for post_id in ("NW1", "NW2"):
            posts.store(archive.db, made.article(post_id, html=f"<p>{STORY}</p>"), run)
        posts.store(archive.db, made.article("NW3"), run)
        posts.store(archive.db, made.article("NW3", title="改了", seen_at=made.LATER), run)
    return folder / "archive.db"


@pytest.fixture
def archive(path: Path) -> Iterator[Archive]:
    with Archive(path) as opened:
        yield opened


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def content(db: Database | sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of an archive."""
    return {table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES}


def add(archive: Archive, *post_ids: str) -> None:
    with archive.db.atomic():
        for post_id in post_ids:
            posts.store(archive.db, made.article(post_id), 1)


def ids(path: Path) -> list[str]:
    with Archive(path) as opened:
        return [post["post_id"] for post in opened.posts()]


def refusal(archive: Archive, file: Path) -> str:
    """Return the sentence a backup to `file` ends in, once it is certain that nothing was touched."""
    folder = archive.path.parent
    before = {entry: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()}
    with pytest.raises(UsageError) as refused:
        archive.backup(file)
    assert {entry: entry.read_bytes() for entry in folder.iterdir() if entry.is_file()} == before
    assert refused.value.exit_code == 2
    return str(refused.value)


# A copy.


def test_a_backup_says_what_it_copied(archive: Archive, tmp_path: Path):
    file = tmp_path / "backup.db"
    assert archive.backup(file) == {
        "archive": str(archive.path),
        "file": str(file),
        "bytes": file.stat().st_size,
        "posts": 3,
        "versions": 4,
        "made_folder": None,
    }


def test_a_backup_is_an_archive_with_the_same_rows_that_is_found_sound(archive: Archive, tmp_path: Path):
    archive.backup(tmp_path / "backup.db")
    with Archive(tmp_path / "backup.db") as copy:
        assert content(copy.db) == content(archive.db)
        assert copy.search("基站", collapse=True) == archive.search("基站", collapse=True)
        assert copy.search("江西", as_of="2022-04-21 09:30") == archive.search("江西", as_of="2022-04-21 09:30")
        add(copy, "NW9")
        assert copy.search("融合")["total"] == 2
    assert archive.search("融合")["total"] == 1


def test_a_backup_is_as_sound_as_the_archive(path: Path, tmp_path: Path):
    check(path, None, repair=True)
    with Archive(path) as archive:
        archive.backup(tmp_path / "backup.db")
    assert check(tmp_path / "backup.db", None)["findings"] == []


def test_a_backup_is_a_single_file_in_a_folder_created_for_it(archive: Archive, tmp_path: Path):
    file = tmp_path / "some" / "where" / "backup.db"
    assert archive.backup(file)["made_folder"] == str(file.parent)
    assert archive.backup(file)["made_folder"] is None
    assert names(file.parent) == ["backup.db"]
    assert names(tmp_path) == ["output", "some"]


def test_a_backup_is_backed_up_as_any_archive(archive: Archive, tmp_path: Path):
    archive.backup(tmp_path / "one.db")
    with Archive(tmp_path / "one.db") as copy:
        copy.backup(tmp_path / "other.db")
    with Archive(tmp_path / "other.db") as copy:
        assert content(copy.db) == content(archive.db)


def test_an_archive_without_a_post_is_copied(tmp_path: Path):
    with Archive(tmp_path / "archive.db", create=True) as archive:
        assert archive.backup(tmp_path / "backup.db")["posts"] == 0
    assert ids(tmp_path / "backup.db") == []


def test_a_backup_that_a_run_opens_is_switched_to_wal_mode(archive: Archive, tmp_path: Path):
    archive.backup(tmp_path / "backup.db")
    with made.Run(tmp_path / "backup.db") as run:
        assert run.archive.db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# While others write.


def test_uncommitted_changes_of_another_program_are_not_in_the_copy(archive: Archive, tmp_path: Path):
    with Archive(archive.path) as writer:
        writer.db.begin()
        posts.store(writer.db, made.article("NW9"), 1)
        archive.backup(tmp_path / "backup.db")
        writer.db.commit()
    assert ids(tmp_path / "backup.db") == ["NW1", "NW2", "NW3"]
    assert ids(archive.path) == ["NW1", "NW2", "NW3", "NW9"]


def test_changes_that_are_only_in_the_write_ahead_log_are_in_the_copy(archive: Archive, tmp_path: Path):
    with Archive(archive.path) as writer:
        before = archive.path.read_bytes()
        add(writer, "NW9")
        assert archive.path.read_bytes() == before
        assert archive.path.with_name("archive.db-wal").stat().st_size
        archive.backup(tmp_path / "backup.db")
    assert ids(tmp_path / "backup.db") == ["NW1", "NW2", "NW3", "NW9"]


def test_a_copy_taken_while_a_run_writes_holds_whole_transactions(archive: Archive, tmp_path: Path):
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(archive.path, timeout=60)) as writer:
            while not done.is_set():
                with writer:
                    writer.execute("UPDATE runs SET requests = requests + 1")
                    writer.execute("UPDATE runs SET retries = retries + 1")

    run = threading.Thread(target=write)
    run.start()
    try:
        for number in range(5):
            archive.backup(tmp_path / f"{number}.db")
    finally:
        done.set()
        run.join()
    for number in range(5):
        with Archive(tmp_path / f"{number}.db") as copy:
            ((requests, retries),) = copy.db.execute("SELECT requests, retries FROM runs")
            assert requests == retries
            assert [post["post_id"] for post in copy.posts()] == ["NW1", "NW2", "NW3"]


# What stands there already.


def test_an_earlier_backup_is_replaced(archive: Archive, tmp_path: Path):
    file = tmp_path / "backup.db"
    archive.backup(file)
    add(archive, "NW9")
    assert archive.backup(file)["posts"] == 4
    assert ids(file) == ["NW1", "NW2", "NW3", "NW9"]
    assert names(tmp_path) == ["backup.db", "output"]


def test_readers_of_an_earlier_backup_can_go_on_reading(archive: Archive, tmp_path: Path):
    file = tmp_path / "backup.db"
    archive.backup(file)
    with Archive(file) as reader:
        add(archive, "NW9")
        archive.backup(file)
        assert [post["post_id"] for post in reader.posts()] == ["NW1", "NW2", "NW3"]
    assert ids(file) == ["NW1", "NW2", "NW3", "NW9"]


def test_leftovers_of_a_killed_backup_are_removed(archive: Archive, tmp_path: Path):
    (tmp_path / ".backup.db.tmp").write_bytes(b"half of a copy")
    archive.backup(tmp_path / "backup.db")
    assert names(tmp_path) == ["backup.db", "output"]
    assert ids(tmp_path / "backup.db") == ["NW1", "NW2", "NW3"]


def test_a_journal_next_to_an_earlier_backup_is_not_replayed_into_the_new_one(
    archive: Archive, tmp_path: Path, environment: dict[str, str]
):
    file = tmp_path / "backup.db"
    add(archive, *(f"NW{number}" for number in range(10, 20)))
    archive.backup(file)
    subprocess.run([sys.executable, "-c", KILLED, str(file)], env=environment, check=False)
    assert names(tmp_path) == ["backup.db", "backup.db-journal", "output"]
    add(archive, *(f"NW{number}" for number in range(20, 60)))
    archive.backup(file)
    assert names(tmp_path) == ["backup.db", "output"]
    assert check(file, None)["findings"] == check(archive.path, None)["findings"]
    with Archive(file) as copy:
        assert content(copy.db) == content(archive.db)


def test_a_file_that_is_not_an_archive_is_left_alone(archive: Archive):
    folder = archive.path.parent
    (folder / "text.md").write_bytes(b"# mein")
    (folder / "empty").touch()
    with closing(sqlite3.connect(folder / "other.db")) as other, other:
        other.execute("CREATE TABLE mine (x)")
    (folder / "directory").mkdir()
    (folder / "device").symlink_to(os.devnull)
    for name in ("text.md", "empty", "other.db", "directory", "device", "archive.db-wal"):
        file = folder / name
        assert refusal(archive, file) == f"{file} exists and is not a backup of an archive: name another file."
    assert names(folder / "directory") == []


def test_the_archive_itself_is_not_replaced_by_its_copy(archive: Archive, monkeypatch: pytest.MonkeyPatch):
    folder = archive.path.parent
    (folder / "link.db").symlink_to("archive.db")
    (folder / "hard.db").hardlink_to(archive.path)
    (folder.parent / "other").symlink_to(folder)
    monkeypatch.chdir(folder)
    for file in (
        archive.path,
        Path("archive.db"),
        folder / ".." / "output" / "archive.db",
        folder.parent / "other" / "archive.db",
        folder / "link.db",
        folder / "hard.db",
    ):
        assert refusal(archive, file) == f"{file} exists and is not a backup of an archive: name another file."


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("text.md/backup.db", "File exists"),
        ("text.md/some/where/backup.db", "Not a directory"),
        ("x" * 252, "File name too long"),
        ("x" * 300, "File name too long"),
        ("taken.db", "Is a directory"),
    ],
    ids=["under a file", "deep under a file", "a long name", "a longer name", "no place for a draft"],
)
def test_a_place_that_cannot_be_written_to_is_a_sentence(archive: Archive, name: str, problem: str):
    folder = archive.path.parent
    (folder / "text.md").write_bytes(b"# mein")
    (folder / ".taken.db.tmp").mkdir()
    before = names(folder)
    file = folder / name
    assert refusal(archive, file) == f"{file} cannot be written: {problem}; name another file."
    assert names(folder) == before


def test_a_place_where_nobody_may_write_is_a_sentence(archive: Archive):
    assert refusal(archive, Path("/sys/backup.db")).startswith("/sys/backup.db cannot be written: ")


# When it goes wrong.


def test_a_damaged_archive_is_not_copied_over_an_earlier_backup(path: Path, tmp_path: Path):
    file = tmp_path / "backup.db"
    with Archive(path) as archive:
        archive.backup(file)
        before = file.read_bytes()
        (size,) = archive.db.execute("PRAGMA page_size").fetchone()
        (page,) = archive.db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'links'").fetchone()
    with path.open("r+b") as opened:
        opened.seek((page - 1) * size)
        opened.write(b"\xff" * size)
    with Archive(path) as archive, pytest.raises(ArchiveError, match=r"^The copy is not sound \(") as refused:
        archive.backup(file)
    assert str(refused.value).endswith("), nor is the archive: see `finews check`.")
    assert "\n" not in str(refused.value)
    assert file.read_bytes() == before
    assert names(tmp_path) == ["backup.db", "output"]


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize("room", [60_000, 150_000])
def test_a_full_disk_is_a_sentence_and_the_earlier_backup_stays(
    path: Path, tmp_path: Path, environment: dict[str, str], earlier: bool, room: int
):
    file = tmp_path / "backup.db"
    with Archive(path) as archive:
        if earlier:
            archive.backup(file)
        add(archive, *(f"NW{number}" for number in range(10, 40)))
    before = file.read_bytes() if earlier else b""
    assert room < path.stat().st_size
    done = subprocess.run(
        [sys.executable, "-c", ON_A_FULL_DISK, str(room), str(path), str(file)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1
    assert "disk I/O error" in done.stderr
    assert names(tmp_path) == (["backup.db", "output"] if earlier else ["output"])
    assert names(path.parent) == ["archive.db", "archive.db.lock"]
    assert not earlier or file.read_bytes() == before


def test_an_archive_that_a_run_writes_is_not_replaced_by_a_backup_of_another(archive: Archive, tmp_path: Path):
    other = tmp_path / "other.db"
    with made.Run(other) as run:
        run.write(made.article("NW9"))
        with pytest.raises(ArchiveLocked, match=f"pid {os.getpid()}, started "):
            archive.backup(other)
        run.end()
    assert names(tmp_path) == ["other.db", "other.db.lock", "output"]
    with Archive(other) as left:
        assert [post["post_id"] for post in left.posts()] == ["NW9"]
    archive.backup(other)  # nobody is at work
    with Archive(other) as copy:
        assert [post["post_id"] for post in copy.posts()] == ["NW1", "NW2", "NW3"]


def test_a_link_in_the_place_of_a_draft_is_not_followed(archive: Archive):
    folder = archive.path.parent
    (folder / "victim").write_text("precious")
    (folder / ".copy.db.tmp").symlink_to(folder / "victim")

    archive.backup(folder / "copy.db")

    assert (folder / "victim").read_text() == "precious"
    assert not (folder / "copy.db").is_symlink()
