"""The recorder: records in one transaction, and how it leaves the index."""

from __future__ import annotations

from dataclasses import replace
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

import made
import pytest
from made import Run

from crawler.items import Mention, Recorded, Unchanged
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


# A good answer ends what is known of a trouble.

TROUBLE = ("state", "status", "reason", "attempts", "outcome")
WRONG_PAGES = [
    made.failed(made.HOME),
    replace(made.failed(made.HOME), reason="download connection refused"),
    made.refused(made.HOME, "names no post"),
    made.gone(made.HOME),
]


@pytest.mark.parametrize("wrong", WRONG_PAGES, ids=lambda record: f"{type(record).__name__} {record.reason}")
@pytest.mark.parametrize("good", [made.unchanged(made.HOME), made.listing(made.post_address())])
def test_a_listing_that_is_served_again_has_no_trouble_any_more(tmp_path: Path, wrong: Any, good: Any):
    with made.Run(tmp_path / "archive.db") as run:
        run.write(made.listing(made.post_address()))
        run.write(wrong)
        run.write(good)
        (told,) = run.archive.db.query("SELECT * FROM links WHERE kind = 'home'")
        report = run.end()
    expected = ("fetched", good.fetch.status, None, 0, None)
    assert (tuple(told[name] for name in TROUBLE), report["listing_reasons"]) == (expected, {})


@pytest.mark.parametrize("good", [made.unchanged(), made.article()], ids=["304", "200"])
@pytest.mark.parametrize("wrong", [made.failed(), made.refused(), made.gone()], ids=["failed", "refused", "gone"])
def test_a_post_that_is_served_again_has_no_trouble_any_more(tmp_path: Path, wrong: Any, good: Any):
    with made.Run(tmp_path / "archive.db") as run:
        run.write(made.article(fetch=made.fetch(etag='"a"')))
        run.write(wrong)
        run.write(good)
        (told,) = run.archive.db.query("SELECT * FROM links WHERE kind = 'post'")
        report = run.end()
    status = 304 if isinstance(good, Unchanged) else 200
    assert (tuple(told[name] for name in TROUBLE), report["reasons"]) == (
        ("stored", status, None, 0, "unchanged"),
        {},
    )
    assert (told["etag"], told["next_try_at"] is not None) == ('"a"', True)


def test_a_page_that_was_never_good_is_refused_again(tmp_path: Path):
    with made.Run(tmp_path / "archive.db") as run:
        run.write(replace(made.refused(), fetch=made.fetch(etag='"w"')))
        assert run.write(made.unchanged()).outcome == "refused"
        assert [*run.archive.db.query("SELECT state, reason, etag, attempts FROM links")] == [
            {"state": "refused", "reason": "no title", "etag": '"w"', "attempts": 2}
        ]
