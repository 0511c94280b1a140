"""Several archives in a browser: the pages of one, each post from the archive that speaks for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import browsing as web
import made
import pytest
from archives_made import into

from crawler.archive import Archive
from crawler.archive.browsing import BrowsableArchive, BrowsableFederation, Place
from crawler.archive.federation.members import short_names
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.web.app import _pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SAME = "央行决定下调金融机构存款准备金率零点五个百分点，释放长期资金约一万亿元，保持流动性合理充裕。" * 3
NAMES = ("2024.db", "2025.db", "2026.db")


def get(browser: web.Browser, target: str) -> web.Answer:
    return browser.get(quote(target, safe="/?&=%"))


def article(number: int, text: str, hour: int = 0, **changes: Any) -> Any:
    said = {
        "title": f"江西第{number}号",
        "html": f"<p>{text}</p>",
        "source": ("大江网", "新华社")[number % 2],
        **changes,
    }
    at = made.PUBLISHED + timedelta(hours=number // 2)  # two of a second
    return made.article(f"NW{number:03}", published_at=at, seen_at=made.SEEN + timedelta(hours=hour), **said)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with three archives of 30 posts, a third of which two of them have; and all merged."""
    folder = tmp_path_factory.mktemp("served")
    for place, name in enumerate(NAMES):
        with Archive(folder / name, create=True) as archive:
            runs.begin(archive.db, "finews", made.SEEN + timedelta(minutes=place))
            for number in range(30):
                if number % 3 in {place, (place + number // 20) % 3}:
                    text = SAME if number in {7, 8} else f"各地建成5G基站{number}个，第{place}次。"
                    title = {"title": "江西：央行宣布降准"} if number in {7, 8} else {}
                    posts.store(archive.db, article(number, text, place, **title), 1)
            runs.finish(archive.db, 1, "finished", now=made.LATER, seconds=1, traffic=made.NO_TRAFFIC)
    with Archive(folder / "merged.db", create=True) as merged:
        for name in NAMES:
            with Archive(folder / name) as archive:
                into(merged.db, archive.db)
    return folder


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[web.Browser]:
    with web.browsing([folder / name for name in NAMES]) as opened:
        yield opened


@pytest.fixture(scope="module")
def merged(folder: Path) -> Iterator[web.Browser]:
    with web.browsing(folder / "merged.db") as opened:
        yield opened


def walked(browser: web.Browser, address: str) -> list[tuple[str, str]]:
    """Return the posts of a list, read page by page through `next`."""
    found: list[tuple[str, str]] = []
    following = address
    while following:
        page = json.loads(get(browser, following).text)
        found += [(post["published_at"], post["id"]) for post in page["posts"]]
        cursor = page["next"]
        following = cursor if cursor is None or cursor.startswith("/") else f"{address}&cursor={cursor}"
    return found


@pytest.mark.parametrize(
    "address",
    [
        "/latest.json",
        "/outlet/新华社.json",
        "/day/2022-04-20.json",
        "/category/dajiangwang.json",
        "/api/posts?limit=7",
    ],
)
def test_a_list_has_every_post_once_in_order_of_time(browser: web.Browser, merged: web.Browser, address: str) -> None:
    found = walked(browser, address)
    assert [at for at, _ in found] == sorted((at for at, _ in found), reverse=True)
    assert sorted(found) == sorted(walked(merged, address))


@pytest.mark.parametrize(
    "address",
    ["/api/outlets", "/api/authors", "/api/categories", "/api/securities", "/api/days?limit=3", "/api/coverage"],
)
def test_counts_are_those_of_the_merged_archive(browser: web.Browser, merged: web.Browser, address: str) -> None:
    found, expected = (json.loads(get(each, address).text) for each in (browser, merged))
    assert {**found, "archive": ""} == {**expected, "archive": ""}


def test_pages_turn_back_to_where_they_came_from(folder: Path) -> None:
    with BrowsableFederation.browsable([folder / name for name in NAMES], 5) as archives, archives.within(5):
        newest = archives.listing(limit=8)
        older = archives.listing(before=Place(newest[-1]["at"], newest[-1]["post"]), limit=8)
        assert archives.listing(after=Place(older[0]["at"], older[0]["post"]), limit=8) == newest
        before, after = archives.beside(older[3]["post"], None)
        assert (before, after) == (older[4], older[2])


def test_hits_are_spread_as_in_the_merged_archive(folder: Path) -> None:
    paths = [folder / name for name in NAMES]
    with (
        BrowsableArchive(folder / "merged.db") as merged,
        BrowsableFederation.browsable(paths, 5) as archives,
        archives.within(5),
    ):
        assert archives.facets("基站") == merged.facets("基站")
        assert archives.per_day(["2022-04-20", "2022-04"]) == merged.per_day(["2022-04-20", "2022-04"])


def test_a_post_says_which_archive_it_is_from(browser: web.Browser) -> None:
    page = get(browser, "/post/NW021")
    assert page.status == 200
    assert page.words("dl.facts dd.id") == ["NW021", "2026.db"]
    assert json.loads(get(browser, "/api/posts/NW021").text)["archive"] == "2026.db"
    assert json.loads(get(browser, "/post/NW021.json").text)["text"] == "各地建成5G基站21个，第2次。"
    assert get(browser, "/post/NW999").status == 404


def test_a_story_has_the_posts_of_all_archives(browser: web.Browser) -> None:
    assert get(browser, "/post/NW008").words("aside ol.ranked a, aside ol.ranked b") == ["新华社", "大江网"]
    assert [post["id"] for post in json.loads(get(browser, "/story/NW008.json").text)["posts"]] == ["NW008", "NW007"]
    (hit,) = json.loads(get(browser, "/search.json?q=降准&collapse=1").text)["results"]
    assert (hit["id"], hit["others"]) == ("NW007", ["NW008"])


def test_runs_are_numbered_through_all_archives(browser: web.Browser) -> None:
    found = json.loads(get(browser, "/api/runs?limit=2").text)
    assert [(run["run"], run["archive"], run["own"]) for run in found["runs"]] == [
        (3, "2026.db", 1),
        (2, "2025.db", 1),
    ]
    (first,) = json.loads(get(browser, f"/api/runs?limit=2&cursor={found['next']}").text)["runs"]
    assert (first["run"], first["archive"]) == (1, "2024.db")


@pytest.mark.parametrize("path", sorted({path for path in _pages() if "rest" not in path}))
def test_every_page_answers_for_several_archives(browser: web.Browser, merged: web.Browser, path: str) -> None:
    kind = path.split("/")[1]
    name = {"outlet": "大江网", "category": "dajiangwang", "day": "2022-04-20", "security": "600519", "author": "x"}
    target = path.replace("{name}", "600519" if "securities" in path else name.get(kind, "NW008"))
    answered = get(browser, f"{target}?q=江西&address=NW008")
    assert (answered.status, answered.headers["content-type"]) == (
        get(merged, f"{target}?q=江西&address=NW008").status,
        get(merged, f"{target}?q=江西&address=NW008").headers["content-type"],
    )


def test_readers_are_not_told_where_the_archives_are(browser: web.Browser, folder: Path) -> None:
    for path in ("/post/NW021", "/api/stats", "/search.json?q=江西", "/runs", "/api/posts", "/api/coverage"):
        assert str(folder) not in get(browser, path).text
    paths = [folder / "2024" / "archive.db", folder / "2025" / "archive.db"]
    assert short_names(paths) == ["2024/archive.db", "2025/archive.db"]


def test_what_is_written_to_one_archive_is_seen_and_one_that_is_replaced_is_opened_anew(tmp_path: Path) -> None:
    for place, name in enumerate(NAMES[:2]):
        web.fill(tmp_path / name, article(place, "江西"))
    with web.browsing([tmp_path / name for name in NAMES[:2]]) as browser:
        assert json.loads(get(browser, "/search.json?q=江西").text)["total"] == 2
        web.fill(tmp_path / NAMES[0], article(5, "江西"))
        assert json.loads(get(browser, "/search.json?q=江西").text)["total"] == 3
        web.fill(tmp_path / "new.db", *(article(number, "江西") for number in range(10, 14)))
        (tmp_path / "new.db").replace(tmp_path / NAMES[1])
        assert json.loads(get(browser, "/search.json?q=江西").text)["total"] == 6
