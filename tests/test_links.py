"""The ledger: every address met, where it stands, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import links, runs
from crawler.archive.ledger.links import End, KnownAddress
from crawler.archive.store import posts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.items import Address, FetchOutcome, Listing

POST, SHARE = made.post_address(), made.share_address()
OTHER = made.post_address("NW202204210000000000")
STATES = ["found", "fetched", "stored", "refused", "failed", "gone"]

FOUND = {
    "id": 1,
    "url": POST.url,
    "site": "finews",
    "kind": "post",
    "state": "found",
    "status": None,
    "reason": None,
    "attempts": 0,
    "found_on": "https://finews.withounder.com/",
    "title": "推进5G规模化应用！",
    "etag": None,
    "last_modified": None,
    "rules": None,
    "found_at": "2022-04-21T01:00:00+00:00",
    "fetched_at": None,
    "next_try_at": None,
    "article_id": None,
    "met_run_id": 1,
    "run_id": None,
    "outcome": None,
    "asked_run_id": None,
    "read_at": None,
    "leads_on": 0,
    "deleted_at": None,
}
KNOWN = KnownAddress(
    id=1,
    url=POST.url,
    kind="post",
    state="found",
    reason=None,
    rule=None,
    found_on="https://finews.withounder.com/",
    title="推进5G规模化应用！",
    found_at="2022-04-21T01:00:00+00:00",
    read_at=None,
    etag=None,
    last_modified=None,
    rules=None,
    article_id=None,
    needs_category_visit=0,
)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return an archive with one article, in which the runs 1 and 2 have begun."""
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        runs.begin(archive.db, "finews", made.LATER)
        posts.store(archive.db, made.article(), 1)
        yield archive.db


def found(db: Database, listing: Listing, run_id: int = 1, **how: Any) -> None:
    links.record_links(db, "finews", listing.links, by=listing.fetch, run_id=run_id, **how)


def name(db: Database, text: str, run_id: int = 1, **how: Any) -> None:
    """Note that home, or the listing `how` says, names the post with this text."""
    listing = made.listing(POST, **how)
    found(db, replace(listing, links=(made.link(POST, text),)), run_id)


def settle(
    db: Database,
    state: Any,
    *,
    address: Address = POST,
    run_id: int = 1,
    fetched: dict[str, Any] | None = None,
    **how: Any,
) -> FetchOutcome:
    """Settle the post, or the `address`, as fetched by `fetched`; `how` is how that ended."""
    fetch = made.fetch(address, **(fetched or {}))
    return links.record_outcome(db, "finews", fetch, End(state=state, **how), run_id=run_id)


def row(db: Database, url: str = POST.url) -> dict[str, Any]:
    (only,) = db.query("SELECT * FROM links WHERE url = ?", [url])
    return only


def fetches(db: Database, url: str = POST.url) -> list[dict[str, Any]]:
    return list(
        db.query("SELECT * FROM fetches WHERE link_id = (SELECT id FROM links WHERE url = ?) ORDER BY id", [url])
    )


# Planned.


def test_a_planned_address_is_found_on_no_page(db: Database):
    links.plan(db, "finews", [POST], made.SEEN, run_id=1)
    assert row(db) == {**FOUND, "found_on": None, "title": None}


@pytest.mark.parametrize("state", STATES)
def test_planning_a_known_address_only_marks_it_as_met(db: Database, state: str):
    settle(db, state, outcome=None, reason="timeout")
    before = row(db)
    links.plan(db, "finews", [POST], made.LATER, run_id=2)
    assert row(db) == {**before, "met_run_id": 2}


# Found.


def test_a_link_on_a_page_is_recorded_as_found(db: Database):
    name(db, "推进5G规模化应用！")
    assert row(db) == FOUND


def test_another_link_to_an_address_only_marks_it_as_met(db: Database):
    name(db, "推进5G规模化应用！")
    name(db, "另一个", run_id=2, by=made.CATEGORY, at=made.LATER)
    assert row(db) == {**FOUND, "met_run_id": 2}


def test_the_first_link_text_that_is_not_empty_becomes_the_title(db: Database):
    for text in ("", "推进5G规模化应用！", "另一个", ""):
        name(db, text)
    assert row(db) == FOUND


def test_two_links_to_an_address_on_a_page_make_one_row(db: Database):
    found(db, made.listing(POST, POST, OTHER))
    assert [row["url"] for row in db.query("SELECT url FROM links ORDER BY url")] == [POST.url, OTHER.url]


def test_a_page_without_links_leaves_no_row(db: Database):
    found(db, made.listing())
    assert list(db.query("SELECT * FROM links")) == []


@pytest.mark.parametrize(
    ("state", "again"), [("stored", "unchanged"), ("refused", "refused"), ("gone", "gone")], ids=lambda word: word
)
def test_a_known_post_that_is_linked_again_keeps_its_former_outcome(db: Database, state: str, again: str):
    settle(db, state, outcome="new", reason="no title", article_id=1)
    before = row(db)
    name(db, "推进5G规模化应用！", run_id=2)
    assert row(db) == {**before, "met_run_id": 2, "run_id": 2, "outcome": again, "title": "推进5G规模化应用！"}


@pytest.mark.parametrize(
    ("state", "outcome"), [("stored", "new"), ("stored", "changed"), ("refused", "refused"), ("gone", "gone")]
)
def test_a_post_linked_again_after_its_request_keeps_the_outcome_of_that(db: Database, state: str, outcome: Any):
    settle(db, state, outcome=outcome, article_id=1)
    before = row(db)
    name(db, "推进5G规模化应用！")
    assert row(db) == {**before, "title": "推进5G规模化应用！"}


@pytest.mark.parametrize("state", ["found", "fetched", "failed"])
def test_a_post_linked_again_before_it_was_ever_read_has_no_outcome(db: Database, state: str):
    settle(db, state, outcome="failed" if state == "failed" else None)
    before = row(db)
    name(db, "推进5G规模化应用！", run_id=2)
    assert row(db) == {**before, "met_run_id": 2, "title": "推进5G规模化应用！"}


def test_a_listing_linked_again_has_no_outcome(db: Database):
    settle(db, "fetched", address=made.CATEGORY)
    before = row(db, made.CATEGORY.url)
    found(db, made.listing(made.CATEGORY), run_id=2)
    assert row(db, made.CATEGORY.url) == {**before, "met_run_id": 2, "title": "dajiangwang"}


def test_new_posts_whose_category_must_be_visited_are_marked(db: Database):
    settle(db, "stored", article_id=1)
    listing = made.listing(POST, OTHER, made.post_address("NW1"))
    found(db, listing, need_visit=[POST.url, OTHER.url])
    assert [(row["url"], row["leads_on"]) for row in db.query("SELECT url, leads_on FROM links ORDER BY id")] == [
        (POST.url, 0),
        (OTHER.url, 1),
        (made.post_address("NW1").url, 0),
    ]


def test_the_mark_for_a_category_visit_lasts_until_the_post_has_an_outcome(db: Database):
    found(db, made.listing(POST), need_visit=[POST.url])
    name(db, "推进5G规模化应用！", run_id=2)
    assert row(db)["leads_on"] == 1
    settle(db, "stored", article_id=1)
    assert row(db)["leads_on"] == 0


# Due.


def test_a_new_listing_that_is_made_due_gets_the_state_found(db: Database):
    links.mark_due(db, "finews", [made.FEED], made.SEEN, run_id=1)
    assert row(db, made.FEED.url) == {**FOUND, "url": made.FEED.url, "kind": "feed", "found_on": None, "title": None}


@pytest.mark.parametrize("state", STATES)
def test_a_known_listing_that_is_made_due_gets_the_state_found_again(db: Database, state: str):
    settle(db, state, address=made.FEED, reason="timeout")
    before = row(db, made.FEED.url)
    links.mark_due(db, "finews", [made.FEED], made.LATER, run_id=2)
    assert row(db, made.FEED.url) == {**before, "state": "found"}


@pytest.mark.parametrize("state", STATES)
def test_a_listing_is_made_due_only_once_in_a_run(db: Database, state: str):
    settle(db, state, address=made.FEED, run_id=2)
    before = row(db, made.FEED.url)
    links.mark_due(db, "finews", [made.FEED], made.LATER, run_id=2)
    assert row(db, made.FEED.url) == before


# Settled.


def test_an_address_that_no_page_named_gets_its_row_with_its_outcome(db: Database):
    fetched = {"etag": '"a"', "last_modified": "Wed", "found_on": None}
    settle(db, "stored", outcome="new", article_id=1, rules="now", fetched=fetched)
    assert row(db) == {
        **FOUND,
        "state": "stored",
        "status": 200,
        "attempts": 0,
        "found_on": None,
        "title": None,
        "etag": '"a"',
        "last_modified": "Wed",
        "rules": "now",
        "fetched_at": "2022-04-21T01:00:00+00:00",
        "read_at": "2022-04-21T01:00:00+00:00",
        "next_try_at": "2022-04-21T02:00:00+00:00",
        "article_id": 1,
        "asked_run_id": 1,
        "run_id": 1,
        "outcome": "new",
    }


def test_an_outcome_keeps_where_and_when_the_address_was_found(db: Database):
    name(db, "推进5G规模化应用！")
    fetched = {"fetched_at": made.LATER, "found_on": made.CATEGORY.url}
    settle(db, "refused", run_id=2, outcome="refused", reason="no title", fetched=fetched)
    assert row(db) == {
        **FOUND,
        "state": "refused",
        "status": 200,
        "reason": "no title",
        "attempts": 1,
        "fetched_at": "2022-04-21T02:30:00+00:00",
        "next_try_at": "2022-04-21T07:00:00+00:00",
        "met_run_id": 2,
        "asked_run_id": 2,
        "run_id": 2,
        "outcome": "refused",
    }


def test_attempts_are_counted_until_a_good_answer_ends_the_trouble(db: Database):
    def told() -> tuple[object, ...]:
        return tuple(row(db)[name] for name in ("state", "status", "reason", "attempts", "run_id", "outcome"))

    settle(db, "failed", outcome="failed", reason="timeout", fetched={"status": None})
    settle(db, "failed", outcome="failed", reason="HTTP 503", fetched={"status": 503})
    assert told() == ("failed", 503, "HTTP 503", 2, 1, "failed")
    settle(db, "stored", run_id=2, outcome="new", article_id=1)
    assert told() == ("stored", 200, None, 0, 2, "new")
    settle(db, "failed", run_id=2, outcome="failed", reason="timeout", fetched={"status": None})
    assert told() == ("failed", None, "timeout", 1, 2, "failed")


def test_validators_rules_and_article_are_kept_if_an_answer_has_none(db: Database):
    settle(db, "stored", outcome="new", article_id=1, rules="now", fetched={"etag": '"a"', "last_modified": "Wed"})
    settle(db, "failed", run_id=2, outcome="failed", reason="timeout", fetched={"status": None})
    after = row(db)
    assert (after["etag"], after["last_modified"], after["rules"], after["article_id"]) == ('"a"', "Wed", "now", 1)


def test_new_validators_and_rules_replace_old_ones(db: Database):
    settle(db, "stored", article_id=1, rules="then", fetched={"etag": '"a"', "last_modified": "Wed"})
    settle(db, "stored", article_id=1, rules="now", fetched={"etag": '"b"', "last_modified": "Thu"})
    after = row(db)
    assert (after["etag"], after["last_modified"], after["rules"]) == ('"b"', "Thu", "now")


@pytest.mark.parametrize("state", STATES)
def test_the_time_of_reading_is_that_of_the_last_success(db: Database, state: str):
    settle(db, state, fetched={"fetched_at": made.SEEN})
    first = "2022-04-21T01:00:00+00:00" if state in {"fetched", "stored"} else None
    assert row(db)["read_at"] == first
    settle(db, "failed", fetched={"fetched_at": made.LATER, "status": None})
    assert (row(db)["read_at"], row(db)["fetched_at"]) == (first, "2022-04-21T02:30:00+00:00")


@pytest.mark.parametrize(
    ("address", "state", "again"),
    [
        *((POST, state, "2022-04-21T07:00:00+00:00") for state in ("stored", "refused", "gone")),
        *((address, "failed", "2022-04-21T02:30:00+00:00") for address in (POST, SHARE, made.CATEGORY, made.FEED)),
        *((made.CATEGORY, state, None) for state in ("fetched", "refused", "gone")),
        *((made.HOME, state, None) for state in ("fetched", "refused", "failed", "gone")),
        *((SHARE, state, None) for state in ("stored", "refused")),
    ],
    ids=lambda value: getattr(value, "kind", value),
)
def test_posts_are_revisited_but_listings_and_share_links_only_after_a_failure(
    db: Database, address: Address, state: str, again: str | None
):
    found(db, made.listing(address))
    settle(db, state, address=address, fetched={"fetched_at": made.LATER})
    assert row(db, address.url)["next_try_at"] == again


def test_auxiliary_requests_are_not_repeated(db: Database):
    settle(db, "failed", address=SHARE, fetched={"fetched_at": made.LATER, "auxiliary": True})
    assert row(db, SHARE.url)["next_try_at"] is None


def fail(db: Database, at: datetime, reason: str = "timeout", **how: Any) -> str | None:
    """Let the post fail, and return when it is asked for again."""
    settle(db, "failed", outcome="failed", reason=reason, fetched={"status": None, "fetched_at": at}, **how)
    return row(db)["next_try_at"]


def test_the_longer_an_address_has_failed_the_later_it_is_tried_again(db: Database):
    name(db, "推进5G规模化应用！", at=made.SEEN - timedelta(days=2))
    assert fail(db, made.SEEN) == "2022-04-21T01:00:00+00:00"
    assert fail(db, made.LATER) == "2022-04-21T02:52:30+00:00"  # after a quarter of an hour and a half
    settle(db, "stored", outcome="new", article_id=1, fetched={"fetched_at": made.LATER})
    assert fail(db, made.LATER + timedelta(days=1)) == "2022-04-22T02:30:00+00:00"


# Each fetch.

FETCHED = {
    "id": 1,
    "link_id": 1,
    "outcome": "new",
    "status": 200,
    "reason": None,
    "rule": None,
    "run_id": 1,
    "fetched_at": "2022-04-21T01:00:00+00:00",
    "last_run_id": 1,
    "last_fetched_at": "2022-04-21T01:00:00+00:00",
    "times": 1,
}


def test_a_fetch_is_recorded_with_how_it_ended(db: Database):
    settle(db, "refused", outcome="refused", reason="no title", rule="layouts[page].title")
    assert fetches(db) == [{**FETCHED, "outcome": "refused", "reason": "no title", "rule": "layouts[page].title"}]


def test_an_address_that_was_only_found_has_no_fetch(db: Database):
    name(db, "推进5G规模化应用！")
    assert fetches(db) == []


def test_fetches_that_end_alike_in_a_row_share_a_row(db: Database):
    later = {"fetched_at": made.LATER, "status": 304}
    settle(db, "stored", outcome="new")
    settle(db, "stored", outcome="unchanged", fetched={"status": 304})
    settle(db, "stored", outcome="unchanged", run_id=2, fetched=later)
    settle(db, "stored", outcome="changed", run_id=2, fetched={"fetched_at": made.LATER})
    settle(db, "stored", outcome="unchanged", run_id=2, fetched=later)
    at, last = {"run_id": 2, "fetched_at": "2022-04-21T02:30:00+00:00"}, "2022-04-21T02:30:00+00:00"
    assert fetches(db) == [
        FETCHED,
        {
            **FETCHED,
            "id": 2,
            "outcome": "unchanged",
            "status": 304,
            "last_run_id": 2,
            "last_fetched_at": last,
            "times": 2,
        },
        {**FETCHED, **at, "id": 3, "outcome": "changed", "last_run_id": 2, "last_fetched_at": last},
        {**FETCHED, **at, "id": 4, "outcome": "unchanged", "status": 304, "last_run_id": 2, "last_fetched_at": last},
    ]


@pytest.mark.parametrize(
    "other",
    [{"reason": "no date"}, {"rule": "robots.txt"}, {"fetched": {"status": 503}}],
    ids=["reason", "rule", "status"],
)
def test_fetches_that_end_differently_in_any_way_have_rows_of_their_own(db: Database, other: dict[str, Any]):
    end = {"outcome": "refused", "reason": "no title", "rule": "layouts[page].title"}
    settle(db, "refused", **end)
    settle(db, "refused", **{**end, **other})
    assert [fetch["times"] for fetch in fetches(db)] == [1, 1]


@pytest.mark.parametrize(
    ("state", "status", "noted"),
    [
        ("fetched", 200, "read"),
        ("fetched", 304, "unchanged"),
        ("refused", 200, "refused"),
        ("failed", 500, "failed"),
        ("failed", None, "failed"),
        ("gone", 404, "gone"),
    ],
)
def test_the_outcome_of_a_listing_s_fetch_follows_from_its_state_and_status(
    db: Database, state: str, status: int | None, noted: str
):
    assert settle(db, state, address=made.HOME, fetched={"status": status}) == noted
    assert [(fetch["outcome"], fetch["status"]) for fetch in fetches(db, made.HOME.url)] == [(noted, status)]


@pytest.mark.parametrize("outcome", ["new", "changed", "unchanged", "refused", "failed", "gone"])
def test_the_outcome_of_a_post_s_fetch_is_that_of_the_post(db: Database, outcome: Any):
    assert settle(db, "stored", outcome=outcome) == outcome
    assert [fetch["outcome"] for fetch in fetches(db)] == [outcome]


# Asked.


def test_an_address_never_met_is_unknown(db: Database):
    assert links.known(db, POST.url) is None
    assert links.post_at(db, POST.url) == {}


def test_unknown_addresses_of_a_page_are_told_from_known_ones(db: Database):
    name(db, "推进5G规模化应用！")
    named = made.listing(POST, OTHER, made.CATEGORY).links
    assert links.unknown(db, named) == {OTHER.url, made.CATEGORY.url}
    assert links.unknown(db, []) == set()


def test_an_address_that_was_only_found_is_known_as_found(db: Database):
    name(db, "推进5G规模化应用！")
    assert links.known(db, POST.url) == KNOWN
    assert links.post_at(db, POST.url) == {}


def test_an_address_that_was_stored_is_known_with_its_validators_and_rules(db: Database):
    fetched = {"etag": '"a"', "last_modified": "Wed", "found_on": None}
    settle(db, "stored", article_id=1, rules="now", fetched=fetched)
    assert links.known(db, POST.url) == replace(
        KNOWN,
        state="stored",
        found_on=None,
        title=None,
        read_at="2022-04-21T01:00:00+00:00",
        etag='"a"',
        last_modified="Wed",
        rules="now",
        article_id=1,
    )
    assert links.post_at(db, POST.url) == {"finews": 1}


@pytest.mark.parametrize("state", ["found", "fetched", "refused", "failed", "gone"])
def test_an_address_with_an_article_is_no_longer_stored_after_another_outcome(db: Database, state: Any):
    settle(db, "stored", article_id=1, rules="now", fetched={"etag": '"a"'})
    settle(db, state, reason="timeout", rule="robots.txt", fetched={"status": None})
    assert links.known(db, POST.url) == replace(
        KNOWN,
        state=state,
        reason="timeout",
        rule="robots.txt",
        title=None,
        read_at="2022-04-21T01:00:00+00:00",
        etag='"a"',
        rules="now",
        article_id=1,
    )
    assert links.post_at(db, POST.url) == {"finews": 1}


def test_the_rule_that_refused_an_address_comes_from_its_last_fetch(db: Database):
    settle(db, "refused", outcome="refused", reason="forbidden by robots.txt", rule="robots.txt")
    settle(db, "refused", outcome="refused", reason="no title", rule="layouts[page].title")
    known = links.known(db, POST.url)
    assert known is not None
    assert (known.reason, known.rule) == ("no title", "layouts[page].title")


def test_categories_are_listed_per_site(db: Database):
    found(db, made.listing(made.CATEGORY, OTHER, POST, made.FEED, made.share_address()))
    assert links.categories(db, "finews") == [links.known(db, made.CATEGORY.url)]
    assert links.categories(db, "minima") == []


def test_the_address_of_a_deleted_article_is_not_requested_again(db: Database):
    settle(db, "stored", article_id=1, fetched={"etag": '"a"'})
    db.execute("DELETE FROM articles WHERE id = 1")
    ((day,),) = db.execute("SELECT substr(deleted_at, 1, 10) FROM links").fetchall()
    reason = f"deleted on {day}; not asked for again"
    assert links.known(db, POST.url) == replace(KNOWN, state="refused", title=None, reason=reason)
