"""A page that goes back and forth between versions makes a few revisions, is counted, and raises an alarm."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import made
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.archive.store import posts

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.items import Article

A, B, C = ("<p>甲甲甲甲</p>", "<p>乙乙乙乙</p>", "<p>丙丙丙丙</p>")


def seen(body: str, look: int) -> Article:
    at = made.SEEN + timedelta(hours=look)
    return made.article(html=body, seen_at=at, fetch=made.fetch(fetched_at=at))


def looked(path: Path, *bodies: str) -> list[dict[str, Any]]:
    """Have a run look at the same page for each body, and return the runs' reports."""
    reports = []
    for look, body in enumerate(bodies):
        run = made.Run(path)
        run.write(made.listing(made.post_address(), at=made.SEEN + timedelta(hours=look)))
        run.write(seen(body, look))
        reports.append(run.end())
    return reports


def test_a_page_that_goes_back_and_forth_makes_three_revisions_of_each_version(tmp_path: Path) -> None:
    reports = looked(tmp_path / "archive.db", *[A, B] * 6)

    with Archive(tmp_path / "archive.db") as archive:
        history = [row["content_hash"] for row in archive.history(made.ID)]
        assert archive.post(made.ID)["last_seen_at"] == "2022-04-21T12:00:00+00:00"
    assert history == [seen(body, 0).content_hash for body in [A, B] * 3]
    assert [report["posts"]["changed"] for report in reports] == [0] + [1] * 5 + [0] * 6
    assert [report["reasons"] for report in reports[6:]] == [
        {"unchanged: says again what was said in revision 5": 1}, {},
    ] * 3  # fmt: skip


def test_each_look_at_such_a_page_is_noted_with_what_it_said(tmp_path: Path) -> None:
    looked(tmp_path / "archive.db", *[A, B] * 4)

    with Archive(tmp_path / "archive.db") as archive:
        (address,) = archive.why(made.post_address().url)
    assert [(each["outcome"], each["reason"], each["fetched_at"][11:13]) for each in address["fetches"]] == [
        ("new", None, "01"),
        ("changed", None, "02"),
        ("unchanged", "says again what was said in revision 5", "07"),
        ("unchanged", None, "08"),
    ]


def test_something_new_is_a_revision_however_often_a_page_has_changed(tmp_path: Path) -> None:
    looked(tmp_path / "archive.db", *[A, B] * 6, C, A)

    with Archive(tmp_path / "archive.db") as archive:
        assert len(archive.history(made.ID)) == 7
        assert archive.post(made.ID)["text"] == "丙丙丙丙"


def test_a_page_that_has_not_changed_since_still_says_what_was_said(tmp_path: Path) -> None:
    looked(tmp_path / "archive.db", *[A, B] * 3, A)
    run = made.Run(tmp_path / "archive.db")
    run.write(made.unchanged(at=made.SEEN + timedelta(hours=9)))

    assert run.end()["reasons"] == {"unchanged: says again what was said in revision 5": 1}


def test_pages_that_go_back_and_forth_are_told(tmp_path: Path) -> None:
    looked(tmp_path / "archive.db", *[A, B] * 3, A)

    with Archive(tmp_path / "archive.db") as archive:
        alarms = [alarm for alarm in archive.alarms(made.SEEN + timedelta(days=1)) if alarm["kind"] == "alternating"]
        later = [alarm["kind"] for alarm in archive.alarms(made.SEEN + timedelta(days=9))]
    url = made.post_address().url
    assert alarms == [
        {
            "kind": "alternating",
            "site": "finews",
            "sentence": (
                f"1 post of finews goes back and forth between versions that are known, {made.ID} at 2022-04-21 15:00"
                f" +08:00, and no more revisions are kept of that: `finews history {made.ID}` shows them,"
                f" `finews why {url}` each look."
            ),
            "numbers": {"posts": 1, "post_id": made.ID, "url": url, "seen_at": "2022-04-21T07:00:00+00:00"},
        }
    ]
    assert "alternating" not in later


@given(st.lists(st.sampled_from([A, B, C]), max_size=40))
def test_however_a_page_goes_about_nothing_is_lost_and_little_is_kept_twice(bodies: list[str]) -> None:
    with Archive(":memory:", create=True) as archive:
        made_run = archive.db.execute(
            "INSERT INTO runs (site, outcome, started_at) VALUES ('finews', 'running', '')"
        ).lastrowid
        assert made_run is not None
        for look, body in enumerate(bodies):
            posts.store(archive.db, seen(body, look), made_run)
        kept = [row["content_hash"] for row in archive.history(made.ID)] if bodies else []

    said = [seen(body, 0).content_hash for body in bodies]
    assert set(kept) == set(said)
    assert all(kept.count(each) <= 3 for each in kept)
    assert all(before != after for before, after in pairwise(kept))
