"""What was listed and what of it is stored, per category and day, and what fills each gap."""

from __future__ import annotations

import json
import shlex
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import links
from crawler.archive.ledger.links import End
from crawler.archive.store import posts
from crawler.cli import main
from crawler.items import Address, Category
from crawler.sites.addresses import address_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crawler.archive.watch.coverage import Row
    from crawler.items import State

ROOT = "https://finews.withounder.com"
NONE = {"listed": 0, "stored": 0, "refused": 0, "failed": 0, "missing": 0}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "archive.db", create=True) as opened:
        yield begun(opened)


def begun(archive: Archive) -> Archive:
    archive.db["runs"].insert({"site": "finews", "outcome": "finished", "started_at": "2022-04-21T01:00:00+00:00"})
    return archive


def at(path: str) -> Address:
    """Make the address of a post of the site."""
    address = address_of(made.SITE, f"{ROOT}{path}")
    assert address is not None
    return address


def store(archive: Archive, post_id: str = made.ID, address: Address | None = None, **changes: Any) -> None:
    """Store a post and note it in the ledger."""
    address = address or made.post_address(post_id)
    article = made.article(post_id, url=address.url, **changes)
    stored = posts.store(archive.db, article, 1)
    end = End(state="stored", outcome=stored.outcome, article_id=stored.article_id)
    links.record_outcome(archive.db, article.post.site, made.fetch(address), end, run_id=1)
    archive.db.conn.commit()


def meet(archive: Archive, address: Address, state: State, *, site: str = "finews", **fetched: Any) -> None:
    """Note an address that is not stored."""
    insert = "INSERT INTO links (url, site, kind, state, outcome, found_on, found_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
    outcome = state if state in {"refused", "failed", "gone"} else None
    found = [fetched.get("found_on", made.HOME.url), fetched.get("found_at", "2022-04-21T01:00:00+00:00")]
    archive.db.execute(insert, [address.url, site, address.kind, state, outcome, *found])


def rows(archive: Archive, since: str | None = None) -> list[Row]:
    covered = archive.coverage(since)
    for row in covered["rows"]:
        assert row["listed"] == row["stored"] + row["refused"] + row["failed"] + row["missing"]
    assert covered["totals"] == {name: sum(row[name] for row in covered["rows"]) for name in NONE}  # type: ignore[literal-required]
    return covered["rows"]


def row(category: str | None, day: str = "2022-04-20", *commands: str, **numbers: int) -> dict[str, Any]:
    listed = sum(numbers.values())
    counts = {**NONE, **numbers, "listed": listed}
    return {"site": "finews", "category": category, "day": day, **counts, "commands": commands}


def test_an_empty_archive_has_no_rows(archive: Archive):
    assert archive.coverage() == {"archive": str(archive.path), "since": None, "totals": NONE, "rows": []}


def test_a_stored_post_counts_on_its_publication_day_in_the_site_s_time_zone(archive: Archive):
    store(archive, published_at=made.PUBLISHED.replace(day=19, hour=0, minute=1))
    assert rows(archive) == [row("dajiangwang", "2022-04-19", stored=1)]


@pytest.mark.parametrize(
    ("state", "count", "filled_by"),
    [
        ("found", "missing", "finews crawl --category dajiangwang"),
        ("failed", "failed", "finews crawl --category dajiangwang"),
        ("gone", "missing", f"finews share {made.ID}"),
        ("refused", "refused", f"finews why {made.post_address().url}"),
    ],
)
def test_a_post_that_is_not_stored_is_a_gap_with_the_command_that_fills_it(
    archive: Archive, state: State, count: str, filled_by: str
):
    meet(archive, made.post_address(), state, found_on=made.CATEGORY.url)
    assert rows(archive) == [row("dajiangwang", "2022-04-20", filled_by, **{count: 1})]


def test_a_gap_of_several_kinds_is_filled_by_several_commands(archive: Archive):
    store(archive, "NW1")
    for number, state in enumerate(["found", "failed", "refused", "refused", *["gone"] * 5]):
        meet(archive, made.post_address(f"NW9{number}"), state, found_on=made.CATEGORY.url)  # type: ignore[arg-type]
    assert rows(archive) == [
        row(
            "dajiangwang",
            "2022-04-20",
            "finews crawl --category dajiangwang",
            "finews share NW94 NW95 NW96",
            f"finews why {made.post_address('NW92').url}",
            stored=1,
            failed=1,
            refused=2,
            missing=6,
        )
    ]


def test_listings_are_not_counted_as_posts(archive: Archive):
    for address in (made.HOME, made.CATEGORY, made.FEED):
        meet(archive, address, "fetched")
    assert rows(archive) == []


def test_a_post_counts_once_whatever_addresses_it_has(archive: Archive):
    store(archive, "NW1")
    meet(archive, at("/moved/2022/04/22/NW1.html"), "gone")
    meet(archive, made.share_address("NW1"), "failed")
    meet(archive, at("/old/2022/04/20/NW2.html"), "gone")
    meet(archive, at("/new/2022/04/20/NW2.html"), "failed")
    meet(archive, made.share_address("NW2"), "refused")
    assert rows(archive) == [
        row(None, "2022-04-20", "finews crawl", failed=1),
        row("dajiangwang", "2022-04-20", stored=1),
    ]


def test_a_post_that_came_another_way_counts_as_stored_even_if_no_address_of_it_was_read(archive: Archive):
    posts.store(archive.db, made.article(), 1)
    archive.db.conn.commit()
    assert rows(archive) == []
    meet(archive, made.post_address(), "gone")
    meet(archive, at(f"/moved/2022/04/22/{made.ID}.html"), "found")
    assert rows(archive) == [row("dajiangwang", "2022-04-20", stored=1)]


def test_a_post_that_was_stored_once_stays_stored(archive: Archive):
    store(archive)
    for state in ("gone", "failed", "refused"):
        archive.db.execute("UPDATE links SET state = ?", [state])
        assert rows(archive) == [row("dajiangwang", "2022-04-20", stored=1)]


@pytest.mark.parametrize(
    ("path", "found_on", "category"),
    [
        ("/Other/2022/04/20/NW9.html", made.CATEGORY.url, "dajiangwang"),
        ("/other/2022/04/20/NW9.html", f"{ROOT}/category/Career%20In%20touxingPEVC.html", "Career In touxingPEVC"),
        ("/dajiangwang/2022/04/20/NW9.html", made.HOME.url, "dajiangwang"),
        ("/DajiangWang/2022/04/20/NW9.html", None, "dajiangwang"),
        ("/21shiji/2022/04/20/NW9.html", made.FEED.url, "21Shiji"),
        ("/zhengquanshibao/2022/04/20/NW9.html", made.HOME.url, "zhengquanshibao"),
        ("/emnews/2022/04/20/NW9.html", made.HOME.url, "emnews"),
        ("/unheard/2022/04/20/NW9.html", made.HOME.url, None),
        ("/2022/04/20/NW9.html", made.HOME.url, None),
    ],
)
def test_a_post_that_was_never_stored_has_the_category_it_was_found_in(
    archive: Archive, path: str, found_on: str | None, category: str | None
):
    known = [("dajiangwang", made.CATEGORY.url), ("21Shiji", "")]
    archive.db["categories"].insert_all(
        {"site": "finews", "slug": slug, "name": "", "url": url} for slug, url in known
    )
    page = address_of(made.SITE, f"{ROOT}/category/zhengquanshibao.html")
    assert page is not None
    meet(archive, page, "found")
    meet(archive, at(path), "refused", found_on=found_on)
    (told,) = rows(archive)
    assert told["category"] == category


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("/dajiangwang/2022/04/19/NW9.html", "2022-04-19"),
        ("/dajiangwang/2022/02/31/NW9.html", "2022-04-21"),
    ],
)
def test_the_day_is_that_in_the_address_or_else_that_of_finding_it(archive: Archive, path: str, day: str):
    meet(archive, at(path), "failed", found_at="2022-04-20T20:00:00+00:00")
    assert [told["day"] for told in rows(archive)] == [day]
    meet(archive, made.share_address("NW8"), "failed", found_at="2022-04-20T15:59:00+00:00")
    assert {told["day"] for told in rows(archive)} == {day, "2022-04-20"}


def test_a_category_with_spaces_is_quoted_for_a_shell(archive: Archive):
    category = Category(slug="Career In touxingPEVC", name="", url="")
    store(archive, "NW1", category=category)
    meet(archive, at("/x/2022/04/20/NW2.html"), "found", found_on=f"{ROOT}/category/Career%20In%20touxingPEVC.html")
    (told,) = rows(archive)
    assert told["commands"] == ("finews crawl --category 'Career In touxingPEVC'",)
    assert shlex.split(told["commands"][0])[-1] == "Career In touxingPEVC"


def test_a_site_without_category_pages_and_share_links_is_just_crawled(archive: Archive):
    url = "https://jekyll.github.io/minima/jekyll/2016/05/20/welcome.html"
    meet(archive, Address(url=url, kind="post"), "found", site="minima")
    meet(archive, Address(url=url.replace("welcome", "gone"), kind="post"), "gone", site="minima")
    (told,) = rows(archive)
    assert (told["missing"], told["commands"]) == (2, ("finews crawl --site minima",))


def test_a_site_that_is_not_bundled_is_judged_by_its_addresses(archive: Archive):
    archive.db["categories"].insert(
        {"site": "garden", "slug": "roses", "name": "", "url": "https://g.example/roses/"}
    )
    for path, found_on in (
        ("/roses/a.html", None),
        ("/a/2022/04/22/a.html", "https://g.example/roses/"),
        ("/b/2022/04/22/a.html", None),
    ):
        meet(
            archive, Address(url=f"https://g.example{path}", kind="post"), "failed", site="garden", found_on=found_on
        )
    assert [(told["category"], told["day"], told["failed"], told["commands"]) for told in rows(archive)] == [
        (None, "2022-04-22", 1, ("finews crawl --site garden.yaml",)),
        ("roses", "2022-04-22", 1, ("finews crawl --site garden.yaml",)),
        ("roses", "2022-04-21", 1, ("finews crawl --site garden.yaml",)),
    ]


def on_days(archive: Archive, *days: int, found: str = "2022-04-0{}T01:00:00+00:00") -> None:
    for day in days:
        meet(archive, at(f"/x/2022/04/0{day}/NW{day}.html"), "refused", found_at=found.format(day))


def test_a_day_on_which_nothing_was_listed_has_a_row(archive: Archive):
    on_days(archive, 1, 2, 4, 7)
    assert [(told["day"], told["listed"]) for told in rows(archive)] == [
        ("2022-04-07", 1),
        ("2022-04-06", 0),
        ("2022-04-05", 0),
        ("2022-04-04", 1),
        ("2022-04-03", 0),
        ("2022-04-02", 1),
        ("2022-04-01", 1),
    ]
    assert rows(archive)[1] == row(None, "2022-04-06")


def test_days_before_the_first_visit_and_of_sites_that_seldom_publish_have_no_row(archive: Archive):
    on_days(archive, 1, 2, 4, found="2022-04-04T01:00:00+00:00")
    assert [told["listed"] for told in rows(archive)] == [1, 1, 1]
    on_days(archive, 9)
    assert [told["listed"] for told in rows(archive)] == [1, 1, 1, 1]


def test_a_post_from_the_future_makes_no_empty_days(archive: Archive):
    on_days(archive, 1, 2)
    meet(archive, at("/x/2999/01/01/NW9.html"), "refused", found_at="2022-04-02T02:00:00+00:00")
    assert [told["day"] for told in rows(archive)] == ["2999-01-01", "2022-04-02", "2022-04-01"]


@pytest.mark.parametrize("since", ["2022-04-21", "2022-04-21 09:30", "2022-04-21T09:30+08:00"])
def test_days_before_since_are_left_out(archive: Archive, since: str):
    store(archive, "NW1")
    store(archive, "NW2", published_at=made.PUBLISHED.replace(day=21, hour=0))
    meet(archive, at("/dajiangwang/2022/04/20/NW3.html"), "failed")
    meet(archive, at("/dajiangwang/2022/04/21/NW4.html"), "refused")
    covered = archive.coverage(since)
    assert (covered["since"], covered["totals"]) == ("2022-04-21", {**NONE, "listed": 2, "stored": 1, "refused": 1})
    assert [told["day"] for told in covered["rows"]] == ["2022-04-21"]


ids = st.sampled_from([f"NW{number}" for number in range(6)])
addresses = st.one_of(
    st.builds(
        lambda post_id, slug, day: at(f"/{slug}/2022/04/{day}/{post_id}.html"),
        ids,
        st.sampled_from(["dajiangwang", "other"]),
        st.sampled_from(["19", "20", "31"]),
    ),
    st.builds(made.share_address, ids),
)
states = st.sampled_from(["found", "failed", "refused", "gone", "stored"])


@settings(max_examples=examples(25), deadline=None)
@given(st.dictionaries(addresses, states, max_size=12))
def test_every_post_that_was_met_is_counted_once(met: dict[Address, Any]):
    hopes = ["stored", "found", "failed", "refused", "gone"]
    best: dict[str, str] = {}
    for address, state in met.items():
        best[address.key] = min(best.get(address.key, "gone"), state, key=hopes.index)
    with tempfile.TemporaryDirectory() as folder, Archive(Path(folder) / "a.db", create=True) as archive:
        begun(archive)
        for address, state in met.items():
            if state == "stored":
                store(archive, address.key, address)
            else:
                meet(archive, address, state)
        counted = Counter(best.values())
        expected = {name: counted[name] for name in ("stored", "refused", "failed")}
        missing = counted["found"] + counted["gone"]
        rows(archive)
        assert archive.coverage()["totals"] == {"listed": len(best), **expected, "missing": missing}


# The command.


def ask(archive: Archive, *arguments: str) -> Any:
    archive.db.conn.commit()
    return CliRunner().invoke(main, ["stats", *arguments], env={"FINEWS_ARCHIVE": str(archive.path)})


def test_the_command_prints_totals_and_each_gap_with_the_commands_that_fill_it(archive: Archive):
    store(archive, "NW1")
    store(archive, "NW2", published_at=made.PUBLISHED.replace(day=21))
    meet(archive, at("/dajiangwang/2022/04/20/NW3.html"), "failed")
    meet(archive, at("/x/2022/04/21/NW4.html"), "gone")
    shown = ask(archive, "--coverage")
    assert shown.exit_code == 0
    assert shown.output == (
        f"{archive.path}: 4 listed, 2 stored, 1 failed, 1 missing\n"
        "2022-04-21 (no category): 1 listed, 0 stored, 1 missing\n"
        "  finews share NW4\n"
        "2022-04-20 dajiangwang: 2 listed, 1 stored, 1 failed\n"
        "  finews crawl --category dajiangwang\n"
    )
    shown = ask(archive, "--coverage", "--since", "2022-04-21")
    assert shown.output.startswith(f"{archive.path} since 2022-04-21: 2 listed, 1 stored, 1 missing\n")


def test_days_on_which_nothing_was_listed_are_printed_together(archive: Archive):
    on_days(archive, 1, 2, 5, 6, 7, 9)
    lines = ask(archive, "--coverage").output.splitlines()
    assert [line for line in lines if "was listed" in line] == [
        "2022-04-08: nothing of finews was listed, and it can no longer be fetched",
        "2022-04-03 to 2022-04-04: nothing of finews was listed, and it can no longer be fetched",
    ]


def test_sites_are_named_if_there_are_several(archive: Archive):
    meet(archive, at("/x/2022/04/20/NW1.html"), "refused")
    meet(archive, Address(url="https://jekyll.github.io/2022/04/20/a.html", kind="post"), "found", site="minima")
    assert ask(archive, "--coverage").output.splitlines()[1::2] == [
        "2022-04-20 finews (no category): 1 listed, 0 stored, 1 refused",
        "2022-04-20 minima (no category): 1 listed, 0 stored, 1 missing",
    ]


def test_the_command_says_when_all_is_stored_or_nothing_is_listed(archive: Archive):
    assert ask(archive, "--coverage").output == f"{archive.path}: 0 listed, 0 stored\nNothing has been listed.\n"
    store(archive)
    assert ask(archive, "--coverage").output == f"{archive.path}: 1 listed, 1 stored\nAll of it is stored.\n"


def test_the_command_prints_one_json_document_with_every_row(archive: Archive):
    store(archive)
    shown = ask(archive, "--coverage", "--json")
    assert json.loads(shown.output) == {
        "archive": str(archive.path),
        "since": None,
        "totals": {**NONE, "listed": 1, "stored": 1},
        "rows": [{**row("dajiangwang", stored=1), "commands": []}],
    }


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--since", "2022"], "Error: --since goes with --coverage: finews stats --coverage --since D."),
        (
            ["--coverage", "--since", "x"],
            "Error: 'x' is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.",
        ),
    ],
)
def test_wrong_usage_is_reported_in_a_sentence(archive: Archive, arguments: list[str], sentence: str):
    shown = ask(archive, *arguments)
    assert (shown.exit_code, shown.stderr.splitlines()[-1]) == (2, sentence)
