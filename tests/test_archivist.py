"""The archivist: several records in one transaction, none of which takes another with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import made
from made import Run

from crawler.archive import Archive
from crawler.items import Archived, Mention
from crawler.ops.check import check

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = [made.article(f"NW{number}", title=f"第{number}条") for number in range(40)]
BROKEN = made.article("NW99", mentions=(Mention(code="no code", name="茅台", count=1),))


def test_records_written_together_are_those_written_one_by_one(tmp_path: Path):
    posts, files = [], []
    for name, size in (("alone", 1), ("together", 7)):
        folder = tmp_path / name / "_posts"
        folder.mkdir(parents=True)
        run = Run(tmp_path / name / "a.db", folder=folder)
        for start in range(0, len(ARTICLES), size):
            ends = run.archivist.write(ARTICLES[start : start + size])
            assert [end.outcome for end in ends if isinstance(end, Archived)] == ["new"] * len(ends)
        posts.append(list(run.archive.posts()))
        assert run.archive.search("第7条")["total"] == 1
        files.append({file.name: file.read_bytes() for file in folder.iterdir()})
        run.end()
        assert check(tmp_path / name / "a.db", folder)["findings"] == []
    assert posts[0] == posts[1]
    assert files[0] == files[1]
    assert len(posts[0]) == len(files[0]) == 40


def test_a_record_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    ends = run.archivist.write([*ARTICLES[:5], BROKEN, *ARTICLES[5:9]])
    assert [type(end) for end in ends] == [Archived] * 5 + [AssertionError] + [Archived] * 4
    assert str(ends[5]) == "extraction keeps only codes it could parse"
    assert run.end()["posts"]["new"] == 9


def test_a_post_and_its_revision_may_be_written_together(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    ends = run.archivist.write([ARTICLES[0], made.article("NW0", title="改了"), ARTICLES[0]])
    assert [end.outcome for end in ends if isinstance(end, Archived)] == ["new", "changed", "changed"]
    assert [run.archive.search(title)["total"] for title in ("第0条", "改了")] == [1, 0]
    assert [version["title"] for version in run.archive.history("NW0")] == ["第0条", "改了", "第0条"]
    run.end()


def test_a_run_has_the_index_merged_seldom_whatever_it_was_set_to(tmp_path: Path):
    run = Run(tmp_path / "a.db")
    run.archive.db.execute("INSERT INTO search (search, rank) VALUES ('automerge', 0)")
    run.end()
    Run(tmp_path / "a.db").end()
    with Archive(tmp_path / "a.db") as archive:
        assert archive.db.execute("SELECT v FROM search_config WHERE k = 'automerge'").fetchall() == [(16,)]
