"""The command `merge`: archives from files, addresses and lists, none of them changed; what is kept, how it fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.store.lock import run_lock
from crawler.cli import main
from crawler.ops.check import check
from crawler.ops.deleting import delete_posts

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE, TWO, THREE = "NW202204200000000001", "NW202204200000000002", "NW202204200000000003"
WORDS = "江西省发布行动计划，推进工业互联网和数字经济融合发展，到明年建成十万个基站，投资两百亿元，覆盖全部县城。" * 2
OTHER_WORDS = (
    "贵州茅台上涨，白酒板块走强，北向资金连续五日净流入，食品饮料指数收盘创下三个月以来的新高，成交放大。" * 2
)

NONE = {"taken": 0, "left": 0, "note": None}  # of the captures


class Place:
    """A folder with archives `a.db` and `b.db`, to be merged into `all.db` with Markdown in `posts`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.all, self.posts = folder, folder / "all.db", folder / "posts"
        self.a, self.b = folder / "a.db", folder / "b.db"

    def run(self, *arguments: str, typed: str = "") -> tuple[int, str, str]:
        where = ["--archive", str(self.all), "--posts", str(self.posts)]
        ended = CliRunner().invoke(main, ["merge", *arguments, *where], input=typed)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.stdout, ended.stderr

    def merge(self, *sources: Path | str, again: bool = False) -> dict[str, Any]:
        code, out, err = self.run(*map(str, sources), "--json", *(["--again"] if again else []))
        assert (code, err) == (0, "")
        return json.loads(out)

    def titles(self, post_id: str) -> list[str]:
        with Archive(self.all) as archive:
            return [row["title"] for row in archive.history(post_id)]

    def findings(self) -> list[str]:
        return check(self.all, self.posts)["findings"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Make two archives: both saw one post, which changed in between; each has one that the other has not."""
    place = Place(tmp_path)
    with made.Run(place.a) as run:
        run.write(made.listing(*map(made.post_address, (ONE, TWO))))
        run.write(made.article(ONE, title="甲", html=f"<p>{WORDS}</p>"))
        run.write(made.article(TWO, title="乙", html=f"<p>{OTHER_WORDS}</p>"))
        run.end()
    with made.Run(place.b) as run:
        run.write(made.listing(*map(made.post_address, (ONE, THREE)), at=made.LATER))
        run.write(made.article(ONE, title="甲改", html=f"<p>{WORDS}</p>", seen_at=made.LATER))
        run.write(made.article(THREE, title="丙", html="<p>水果。</p>", seen_at=made.LATER))
        run.end()
    return place


def traces(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name[:2] in {"a.", "b."}}


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql)


def counts(new: int = 0, changed: int = 0, unchanged: int = 0, deleted: int = 0) -> dict[str, int]:
    return {"new": new, "changed": changed, "unchanged": unchanged, "deleted": deleted}


# What comes of it.


def test_posts_of_both_archives_are_there_with_every_version_and_their_markdown(place: Place):
    before = traces(place.folder)

    result = place.merge(place.a, place.b)

    ids = [ask(path, "SELECT id FROM archives WHERE own")[0][0] for path in (place.a, place.b)]
    assert result == {
        "archive": str(place.all),
        "archives": [
            {"path": str(place.a), "id": ids[0], "posts": counts(new=2), "captures": NONE, "already": False},
            {
                "path": str(place.b),
                "id": ids[1],
                "posts": counts(new=1, changed=1),
                "captures": NONE,
                "already": False,
            },
        ],
        "posts": counts(new=3, changed=1),
        "conflicts": [],
        "conflict_counts": {},
    }
    assert place.titles(ONE) == ["甲", "甲改"]
    assert sorted(file.name for file in place.posts.iterdir()) == [
        f"2022-04-20-{post_id}.md" for post_id in (ONE, TWO, THREE)
    ]
    assert place.findings() == []
    assert traces(place.folder) == before
    assert [*place.folder.glob("*merge*")] == []


def test_what_was_merged_is_not_read_again_until_there_is_more(place: Place):
    place.merge(place.a, place.b)
    assert [each["already"] for each in place.merge(place.b, place.a)["archives"]] == [True, True]

    with made.Run(place.b) as run:
        run.write(made.article(THREE, title="丙改", html="<p>水果和蔬菜。</p>", seen_at=made.LATER))
        run.end()

    again = place.merge(place.a, place.b)
    assert [(each["already"], each["posts"]["changed"]) for each in again["archives"]] == [(True, 0), (False, 1)]
    assert place.titles(THREE) == ["丙", "丙改"]
    assert place.merge(place.a, place.b, again=True)["posts"] == counts(unchanged=4)


def test_history_why_and_stats_name_the_archive_that_something_came_from(place: Place):
    place.merge(place.a, place.b)
    with Archive(place.all) as archive:
        history = archive.history(ONE)
        assert [(row["run"], row["archive"], row["number"]) for row in history] == [
            (1, str(place.a), 1),
            (2, str(place.b), 1),
        ]
        [page] = [each for each in archive.why(ONE) if each["kind"] == "post"]
        assert [(fetch["run"], fetch["archive"]) for fetch in page["fetches"]] == [
            (1, str(place.a)),
            (2, str(place.b)),
        ]
        assert [(each["path"], each["runs"]) for each in archive.stats()["archives"]] == [
            (str(place.a), 1),
            (str(place.b), 1),
        ]
    said = CliRunner().invoke(main, ["history", ONE, "--archive", str(place.all)]).stdout
    assert f"by run 2 (run 1 of {place.b}) (page)" in said


def test_a_version_that_both_saw_is_one_and_was_seen_when_the_first_saw_it(place: Place):
    with made.Run(place.b) as run:
        run.write(made.article(TWO, title="乙", html=f"<p>{OTHER_WORDS}</p>", seen_at=made.LATER))
        run.end()
    place.merge(place.b, place.a)
    with Archive(place.all) as archive:
        [version] = archive.history(TWO)
    assert (version["seen_at"], version["archive"]) == (made.SEEN.isoformat(), str(place.a))
    assert [each["archive"] for each in version["seen_again"]] == [str(place.b)]


def test_a_post_that_one_archive_saw_vanish_and_another_saw_later_is_not_gone(place: Place):
    with made.Run(place.a) as run:
        run.write(made.gone(made.post_address(ONE), at=made.SEEN.replace(minute=10)))
        run.write(made.gone(made.post_address(TWO), at=made.SEEN.replace(minute=10)))
        run.end()
    place.merge(place.a, place.b)
    assert ask(place.all, "SELECT post_id FROM posts WHERE gone_at IS NOT NULL") == [(TWO,)]


def test_a_post_that_was_deleted_in_one_archive_is_deleted_in_all(place: Place):
    delete_posts(place.b, [ONE], None, made.LATER)

    result = place.merge(place.a, place.b)

    conflict = {"post_id": ONE, "kind": "deleted", "kept": "deleted on 2022-04-21", "other": "甲"}
    assert result["conflicts"] == [conflict]
    assert result["posts"] == counts(new=3, deleted=1)
    assert [file.name for file in place.posts.iterdir() if ONE in file.name] == []
    assert place.merge(place.a, again=True)["conflicts"] == [conflict]
    assert place.findings() == []
    states = ask(place.all, f"SELECT DISTINCT state, reason FROM links WHERE url LIKE '%{ONE}%'")
    assert states == [("refused", "deleted on 2022-04-21; not asked for again")]


def test_contradictions_are_listed_with_both_sides_and_both_are_kept(place: Place):
    later = made.PUBLISHED.replace(hour=18)
    with made.Run(place.b) as run:
        run.write(made.article(TWO, title="乙", html=f"<p>{OTHER_WORDS}</p>", published_at=later, seen_at=made.LATER))
        run.end()
    with made.Run(place.a) as run:
        run.write(made.article(THREE, title="丁", html=f"<p>{WORDS}</p>"))
        run.end()

    result = place.merge(place.a, place.b)

    assert result["conflicts"] == [
        {"post_id": THREE, "kind": "unrelated", "kept": "丙", "other": "丁"},
        {
            "post_id": TWO,
            "kind": "published",
            "kept": "2022-04-20T18:44:59+08:00",
            "other": "2022-04-20T16:44:59+08:00",
        },
    ]
    assert result["conflict_counts"] == {"unrelated": 1, "published": 1}
    assert (place.titles(THREE), place.titles(TWO)) == (["丁", "丙"], ["乙", "乙"])
    code, out, _ = place.run(str(place.a), "--again")
    assert (code, out.splitlines()[0]) == (0, f"{place.a}: 0 posts new, 0 changed, 3 unchanged")


# Where archives come from.


def test_archives_are_listed_on_standard_input(place: Place):
    code, out, _ = place.run("-", "--json", typed=f"{place.a}\n\n{place.b}\n")
    assert (code, [each["path"] for each in json.loads(out)["archives"]]) == (0, [str(place.a), str(place.b)])
    assert place.run("-")[0] == 2


@pytest.mark.parametrize(
    "kept", sorted((Path(__file__).parent / "archives").glob("*.db")), ids=lambda kept: kept.stem
)
def test_an_archive_of_an_older_version_is_brought_forward_in_a_copy(place: Place, kept: Path):
    shutil.copyfile(kept, place.b)
    assert place.merge(place.b)["posts"]["new"] == ask(kept, "SELECT count(*) FROM articles")[0][0]
    assert place.b.read_bytes() == kept.read_bytes()
    assert place.findings() == []
    with Archive(place.b) as archive:  # now it is of this version, and still itself
        assert archive.db.execute("SELECT id FROM archives WHERE own").fetchall() == ask(
            place.all, "SELECT id FROM archives WHERE NOT own"
        )


def test_an_archive_may_be_written_to_meanwhile(place: Place):
    with made.Run(place.b) as run:
        run.write(made.article(TWO, title="乙改", html=f"<p>{OTHER_WORDS}</p>", seen_at=made.LATER))
        assert place.merge(place.b)["posts"] == counts(new=3)
        run.write(made.article(TWO, title="乙再改", html=f"<p>{OTHER_WORDS}</p>", seen_at=made.LATER))
        run.end()
    assert ask(place.all, "SELECT outcome FROM runs ORDER BY number") == [("finished",), ("interrupted",)]
    place.merge(place.b)
    assert place.titles(TWO) == ["乙改", "乙再改"]
    assert ask(place.all, "SELECT outcome FROM runs ORDER BY number") == [("finished",), ("finished",)]


class _Server(SimpleHTTPRequestHandler):
    """Serves a folder; what is called `torn.db` breaks off."""

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        if self.path != "/torn.db":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write(b"SQLite format 3\0" * 10)


@pytest.fixture
def address(place: Place) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Server, directory=str(place.folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_backup_is_fetched_from_its_address(place: Place, address: str):
    at = "2022-04-21T01:00:00+00:00"
    change(place.a, f"INSERT INTO captures VALUES (1, 'x', '{at}', 200, 'response', '', 'x', 0, 1, 1, NULL)")
    with Archive(place.a) as archive:
        archive.backup(place.folder / "backup.db")
    result = place.merge(f"{address.replace('//', '//name:secret@')}/backup.db")
    assert [(each["path"], each["posts"]["new"]) for each in result["archives"]] == [(f"{address}/backup.db", 2)]
    assert ask(place.all, "SELECT path FROM archives WHERE NOT own") == [(f"{address}/backup.db",)]
    note = (
        f"1 answer not copied, since {address}/backup.db was fetched without them: copy the archive with its folder"
        " captures, and merge the copy."
    )
    assert result["archives"][0]["captures"] == {"taken": 0, "left": 1, "note": note}


@pytest.mark.parametrize(
    ("name", "why"), [("torn.db", "160 of 100000 bytes"), ("none.db", "404 File not found")], ids=["torn", "missing"]
)
def test_what_cannot_be_fetched_whole_is_a_sentence(place: Place, address: str, name: str, why: str):
    code, out, err = place.run(f"{address}/{name}")
    assert (code, out) == (1, "")
    assert err == f"Error: {address}/{name} was not fetched whole ({why}): see that it is there, and merge again.\n"


# What is refused.


def _text(place: Place) -> None:
    place.b.write_text("no archive at all" * 100)


def _foreign(place: Place) -> None:
    place.b.unlink()
    change(place.b, "CREATE TABLE notes (x)")


def _trigger(place: Place) -> None:
    change(place.b, "CREATE TRIGGER x AFTER INSERT ON runs BEGIN DELETE FROM posts; END")


def _newer(place: Place) -> None:
    change(
        place.b,
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('finews-archive', '9999_x', '')",
    )


def _empty(place: Place) -> None:
    place.b.write_bytes(b"")


def _cut(place: Place) -> None:
    place.b.write_bytes(place.b.read_bytes()[:100_000])


CUT = "{b} cannot be merged (database disk image is malformed): bring back a backup of it, or copy it once more."
TRIGGER = (
    "{b} holds the trigger x, which is not this program's and would run with it: do not use the file if it is"
    " a stranger's, or drop that with sqlite3 if it is yours."
)
NO_ARCHIVE = "{b} is not a finews archive ({found}); it was left untouched, and nothing of it was merged."


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_text, NO_ARCHIVE.replace("{found}", "it is not an SQLite database")),
        (_foreign, NO_ARCHIVE.replace("{found}", "it is some other program's SQLite database")),
        (_empty, NO_ARCHIVE.replace("{found}", "it is empty")),
        (_trigger, TRIGGER),
        (_newer, "{b} was written by a newer version (it holds the migration 9999_x): upgrade finews-archive."),
        (_cut, CUT),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_cannot_be_merged_is_a_sentence_and_what_came_before_is_kept(place: Place, spoil: Any, sentence: str):
    spoil(place)
    before = place.b.read_bytes()
    code, out, err = place.run(str(place.a), str(place.b))
    assert (code, out, err) == (1, "", f"Error: {sentence.format(b=place.b)}\n")
    assert place.b.read_bytes() == before
    assert ask(place.all, "SELECT count(*) FROM posts") == [(2,)]


def test_an_archive_is_not_merged_into_itself_by_any_name(place: Place):
    place.merge(place.a)
    os.link(place.all, place.folder / "same.db")
    for name in (place.all, place.folder / "same.db"):
        code, _, err = place.run(str(name))
        assert (code, err) == (2, f"Error: {name} is the archive that others are to be merged into: name others.\n")
    code, _, err = place.run("nothing.db")
    assert (code, err) == (2, "Error: nothing.db does not exist: name archives, or addresses of archives.\n")


def test_while_a_run_is_at_work_a_merge_waits_for_another_time(place: Place):
    with run_lock(place.all):
        assert place.run(str(place.a))[0] == 75


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE posts SET post_id = '../../x' WHERE id = 1",
        "UPDATE versions SET published_at = 'never'",
        "UPDATE versions SET html = '[[1,99999999]]'",
        "UPDATE versions SET html = '{\"a\":1}'",
        "UPDATE versions SET front_matter = 'x'",
        "UPDATE versions SET title = x'00ff'",
        "UPDATE versions SET title = CAST(zeroblob(20000) AS TEXT)",
        "UPDATE versions SET seen_at = 'yesterday'",
        "UPDATE mentions SET name = x'00'",
        "UPDATE links SET fetched_at = 'x' WHERE fetched_at IS NOT NULL",
        "UPDATE runs SET started_at = 'x'",
        "UPDATE posts SET as_of = '['",
        "INSERT INTO deletions VALUES ('finews', 'x', '', 'never')",
    ],
)
def test_values_that_no_run_has_stored_are_refused_by_name(place: Place, sql: str):
    change(place.b, sql)
    code, out, err = place.run(str(place.b))
    assert (code, out) == (1, "")
    assert err.startswith("Error: The archive is not as this program keeps it (")
    assert err.count("\n") == 1
    assert not [*place.folder.parent.glob("x.md"), *place.folder.rglob("*x.md")]


# Cut off.

KILLED = """
import os, sys
from crawler.ops.merging import run
from crawler.ops.merging.run import MergeOptions, merge
from pathlib import Path
left = int(sys.argv[1])
def write(self, row, before=run._Markdown.written):
    global left
    before(self, row)
    left -= 1
    if left == 0:
        os._exit(9)
run._Markdown.written = write
merge(sys.argv[2:4], MergeOptions(archive=Path(sys.argv[4]), posts=Path(sys.argv[5])))
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_merge_that_was_killed_is_taken_up(place: Place, environment: dict[str, str], after: int):
    arguments = [str(after), *map(str, (place.a, place.b, place.all, place.posts))]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, check=False)
    assert killed.returncode == 9
    place.merge(place.a, place.b)
    assert (place.titles(ONE), place.titles(TWO), place.titles(THREE)) == (["甲", "甲改"], ["乙"], ["丙"])
    assert place.findings() == []
    assert [*place.folder.glob("*merge*")] == []


FULL = """
import resource, signal, sys
from crawler.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
main(["merge", sys.argv[2], "--archive", sys.argv[3], "--no-posts"])
"""


@pytest.mark.slow
@pytest.mark.parametrize("size", [1_000, 100_000, 300_000])
def test_on_a_full_disk_a_merge_ends_with_a_sentence(place: Place, environment: dict[str, str], size: int):
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(size), place.a, place.all], env=environment, capture_output=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert (ended.stderr[:7], ended.stderr.count(b"\n")) == (b"Error: ", 1)
    place.merge(place.a)
    assert place.findings() == []


# A job in the background of a script has Ctrl-C ignored, and so have these tests there.
HEEDING_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from crawler.cli import main
main()
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_merge_and_what_was_taken_stays(place: Place, environment: dict[str, str]):
    with made.Run(place.a) as run:
        for number in range(600):
            run.write(made.article(f"NW{number:020}", title=str(number), html=f"<p>{number} {WORDS}</p>"))
        run.end()
    arguments = ["merge", place.a, "--archive", place.all, "--posts", place.posts]
    command = [sys.executable, "-c", HEEDING_CTRL_C, *arguments]
    merging = subprocess.Popen(command, env=environment, cwd=place.folder, stderr=subprocess.PIPE)
    while not place.posts.is_dir() or len([*place.posts.iterdir()]) < 100:
        time.sleep(0.01)
    merging.send_signal(signal.SIGINT)
    assert merging.communicate()[1].count(b"Traceback") == 0
    assert merging.returncode == 130
    place.merge(place.a)
    assert place.findings() == []
