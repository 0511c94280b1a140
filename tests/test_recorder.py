"""The recorder: records in one transaction, and how it leaves the index."""

from __future__ import annotations

from json import JSONDecodeError
from typing import TYPE_CHECKING

import made
from made import Run

from crawler.items import Mention, Recorded
from crawler.ops.check import check

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = [made.article(f"NW{number}", title=f"第{number}条") for number in range(9)]
BROKEN = made.article("NW99", title="没有代码", mentions=(Mention(code="no code", name="茅台", count=1),))


def test_records_that_come_together_share_a_transaction(tmp_path: Path):
    run, statements = Run(tmp_path / "a.db"), list[str]()
    run.archive.db.conn.set_trace_callback(statements.append)
    ends = run.recorder.write([made.prepared(article) for article in ARTICLES])
    run.archive.db.conn.set_trace_callback(None)
    assert [type(end) for end in ends] == [Recorded] * 9
    assert [statement for statement in statements if statement in {"BEGIN IMMEDIATE", "COMMIT"}] == [
        "BEGIN IMMEDIATE",
        "COMMIT",
    ]
    run.end()


def test_a_record_that_cannot_be_written_leaves_no_trace_and_does_not_affect_others(tmp_path: Path):
    (tmp_path / "_posts").mkdir()
    run = Run(tmp_path / "a.db", folder=tmp_path / "_posts")
    ends = run.recorder.write([made.prepared(article) for article in [*ARTICLES[:5], BROKEN, *ARTICLES[5:]]])
    assert [type(end) for end in ends] == [Recorded] * 5 + [AssertionError] + [Recorded] * 4
    assert str(ends[5]) == "extraction keeps only codes it could parse"
    assert [run.archive.search(title)["total"] for title in ("第4条", BROKEN.post.title, "第5条")] == [1, 0, 1]
    assert run.end()["posts"]["new"] == 9
    assert len(list((tmp_path / "_posts").iterdir())) == 9
    assert check(tmp_path / "a.db", tmp_path / "_posts")["findings"] == []


def test_an_error_with_one_file_does_not_affect_others(tmp_path: Path):
    (tmp_path / "_posts").mkdir()
    run = Run(tmp_path / "a.db", folder=tmp_path / "_posts")
    run.write(ARTICLES[0])
    run.archive.db.execute("UPDATE versions SET front_matter = '{'")
    run.archive.db.conn.commit()
    seen = made.unchanged(ARTICLES[0].post.fetch.address)
    ends = run.recorder.write([seen, *map(made.prepared, ARTICLES[1:3])])
    assert [type(end) for end in ends] == [JSONDecodeError, Recorded, Recorded]
    counts = run.end()["posts"]
    assert (counts["new"], counts["unchanged"]) == (2, 1)
    assert len(list((tmp_path / "_posts").iterdir())) == 3
