"""The archive's file: made, opened again, refused, found damaged or held; and the lock that keeps two runs apart."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import made
import pytest

import crawler
from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import connection, posts
from crawler.archive.store.lock import run_lock, writing
from crawler.errors import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveLocked,
    FinewsError,
    NewerArchive,
    NoArchive,
    NotAnArchive,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# What the public surface promises to users' own SQL.
PROMISED = {
    "articles": "id site post_id url share_url title source category summary published_at published_ts html markdown"
    " text content_hash revision first_seen_at last_seen_at gone_at derived front_matter draft"
    " image authors",
    "revisions": "article_id revision seen_at run_id via title published_at html content_hash markdown text derived"
    " front_matter draft image authors",
    "authors": "id name",
    "article_authors": "article_id revision author_id position",
    "categories": "site slug name url",
    "tags": "id name",
    "article_categories": "article_id category position",
    "article_tags": "article_id tag_id",
    "securities": "code symbol market name pinyin",
    "mentions": "article_id code name count published_ts",
    "links": "url kind state status reason attempts found_on etag last_modified fetched_at next_try_at article_id"
    " run_id",
    "runs": "id site outcome started_at finished_at seconds requests not_modified retries bytes listings pending new"
    " changed unchanged refused failed gone reasons listing_reasons scope hosts elsewhere",
    "fetches": "link_id outcome status reason rule run_id fetched_at last_run_id last_fetched_at times",
    "captures": "url captured_at status record digest file offset length request_length fetch_id",
    "files": "path commit site outcome reason imported_at run_id article_id",
    "deletions": "site post_id url deleted_at",
    "archives": "id own path merged_at",
    "sites": "name rules definition run_id",
    "hosts": "host robots robots_at wait_until wait_reason failures failure given_up_run_id day requests",
    "articles_by_day": "day site source category posts gone",
    "mentions_by_day": "day code symbol market name posts mentions",
    "search": "title_pairs text_pairs",
    "search_tokens": "tokens",
}
VIEWS = {"articles", "revisions", "articles_by_day", "mentions_by_day"}
# What the program keeps there for itself.
OWN = {
    "article_tags": "position",
    "archives": "began_at mark last_run earlier_states captures_mark",
    "links": "id site title found_at met_run_id outcome rules asked_run_id read_at leads_on deleted_at",
    "runs": "listings_failed archive_id number",
    "fetches": "id",
    "captures": "id",
    "files": "id content_hash",
}
OWN_TABLES = (
    "posts versions sightings snapshot before_imports stories story_keys derived sqlite_sequence"
    " search_config search_data search_idx search_tokens_config search_tokens_data search_tokens_idx"
    " _sqlite_migrations"
)
LONG_AGO = 1_000_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "archive.db"


def make(path: Path) -> None:
    Archive(path, create=True).close()


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connected:
        return connected.execute(sql).fetchall()


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connected, connected:
        connected.execute(sql)


def traces(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all that stands in a folder: each file with its time and its bytes."""
    return {file.name: (file.stat().st_mtime_ns, file.read_bytes()) for file in folder.iterdir() if file.is_file()}


def refusal(path: Path, *, create: bool = True) -> FinewsError:
    """Return the error opening `path` ends in, once it is certain that nothing was touched."""
    if path.is_file():
        os.utime(path, (LONG_AGO, LONG_AGO))
    before = traces(path.parent)
    with pytest.raises(FinewsError) as refused:
        Archive(path, create=create)
    assert traces(path.parent) == before
    return refused.value


def columns(path: Path, table: str) -> list[object]:
    return [name for (name,) in ask(path, f"SELECT name FROM pragma_table_info('{table}') ORDER BY cid")]


def applied(path: Path) -> list[tuple[object, ...]]:
    return ask(path, "SELECT migration_set, name FROM _sqlite_migrations ORDER BY id")


# Made.


def test_a_new_archive_has_the_promised_tables_and_views_and_the_programs_own(path: Path):
    make(path)
    names = ask(path, "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view')")
    tables = PROMISED.keys() - VIEWS | set(OWN_TABLES.split())
    assert sorted(names) == sorted([("view", name) for name in VIEWS] + [("table", name) for name in tables])


@pytest.mark.parametrize("table", PROMISED)
def test_a_table_has_the_promised_columns_and_the_programs_own(path: Path, table: str):
    make(path)
    assert sorted(columns(path, table)) == sorted(f"{PROMISED[table]} {OWN.get(table, '')}".split())


@pytest.mark.parametrize("table", ["articles", "revisions"])
def test_the_promised_columns_stand_in_the_promised_order(path: Path, table: str):
    make(path)
    assert columns(path, table) == PROMISED[table].split()


def test_the_archive_is_in_wal_mode_and_says_whose_it_is(path: Path):
    make(path)
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]
    assert ask(path, "PRAGMA application_id") == [(int.from_bytes(b"finw"),)]


@pytest.mark.parametrize("times", [1, 2])
def test_foreign_keys_are_on_in_every_connection(path: Path, times: int):
    for _ in range(times):
        with Archive(path, create=True) as archive:
            assert archive.db.execute("PRAGMA foreign_keys").fetchone() == (1,)


def test_a_link_to_an_article_that_is_not_there_is_refused(path: Path):
    with Archive(path, create=True) as archive, pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        archive.db.execute("INSERT INTO mentions VALUES (1, '1.600519', '贵州茅台', 1, 0)")


def test_every_step_is_recorded_in_order(path: Path):
    make(path)
    steps = sorted(entry.name for entry in files("crawler.archive.store").joinpath("steps").iterdir())
    assert steps[0] == "0001_first_schema.sql"
    assert applied(path) == [("finews-archive", name.removesuffix(".sql")) for name in steps]


def test_the_folder_of_a_new_archive_is_made(tmp_path: Path):
    make(tmp_path / "some" / "where" / "archive.db")
    assert applied(tmp_path / "some" / "where" / "archive.db")


def test_an_archive_leaves_nothing_beside_it_when_it_is_closed(path: Path):
    make(path)
    assert sorted(traces(path.parent)) == ["archive.db", "archive.db.lock"]


def test_an_archive_in_memory_leaves_nothing_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    with Archive(":memory:", create=True) as archive:
        assert archive.search("江西")["total"] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [True, False])
def test_opening_an_archive_again_changes_nothing(path: Path, create: bool):
    make(path)
    os.utime(path, (LONG_AGO, LONG_AGO))
    before = traces(path.parent)
    Archive(path, create=create).close()
    assert traces(path.parent) == before


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
def test_an_archive_whose_making_was_cut_short_is_finished(path: Path, mode: str):
    change(path, f"PRAGMA application_id = {int.from_bytes(b'finw')}")
    change(path, f"PRAGMA journal_mode = {mode}")
    make(path)
    assert applied(path)
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]


def test_a_new_archive_is_ours_from_its_first_byte_on(path: Path, monkeypatch: pytest.MonkeyPatch):
    """Killed before any statement of its making, the file must not look like some other program's."""
    connect, seen = sqlite3.connect, []

    class Watched(sqlite3.Connection):
        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if path.stat().st_size:
                with closing(connect(path)) as other:
                    seen.extend(other.execute("PRAGMA application_id"))
            return super().execute(sql, *values)

    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Watched))
    make(path)
    assert set(seen) == {(int.from_bytes(b"finw"),)}


def test_an_empty_file_counts_as_no_archive(path: Path):
    path.touch()
    error = refusal(path, create=False)
    assert isinstance(error, NoArchive)


def test_an_archive_is_made_in_an_empty_file(path: Path):
    path.touch()
    make(path)
    assert applied(path)


def read_only(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take from this process the right to write beside `path`; the tests' own user may write anywhere."""
    access = os.access
    monkeypatch.setattr(
        os, "access", lambda file, mode, **how: (file, mode) != (path.parent, os.W_OK) and access(file, mode, **how)
    )


def test_an_archive_in_a_folder_that_cannot_be_written_to_is_read_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    make(path)
    read_only(path, monkeypatch)
    before = traces(path.parent)
    with Archive(path) as archive:
        assert archive.search("江西") == {"query": "江西", "total": 0, "results": []}
        assert traces(path.parent) == before
        with pytest.raises(sqlite3.OperationalError, match="attempt to write a readonly database"):
            archive.db.execute("DELETE FROM runs")
    assert traces(path.parent) == before


@pytest.mark.parametrize("name", ["a b.db", "50%25.db", "what?.db", "#1.db", "江西.db"])
def test_an_archive_that_can_only_be_read_may_have_any_name(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
):
    make(tmp_path / name)
    read_only(tmp_path / name, monkeypatch)
    with Archive(tmp_path / name) as archive:
        assert list(archive.runs()) == []


# Refused.


def test_a_missing_archive_is_refused_and_not_made(path: Path):
    error = refusal(path, create=False)
    assert isinstance(error, NoArchive)
    assert error.exit_code == 2
    assert (
        str(error) == f"There is no archive at {path}: make one with `finews crawl`, or name another with --archive."
    )
    assert not path.exists()


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize("content", ["看看这个\n", "x", "SQLite format 2\0" + "x" * 100])
def test_a_file_of_another_kind_is_refused(path: Path, content: str, create: bool):
    path.write_text(content, encoding="utf-8")
    error = refusal(path, create=create)
    assert isinstance(error, NotAnArchive)
    assert error.exit_code == 1
    assert str(error) == (
        f"{path} is not a finews archive (it is not an SQLite database); it was left untouched:"
        " name another with --archive."
    )


@pytest.mark.parametrize("mode", ["DELETE", "WAL"])
@pytest.mark.parametrize("create", [True, False])
def test_another_programs_database_is_refused(path: Path, mode: str, create: bool):
    change(path, f"PRAGMA journal_mode = {mode}")
    change(path, "CREATE TABLE articles (id INTEGER PRIMARY KEY)")
    error = refusal(path, create=create)
    assert isinstance(error, NotAnArchive)
    assert error.exit_code == 1
    assert str(error) == (
        f"{path} is not a finews archive (it is some other program's SQLite database); it was left untouched:"
        " name another with --archive."
    )


def test_a_database_with_another_application_id_is_refused(path: Path):
    change(path, "PRAGMA application_id = 42")
    assert isinstance(refusal(path), NotAnArchive)


@pytest.mark.parametrize("create", [True, False])
def test_an_archive_of_a_newer_version_is_refused(path: Path, create: bool):
    make(path)
    change(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
        " VALUES ('finews-archive', '9999_from_the_future', '2099-01-01')",
    )
    error = refusal(path, create=create)
    assert isinstance(error, NewerArchive)
    assert error.exit_code == 1
    assert str(error) == (
        f"{path} was written by a newer version (it holds the migration 9999_from_the_future):"
        " upgrade finews-archive."
    )


def test_migrations_of_users_own_do_not_make_an_archive_newer(path: Path):
    make(path)
    change(
        path,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('mine', '9999_mine', '2099-01-01')",
    )
    Archive(path).close()


@pytest.mark.parametrize("create", [True, False])
def test_a_directory_is_refused(tmp_path: Path, create: bool):
    folder = tmp_path / "archive"
    folder.mkdir()
    error = refusal(folder, create=create)
    assert type(error) is ArchiveError
    assert error.exit_code == 1
    assert str(error) == f"{folder} cannot be read: Is a directory; name another file with --archive."


def test_a_path_through_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArchiveError) as refused:
        Archive(tmp_path / "file" / "archive.db", create=True)
    assert str(refused.value) == (
        f"{tmp_path / 'file' / 'archive.db'} cannot be read: Not a directory; name another file with --archive."
    )


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path):
    (tmp_path / "loose").symlink_to(tmp_path / "nowhere" / "at all")
    with pytest.raises(ArchiveError) as refused:
        Archive(tmp_path / "loose" / "archive.db", create=True)
    assert str(refused.value) == (
        f"{tmp_path / 'loose' / 'archive.db'} cannot be made: File exists; name another place with --archive."
    )


def test_a_database_that_is_rubbish_behind_its_header_is_refused(path: Path):
    header = b"SQLite format 3\0" + b"rubbish!" * 6 + b"....finw"
    path.write_bytes(header + b"rubbish " * 1000)
    error = refusal(path)
    assert isinstance(error, NotAnArchive)
    assert error.exit_code == 1
    assert "(it is not an SQLite database)" in str(error)


@pytest.mark.parametrize("kept", [100, 4096])
def test_an_archive_that_is_rubbish_behind_its_first_page_is_refused(path: Path, kept: int):
    make(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept] + b"rubbish!" * ((len(whole) - kept) // 8))
    error = refusal(path)
    assert type(error) is ArchiveDamaged
    assert str(error) == str(ArchiveDamaged(path, "database disk image is malformed"))


def test_tables_of_another_program_under_our_id_are_refused_and_the_file_is_closed(path: Path):
    change(path, f"PRAGMA application_id = {int.from_bytes(b'finw')}")
    change(path, "CREATE TABLE runs (mine TEXT)")
    before = path.read_bytes()
    with pytest.raises(NotAnArchive) as refused:
        Archive(path)
    assert "(it has the table runs and nothing of this program's)" in str(refused.value)
    assert sorted(traces(path.parent)) == ["archive.db"]
    assert path.read_bytes() == before


# Found damaged, full or held while it is read.

PAGE = 4096
MALFORMED = "`finews check` says what is damaged, a backup brings it back."
LET_GO = "try again when the other program has let go of it."
WRITABLE = "see that the file and its folder may be written to."
DISK = "see to the disk, it may be full or damaged."


@pytest.fixture(scope="module")
def thirty_posts(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of an archive with thirty posts."""
    path = tmp_path_factory.mktemp("filled") / "archive.db"
    with Archive(path, create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        with archive.db.atomic():
            for number in range(30):
                html = f"<p>江西{'规模化应用' * 200}</p>"
                posts.store(archive.db, made.article(f"NW{number}", title=f"第{number}篇", html=html), 1)
    return path.read_bytes()


@pytest.fixture
def filled(path: Path, thirty_posts: bytes) -> Path:
    path.write_bytes(thirty_posts)
    return path


def damage(path: Path, table: str) -> None:
    """Write rubbish over the first page of a table."""
    ((page,),) = ask(path, f"SELECT rootpage FROM sqlite_schema WHERE name = '{table}'")
    with path.open("r+b") as file:
        file.seek((page - 1) * PAGE)
        file.write(b"rubbish " * (PAGE // 8))


READ: dict[str, Callable[[Archive], object]] = {
    "posts": lambda archive: list(archive.posts()),
    "post": lambda archive: archive.post("NW7"),
    "search": lambda archive: archive.search("江西规模化应用"),
    "search as of": lambda archive: archive.search("江西", as_of="2022-05"),
    "history": lambda archive: archive.history("NW7"),
    "stock": lambda archive: archive.stock("贵州茅台"),
    "stats": lambda archive: archive.stats(),
}


# The history of a post is read from its versions, and found by an index.
@pytest.mark.parametrize(
    ("table", "read"), [(t, r) for t in ("posts", "versions") for r in READ if (t, r) != ("posts", "history")]
)
def test_a_damaged_archive_is_a_sentence_whatever_is_read(filled: Path, table: str, read: str):
    damage(filled, table)
    with pytest.raises(ArchiveError) as broken, Archive(filled) as archive:
        READ[read](archive)
    assert str(broken.value) == f"{filled} cannot be used (database disk image is malformed); {MALFORMED}"
    assert isinstance(broken.value.__cause__, sqlite3.DatabaseError)
    assert list(traces(filled.parent)) == ["archive.db"]


@pytest.mark.parametrize("table", ["search_data", "search_idx"])
def test_a_damaged_index_is_a_sentence(filled: Path, table: str):
    damage(filled, table)
    with pytest.raises(ArchiveError) as broken, Archive(filled) as archive:
        archive.search("江西规模化应用")
    said = re.fullmatch(
        rf"{re.escape(str(filled))} cannot be used \((.+)\); {re.escape(MALFORMED)}", str(broken.value)
    )
    assert said is not None
    assert said[1] in {"database disk image is malformed", "vtable constructor failed: search"}


def test_an_archive_whose_index_is_damaged_is_read_all_the_same(filled: Path):
    damage(filled, "search_data")
    with Archive(filled) as archive:
        assert [post["post_id"] for post in archive.posts()] == [f"NW{number}" for number in range(30)]


def test_an_archive_another_program_holds_is_not_written_to(path: Path):
    make(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        held = Archive(path)
        held.db.conn.execute("PRAGMA busy_timeout = 0")
        with pytest.raises(ArchiveError) as busy, held as archive:
            archive.db.execute("DELETE FROM runs")
    assert str(busy.value) == f"{path} cannot be used (database is locked); {LET_GO}"


def test_an_archive_another_program_writes_is_read_all_the_same(filled: Path):
    with closing(sqlite3.connect(filled, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with Archive(filled) as archive:
            assert archive.search("江西")["total"] == 30


def test_an_archive_another_program_holds_for_itself_is_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch):
    make(path)
    monkeypatch.setattr(connection, "_BUSY_SECONDS", 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("UPDATE runs SET id = id")
        with pytest.raises(ArchiveError) as busy:
            Archive(path)
    assert str(busy.value) == f"{path} cannot be opened as an archive: database is locked."


def test_an_archive_that_may_not_be_written_to_is_a_sentence(path: Path, monkeypatch: pytest.MonkeyPatch):
    make(path)
    read_only(path, monkeypatch)
    with pytest.raises(ArchiveError) as refused, Archive(path) as archive:
        archive.db.execute("DELETE FROM runs")
    assert str(refused.value) == f"{path} cannot be used (attempt to write a readonly database); {WRITABLE}"


def test_an_archive_that_has_no_room_is_a_sentence(path: Path):
    make(path)
    opened = Archive(path)
    opened.db.execute(f"PRAGMA max_page_count = {path.stat().st_size // PAGE}")
    with pytest.raises(ArchiveError) as full, opened as archive:
        runs.begin(archive.db, "x" * 100_000, made.SEEN)
    assert str(full.value) == f"{path} cannot be used (database or disk is full); make room on the disk."


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("SQLITE_BUSY_SNAPSHOT", LET_GO),
        ("SQLITE_LOCKED_SHAREDCACHE", LET_GO),
        ("SQLITE_READONLY_DIRECTORY", WRITABLE),
        ("SQLITE_CANTOPEN", WRITABLE),
        ("SQLITE_FULL", "make room on the disk."),
        ("SQLITE_IOERR_READ", DISK),
        ("SQLITE_CORRUPT_VTAB", MALFORMED),
        ("SQLITE_NOTADB", MALFORMED),
    ],
)
def test_what_sqlite_says_of_a_file_is_a_sentence_with_a_remedy(path: Path, code: str, remedy: str):
    error = sqlite3.OperationalError("so it is")
    error.sqlite_errorname = code
    with pytest.raises(ArchiveError) as refused, Archive(path, create=True):
        raise error
    assert str(refused.value) == f"{path} cannot be used (so it is); {remedy}"
    assert refused.value.__cause__ is error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_READONLY),
        (sqlite3.SQLITE_READONLY_DIRECTORY, sqlite3.SQLITE_READONLY),
        (sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR),
        (None, 0),
    ],
)
def test_an_error_is_of_a_kind_whatever_its_details(code: int | None, kind: int):
    error = sqlite3.OperationalError("so it is")
    if code is not None:
        error.sqlite_errorcode = code
    assert connection.kind_of(error) == kind


@pytest.mark.parametrize(
    ("sql", "error"),
    [
        ("SELECT nothing", sqlite3.OperationalError),
        ("INSERT INTO tags (name) VALUES (NULL)", sqlite3.IntegrityError),
        ("SELECT * FROM search WHERE search MATCH '('", sqlite3.OperationalError),
    ],
)
def test_a_fault_of_a_statement_stays_what_it_is(path: Path, sql: str, error: type[Exception]):
    with pytest.raises(error), Archive(path, create=True) as archive:
        archive.db.execute(sql)


def test_any_other_error_stays_what_it_is_and_the_archive_is_closed(path: Path):
    with pytest.raises(ZeroDivisionError), Archive(path, create=True) as archive:
        raise ZeroDivisionError
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        archive.db.execute("SELECT 1")


# Locked.

HOLDER = """
import sys, time
from pathlib import Path
from crawler.archive.store.lock import run_lock
with run_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def hold(path: Path, environment: dict[str, str]) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return a function that starts another process, which holds the lock of the archive at `path`."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLDER, str(path)]
        root = Path(crawler.__file__).parents[1]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root, env=environment))
        assert started[-1].stdout is not None
        assert started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield start
    for process in started:
        with process:
            process.kill()


def test_a_lock_another_process_holds_is_refused_with_its_pid_and_start(path: Path, hold):
    pid = hold().pid
    with pytest.raises(ArchiveLocked) as locked, run_lock(path):
        pass
    assert locked.value.exit_code == 75
    said = re.fullmatch(
        rf"Another run holds {re.escape(str(path))} \(pid {pid}, started (\S+)\): wait for it to end, or stop it\.",
        str(locked.value),
    )
    assert said is not None
    assert datetime.fromisoformat(said[1]).utcoffset() is not None


def test_a_lock_dies_with_a_killed_process(path: Path, hold):
    with hold() as process:
        process.kill()
    assert process.returncode == -9
    with run_lock(path):
        assert path.with_name("archive.db.lock").read_text().startswith(f"pid {os.getpid()}, started ")


def test_a_refused_run_leaves_the_holders_lock_as_it_was(path: Path, hold):
    hold()
    before = path.with_name("archive.db.lock").read_bytes()
    for _ in range(2):
        with pytest.raises(ArchiveLocked), run_lock(path):
            pass
    assert path.with_name("archive.db.lock").read_bytes() == before


def test_readers_need_no_lock(path: Path, hold):
    make(path)
    hold()
    with Archive(path) as archive:
        assert archive.search("江西") == {"query": "江西", "total": 0, "results": []}


def test_a_lock_can_be_taken_again_once_it_is_let_go_of(path: Path):
    for _ in range(2):
        with run_lock(path):
            pass


def test_two_archives_are_locked_apart(tmp_path: Path):
    with run_lock(tmp_path / "one.db"), run_lock(tmp_path / "two.db"):
        pass


@pytest.fixture(params=["symbolic link", "link to a link", "linked folder", "hard link"])
def other_name(request: pytest.FixtureRequest, path: Path, tmp_path: Path) -> Path:
    """Return another name of the archive, in another folder."""
    make(path)
    other = tmp_path / "elsewhere" / "other.db"
    other.parent.mkdir()
    if request.param == "hard link":
        other.hardlink_to(path)
    elif request.param == "linked folder":
        other.parent.rmdir()
        other.parent.symlink_to(path.parent)
        return other.with_name(path.name)
    elif request.param == "symbolic link":
        other.symlink_to(path)
    else:
        other.with_name("between.db").symlink_to(path)
        other.symlink_to("between.db")
    return other


def test_the_lock_is_the_files_whatever_it_is_called(other_name: Path, hold):
    hold()
    with pytest.raises(ArchiveLocked), run_lock(other_name):
        pass
    with Archive(other_name) as archive:  # readers need none
        assert archive.stats()["posts"] == 0


def test_a_link_that_is_made_while_a_run_goes_on_is_locked_too(path: Path):
    with run_lock(path) as lock, Archive(path, create=True, lock=lock):
        other = path.with_name("other.db")
        other.hardlink_to(path)
        with pytest.raises(ArchiveLocked) as refused, run_lock(other):
            pass
    assert str(refused.value) == (
        f"Another run holds {other} (by another name of the file): wait for it to end, or stop it."
    )
    with run_lock(other):
        pass


def test_an_archive_is_made_where_a_link_leads(path: Path, tmp_path: Path):
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with run_lock(link) as lock, Archive(link, create=True, lock=lock), pytest.raises(ArchiveLocked), run_lock(path):
        pass
    assert path.is_file()


@pytest.mark.parametrize("kind", ["fifo", "device", "socket", "folder", "circle"])
def test_a_lock_that_is_no_plain_file_is_a_sentence(path: Path, kind: str):
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name("archive.db.lock")
    if kind == "fifo":
        os.mkfifo(lock)
    elif kind == "device":
        lock.symlink_to("/dev/null")
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as made_here, contextlib.chdir(path.parent):
            made_here.bind(lock.name)
    elif kind == "folder":
        lock.mkdir()
    else:
        lock.symlink_to(lock.name)
    with pytest.raises(ArchiveError) as refused, run_lock(path):
        pass
    assert str(refused.value) in {
        f"{lock} is not a regular file, and a run needs one there: take it away.",
        f"{lock} cannot be made: No such device or address; a run needs to write there.",
        f"{lock} cannot be made: Is a directory; a run needs to write there.",
        f"{lock} cannot be made: Too many levels of symbolic links; a run needs to write there.",
    }


def test_a_lock_is_held_even_where_there_is_no_room_to_say_so(path: Path):
    without_room = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
    without_room += "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
    hold = f"{without_room} from pathlib import Path; from crawler.archive.store.lock import run_lock\n"
    hold += f"with run_lock(Path({str(path)!r})): print('held')"
    done = subprocess.run([sys.executable, "-c", hold], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "held\n")


def test_a_lock_without_a_place_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArchiveError) as refused, run_lock(tmp_path / "file" / "archive.db"):
        pass
    assert str(refused.value) == (
        f"{tmp_path / 'file' / 'archive.db.lock'} cannot be made: File exists; a run needs to write there."
    )


def test_a_transaction_that_is_to_write_keeps_others_from_writing_in_between(path: Path):
    with Archive(path, create=True) as one, Archive(path) as other:
        other.db.execute("PRAGMA busy_timeout = 0")
        with writing(one.db):
            known = one.db.execute("SELECT count(*) FROM hosts").fetchone()
            with pytest.raises(sqlite3.OperationalError, match=r"^database is locked$"):
                other.db.execute("INSERT INTO hosts (host) VALUES ('other.example')")
            one.db.execute("INSERT INTO hosts (host) VALUES ('one.example')")
        assert known == (0,)
        assert other.db.execute("SELECT host FROM hosts").fetchall() == [("one.example",)]


def test_a_transaction_that_fails_writes_nothing_and_ends(path: Path):
    def fail(archive: Archive) -> None:
        with writing(archive.db):
            archive.db.execute("INSERT INTO hosts (host) VALUES ('one.example')")
            raise ValueError("no")

    with Archive(path, create=True) as archive:
        with pytest.raises(ValueError, match=r"^no$"):
            fail(archive)
        assert not archive.db.conn.in_transaction
        assert archive.db.execute("SELECT host FROM hosts").fetchall() == []


def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_left_alone(path: Path):
    victim = path.with_name("victim")
    victim.write_text("precious")
    path.with_name("archive.db.lock").symlink_to(victim)

    with (
        pytest.raises(ArchiveError, match="is not a regular file, and a run needs one there") as refused,
        run_lock(path),
    ):
        pass

    assert "Traceback" not in str(refused.value)
    assert victim.read_text() == "precious"


def test_a_new_lock_is_its_owners_alone(path: Path):
    with run_lock(path):
        assert path.with_name("archive.db.lock").stat().st_mode & 0o777 == 0o600


def test_a_lock_that_names_a_process_which_is_gone_names_nobody(path: Path, hold):
    hold()
    path.with_name("archive.db.lock").write_text("pid 4194304, started 2022-04-20T00:00:00+00:00\n")

    with pytest.raises(ArchiveLocked, match="it does not say which"), run_lock(path):
        pass
