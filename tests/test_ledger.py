"""The ledger: every address met, where it stands, and what became of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive, ledger, posts, runs
from crawler.archive.ledger import Known

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.items import Listing

POST = made.post_address()
OTHER = made.post_address("NW202204210000000000")

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
}


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return an archive with one article, in which the runs 1 and 2 have begun."""
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        runs.begin(archive.db, "finews", made.LATER)
        posts.store(archive.db, made.article(), 1)
        yield archive.db


def found(db: Database, listing: Listing, run_id: int = 1) -> None:
    ledger.found(db, "finews", listing.links, by=listing.fetch, run_id=run_id)


def name(db: Database, text: str, run_id: int = 1, **how: Any) -> None:
    """Note that home, or the listing `how` says, names the post with this text."""
    listing = made.listing(POST, **how)
    found(db, replace(listing, links=(made.link(POST, text),)), run_id)


def settle(db: Database, state: Any, *, run_id: int = 1, fetched: dict[str, Any] | None = None, **how: Any) -> None:
    ledger.settled(db, "finews", made.fetch(POST, **(fetched or {})), state, run_id=run_id, **how)


def row(db: Database, url: str = POST.url) -> dict[str, Any]:
    (only,) = db.query("SELECT * FROM links WHERE url = ?", [url])
    return only


# Found.


def test_an_address_that_is_named_is_found(db: Database):
    name(db, "推进5G规模化应用！")
    assert row(db) == FOUND


def test_an_address_that_is_named_again_is_met_again_and_nothing_else(db: Database):
    name(db, "推进5G规模化应用！")
    name(db, "另一个", run_id=2, by=made.CATEGORY, at=made.LATER)
    assert row(db) == {**FOUND, "met_run_id": 2}


def test_the_first_text_that_says_anything_is_an_addresss_title(db: Database):
    for text in ("", "推进5G规模化应用！", "另一个", ""):
        name(db, text)
    assert row(db) == FOUND


def test_an_address_named_twice_on_a_page_is_found_once(db: Database):
    found(db, made.listing(POST, POST, OTHER))
    assert [row["url"] for row in db.query("SELECT url FROM links ORDER BY url")] == [POST.url, OTHER.url]


def test_an_address_that_is_named_again_stays_what_it_has_become(db: Database):
    settle(db, "stored", outcome="new", article_id=1)
    before = row(db)
    name(db, "推进5G规模化应用！", run_id=2)
    assert row(db) == {**before, "met_run_id": 2, "title": "推进5G规模化应用！"}


def test_a_page_that_names_nothing_leaves_no_row(db: Database):
    found(db, made.listing())
    assert list(db.query("SELECT * FROM links")) == []


# Settled.


def test_an_address_that_was_named_by_no_page_gets_its_row_when_it_is_settled(db: Database):
    settle(
        db,
        "stored",
        outcome="new",
        article_id=1,
        rules="now",
        fetched={"etag": '"a"', "last_modified": "Wed", "found_on": None},
    )
    assert row(db) == {
        **FOUND,
        "state": "stored",
        "status": 200,
        "attempts": 1,
        "found_on": None,
        "title": None,
        "etag": '"a"',
        "last_modified": "Wed",
        "rules": "now",
        "fetched_at": "2022-04-21T01:00:00+00:00",
        "article_id": 1,
        "run_id": 1,
        "outcome": "new",
    }


def test_an_address_that_was_found_keeps_who_named_it_and_when(db: Database):
    name(db, "推进5G规模化应用！")
    settle(
        db,
        "refused",
        run_id=2,
        outcome="refused",
        reason="no title",
        fetched={"fetched_at": made.LATER, "found_on": made.CATEGORY.url},
    )
    assert row(db) == {
        **FOUND,
        "state": "refused",
        "status": 200,
        "reason": "no title",
        "attempts": 1,
        "fetched_at": "2022-04-21T02:30:00+00:00",
        "met_run_id": 2,
        "run_id": 2,
        "outcome": "refused",
    }


def test_every_settling_is_an_attempt_and_the_last_one_counts(db: Database):
    settle(db, "failed", outcome="failed", reason="timeout", fetched={"status": None})
    settle(db, "failed", outcome="failed", reason="HTTP 503", fetched={"status": 503})
    settle(db, "stored", run_id=2, outcome="new", article_id=1)
    after = row(db)
    assert {name: after[name] for name in ("state", "status", "reason", "attempts", "run_id", "outcome")} == {
        "state": "stored",
        "status": 200,
        "reason": None,
        "attempts": 3,
        "run_id": 2,
        "outcome": "new",
    }


def test_validators_rules_and_article_stay_when_an_answer_brings_none(db: Database):
    settle(db, "stored", outcome="new", article_id=1, rules="now", fetched={"etag": '"a"', "last_modified": "Wed"})
    settle(db, "failed", run_id=2, outcome="failed", reason="timeout", fetched={"status": None})
    after = row(db)
    assert (after["etag"], after["last_modified"], after["rules"], after["article_id"]) == ('"a"', "Wed", "now", 1)


def test_new_validators_and_rules_take_the_place_of_old_ones(db: Database):
    settle(db, "stored", article_id=1, rules="then", fetched={"etag": '"a"', "last_modified": "Wed"})
    settle(db, "stored", article_id=1, rules="now", fetched={"etag": '"b"', "last_modified": "Thu"})
    after = row(db)
    assert (after["etag"], after["last_modified"], after["rules"]) == ('"b"', "Thu", "now")


def test_the_validators_of_every_address_of_a_post_are_forgotten_and_of_no_other(db: Database):
    posts.store(db, made.article(OTHER.key), 1)
    addresses = {POST: 1, made.share_address(): 1, OTHER: 2, made.CATEGORY: None}
    for address, article_id in addresses.items():
        fetch = made.fetch(address, etag='"a"', last_modified="Wed")
        ledger.settled(db, "finews", fetch, "stored", run_id=1, article_id=article_id, rules="now")
    before = {address: row(db, address.url) for address in addresses}
    ledger.forget_validators(db, 1)
    assert {address: row(db, address.url) for address in addresses} == {
        address: {**before[address], "etag": None, "last_modified": None} if article_id == 1 else before[address]
        for address, article_id in addresses.items()
    }


# Asked.


def test_an_address_never_met_is_not_known(db: Database):
    assert ledger.known(db, POST.url) is None
    assert ledger.article_at(db, POST.url) is None


def test_an_address_that_was_only_found_is_known_as_not_stored(db: Database):
    name(db, "推进5G规模化应用！")
    assert ledger.known(db, POST.url) == Known(
        POST.url, "https://finews.withounder.com/", "推进5G规模化应用！", None, None, None, stored=False
    )
    assert ledger.article_at(db, POST.url) is None


def test_an_address_that_was_stored_is_known_with_its_validators_and_rules(db: Database):
    fetched = {"etag": '"a"', "last_modified": "Wed", "found_on": None}
    settle(db, "stored", article_id=1, rules="now", fetched=fetched)
    assert ledger.known(db, POST.url) == Known(POST.url, None, "", '"a"', "Wed", "now", stored=True)
    assert ledger.article_at(db, POST.url) == 1


@pytest.mark.parametrize("state", ["found", "fetched", "refused", "failed", "gone"])
def test_an_address_whose_article_is_there_is_not_stored_once_it_came_to_something_else(db: Database, state: str):
    settle(db, "stored", article_id=1, rules="now", fetched={"etag": '"a"'})
    settle(db, state, fetched={"status": None})
    assert ledger.known(db, POST.url) == Known(POST.url, made.HOME.url, "", '"a"', None, "now", stored=False)
    assert ledger.article_at(db, POST.url) == 1


@pytest.mark.parametrize("state", ["found", "fetched", "stored", "refused", "failed", "gone"])
def test_a_run_takes_up_what_was_found_or_failed(db: Database, state: str):
    settle(db, state)
    known = [ledger.known(db, POST.url)]
    assert ledger.unsettled_posts(db, "finews") == (known if state in {"found", "failed"} else [])
    assert ledger.posts(db, "finews") == known


def test_every_post_ever_met_is_asked_for_whatever_became_of_it(db: Database):
    states = ["failed", "fetched", "found", "gone", "refused", "stored"]
    for state in states:
        ledger.settled(db, "finews", made.fetch(made.post_address(state)), state, run_id=1)
    found(db, made.listing(made.CATEGORY, made.FEED, made.share_address()))
    assert ledger.posts(db, "finews") == [ledger.known(db, made.post_address(state).url) for state in states]
    assert ledger.posts(db, "minima") == []


def test_each_kind_and_each_site_is_asked_for_by_itself(db: Database):
    found(db, made.listing(made.CATEGORY, OTHER, POST, made.FEED, made.share_address()))
    assert [known.url for known in ledger.unsettled_posts(db, "finews")] == [POST.url, OTHER.url]
    assert [known.url for known in ledger.categories(db, "finews")] == [made.CATEGORY.url]
    assert ledger.unsettled_posts(db, "minima") == ledger.categories(db, "minima") == []


def test_a_deleted_article_leaves_its_row_of_the_ledger(db: Database):
    settle(db, "stored", article_id=1, fetched={"etag": '"a"'})
    db.execute("DELETE FROM articles WHERE id = 1")
    assert ledger.known(db, POST.url) == Known(POST.url, made.HOME.url, "", '"a"', None, None, stored=False)
