"""`finews why`: the trail of an address, read back from what runs wrote into the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import made
import pytest

from crawler.archive import Archive
from crawler.archive.ledger import address_history

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Finews = Callable[..., subprocess.CompletedProcess[str]]

POST = made.post_address()


def run(path: Path, *records: Any) -> None:
    """Have one run write these records."""
    step = made.Run(path)
    for record in records:
        step.write(record)
    step.end()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.db"


def why(path: Path, name: str) -> list[address_history.AddressHistory]:
    with Archive(path) as archive:
        return archive.why(name)


def told(path: Path, name: str = POST.url) -> list[tuple[Any, ...]]:
    (only,) = why(path, name)
    return [(f["run"], f["outcome"], f["status"], f["reason"], f["rule"], f["times"]) for f in only["fetches"]]


def test_a_history_says_where_an_address_was_found_and_how_each_fetch_ended(path: Path):
    run(path, made.listing(POST), made.refused())
    run(path, made.article(seen_at=made.LATER))
    assert why(path, POST.url) == [
        {
            "url": POST.url,
            "site": "finews",
            "kind": "post",
            "state": "stored",
            "reason": None,
            "found_at": "2022-04-21T01:00:00+00:00",
            "found_on": "https://finews.withounder.com/",
            "title": made.ID,
            "next_try_at": "2022-04-21T07:00:00+00:00",
            "post_id": made.ID,
            "fetches": [
                {
                    "run": 1,
                    "fetched_at": "2022-04-21T01:00:00+00:00",
                    "outcome": "refused",
                    "status": 200,
                    "reason": "no title",
                    "rule": None,
                    "times": 1,
                    "last_run": 1,
                    "last_fetched_at": "2022-04-21T01:00:00+00:00",
                },
                {
                    "run": 2,
                    "fetched_at": "2022-04-21T02:30:00+00:00",
                    "outcome": "new",
                    "status": 200,
                    "reason": None,
                    "rule": None,
                    "times": 1,
                    "last_run": 2,
                    "last_fetched_at": "2022-04-21T02:30:00+00:00",
                },
            ],
            "captures": [],
        }
    ]


def test_repeated_fetches_that_end_alike_are_one_entry(path: Path):
    run(path, made.article())
    for _ in range(3):
        run(path, made.unchanged(at=made.LATER))
    run(path, made.gone(at=made.LATER))
    assert told(path) == [
        (1, "new", 200, None, None, 1),
        (2, "unchanged", 304, None, None, 3),
        (5, "gone", 404, "HTTP 404", None, 1),
    ]
    (only,) = why(path, POST.url)
    assert (only["fetches"][1]["last_run"], only["state"], only["reason"]) == (4, "gone", "HTTP 404")


def test_the_rule_that_refused_a_post_is_named(path: Path):
    run(path, made.refused(rule="layouts[page].title"))
    assert told(path) == [(1, "refused", 200, "no title", "layouts[page].title", 1)]


def test_a_listing_has_a_history_too(path: Path):
    run(path, made.listing(POST))
    run(path, made.unchanged(made.HOME))
    assert told(path, "https://finews.withounder.com/") == [
        (1, "read", 200, None, None, 1),
        (2, "unchanged", 304, None, None, 1),
    ]


def test_a_post_is_named_by_its_id_and_by_any_of_its_addresses(path: Path):
    run(path, made.article(), made.shared())
    page, share = (why(path, name) for name in (POST.url, made.SHARE))
    assert [each["url"] for each in page] == [POST.url, made.SHARE]
    names = (
        made.ID,
        POST.url.replace("https:", "http:"),
        POST.url.replace("finews.withounder.com", "FINEWS.zning.me"),
        f"http://choicewzp1.eastmoney.com/html_News/newsshare.html?x=1&infoCode={made.ID}",
    )
    assert [why(path, name) for name in names] == [page] * len(names)
    assert share == page


def test_a_post_that_was_never_stored_is_found_by_its_id(path: Path):
    run(path, made.listing(POST), made.refused(), made.refused(made.post_address(f"{made.ID}0")))
    assert [each["url"] for each in why(path, made.ID)] == [POST.url]


@pytest.mark.parametrize("name", ["NW1", "http://example.org/", "%", "", "https://[", "\udcff", "a/../b"])
def test_an_address_never_seen_has_no_history(path: Path, name: str):
    run(path, made.article())
    assert why(path, name) == []


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("NW1", "no page has named a post with this id. `finews share NW1` looks behind its share link"),
        ("a b", "no page has named a post with this id. `finews share 'a b'` looks behind its share link"),
        (POST.url, f"no page has named it. `finews crawl {POST.url}` asks for it"),
        (made.SHARE, f"no page has named it. `finews share {made.ID}` looks behind it"),
        ("http://example.org/x", "it is not an address of the site finews, so no run requests it"),
    ],
)
def test_there_is_advice_about_addresses_never_seen(name: str, advice: str):
    assert address_history.advice(name, [made.SITE]) == advice


def test_the_command_prints_the_history_line_by_line(path: Path, finews: Finews):
    run(path, made.listing(POST), made.refused(rule="layouts[page].title"))
    run(path, made.unchanged())
    run(path, made.unchanged(at=made.LATER))
    done = finews("why", made.ID, "--archive", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        POST.url,
        "  post of finews, refused: no title",
        f"  2022-04-21 09:00:00  found on https://finews.withounder.com/: {made.ID}",
        "  2022-04-21 09:00:00  run 1: refused, HTTP 200, no title (rule layouts[page].title)",
        (
            "  2022-04-21 09:00:00  run 2–3: refused, HTTP 304, no title (rule layouts[page].title),"
            " 2 times to 2022-04-21 10:30:00"
        ),
        "  2022-04-21 15:00:00  due to be asked for again",
    ]


def test_the_command_says_that_an_address_is_waiting(path: Path, finews: Finews):
    run(path, made.listing(POST))
    assert finews("why", POST.url, "--archive", str(path)).stdout.splitlines()[1] == (
        "  post of finews, waits for the next run"
    )


def test_the_command_says_that_an_address_was_never_seen(path: Path, finews: Finews):
    run(path, made.listing(POST))
    done = finews("why", "NW1", "--archive", str(path))
    advice = "no page has named a post with this id. `finews share NW1` looks behind its share link"
    assert (done.returncode, done.stdout, done.stderr) == (1, f"NW1 was never seen: {advice}.\n", "")
    done = finews("why", "NW1", "--archive", str(path), "--json")
    assert json.loads(done.stdout) == {
        "name": "NW1",
        "seen": False,
        "advice": advice,
        "deleted": [],
        "addresses": [],
        "files": [],
    }
    assert done.returncode == 1


def test_a_path_of_the_site_is_an_address(path: Path, finews: Finews):
    run(path, made.listing(POST))
    done = finews("why", "/", "--archive", str(path), "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["seen"]) == (0, True)
    assert [each["url"] for each in document["addresses"]] == ["https://finews.withounder.com/"]
