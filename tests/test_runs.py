"""Runs: begun, ended, cut short, and reports that add up."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import hosts, links, runs
from crawler.archive.ledger.links import End
from crawler.archive.ledger.runs import Traffic
from crawler.items import Address, Article, Listing, Missed, Refused, Unchanged

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from crawler.items import Outcome
    from crawler.recording.recorder import Record

NONE = dict.fromkeys(("new", "changed", "unchanged", "refused", "failed", "gone"), 0)
BEGUN = {
    "run": 1,
    "site": "finews",
    "outcome": "running",
    "started_at": "2022-04-21T01:00:00+00:00",
    "finished_at": None,
    "seconds": 0.0,
    "requests": 0,
    "not_modified": 0,
    "retries": 0,
    "bytes": 0,
    "listings": 0,
    "listings_failed": 0,
    "pending": 0,
    "scope": "usual",
    "posts": NONE,
    "reasons": {},
    "listing_reasons": {},
    "elsewhere": {},
    "hosts": {},
}
ENDED = {**BEGUN, "outcome": "finished", "finished_at": "2022-04-21T02:30:00+00:00"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        yield opened


@pytest.fixture
def db(archive: Archive) -> Database:
    return archive.db


def begin(db: Database, site: str = "finews") -> int:
    return runs.begin(db, site, made.SEEN)


def finish(
    db: Database, run_id: int = 1, outcome: Any = "finished", seconds: float = 0, **asked: int
) -> dict[str, Any]:
    return runs.finish(db, run_id, outcome, now=made.LATER, seconds=seconds, traffic=Traffic(**asked))


def settle(db: Database, address: Address, state: Any, outcome: Outcome | None = None, **how: Any) -> None:
    run_id, at = how.pop("run_id", 1), how.pop("at", made.SEEN)
    end = End(state=state, outcome=outcome, **how)
    with db.atomic():
        links.record_outcome(db, "finews", made.fetch(address, fetched_at=at), end, run_id=run_id)


def name(db: Database, *addresses: Address, run_id: int) -> None:
    listing = made.listing(*addresses)
    with db.atomic():
        links.record_links(db, "finews", listing.links, by=listing.fetch, run_id=run_id)


def test_a_run_that_has_begun_is_running(db: Database):
    assert begin(db) == 1
    assert runs.report(db, 1) == BEGUN


def test_a_report_has_the_promised_keys_in_the_promised_order(db: Database):
    begin(db)
    report = finish(db)
    assert (
        list(report)
        == (
            "run site outcome started_at finished_at seconds requests not_modified retries bytes listings"
            " listings_failed pending scope posts reasons listing_reasons elsewhere hosts"
        ).split()
    )
    assert list(report["posts"]) == "new changed unchanged refused failed gone".split()


def test_an_empty_run_is_reported_with_zeros(db: Database):
    begin(db)
    assert finish(db) == ENDED


def test_a_run_stores_its_network_traffic(db: Database):
    begin(db)
    assert finish(db, seconds=1.987, requests=27, not_modified=3, retries=1, bytes=123456) == {
        **ENDED,
        "seconds": 1.99,
        "requests": 27,
        "not_modified": 3,
        "retries": 1,
        "bytes": 123456,
    }


@pytest.mark.parametrize("outcome", ["finished", "interrupted", "failed"])
def test_a_run_ends_with_the_given_outcome(db: Database, outcome: str):
    begin(db)
    assert finish(db, outcome=outcome) == {**ENDED, "outcome": outcome}


def test_runs_are_numbered_and_reported_latest_first(archive: Archive):
    for number, site in enumerate(["finews", "minima"], start=1):
        assert begin(archive.db, site) == number
        finish(archive.db, number)
    assert list(runs.reports(archive.db)) == [{**ENDED, "run": 2, "site": "minima"}, ENDED]


def test_listings_are_counted_as_read_or_failed(db: Database):
    begin(db)
    settle(db, made.HOME, "fetched")
    settle(db, made.FEED, "failed", reason="timeout")
    settle(db, made.CATEGORY, "refused", reason="forbidden by robots.txt")
    assert finish(db) == {
        **ENDED,
        "listings": 1,
        "listings_failed": 2,
        "listing_reasons": {"failed: timeout": 1, "refused: forbidden by robots.txt": 1},
    }


def test_reasons_for_unread_listings_are_counted_apart_from_posts_most_frequent_first(db: Database):
    begin(db)
    for number in range(2):
        address = replace(made.CATEGORY, url=f"https://finews.withounder.com/category/{number}.html")
        settle(db, address, "failed", reason="timeout")
    settle(db, made.FEED, "failed", reason="HTTP 503")
    settle(db, made.post_address(), "failed", "failed", reason="HTTP 500")
    report = finish(db)
    assert report == {
        **ENDED,
        "listings_failed": 3,
        "posts": {**NONE, "failed": 1},
        "reasons": {"failed: HTTP 500": 1},
        "listing_reasons": {"failed: timeout": 2, "failed: HTTP 503": 1},
    }
    assert list(report["listing_reasons"]) == ["failed: timeout", "failed: HTTP 503"]


def test_a_listing_that_was_read_in_the_end_has_no_reason(db: Database):
    begin(db)
    settle(db, made.FEED, "failed", reason="timeout")
    settle(db, made.FEED, "fetched")
    assert finish(db) == {**ENDED, "listings": 1}


def test_a_listing_that_failed_in_an_earlier_run_is_not_counted_again(db: Database):
    begin(db)
    settle(db, made.FEED, "failed", reason="timeout")
    begin(db)
    assert finish(db, 2) == {**ENDED, "run": 2}


@pytest.mark.parametrize(("address", "failed"), [(made.HOME, 1), (made.CATEGORY, 0), (made.FEED, 0)])
def test_of_listings_that_are_gone_only_the_home_page_is_a_failure(db: Database, address: Address, failed: int):
    begin(db)
    settle(db, address, "gone", reason="HTTP 404")
    assert finish(db) == {**ENDED, "listings_failed": failed, "listing_reasons": {"gone: HTTP 404": 1}}


def test_auxiliary_requests_are_counted_by_their_state_and_never_as_posts(db: Database):
    begin(db)
    ends = {"NW1": "stored", "NW2": "stored", "NW3": "failed"}
    for post_id, state in ends.items():
        settle(db, made.share_address(post_id), state, reason=None if state == "stored" else "share link: timeout")
    for post_id in ("NW4", "NW5"):
        url = f"https://raw.githubusercontent.com/zning1994/finews/main/old_post/2022-04-20-{post_id}.md"
        settle(db, Address(url=url, kind="expired", key=post_id), "gone", reason="HTTP 404")
    settle(db, made.share_address("NW6"), "stored", "new")
    assert finish(db) == {
        **ENDED,
        "posts": {**NONE, "new": 1},
        "elsewhere": {"expired: gone": 2, "share: failed": 1, "share: stored": 2},
    }
    begin(db)
    assert finish(db, 2) == {**ENDED, "run": 2}


def test_a_share_link_given_by_name_is_pending_until_it_is_requested(db: Database):
    begin(db)
    links.plan(db, "finews", [made.share_address("NW1"), made.share_address("NW2")], made.SEEN, run_id=1)
    settle(db, made.share_address("NW2"), "failed", "failed", reason="share link: timeout")
    failed = {"posts": {**NONE, "failed": 1}, "reasons": {"failed: share link: timeout": 1}}
    assert finish(db) == {**ENDED, "pending": 1, **failed}
    begin(db)
    settle(db, made.share_address("NW1"), "stored", "new", run_id=2)
    assert finish(db, 2) == {**ENDED, "run": 2, "posts": {**NONE, "new": 1}}


def test_outcomes_and_reasons_are_counted(db: Database):
    begin(db)
    ends: list[tuple[str, Outcome, str | None]] = [
        ("stored", "new", None),
        ("stored", "new", None),
        ("stored", "changed", None),
        ("stored", "unchanged", None),
        ("refused", "refused", "no title"),
        ("refused", "refused", "no title"),
        ("failed", "failed", "timeout"),
        ("gone", "gone", "HTTP 404"),
    ]
    for number, (state, outcome, reason) in enumerate(ends):
        settle(db, made.post_address(f"NW{number}"), state, outcome, reason=reason)
    report = finish(db)
    assert report == {
        **ENDED,
        "posts": {"new": 2, "changed": 1, "unchanged": 1, "refused": 2, "failed": 1, "gone": 1},
        "reasons": {"refused: no title": 2, "failed: timeout": 1, "gone: HTTP 404": 1},
    }
    assert list(report["reasons"]) == ["refused: no title", "failed: timeout", "gone: HTTP 404"]


def test_a_post_that_was_met_but_not_requested_is_pending(db: Database):
    begin(db)
    name(db, made.post_address("NW1"), made.post_address("NW2"), made.CATEGORY, run_id=1)
    settle(db, made.post_address("NW2"), "stored", "new")
    assert finish(db) == {**ENDED, "pending": 1, "posts": {**NONE, "new": 1}}


def test_a_run_counts_only_its_own_outcomes(db: Database):
    begin(db)
    settle(db, made.post_address("NW1"), "stored", "new")
    settle(db, made.post_address("NW2"), "failed", "failed", reason="timeout")
    finish(db)
    assert begin(db) == 2
    assert finish(db, 2) == {**ENDED, "run": 2}


def test_a_post_never_fetched_is_pending_in_every_run_until_it_is(db: Database):
    begin(db)
    name(db, made.post_address("NW1"), run_id=1)
    settle(db, made.post_address("NW2"), "stored", "new")
    assert finish(db) == {**ENDED, "pending": 1, "posts": {**NONE, "new": 1}}
    assert begin(db) == 2
    assert finish(db, 2) == {**ENDED, "run": 2, "pending": 1}
    assert begin(db) == 3
    settle(db, made.post_address("NW1"), "stored", "new", run_id=3)
    assert finish(db, 3) == {**ENDED, "run": 3, "posts": {**NONE, "new": 1}}


@pytest.mark.parametrize(
    ("state", "counted", "reasons"),
    [
        ("stored", {"unchanged": 1}, {}),
        ("refused", {"refused": 1}, {"refused: no title": 1}),
        ("gone", {"gone": 1}, {"gone: no title": 1}),
    ],
)
def test_a_known_post_that_is_linked_again_is_counted_without_being_requested(
    db: Database, state: str, counted: dict[str, int], reasons: dict[str, int]
):
    begin(db)
    settle(db, made.post_address("NW1"), state, "new", reason=None if state == "stored" else "no title")
    finish(db)
    begin(db)
    name(db, made.post_address("NW1"), run_id=2)
    assert finish(db, 2) == {**ENDED, "run": 2, "posts": {**NONE, **counted}, "reasons": reasons}
    begin(db)
    assert finish(db, 3) == {**ENDED, "run": 3}


def test_a_failed_post_that_is_linked_again_but_not_requested_is_pending_in_that_run_only(db: Database):
    begin(db)
    settle(db, made.post_address("NW1"), "failed", "failed", reason="timeout")
    finish(db)
    begin(db)
    name(db, made.post_address("NW1"), run_id=2)
    assert finish(db, 2) == {**ENDED, "run": 2, "pending": 1}
    begin(db)
    assert finish(db, 3) == {**ENDED, "run": 3}


def test_posts_of_another_site_are_not_pending(db: Database):
    begin(db)
    name(db, made.post_address("NW1"), run_id=1)
    finish(db)
    begin(db, "minima")
    assert finish(db, 2) == {**ENDED, "run": 2, "site": "minima"}


def test_the_next_run_records_a_killed_one_as_interrupted(archive: Archive):
    db = archive.db
    begin(db)
    name(db, made.post_address("NW1"), made.post_address("NW2"), run_id=1)
    settle(db, made.HOME, "fetched")
    settle(db, made.post_address("NW1"), "refused", "refused", reason="no date", at=made.LATER)
    assert begin(db, "minima") == 2
    assert list(runs.reports(archive.db)) == [
        {**BEGUN, "run": 2, "site": "minima"},
        {
            **BEGUN,
            "outcome": "interrupted",
            # As far as is known: what it asked for at the least, until its last fetch.
            "finished_at": "2022-04-21T02:30:00+00:00",
            "seconds": 5400.0,
            "requests": 2,
            "listings": 1,
            "pending": 1,
            "posts": {**NONE, "refused": 1},
            "reasons": {"refused: no date": 1},
        },
    ]


def test_a_run_that_was_killed_before_its_first_fetch_ended_when_it_began(db: Database):
    begin(db)
    begin(db)
    assert runs.report(db, 1) == {**BEGUN, "outcome": "interrupted", "finished_at": "2022-04-21T01:00:00+00:00"}


def test_a_killed_run_never_ends_before_it_began_even_if_the_clock_was_set_back(db: Database):
    begin(db)
    settle(db, made.HOME, "fetched", at=made.SEEN - timedelta(hours=1))
    begin(db)
    report = runs.report(db, 1)
    assert (report["seconds"], report["requests"]) == (0.0, 1)


def test_the_report_of_a_killed_run_comes_from_its_own_fetches(db: Database):
    begin(db)
    settle(db, made.post_address("NW1"), "stored", "new")
    settle(db, made.FEED, "fetched")
    finish(db)
    begin(db)
    settle(db, made.HOME, "fetched", run_id=2, at=made.LATER)
    name(db, made.post_address("NW1"), run_id=2)
    begin(db)
    report = runs.report(db, 2)
    assert (report["finished_at"], report["requests"]) == ("2022-04-21T02:30:00+00:00", 1)
    assert runs.report(db, 1)["finished_at"] == "2022-04-21T02:30:00+00:00"


def test_posts_left_by_a_killed_run_are_counted_once_by_the_run_that_fetches_them(db: Database):
    begin(db)
    name(db, made.post_address("NW1"), run_id=1)
    begin(db)
    settle(db, made.post_address("NW1"), "stored", "new", run_id=2)
    assert finish(db, 2)["posts"] == {**NONE, "new": 1}
    assert runs.report(db, 1)["pending"] == 1


# What a run is about, and what it left alone.


@pytest.mark.parametrize("scope", ["usual", "full", "part", "share"])
def test_a_report_states_the_scope_of_the_run(db: Database, scope: Any):
    runs.begin(db, "finews", made.SEEN, scope)
    assert finish(db) == {**ENDED, "scope": scope}


def test_hosts_a_run_left_alone_are_in_its_report_with_the_reason(db: Database):
    begin(db)
    hosts.note(db, "b.example", given_up_run_id=1, failures=10, failure="HTTP 500")
    hosts.note(db, "a.example", wait_until="2022-04-21T03:00:00+00:00")
    hosts.note(db, "c.example", wait_until="2022-04-21T02:00:00+00:00", failures=3)
    report = finish(db)
    assert report == {
        **ENDED,
        "hosts": {
            "a.example": "asks to be left alone until 2022-04-21T03:00:00+00:00",
            "b.example": "given up after 10 failures in a row (HTTP 500)",
        },
    }
    assert list(report["hosts"]) == ["a.example", "b.example"]
    assert begin(db) == 2
    hosts.note(db, "a.example", wait_until=None)
    assert finish(db, 2) == {**ENDED, "run": 2}
    assert runs.report(db, 1) == report


def begin_after(db: Database, minutes: int, scope: Any = "usual", site: str = "finews") -> int:
    return runs.begin(db, site, made.SEEN + timedelta(minutes=minutes), scope)


def test_gaps_are_those_between_runs_over_the_whole_site_latest_first(db: Database):
    for minutes, scope, site in (
        (0, "usual", "finews"),
        (5, "part", "finews"),
        (7, "usual", "minima"),
        (15, "full", "finews"),
        (20, "share", "finews"),
        (45, "usual", "finews"),
    ):
        begin_after(db, minutes, scope, site)
    last = begin_after(db, 60)
    assert runs.gaps(db, last) == [timedelta(minutes=30), timedelta(minutes=15)]
    assert runs.gaps(db, 1) == runs.gaps(db, 4) == []


def test_only_the_latest_twenty_gaps_are_returned(db: Database):
    for minutes in range(30):
        begin_after(db, minutes * minutes)
    assert runs.gaps(db, 30) == [timedelta(minutes=2 * minutes - 1) for minutes in range(28, 8, -1)]


# The report adds up, whatever happens.

POSTS = [made.post_address(f"NW{number}") for number in range(4)]
SHARE = made.share_address("NW0")
ASKED = [*POSTS, SHARE]
LISTED = [*ASKED, made.CATEGORY]
# What posts are stored as: one of three titles.
STORED = {
    (address.url, title): made.article(address.key, title=title, fetch=made.fetch(address), url=address.url)
    for address in ASKED
    for title in "甲乙丙"
}

listings = st.builds(
    lambda named, by: made.listing(*named, by=by),
    st.lists(st.sampled_from(LISTED), max_size=4),
    st.sampled_from([made.HOME, made.FEED, made.CATEGORY]),
)
anywhere = st.sampled_from([*ASKED, made.HOME, made.CATEGORY])
records = st.one_of(
    listings,
    st.sampled_from(list(STORED.values())),
    st.builds(made.refused, anywhere, st.sampled_from(["no title", "no date"])),
    st.builds(made.gone, anywhere),
    st.builds(made.failed, anywhere),
    st.builds(made.unchanged, anywhere),
)


class Account:
    """Keeps by hand what the report must say. It knows posts, not tables."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}
        self.homes: dict[str, str] = {}  # where each post was last read as it is
        self.stored_at: set[str] = set()
        self.met: set[str] = set()
        self.shares: set[str] = set()
        self.last: dict[str, str] = {}  # what each address came to
        self.now: set[str] = set()  # what this run has met so far

    def run(self, records: Sequence[Record]) -> tuple[dict[str, Any], int, int]:
        """Return the outcomes of a run, how many posts are pending, and how many reasons there are."""
        outcomes: dict[str, str] = {}
        met: set[str] = set()
        self.now = set()
        for record in records:
            if isinstance(record, Listing):
                named = {link.address.url for link in record.links if link.address.kind == "post"}
                met |= named
                self.now |= met
                self.shares |= {link.address.url for link in record.links if link.address.kind == "share"}
                # What is known is not asked for again: it is as it was.
                outcomes = {**{url: self._as_it_was(url) for url in named & self.settled()}, **outcomes}
                continue
            address = record.post.fetch.address if isinstance(record, Article) else record.fetch.address
            if address.kind in {"post", "share"}:
                outcomes[address.url] = self._outcome(record, address.url)
        why = sum(outcome in {"refused", "failed", "gone"} for outcome in outcomes.values())
        self.met |= met
        pending = (met - outcomes.keys()) | ((self.met | self.shares) - self.last.keys())
        return {**NONE, **Counter(outcomes.values())}, len(pending), why

    def settled(self) -> set[str]:
        """Return the addresses that came to something that lasts."""
        return {url for url, outcome in self.last.items() if outcome != "failed"}

    def _as_it_was(self, url: str) -> str:
        return self.last[url] if self.last[url] in {"refused", "gone"} else "unchanged"

    def _outcome(self, record: Record, url: str) -> str:
        self.last[url] = self._judged(record, url)
        self.now.add(url)
        return self.last[url]

    def _judged(self, record: Record, url: str) -> str:
        if isinstance(record, Article):
            post_id, title = record.post.post_id, record.post.title
            former, home = self.titles.get(post_id), self.homes.get(post_id, url)
            is_there = home in self.now and self.last.get(home) in {"new", "changed", "unchanged"}
            if former not in {None, title} and home != url and is_there:
                return "refused"
            self.stored_at.add(url)
            if former == title:
                return "unchanged"
            self.titles[post_id], self.homes[post_id] = title, url
            return "new" if former is None else "changed"
        if isinstance(record, Missed):
            return record.state
        if isinstance(record, Unchanged) and url in self.stored_at:
            return "unchanged"  # the validators are those of the page that was stored, whatever came after it
        is_refused = isinstance(record, Refused) or self.last.get(url) == "refused"
        return "refused" if is_refused else "failed"


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.lists(records, max_size=12), min_size=1, max_size=3))
def test_every_post_met_in_a_run_is_counted_exactly_once_in_its_report(of_runs: list[list[Record]]):
    account = Account()
    with tempfile.TemporaryDirectory() as folder:
        for records in of_runs:
            step = made.Run(Path(folder) / "archive.db")
            for record in records:
                step.write(record)
            report = step.end()
            counted, pending, why = account.run(records)
            assert (report["posts"], report["pending"]) == (counted, pending)
            assert sum(report["reasons"].values()) == why
            assert {reason.partition(":")[0] for reason in report["reasons"]} == {
                outcome for outcome in ("refused", "failed", "gone") if counted[outcome]
            }
