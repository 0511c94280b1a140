"""Snapshots as archives: what merging them does and remembers, what is refused."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.merging import marks, snapshots
from crawler.archive.store.lock import run_lock
from crawler.cli import main
from crawler.errors import SnapshotNotWritten

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.archive.merging.marks import Mark

ONE, TWO, THREE = "NW202204200000000001", "NW202204200000000002", "NW202204200000000003"


class Node:
    """An archive `node.db` in a folder, its snapshots `1.db` and so on, and an archive `all.db` that they go into."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.all = folder, folder / "node.db", folder / "all.db"
        self.count, self.base = 0, None

    def crawl(self, *post_ids: str, **changes: Any) -> None:
        with made.Run(self.path) as run:
            run.write(made.listing(*map(made.post_address, post_ids)))
            for post_id in post_ids:
                run.write(made.article(post_id, **changes))
            run.end()

    def snapshot(self, base: Mark | None = None) -> Path:
        """Make a snapshot of what is new since the one before, or since another state."""
        self.count += 1
        file = self.folder / f"{self.count}.db"
        with Archive(self.path) as archive:
            snapshots.make(archive.db, file, base or self.base, made.LATER)
            self.base = marks.mark_of(archive.db)
        return file

    def merge(self, *files: Path) -> list[dict[str, Any]]:
        code, out, err = self.run("merge", *map(str, files), "--no-posts", "--json")
        assert (code, err) == (0, "")
        merged: list[dict[str, Any]] = json.loads(out)["archives"]
        gaps = [{"gap": each["gap"]} if "gap" in each else {} for each in merged]
        return [{"already": each["already"], **each["posts"], **gap} for each, gap in zip(merged, gaps, strict=True)]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        ended = CliRunner().invoke(main, [*arguments, "--archive", str(self.all)])
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended.exit_code, ended.stdout, ended.stderr

    def state(self) -> str | None:
        """Return the state of the node that is in the archive that everything goes into."""
        (node,) = ask(self.path, "SELECT id FROM archives WHERE own")
        with Archive(self.all) as archive:
            return marks.state_of(archive.db, node[0])


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def change(path: Path, sql: str, *values: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(sql, values)


def brought(new: int = 0, changed: int = 0, unchanged: int = 0) -> dict[str, Any]:
    return {"already": False, "new": new, "changed": changed, "unchanged": unchanged, "deleted": 0}


ALREADY = {"already": True, "new": 0, "changed": 0, "unchanged": 0, "deleted": 0}


def test_snapshots_are_merged_one_after_the_other_and_none_is_read_again(node: Node):
    node.crawl(ONE)
    first = node.snapshot()
    node.crawl(TWO)
    second = node.snapshot()
    assert node.merge(first) == [brought(new=1)]
    assert node.merge(first, second) == [ALREADY, brought(new=1)]
    assert node.merge(second, first, node.path) == [ALREADY, ALREADY, ALREADY]
    assert node.state() == marks.digest(node.base)


def test_a_snapshot_has_what_is_new_and_the_runs_that_brought_it(node: Node):
    for post_ids in ([ONE], [ONE], [TWO], [THREE]):
        node.crawl(*post_ids)
        last = node.snapshot()
    assert ask(last, "SELECT post_id FROM articles ORDER BY post_id") == [(THREE,)]
    # The first is that by which the site's definition is known; of the third, which may have been killed, a report.
    assert ask(last, "SELECT id, archive_id FROM runs ORDER BY id") == [(1, None), (3, None), (4, None)]
    assert ask(last, "SELECT id FROM archives") == ask(node.path, "SELECT id FROM archives")
    assert ask(last, "SELECT count(*) FROM captures") == [(0,)]


def test_behind_a_gap_a_snapshot_brings_what_it_has_and_the_missing_one_is_still_wanted(node: Node):
    node.crawl(ONE)
    first = node.snapshot()
    node.crawl(TWO)
    second = node.snapshot()
    node.crawl(THREE)
    third = node.snapshot()
    assert node.run("merge", str(first), str(third), "--no-posts")[:2] == (
        0,
        (
            f"{first}: 1 post new, 0 changed, 0 unchanged\n"
            f"{third}: 1 post new, 0 changed, 0 unchanged\n"
            f"{third} begins after something that this archive does not have: merge the snapshots before it, or the"
            f" archive that they are of.\nArchive: {node.all}\n"
        ),
    )
    assert node.state() == marks.digest(snapshots_span(first).state)
    assert node.merge(third) == [{**brought(unchanged=1), "gap": True}]
    assert node.merge(second, third) == [brought(new=1), brought(unchanged=1)]
    assert node.state() == marks.digest(node.base)


def snapshots_span(file: Path) -> Any:
    with Archive(file) as archive:
        return snapshots.span_of(archive.db)


def test_the_archive_itself_brings_what_a_gap_left_out(node: Node):
    for post_id in (ONE, TWO, THREE):
        node.crawl(post_id)
        last = node.snapshot()
    assert node.merge(last) == [{**brought(new=1), "gap": True}]
    assert node.state() is None
    assert node.merge(node.path) == [brought(new=2, unchanged=1)]
    assert node.state() == marks.digest(node.base)


def test_a_state_that_the_archive_never_had_gets_a_whole_snapshot(node: Node):
    node.crawl(ONE)
    strange = json.loads(json.dumps({**marks_of(node.path), "last": [7, made.SEEN.isoformat()]}))
    node.crawl(TWO)
    whole = node.snapshot(base=strange)
    assert snapshots_span(whole).base is None
    assert node.merge(whole) == [brought(new=2)]


def marks_of(path: Path) -> Mark:
    with Archive(path) as archive:
        return marks.mark_of(archive.db)


def test_nothing_is_written_to_a_snapshot(node: Node):
    node.crawl(ONE)
    first = node.snapshot()
    node.crawl(TWO)
    second = node.snapshot()
    before = second.read_bytes()
    sentence = (
        f"{second} is a snapshot of an archive, and nothing is added to it: name the archive itself, or take the"
        f" snapshot into another with `finews merge {second}`."
    )
    node.all = second
    assert node.run("merge", str(first), "--no-posts") == (2, "", f"Error: {sentence}\n")
    with pytest.raises(SnapshotNotWritten, match="is a snapshot of an archive"):
        made.Run(second)
    assert node.run("search", "江西", "--json")[0] == 0
    assert second.read_bytes() == before


@pytest.mark.parametrize("mark", ["", "[]", "{}", '{"last": 5}', "[" * 100_000])
def test_a_snapshot_that_no_program_makes_is_refused(node: Node, mark: str):
    node.crawl(ONE)
    file = node.snapshot()
    change(file, "UPDATE snapshot SET state_mark = ?", mark)
    code, out, err = node.run("merge", str(file), "--no-posts")
    assert (code, out) == (1, "")
    assert err == ("Error: The archive is not as this program keeps it (the row of snapshot): bring back a backup.\n")


def test_a_run_that_was_killed_is_in_the_snapshot(node: Node):
    node.crawl(ONE)
    first = node.snapshot()
    with made.Run(node.path) as run:
        run.write(made.article(TWO))
    with run_lock(node.path):
        assert node.merge(first, node.snapshot()) == [brought(new=1), brought(new=1)]
    assert ask(node.all, "SELECT number, outcome FROM runs ORDER BY number") == [(1, "finished"), (2, "interrupted")]
