"""The frontier: which addresses of the ledger a run asks for next, and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import hosts, links, runs
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.ledger.links import End
from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.items import Address

HOST = "finews.withounder.com"
NOW = made.LATER
RUN = 2  # run 1 went before it


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """Return an archive in which run 1 has ended and run 2 has begun."""
    with Archive(tmp_path / "archive.db", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        runs.finish(archive.db, 1, "finished", now=made.SEEN, seconds=0, traffic=runs.Traffic())
        runs.begin(archive.db, "finews", NOW)
        yield archive.db


def post(number: int) -> Address:
    return made.post_address(f"NW{number}")


def find(db: Database, *addresses: Address, run_id: int = 1) -> None:
    listing = made.listing(*addresses)
    links.record_links(db, "finews", listing.links, by=listing.fetch, run_id=run_id)


def settle(db: Database, address: Address, state: Any, *, run_id: int = 1, status: int | None = 200) -> None:
    fetch = made.fetch(address, status=status, fetched_at=made.SEEN if run_id == 1 else NOW)
    links.record_outcome(db, "finews", fetch, End(state=state), run_id=run_id)


def due_at(db: Database, address: Address, at: datetime) -> None:
    db.execute("UPDATE links SET next_try_at = ? WHERE url = ?", [iso(at), address.url])


def due(db: Database, address: Address, state: Any = "stored") -> None:
    settle(db, address, state)
    due_at(db, address, NOW)


def change_home(db: Database) -> None:
    settle(db, made.HOME, "fetched", run_id=RUN)


def set_out(db: Database, *addresses: Address, scope: Any = "usual", limit: int | None = None) -> Frontier:
    frontier = Frontier(db, "finews", RUN, scope=scope, limit=limit)
    frontier.begin(addresses, NOW)
    return frontier


def take(frontier: Frontier, count: int = 100, at: datetime = NOW) -> list[str]:
    return [link.url for link in frontier.take(count, at, host=HOST)]


def urls(*addresses: Address) -> list[str]:
    return [address.url for address in addresses]


# A usual run.


def test_planned_addresses_come_first_then_found_posts_then_due_addresses_then_listings(db: Database):
    find(db, made.FEED, post(2), made.CATEGORY, post(1))
    due(db, post(3))
    due(db, post(4), "failed")
    due_at(db, post(4), NOW - timedelta(minutes=1))
    change_home(db)
    other = replace(made.CATEGORY, url="https://finews.withounder.com/category/other.html", key="other")
    frontier = set_out(db, other)
    assert take(frontier) == urls(other, post(2), post(1), post(4), post(3), made.FEED, made.CATEGORY)


def test_an_attempt_is_counted_at_once_so_that_an_address_that_killed_a_run_comes_last_in_the_next(db: Database):
    find(db, post(1), post(2))
    assert take(set_out(db), 1) == urls(post(1))
    runs.begin(db, "finews", NOW)  # the run was killed as it read the post

    next_run = Frontier(db, "finews", RUN + 1, scope="usual")

    assert [row["attempts"] for row in db.query("SELECT attempts FROM links WHERE kind = 'post' ORDER BY id")] == [
        1,
        0,
    ]
    assert take(next_run) == urls(post(2), post(1))


def test_an_attempt_is_counted_only_once(db: Database):
    find(db, post(1))
    take(set_out(db))

    for attempts in (1, 2):
        settle(db, post(1), "failed", run_id=RUN)
        assert [*db.query("SELECT attempts FROM links WHERE kind = 'post'")] == [{"attempts": attempts}]


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_the_order_does_not_depend_on_how_many_are_taken_at_once(db: Database, count: int):
    find(db, made.FEED, post(2), post(1))
    due(db, post(3), "failed")
    frontier = set_out(db, made.HOME)
    taken = []
    while portion := take(frontier, count):
        assert len(portion) <= count
        taken += portion
    assert taken == urls(made.HOME, post(2), post(1), post(3), made.FEED)


def test_an_address_is_requested_once_per_run_even_if_it_is_found_due_and_planned(db: Database):
    find(db, post(1))
    due_at(db, post(1), NOW)
    change_home(db)
    frontier = set_out(db, post(1))
    assert take(frontier) == urls(post(1))
    assert take(frontier) == []


@pytest.mark.parametrize("state", ["fetched", "stored", "refused", "failed", "gone"])
def test_an_address_with_an_outcome_is_not_requested_again_in_a_run_even_if_it_is_due(db: Database, state: str):
    frontier = set_out(db, made.HOME)
    change_home(db)
    settle(db, post(1), state, run_id=RUN)
    due_at(db, post(1), NOW)
    assert take(frontier) == []


def test_posts_found_during_a_run_are_requested_in_it(db: Database):
    frontier = set_out(db, made.HOME)
    assert take(frontier) == urls(made.HOME)
    assert take(frontier) == []
    change_home(db)
    find(db, post(1), run_id=RUN)
    links.mark_due(db, "finews", [made.FEED], NOW, run_id=RUN)
    assert take(frontier) == urls(post(1), made.FEED)


def test_a_listing_that_was_read_is_not_requested_until_it_is_due(db: Database):
    settle(db, made.CATEGORY, "fetched")
    frontier = set_out(db)
    assert take(frontier) == []
    links.mark_due(db, "finews", [made.CATEGORY], NOW, run_id=RUN)
    assert take(frontier) == urls(made.CATEGORY)


@pytest.mark.parametrize("state", ["stored", "refused", "gone"])
def test_known_posts_are_revisited_once_the_home_page_has_changed(db: Database, state: str):
    due(db, post(1), state)
    frontier = set_out(db, made.HOME)
    assert take(frontier) == urls(made.HOME)
    settle(db, made.HOME, "fetched", run_id=1)  # by a former run
    assert take(frontier) == []
    change_home(db)
    assert take(frontier) == urls(post(1))


@pytest.mark.parametrize(
    ("state", "status"),
    [("fetched", 304), ("failed", 500), ("refused", 200), ("gone", 404)],
    ids=str,
)
def test_known_posts_are_not_revisited_if_the_home_page_has_not_changed_or_is_unavailable(
    db: Database, state: str, status: int
):
    due(db, post(1))
    frontier = set_out(db, made.HOME)
    settle(db, made.HOME, state, run_id=RUN, status=status)
    assert take(frontier) == []


@pytest.mark.parametrize("address", [post(1), made.CATEGORY, made.FEED], ids=lambda address: address.kind)
def test_failed_addresses_are_requested_when_due_even_if_the_home_page_has_not_changed(
    db: Database, address: Address
):
    settle(db, address, "failed")
    due_at(db, address, NOW + timedelta(seconds=1))
    frontier = set_out(db)
    settle(db, made.HOME, "fetched", run_id=RUN, status=304)
    assert take(frontier) == []
    assert take(frontier, at=NOW + timedelta(seconds=1)) == urls(address)


def test_the_home_page_is_requested_only_if_planned(db: Database):
    settle(db, made.HOME, "failed")
    due_at(db, made.HOME, NOW)
    change_home(db)
    assert take(set_out(db)) == []


def test_share_links_given_to_an_earlier_run_and_not_yet_fetched_are_requested(db: Database):
    settle(db, made.share_address("NW1"), "failed")
    due_at(db, made.share_address("NW1"), NOW)
    settle(db, made.share_address("NW3"), "stored")
    find(db, made.share_address("NW2"))
    assert take(set_out(db)) == urls(made.share_address("NW2"), made.share_address("NW1"))


@pytest.mark.parametrize(
    ("ahead", "is_due"),
    [
        (timedelta(seconds=-1), True),
        (timedelta(), True),
        (timedelta(seconds=1), False),
        (timedelta(days=3), False),
        (timedelta(days=3, seconds=1), True),
        (timedelta(days=3650), True),
    ],
)
def test_a_time_further_ahead_than_the_longest_delay_counts_as_due_since_the_clock_was_set_back(
    db: Database, ahead: timedelta, is_due: bool
):
    settle(db, post(1), "stored")
    due_at(db, post(1), NOW + ahead)
    change_home(db)
    assert take(set_out(db)) == (urls(post(1)) if is_due else [])


def test_a_post_that_is_not_to_be_revisited_is_not_requested(db: Database):
    settle(db, post(1), "stored")
    db.execute("UPDATE links SET next_try_at = NULL")
    change_home(db)
    assert take(set_out(db)) == []


def test_addresses_of_another_site_are_left_to_its_own_runs(db: Database):
    listing = made.listing(post(1), made.CATEGORY)
    links.record_links(db, "minima", listing.links, by=listing.fetch, run_id=1)
    links.record_outcome(db, "minima", made.fetch(post(2)), End(state="failed"), run_id=1)
    assert take(set_out(db)) == []


# Many.


def test_hundreds_of_found_posts_are_given_out_in_portions_each_once_even_before_any_has_an_outcome(db: Database):
    posts = [post(number) for number in range(256)]
    find(db, *posts, made.FEED)
    frontier = set_out(db)
    portions = [take(frontier, 32) for _ in range(9)]
    assert [len(portion) for portion in portions] == [32] * 8 + [1]
    assert [url for portion in portions for url in portion] == urls(*posts, made.FEED)


def test_a_thousand_found_posts_are_given_out_in_portions_while_earlier_ones_get_their_outcome(db: Database):
    posts = [post(number) for number in range(1000)]
    find(db, *posts)
    frontier = set_out(db)
    taken: list[str] = []
    while portion := take(frontier, 32):
        taken += portion
        # The last hundred are on their way yet.
        for url in taken[-132:-100]:
            db.execute("UPDATE links SET state = 'stored', asked_run_id = ? WHERE url = ?", [RUN, url])
    assert taken == urls(*posts)


# Limits.


def test_no_more_posts_than_the_limit_are_requested_of_any_kind(db: Database):
    find(db, post(1), post(2), made.FEED)
    due(db, post(3))
    due(db, post(4), "failed")
    change_home(db)
    frontier = set_out(db, made.HOME, post(5), limit=3)
    assert take(frontier) == urls(post(5), post(1), post(2), made.FEED)
    find(db, post(6), run_id=RUN)
    assert take(frontier) == []


def test_the_limit_applies_to_all_portions_together(db: Database):
    find(db, *[post(number) for number in range(5)])
    frontier = set_out(db, limit=3)
    assert [take(frontier, 2) for _ in range(4)] == [urls(post(0), post(1)), urls(post(2)), [], []]


# Runs in part.


def test_a_partial_run_requests_its_pages_and_the_found_or_due_posts_they_name(db: Database):
    find(db, post(1), post(2), made.FEED)
    due(db, post(3))
    due(db, post(4))
    settle(db, post(5), "stored")
    due_at(db, post(5), NOW + timedelta(hours=1))
    due(db, post(6), "failed")
    due(db, post(7), "failed")
    change_home(db)
    frontier = set_out(db, made.CATEGORY, scope="part")
    assert take(frontier) == urls(made.CATEGORY)
    # The others are left to a usual run.
    find(db, post(2), post(3), post(5), post(6), post(8), run_id=RUN)
    assert take(frontier) == urls(post(2), post(3), post(6), post(8))
    assert take(frontier) == []


def test_a_partial_run_requests_a_known_post_given_by_address_even_if_it_is_not_due(db: Database):
    settle(db, post(1), "stored")
    assert take(set_out(db, post(1), scope="part")) == urls(post(1))


def test_the_limit_applies_to_a_partial_run(db: Database):
    frontier = set_out(db, made.CATEGORY, scope="part", limit=1)
    find(db, post(1), post(2), run_id=RUN)
    assert take(frontier) == urls(made.CATEGORY, post(1))


# Full runs.


def know_everything(db: Database) -> None:
    for number, state in enumerate(("stored", "refused", "failed", "gone")):
        settle(db, post(number), state)
        due_at(db, post(number), NOW + timedelta(days=1))
    db.execute("UPDATE links SET next_try_at = NULL WHERE url = ?", [post(3).url])
    settle(db, made.CATEGORY, "fetched")
    settle(db, made.FEED, "failed")
    find(db, post(9))


EVERYTHING = [post(9), made.FEED, post(0), post(1), post(2), post(3), made.CATEGORY]


def test_a_full_run_makes_everything_due(db: Database):
    know_everything(db)
    frontier = set_out(db, made.HOME, scope="full")
    assert take(frontier) == urls(made.HOME, *EVERYTHING)


def test_a_full_run_requests_everything_even_if_the_home_page_has_not_changed(db: Database):
    know_everything(db)
    frontier = set_out(db, made.HOME, scope="full")
    assert take(frontier, 1) == urls(made.HOME)
    settle(db, made.HOME, "fetched", run_id=RUN, status=304)
    assert take(frontier) == urls(*EVERYTHING)


def test_what_a_killed_full_run_left_is_requested_by_the_next_once_the_home_page_has_changed(db: Database):
    know_everything(db)
    assert len(take(set_out(db, made.HOME, scope="full"))) == 8
    for address in (post(0), made.FEED):
        settle(db, address, "stored" if address.kind == "post" else "fetched", run_id=RUN)
    third = runs.begin(db, "finews", NOW)
    frontier = Frontier(db, "finews", third, scope="usual")
    frontier.begin([made.HOME], NOW)
    # What was found, what failed and listings at once; the rest when the site has been built anew.
    assert take(frontier) == urls(made.HOME, post(9), post(2), made.CATEGORY)
    settle(db, made.HOME, "fetched", run_id=third)
    assert take(frontier) == urls(post(1), post(3))


def test_a_full_run_of_one_site_makes_nothing_due_of_another(db: Database):
    listing = made.listing(made.CATEGORY)
    links.record_outcome(db, "minima", made.fetch(post(1)), End(state="stored"), run_id=1)
    links.record_outcome(db, "minima", replace(listing.fetch, address=made.CATEGORY), End(state="fetched"), run_id=1)
    before = list(db.query("SELECT * FROM links"))
    assert take(set_out(db, scope="full")) == []
    assert list(db.query("SELECT * FROM links")) == before


# Hosts.


@pytest.mark.parametrize(
    ("known", "is_closed"),
    [
        ({"given_up_run_id": RUN}, True),
        ({"given_up_run_id": 1}, False),
        ({"wait_until": iso(NOW + timedelta(seconds=61))}, True),
        ({"wait_until": iso(NOW + timedelta(seconds=59))}, False),
    ],
    ids=["given up", "given up by a former run", "a long wait", "a short wait"],
)
@pytest.mark.parametrize("scope", ["usual", "full", "part"])
def test_nothing_is_given_out_while_the_host_is_closed(
    db: Database, scope: str, known: dict[str, Any], is_closed: bool
):
    hosts.note(db, HOST, **known)
    find(db, post(1), run_id=RUN)
    assert take(set_out(db, made.HOME, scope=scope)) == ([] if is_closed else urls(made.HOME, post(1)))


def test_everything_is_given_out_once_a_closed_host_is_open_again(db: Database):
    hosts.note(db, HOST, wait_until=iso(NOW + timedelta(minutes=10)))
    find(db, post(1))
    frontier = set_out(db, made.HOME)
    assert take(frontier) == []
    assert take(frontier, at=NOW + timedelta(minutes=10)) == urls(made.HOME, post(1))


def test_another_host_being_closed_does_not_matter(db: Database):
    hosts.note(db, "finews.zning.xyz", given_up_run_id=RUN)
    assert take(set_out(db, made.HOME)) == urls(made.HOME)
