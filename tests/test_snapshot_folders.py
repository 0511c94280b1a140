"""Folders of snapshots: each next one is made whatever has happened before, and nothing of the archive is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from errno import ENOSPC
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.ledger import deletions
from crawler.archive.merging import marks
from crawler.archive.store.lock import run_lock, writing
from crawler.cli import main
from crawler.errors import FinewsError, SnapshotNotMade, UsageError
from crawler.ops.deleting import delete_posts
from crawler.snapshots.making import Making, SnapshotResult, make
from crawler.snapshots.manifest import NAME, read

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.snapshots.manifest import Manifest

IDS = [f"NW20220420000000000{number}" for number in range(10)]
STEPS = ["tidied", "made", "renamed", "told"]


class Node:
    """An archive that goes on, and a folder of its snapshots."""

    def __init__(self, folder: Path) -> None:
        self.root, self.path, self.folder = folder, folder / "node.db", folder / "out"
        self.met = 0

    def crawl(self) -> dict[str, Any]:
        """Archive one more post."""
        with made.Run(self.path) as run:
            run.write(made.article(IDS[self.met]))
            report = run.end()
        self.met += 1
        return report

    def make(self, **wanted: Any) -> SnapshotResult:
        return make(self.path, Making(folder=self.folder, **wanted))

    def manifest(self) -> Manifest:
        known = read(self.folder)
        assert known is not None
        return known

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path.name != NAME)

    def state(self) -> str:
        with Archive(self.path) as archive:
            return marks.digest(marks.mark_of(archive.db))

    def collect(self, target: str = "all.db") -> list[str]:
        """Merge what the manifest names, and return the posts that are then there."""
        listed = [str(self.folder / each["file"]) for each in self.manifest()["snapshots"]]
        where = ["--archive", str(self.root / target), "--no-posts"]
        ended = CliRunner().invoke(main, ["merge", *listed, *where])
        assert ended.exit_code == 0, ended.output
        with Archive(self.root / target) as archive:
            return sorted(row["post_id"] for row in archive.db.query("SELECT post_id FROM articles"))


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def snapshot_command(node: Node, *arguments: str) -> tuple[int, str, str]:
    ended = CliRunner().invoke(main, ["snapshot", str(node.folder), "--archive", str(node.path), *arguments])
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended.exit_code, ended.stdout, ended.stderr


# One after the other.


def test_the_command_writes_what_is_new_and_says_what_it_is(node: Node):
    node.crawl()
    first = node.state()
    code, out, _ = snapshot_command(node)
    size = (node.folder / "000001.db").stat().st_size
    assert (code, out) == (0, f"{node.folder}/000001.db: {size / 1000:.1f} kB, all 1 post of {node.path}\n")
    node.crawl()
    code, out, _ = snapshot_command(node, "--json")
    written = (node.folder / "000002.db").read_bytes()
    assert (code, json.loads(out)) == (
        0,
        {
            "archive": str(node.path),
            "folder": str(node.folder),
            "file": str(node.folder / "000002.db"),
            "bytes": len(written),
            "sha256": sha256(written).hexdigest(),
            "base": first,
            "state": node.state(),
            "posts": 1,
        },
    )
    assert snapshot_command(node)[1] == f"{node.path} has nothing new for {node.folder}\n"
    assert json.loads(snapshot_command(node, "--json")[1])["file"] is None
    assert node.files() == ["000001.db", "000002.db"]


def test_the_manifest_says_what_there_is_and_how_the_last_run_went(node: Node):
    report = node.crawl()
    node.make()
    written = (node.folder / "000001.db").read_bytes()
    known = node.manifest()
    with Archive(node.path) as archive:
        (own,) = archive.db.execute("SELECT id FROM archives WHERE own").fetchone()
        mark = marks.mark_of(archive.db)
    assert known == {
        "format": 1,
        "archive": own,
        "site": "finews",
        "state": node.state(),
        "snapshots": [
            {
                "file": "000001.db",
                "bytes": len(written),
                "sha256": sha256(written).hexdigest(),
                "base": None,
                "state": node.state(),
                "made_at": known["snapshots"][0]["made_at"],
            }
        ],
        "run": report,
        "alarms": [],
        "handed_over": False,
        "next": {"first": 1, "number": 2, "mark": mark},
    }


def test_alarms_are_sentences(node: Node):
    for _ in range(3):
        with made.Run(node.path) as run:
            run.end("failed")
    node.make()
    (alarm,) = node.manifest()["alarms"]
    assert "3" in alarm
    assert alarm.endswith(".")


def test_what_was_moved_away_is_not_written_again_and_no_name_is_given_twice(node: Node):
    for number in (1, 2):
        node.crawl()
        node.make()
        (node.folder / f"00000{number}.db").rename(node.root / f"{number}.db")
    node.make()  # nothing is new
    node.crawl()
    base = node.manifest()["state"]
    made_last = node.make()
    assert (made_last["base"], node.files()) == (base, ["000003.db"])
    assert [each["file"] for each in node.manifest()["snapshots"]] == ["000003.db"]


def test_what_the_collector_has_is_deleted(node: Node):
    states = []
    for _ in range(3):
        node.crawl()
        states.append(node.make(collected=states[0] if states else "none")["state"])
    assert node.files() == ["000002.db", "000003.db"]
    node.make(collected=states[2])
    assert node.files() == []
    node.crawl()
    assert node.make(collected=states[2])["base"] == states[2]


@pytest.mark.parametrize("told", ["none", "f" * 64])
def test_a_collector_that_lost_something_gets_everything_once(node: Node, told: str):
    for _ in range(2):
        node.crawl()
        node.make()
    node.make(collected=node.state())
    assert (node.make(collected=told)["base"], node.files()) == (None, ["000003.db"])
    node.crawl()
    assert (node.make(collected=told)["posts"], node.files()) == (1, ["000003.db", "000004.db"])
    assert node.collect() == IDS[:3]


def test_a_full_snapshot_takes_the_place_of_all_before_it(node: Node):
    for _ in range(2):
        node.crawl()
        node.make()
    assert node.make(full=True)["posts"] == 2
    assert node.files() == ["000003.db"]
    assert node.collect() == IDS[:2]


def test_a_folder_that_nobody_empties_stays_within_bounds(node: Node):
    for _ in range(9):
        node.crawl()
        node.make()
    sizes = [each["bytes"] for each in node.manifest()["snapshots"]]
    assert sum(sizes) < 6 * node.path.stat().st_size
    assert node.collect() == IDS[:9]


def test_a_deletion_travels(node: Node):
    node.crawl()
    node.crawl()
    node.make()
    assert node.collect() == IDS[:2]
    delete_posts(node.path, IDS[:1], None, made.LATER)
    assert node.make()["posts"] == 0
    assert node.collect() == IDS[1:2]
    with Archive(node.root / "all.db") as archive:
        assert [each.post_id for each in deletions.every(archive.db)] == IDS[:1]


# What goes wrong.


class CutOffError(Exception):
    """The making ends here."""


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("full", [False, True])
def test_a_making_that_is_cut_off_anywhere_is_made_up_for_by_the_next(node: Node, step: str, full: bool):
    def cut(reached: str) -> None:
        if reached == step:
            raise CutOffError

    node.crawl()
    node.make()
    node.crawl()
    with pytest.raises(CutOffError):
        node.make(full=full, reached=cut)
    node.crawl()
    node.make()
    assert node.manifest()["state"] == node.state()
    assert node.collect() == IDS[:3]
    assert node.files() == [each["file"] for each in node.manifest()["snapshots"]]


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_making_that_is_killed_leaves_a_chain_that_goes_on(node: Node, step: str, environment: dict[str, str]):
    node.crawl()
    node.make()
    node.crawl()
    killing = (
        "import os, sys; from pathlib import Path; from crawler.snapshots.making import Making, make\n"
        "make(Path(sys.argv[1]), Making(folder=Path(sys.argv[2]),"
        " reached=lambda step: step == sys.argv[3] and os._exit(9)))"
    )
    command = [sys.executable, "-c", killing, str(node.path), str(node.folder), step]
    assert subprocess.run(command, env=environment, check=False).returncode == 9
    node.crawl()
    node.make()
    assert node.collect() == IDS[:3]
    assert node.files() == [each["file"] for each in node.manifest()["snapshots"]]


def test_a_full_disk_is_told_and_the_next_snapshot_brings_it(node: Node):
    def fill(step: str) -> None:
        if step == "made":
            raise OSError(ENOSPC, os.strerror(ENOSPC))

    node.crawl()
    with pytest.raises(SnapshotNotMade) as told:
        node.make(reached=fill)
    assert str(told.value) == (
        f"No snapshot could be made in {node.folder} (No space left on device). The archive holds every post: mend"
        " that, and the next snapshot brings all that is new."
    )
    assert node.files() == []
    node.make()
    assert node.collect() == IDS[:1]


def test_a_folder_that_cannot_be_made_is_told(node: Node):
    node.crawl()
    (node.root / "file").touch()
    node.folder = node.root / "file" / "out"
    assert snapshot_command(node) == (
        1,
        "",
        (
            f"Error: No snapshot could be made in {node.folder} (Not a directory). The archive holds every post: mend"
            " that, and the next snapshot brings all that is new.\n"
        ),
    )


def test_no_snapshot_is_made_during_a_run(node: Node):
    node.crawl()
    with run_lock(node.path):
        code, out, err = snapshot_command(node)
    assert (code, out) == (75, "")
    assert err.startswith(f"Error: Another run holds {node.path} (")


def test_there_is_no_snapshot_of_nothing(node: Node):
    assert snapshot_command(node)[0] == 2
    assert not node.folder.exists()


def test_files_that_no_manifest_names_are_left_alone(node: Node):
    node.folder.mkdir()
    (node.folder / "000001.db").write_text("somebody's own")
    node.crawl()
    node.make()
    node.make(full=True)
    assert node.files() == ["000001.db", "000003.db"]
    assert (node.folder / "000001.db").read_text() == "somebody's own"


def test_snapshots_of_another_archive_are_not_deleted_before_somebody_has_them(node: Node):
    node.crawl()
    state = node.make()["state"]
    node.path = node.root / "new.db"
    node.crawl()
    with pytest.raises(UsageError) as told:
        node.make(collected="none")
    assert str(told.value) == (
        f"{node.folder} has snapshots of another archive, which nobody has said to have: merge and remove them, or"
        " name another folder."
    )
    assert node.files() == ["000001.db"]
    assert node.make(collected=state)["base"] is None
    assert node.files() == ["000002.db"]


def test_a_manifest_that_is_none_is_told(node: Node):
    node.crawl()
    node.make()
    (node.folder / NAME).write_text("{")
    with pytest.raises(FinewsError, match=r"manifest\.json is not a manifest of snapshots"):
        node.make()
    assert node.files() == ["000001.db"]


def test_an_archive_that_was_brought_back_from_a_backup_begins_anew(node: Node):
    node.crawl()
    before = node.path.read_bytes()
    node.crawl()
    node.make()
    node.path.write_bytes(before)
    node.met += 1
    node.crawl()
    with Archive(node.path) as archive, writing(archive.db):  # not in the same second, as in this test
        archive.db.execute("UPDATE runs SET started_at = ? WHERE id = 2", [made.LATER.isoformat()])
    assert node.make()["base"] is None
    assert node.collect() == [IDS[0], IDS[3]]


def test_what_is_no_state_is_refused(node: Node):
    node.crawl()
    with pytest.raises(UsageError, match="'abc' is not a state of an archive: give its digest, 64"):
        node.make(collected="abc")


def test_a_post_that_comes_back_after_its_deletion_is_in_the_next_snapshot(node: Node):
    node.crawl()
    delete_posts(node.path, IDS[:1], None, made.LATER)
    node.make()
    with Archive(node.path) as archive, writing(archive.db):
        deletions.lift(archive.db, "finews", IDS[0], [made.post_address(IDS[0]).url])
    node.met = 0
    node.crawl()
    node.make()
    with Archive(node.folder / "000002.db") as archive:
        assert [row["post_id"] for row in archive.db.query("SELECT post_id FROM articles")] == IDS[:1]
