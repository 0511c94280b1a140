"""Migrations: an archive of every released schema is brought forward without losing a word."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.ledger.frontier import Frontier
from crawler.archive.search import index
from crawler.archive.search.words import Words, words_of
from crawler.archive.store import connection, migrations
from crawler.dates import iso
from crawler.errors import ArchiveError
from crawler.items import Address

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlite_utils import Database

KEPT = {path.stem: path for path in sorted((Path(__file__).parent / "archives").glob("*.db"))}
STEPS = sorted(
    entry.name.removesuffix(".sql") for entry in files("crawler.archive.store").joinpath("steps").iterdir()
)
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
# What has been told by every schema so far, in the order its rows are compared in.
TOLD = {
    "articles": "id",
    "revisions": "article_id, revision",
    "categories": "site, slug",
    "tags": "id",
    "article_tags": "article_id, position",
    "securities": "code",
    "mentions": "article_id, code, name",
    "links": "url",
    "runs": "id",
}
# What has been told since 0003.
SINCE_THEN = {"fetches": "id", "hosts": "host", "files": "id"}
# When an address is asked for again was told by no schema before 0003, though the column was there.
TOLD_ANEW = {"links": {"next_try_at"}}


@pytest.fixture
def brought(tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that copies a kept archive to a place of its own."""

    def copy(name: str) -> Path:
        return Path(shutil.copyfile(KEPT[name], tmp_path / "archive.db"))

    return copy


def ask(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def change(path: Path, sql: str, *values: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql, values)


def rows(path: Path, table: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = sqlite3.Row
        order = {**TOLD, **SINCE_THEN}[table]
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {order}")]


def applied(path: Path) -> list[str]:
    return [name for (name,) in ask(path, "SELECT name FROM _sqlite_migrations ORDER BY id")]


def told_by(path: Path) -> list[str]:
    """Return which of the tables an archive has."""
    there = {name for (name,) in ask(path, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    return [table for table in (*TOLD, *SINCE_THEN) if table in there]


def contents(path: Path) -> tuple[list[tuple[Any, ...]], list[str], list[list[dict[str, Any]]]]:
    return sorted(ask(path, SCHEMA)), applied(path), [rows(path, table) for table in told_by(path)]


# Kept.


def test_of_every_schema_that_was_followed_by_another_an_archive_is_kept():
    assert list(KEPT) == [step[:4] for step in STEPS[:-1]]


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_archive_is_as_its_step_left_it(name: str):
    assert applied(KEPT[name]) == [step for step in STEPS if step[:4] <= name]


def test_the_steps_are_numbered_one_by_one():
    assert [step[:5] for step in STEPS] == [f"{number:04}_" for number in range(1, len(STEPS) + 1)]


# Brought forward.


@pytest.mark.parametrize("name", KEPT)
def test_an_archive_brought_forward_has_the_schema_of_a_new_one(
    brought: Callable[[str], Path], name: str, tmp_path: Path
):
    path = brought(name)
    Archive(path).close()
    Archive(tmp_path / "new.db", create=True).close()
    assert sorted(ask(path, SCHEMA), key=repr) == sorted(ask(tmp_path / "new.db", SCHEMA), key=repr)
    assert applied(path) == applied(tmp_path / "new.db") == STEPS


@pytest.mark.parametrize("name", KEPT)
def test_an_archive_brought_forward_tells_what_it_told(brought: Callable[[str], Path], name: str):
    path = brought(name)
    before = {table: rows(path, table) for table in told_by(path)}
    Archive(path).close()
    for table, told in before.items():
        if not told:
            assert rows(path, table) == []
            continue
        columns = set(told[0]) & set(rows(path, table)[0]) - TOLD_ANEW.get(table, set())
        assert [{column: row[column] for column in columns} for row in rows(path, table)] == [
            {column: row[column] for column in columns} for row in told
        ]


@pytest.mark.parametrize("name", KEPT)
def test_an_archive_brought_forward_is_sound(brought: Callable[[str], Path], name: str):
    path = brought(name)
    Archive(path).close()
    assert ask(path, "PRAGMA integrity_check") == [("ok",)]
    assert ask(path, "PRAGMA foreign_key_check") == []
    assert ask(path, "PRAGMA journal_mode") == [("wal",)]
    assert ask(path, "PRAGMA application_id") == [(int.from_bytes(b"finw"),)]
    assert sorted(file.name for file in path.parent.iterdir()) == ["archive.db", "archive.db.lock"]


@pytest.mark.parametrize("name", KEPT)
def test_the_posts_of_an_archive_brought_forward_are_found(brought: Callable[[str], Path], name: str):
    with Archive(brought(name)) as archive:
        for post in archive.posts():
            for words in (post["title"], post["text"]):
                assert post["post_id"] in [hit["id"] for hit in archive.search(f'"{words}"')["results"]]
        versions = archive.db.execute("SELECT count(*) FROM versions").fetchone()
        pairs, tokens = index.rows(archive.db)
        assert pairs == tokens
        assert (len(pairs),) == versions


@pytest.mark.parametrize("name", KEPT)
def test_an_archive_is_brought_forward_once(brought: Callable[[str], Path], name: str):
    path = brought(name)
    Archive(path).close()
    before = path.read_bytes()
    Archive(path).close()
    assert path.read_bytes() == before


def failing(step: str) -> Callable[[Database, str], None]:
    """Return what runs the statements of each step, and fails behind those of `step`."""
    run = migrations._run_sql  # noqa: SLF001  # the moment between a step's statements and its record

    def fail(db: Database, name: str) -> None:
        run(db, name)
        if name.startswith(step):
            raise sqlite3.OperationalError("database or disk is full")

    return fail


@pytest.mark.parametrize("name", KEPT)
def test_a_step_that_fails_leaves_the_archive_as_it_was(
    brought: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
):
    path = brought(name)
    before = contents(path)
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_run_sql", failing(STEPS[len(applied(path))]))
        with pytest.raises(ArchiveError, match="cannot be opened as an archive: database or disk is full"):
            Archive(path)
    assert contents(path) == before
    Archive(path).close()
    assert applied(path) == STEPS


def test_a_step_that_fails_leaves_what_the_steps_before_it_did(
    brought: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
):
    path = brought("0001")
    with monkeypatch.context() as patched:
        patched.setattr(migrations, "_run_sql", failing("0003"))
        with pytest.raises(ArchiveError, match="cannot be opened as an archive: database or disk is full"):
            Archive(path)
    assert applied(path) == STEPS[:2]
    assert sorted(ask(path, SCHEMA)) == sorted(ask(KEPT["0002"], SCHEMA))
    Archive(path).close()
    assert {table: rows(path, table) for table in EXPECTED["0001"]} == EXPECTED["0001"]


def test_an_old_archive_that_can_only_be_read_is_a_sentence(
    brought: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
):
    path = brought("0001")
    before = path.read_bytes()
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(ArchiveError, match="cannot be opened as an archive: attempt to write a readonly database"):
        Archive(path)
    assert path.read_bytes() == before


# 0002: every word is kept once.

RUN = {
    "id": 1,
    "site": "finews",
    "outcome": "finished",
    "started_at": "2022-04-21T01:00:00+00:00",
    "finished_at": "2022-04-21T01:00:09+00:00",
    "seconds": 9.0,
    "requests": 4,
    "not_modified": 0,
    "retries": 0,
    "bytes": 1000,
    "listings": 1,
    "listings_failed": 0,
    "listing_reasons": "{}",
    "pending": 0,
    "new": 3,
    "changed": 0,
    "unchanged": 0,
    "refused": 0,
    "failed": 0,
    "gone": 0,
    "reasons": "{}",
    "scope": "usual",
    "archive_id": None,
    "number": None,
    "hosts": "{}",
    "elsewhere": "{}",
}
ARTICLE = {
    "id": 1,
    "site": "finews",
    "post_id": "NW1",
    "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW1.html",
    "share_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW1",
    "title": "江西出台5G行动计划（更新）",
    "source": "大江网",
    "category": "dajiangwang",
    "summary": "江西将实现5G+VR融合，超200%。",
    "published_at": "2022-04-20T16:44:59+08:00",
    "published_ts": 1650444299,
    "html": "<p>江西将实现5G+VR融合，超200%。</p>\n<p>贵州茅台上涨。</p>",
    "markdown": "江西将实现5G+VR融合，超200%。\n\n贵州茅台上涨。",
    "text": "江西将实现5G+VR融合，超200%。\n贵州茅台上涨。",
    "content_hash": "5e00c18d093f83c436eeb3124a1ea55a832df12a1bfe59e8f0fd2b6d8cab08ea",
    "revision": 2,
    "first_seen_at": "2022-04-21T01:00:00+00:00",
    "last_seen_at": "2022-04-21T02:30:00+00:00",
    "gone_at": None,
    "derived": "",
    "front_matter": "{}",
    "draft": 0,
    "image": None,
    "authors": "[]",
}
OTHER = {
    **ARTICLE,
    "id": 2,
    "post_id": "NW2",
    "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW2.html",
    "share_url": "http://finews.zning.xyz/html_News/NewsShare.html?infoCode=NW2",
    "title": "另一篇",
    "category": None,
    "summary": "海信家电（600160）涨停。",
    "html": "<p>海信家电（600160）涨停。</p><p>其他。</p>",
    "markdown": "海信家电（600160）涨停。\n\n其他。",
    "text": "海信家电（600160）涨停。\n其他。",
    "content_hash": "4d2a8db8c4220857bf5d921025c345700328089c4c3f1b24b7708b8e1254455f",
    "revision": 1,
    "last_seen_at": "2022-04-21T01:00:00+00:00",
}
GONE = {
    **OTHER,
    "id": 3,
    "post_id": "NW3",
    "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW3.html",
    "share_url": None,
    "title": "没了",
    "source": None,
    "category": "dajiangwang",
    "summary": "江西将实现5G+VR融合。",
    "html": "<p>江西将实现5G+VR融合。</p><p>贵州茅台上涨。</p>",
    "markdown": "江西将实现5G+VR融合。\n\n贵州茅台上涨。",
    "text": "江西将实现5G+VR融合。\n贵州茅台上涨。",
    "content_hash": "42046058cd26911946fa93a6bca2569143c712214f69d691a1b5a3bfe6590b56",
    "gone_at": "2022-04-21T02:30:00+00:00",
}
OF_A_REVISION = ("title", "published_at", "html", "content_hash", "markdown", "text")
LINK = {
    "id": 2,
    "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW1.html",
    "site": "finews",
    "kind": "post",
    "state": "stored",
    "status": 200,
    "reason": None,
    "attempts": 2,
    "found_on": "https://finews.withounder.com/",
    "title": "链接",
    "etag": None,
    "last_modified": None,
    "rules": "970102940db755c7",
    "found_at": "2022-04-21T01:00:00+00:00",
    "fetched_at": "2022-04-21T02:30:00+00:00",
    "next_try_at": None,
    "article_id": 1,
    "met_run_id": 2,
    "run_id": 2,
    "outcome": "changed",
    "asked_run_id": None,
    "read_at": "2022-04-21T02:30:00+00:00",
    "leads_on": 0,
    "deleted_at": None,
}
FETCHED = {
    "id": 1,
    "link_id": 1,
    "outcome": "read",
    "status": 200,
    "reason": None,
    "rule": None,
    "run_id": 1,
    "fetched_at": "2022-04-21T01:00:00+00:00",
    "last_run_id": 1,
    "last_fetched_at": "2022-04-21T01:00:00+00:00",
    "times": 1,
}


def fetched(number: int, link: int, outcome: str, run: int = 2, **changes: Any) -> dict[str, Any]:
    """Return how the last fetch of a link, which was in that run, is told."""
    at = ("2022-04-21T01:00:00+00:00", "2022-04-21T02:30:00+00:00")[run - 1]
    last = {"last_run_id": run, "last_fetched_at": at}
    return {
        **FETCHED,
        "id": number,
        "link_id": link,
        "outcome": outcome,
        "run_id": run,
        "fetched_at": at,
        **last,
        **changes,
    }


def revision(article: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    made = {"article_id": article["id"], "revision": number, "seen_at": "2022-04-21T01:00:00+00:00", "run_id": 1}
    read = {"via": "page", "derived": "", "front_matter": "{}", "draft": 0, "image": None, "authors": "[]"}
    return {**made, **read, **{name: article[name] for name in OF_A_REVISION}, **changes}


FIRST = revision(
    GONE,
    1,
    article_id=1,
    title="江西出台5G行动计划",
    content_hash="788ac3e11d3a229e4df01c45c2da54dc77a95a253f5887ffbb4a9472594f6ed7",
)
BY_0001: dict[str, list[dict[str, Any]]] = {
    "articles": [ARTICLE, OTHER, GONE],
    # The text of a former version, which was not kept, is read out of its HTML.
    "revisions": [
        FIRST,
        revision(ARTICLE, 2, seen_at="2022-04-21T02:30:00+00:00", run_id=2),
        revision(OTHER, 1),
        revision(GONE, 1),
    ],
    "categories": [
        {
            "site": "finews",
            "slug": "dajiangwang",
            "name": "大江网新闻",
            "url": "https://finews.withounder.com/category/dajiangwang.html",
        }
    ],
    "tags": [{"id": 1, "name": "大江网新闻"}, {"id": 2, "name": "5G"}],
    "article_tags": [
        {"article_id": article_id, "tag_id": position + 1, "position": position}
        for article_id in (1, 3)
        for position in (0, 1)
    ],
    "securities": [
        {
            "code": "1.600160",
            "symbol": "600160",
            "market": "SH",
            "name": "巨化股份",
            "pinyin": "ju/qu hua/huo gu fen/bin",
        },
        {
            "code": "1.600519",
            "symbol": "600519",
            "market": "SH",
            "name": "贵州茅台",
            "pinyin": "gui zhou mao tai/yi/si",
        },
        {
            "code": "116.00700",
            "symbol": "00700",
            "market": "HK",
            "name": "腾讯控股",
            "pinyin": "teng xun kong/qiang gu",
        },
    ],
    "mentions": [
        {"article_id": article_id, "code": code, "name": name, "count": count, "published_ts": 1650444299}
        for article_id, code, name, count in (
            (1, "1.600519", "贵州茅台", 2),
            (1, "116.00700", "腾讯控股", 1),
            (2, "1.600160", "巨化股份", 1),
            (3, "1.600519", "贵州茅台", 2),
            (3, "116.00700", "腾讯控股", 1),
        )
    ],
    "links": [
        {
            **LINK,
            "id": 1,
            "url": "https://finews.withounder.com/",
            "kind": "home",
            "state": "fetched",
            "attempts": 1,
            "found_on": None,
            "title": None,
            "etag": '"h"',
            "rules": None,
            "fetched_at": "2022-04-21T01:00:00+00:00",
            "read_at": "2022-04-21T01:00:00+00:00",
            "article_id": None,
            "met_run_id": 1,
            "run_id": 1,
            "outcome": None,
        },
        LINK,
        {
            **LINK,
            "id": 3,
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW2.html",
            "attempts": 1,
            "title": "",
            "fetched_at": "2022-04-21T01:00:00+00:00",
            "read_at": "2022-04-21T01:00:00+00:00",
            "article_id": 2,
            "met_run_id": 1,
            "run_id": 1,
            "outcome": "new",
        },
        {
            **LINK,
            "id": 4,
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW3.html",
            "state": "gone",
            "status": 404,
            "reason": "HTTP 404",
            "title": None,
            "article_id": 3,
            "outcome": "gone",
            "read_at": None,
        },
    ],
    "runs": [
        RUN,
        {
            **RUN,
            "id": 2,
            "started_at": "2022-04-21T02:30:00+00:00",
            "finished_at": "2022-04-21T02:30:00+00:00",
            "seconds": 3.0,
            "requests": 3,
            "bytes": 900,
            "listings": 0,
            "new": 0,
            "changed": 1,
            "gone": 1,
            "reasons": '{"gone: HTTP 404": 1}',
        },
    ],
    "fetches": [
        fetched(1, 1, "read", run=1),
        fetched(2, 3, "new", run=1),
        fetched(3, 2, "changed"),
        fetched(4, 4, "gone", status=404, reason="HTTP 404"),
    ],
    "hosts": [],
}
FIRST_RUN, SECOND_RUN = BY_0001["runs"]
# In 0002 the second run also read a category, refused a post, failed to get one, and left one for the next.
UNREAD = {**LINK, "attempts": 1, "found_at": "2022-04-21T02:30:00+00:00", "article_id": None, "read_at": None}
BY_0002 = {
    **BY_0001,
    "links": [
        BY_0001["links"][0],
        {
            **UNREAD,
            "id": 8,
            "url": "https://finews.withounder.com/category/dajiangwang.html",
            "kind": "category",
            "state": "fetched",
            "title": "大江网新闻",
            "etag": '"c"',
            "outcome": None,
            "read_at": "2022-04-21T02:30:00+00:00",
        },
        *BY_0001["links"][1:],
        {
            **UNREAD,
            "id": 5,
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW4.html",
            "state": "refused",
            "reason": "no title",
            "title": "",
            "etag": '"r"',
            "last_modified": "Thu, 21 Apr 2022 02:00:00 GMT",
            "outcome": "refused",
        },
        {
            **UNREAD,
            "id": 6,
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW5.html",
            "state": "failed",
            "status": 500,
            "reason": "HTTP 500",
            "title": "标题",
            "rules": None,
            "next_try_at": "2022-04-21T02:30:00+00:00",
            "outcome": "failed",
        },
        {
            **UNREAD,
            "id": 7,
            "url": "https://finews.withounder.com/dajiangwang/2022/04/20/NW6.html",
            "state": "found",
            "status": None,
            "attempts": 0,
            "title": "还没取",
            "rules": None,
            "fetched_at": None,
            "run_id": None,
            "outcome": None,
        },
    ],
    "runs": [
        FIRST_RUN,
        {
            **SECOND_RUN,
            "requests": 6,
            "listings": 1,
            "pending": 1,
            "refused": 1,
            "failed": 1,
            "reasons": '{"gone: HTTP 404": 1, "refused: no title": 1, "failed: HTTP 500": 1}',
        },
    ],
    "fetches": [
        *BY_0001["fetches"],
        fetched(5, 5, "refused", reason="no title"),
        fetched(6, 6, "failed", status=500, reason="HTTP 500"),
        fetched(7, 8, "read"),
    ],
}
REFUSED_FILE = {
    "id": 1,
    "path": "old_post/tulips.md",
    "commit": "",
    "site": "finews",
    "outcome": "refused",
    "reason": "no date",
    "imported_at": "2022-04-22T00:00:00+00:00",
    "run_id": 2,
    "article_id": None,
    "content_hash": None,
}
# The archives from 0003 on are that of 0002 brought forward, from 0004 on with a file that was imported.
EXPECTED = {
    "0001": {**BY_0001, "files": []},
    "0002": {**BY_0002, "files": []},
    "0003": {**BY_0002, "files": []},
    "0004": {**BY_0002, "files": [REFUSED_FILE]},
    "0005": {**BY_0002, "files": [REFUSED_FILE]},
    "0006": {**BY_0002, "files": [REFUSED_FILE]},
    "0007": {**BY_0002, "files": [REFUSED_FILE]},
    "0008": {**BY_0002, "files": [REFUSED_FILE]},
    "0009": {**BY_0002, "files": [REFUSED_FILE]},
    "0010": {**BY_0002, "files": [REFUSED_FILE]},
    "0011": {**BY_0002, "files": [REFUSED_FILE]},
    "0012": {**BY_0002, "files": [REFUSED_FILE]},
    "0013": {**BY_0002, "files": [REFUSED_FILE]},
}


@pytest.mark.parametrize("table", [*TOLD, *SINCE_THEN])
@pytest.mark.parametrize("name", KEPT)
def test_a_kept_archive_brought_forward_has_these_rows(brought: Callable[[str], Path], name: str, table: str):
    path = brought(name)
    Archive(path).close()
    assert rows(path, table) == EXPECTED[name][table]


def test_a_post_of_the_first_schema_is_read_with_its_history(brought: Callable[[str], Path]):
    with Archive(brought("0001")) as archive:
        former = archive.post("NW1", revision=1)
        assert {name: former[name] for name in (*OF_A_REVISION, "summary", "revision")} == {
            **{name: FIRST[name] for name in OF_A_REVISION},
            "summary": "",
            "revision": 1,
        }
        assert [version["revision"] for version in archive.history("NW1")] == [1, 2]
        assert [archive.search("超200", as_of=moment)["total"] for moment in ("2022-04-21 10:00", "2022-04-21")] == [
            0,
            1,
        ]


@pytest.mark.parametrize(
    ("html", "text", "markdown"),
    [
        ("", "", ""),
        ("<p>江西</p>", "江西", "江西"),
        ("<p>江西</p>\n\n  <p>茅台</p>", "江西\n茅台", "江西\n\n茅台"),
        ("<div><P class='a'>江<b>西</b></P><br/>茅台<br>涨</div>", "江西\n茅台\n涨", "江西\n\n茅台\n\n涨"),
        ("<p>\u3000\u3000江  西\u3000省&nbsp;人</p>", "江 西 省 人", "江 西 省 人"),
        ("<p>A&amp;B 1&lt;2 &#8220;引&#8221;</p>", "A&B 1<2 “引”", "A&amp;B 1&lt;2 “引”"),
        ("<table><tr><td>甲</td></tr><tr><td>乙</td></tr></table>", "甲\n乙", "甲\n\n乙"),
        ("<table><tr><td>100</td><td>200</td></tr></table>", "100 200", "100 200"),
        ("<p>*ST康美、*ST信威涨停。</p>", "*ST康美、*ST信威涨停。", "\\*ST康美、\\*ST信威涨停。"),
        ("没有标签", "没有标签", "没有标签"),
        ("<p><img src='x.png'></p>", "", ""),
    ],
)
def test_the_words_of_a_former_version_are_read_out_of_its_html(
    brought: Callable[[str], Path], html: str, text: str, markdown: str
):
    path = brought("0001")
    change(path, "UPDATE revisions SET html = ? WHERE article_id = 1 AND revision = 1", html)
    with Archive(path) as archive:
        former = archive.post("NW1", revision=1)
    assert (former["html"], former["text"], former["markdown"]) == (html, text, markdown)
    assert rows(path, "revisions")[0] == {**FIRST, "html": html, "text": text, "markdown": markdown}


def test_a_step_s_own_functions_are_of_no_use_after_it(brought: Callable[[str], Path]):
    with Archive(brought("0001")) as archive:
        for call in ("frame('江西', '江西')", "plain('江西')"):
            with pytest.raises(sqlite3.OperationalError):
                archive.db.execute(f"SELECT {call}")


# 0003: what runs leave for the next to know.


@pytest.mark.parametrize(
    ("age", "is_due"), [(timedelta(minutes=1), True), (timedelta(hours=71), True), (timedelta(hours=73), False)]
)
def test_the_posts_of_the_last_three_days_are_looked_at_again_and_what_failed_whenever_it_did(
    brought: Callable[[str], Path], age: timedelta, is_due: bool
):
    path, at = brought("0002"), iso(datetime.now(UTC) - age)
    change(path, "UPDATE links SET fetched_at = ? WHERE fetched_at IS NOT NULL", at)
    Archive(path).close()
    again = at if is_due else None
    assert {url.rpartition("/")[2]: value for url, value in ask(path, "SELECT url, next_try_at FROM links")} == {
        "": None,
        "dajiangwang.html": None,
        "NW1.html": again,
        "NW2.html": again,
        "NW3.html": again,
        "NW4.html": again,
        "NW5.html": at,
        "NW6.html": None,
    }


def test_what_an_old_archive_left_is_taken_up_by_the_first_run_after_it(brought: Callable[[str], Path]):
    with Archive(brought("0002")) as archive:
        now = datetime(2022, 4, 21, 3, 0, tzinfo=UTC)
        run_id = runs.begin(archive.db, "finews", now)
        frontier = Frontier(archive.db, "finews", run_id, scope="usual")
        frontier.begin([Address(url="https://finews.withounder.com/", kind="home")], now)
        taken = frontier.take(10, now, host="finews.withounder.com")
    assert [link.url.rpartition("/")[2] for link in taken] == ["", "NW6.html", "NW5.html"]


# 0004: what files say.


def test_posts_that_were_gone_before_anything_was_kept_of_them_are_asked_for_once_more(
    brought: Callable[[str], Path],
):
    path = brought("0003")
    change(path, "UPDATE links SET article_id = NULL WHERE url LIKE '%NW3.html'")
    change(path, "UPDATE links SET state = 'gone' WHERE url LIKE '%NW2.html' OR kind = 'category'")
    change(path, "UPDATE links SET next_try_at = '2022-04-24T02:30:00+00:00' WHERE kind = 'post'")
    due = "SELECT url, fetched_at, next_try_at FROM links WHERE next_try_at IS NOT NULL"
    before = {url.rpartition("/")[2]: rest for url, *rest in ask(path, due)}
    Archive(path).close()
    after = {url.rpartition("/")[2]: rest for url, *rest in ask(path, due)}
    assert after == {**before, "NW3.html": ["2022-04-21T02:30:00+00:00", "2022-04-21T02:30:00+00:00"]}


def test_what_runs_of_0003_left_for_the_next_is_kept(brought: Callable[[str], Path]):
    path = brought("0003")
    change(
        path,
        "INSERT INTO hosts (host, robots, robots_at, wait_until, wait_reason, day, requests)"
        " VALUES ('finews.withounder.com', 'Crawl-delay: 2', '2022-04-21T02:30:00+00:00',"
        " '2022-04-21T03:30:00+00:00', 'HTTP 503', '2022-04-21', 7)",
    )
    change(path, "UPDATE runs SET hosts = '{\"finews.withounder.com\": \"HTTP 503\"}', scope = 'full' WHERE id = 2")
    before = {table: rows(path, table) for table in ("fetches", "hosts", "runs")}
    Archive(path).close()
    assert {table: rows(path, table) for table in before} == {
        **before,
        "runs": [{**run, "elsewhere": "{}", "archive_id": None, "number": None} for run in before["runs"]],
    }


# 0006: pairs and tokens.


def test_what_former_versions_were_filed_under_is_kept(brought: Callable[[str], Path]):
    path = brought("0005")
    words = " ".join(
        [
            "§",
            *(f"§{kind}{value.encode().hex()}" for kind, value in FILED),
            "§5_12",
            "江西",
            "¶江",
        ]  # as 0005 had them
    )
    with closing(sqlite3.connect(path)) as db, db:
        former = db.execute(
            "SELECT versions.id FROM versions JOIN posts ON posts.id = article_id"
            " WHERE versions.revision < posts.revision"
        ).fetchall()
        db.execute("INSERT INTO search (search) VALUES ('delete-all')")
        db.execute("INSERT INTO search (rowid, words) VALUES (?, ?)", [-former[0][0], words])
    Archive(path).close()
    expected = '{"source": "旧社", "category": "old", "codes": ["1.600519", "116.00700"]}'
    assert json.loads(ask(path, "SELECT filed FROM versions WHERE filed IS NOT NULL")[0][0]) == json.loads(expected)
    assert len(ask(path, "SELECT 1 FROM versions WHERE filed IS NOT NULL")) == len(former)


FILED = (("source", "旧社"), ("category", "old"), ("stock", "116.00700"), ("stock", "1.600519"))


# The index is made by 0006.
@pytest.mark.parametrize("name", [name for name in KEPT if name < "0006"])
def test_an_index_whose_making_was_cut_off_is_gone_on_with(
    brought: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
):
    whole = brought(name)
    with Archive(whole) as archive:
        expected = [archive.search(post["title"])["total"] for post in archive.posts()]
    made: list[str] = []

    def interrupted(title: str, text: str) -> Words:
        made.append(title)
        if len(made) == 2:
            raise KeyboardInterrupt
        return words_of(title, text)

    path = brought(name)
    monkeypatch.setattr(index, "_AT_ONCE", 1)
    monkeypatch.setattr(index, "words_of", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Archive(path)
    with Archive(path) as archive:
        assert [archive.search(post["title"])["total"] for post in archive.posts()] == expected
        (versions,) = archive.db.execute("SELECT count(*) FROM versions").fetchone()
    assert len(made) == versions + 1  # the one that was cut off is made twice


def test_the_making_of_a_large_index_says_how_far_it_is(
    brought: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    path = brought("0005")
    monkeypatch.setattr(index, "_AT_ONCE", 1)
    monkeypatch.setattr(connection, "_PROGRESS_SECONDS", -1)
    Archive(path).close()
    assert caplog.messages[0] == f"{path}: the search index is made anew, once: 25 %"


# 0007: categories and drafts.


@pytest.mark.parametrize("name", KEPT)
def test_every_post_keeps_its_category_and_none_is_a_draft(brought: Callable[[str], Path], name: str):
    path = brought(name)
    with Archive(path) as archive:
        assert [post["categories"] for post in archive.posts()] == [["dajiangwang"], [], ["dajiangwang"]]
        assert archive.stats()["drafts"] == 0
        assert archive.search("江西", category="dajiangwang")["total"] == 2
        assert archive.search("海信", category="dajiangwang")["total"] == 0
    filed = ask(path, "SELECT article_id, category, position FROM article_categories ORDER BY 1")
    assert filed == [(1, "dajiangwang", 0), (3, "dajiangwang", 0)]


def test_a_version_filed_before_there_were_several_categories_is_found_by_the_one_it_had(
    brought: Callable[[str], Path],
):
    path = brought("0006")
    change(
        path,
        'UPDATE versions SET filed = \'{"source": null, "category": "old", "codes": []}\''
        " WHERE revision = 1 AND article_id = 1",
    )
    with Archive(path) as archive:
        found = {
            category: archive.search("江西", category=category, as_of="2022-04-21 10:00")["total"]
            for category in ("old", "dajiangwang")
        }
    assert found == {"old": 1, "dajiangwang": 1}  # the other one is NW3


def test_a_category_that_is_changed_in_sql_is_the_one_it_is_found_by(brought: Callable[[str], Path]):
    path = brought("0006")
    with Archive(path) as archive:
        archive.db.execute("INSERT INTO categories VALUES ('finews', 'emnews', 'emnews', '')")
        archive.db.execute("UPDATE articles SET category = 'emnews' WHERE post_id = 'NW1'")
        assert archive.post("NW1")["categories"] == ["emnews"]
        assert archive.search("江西", category="emnews")["total"] == 1


# 0010: authors.


@pytest.mark.parametrize("name", KEPT)
def test_no_version_gets_authors_by_being_brought_forward_and_none_is_added(
    brought: Callable[[str], Path], name: str
):
    path = brought(name)
    versions = ask(path, "SELECT count(*) FROM revisions")
    Archive(path).close()
    assert ask(path, "SELECT count(*) FROM revisions WHERE authors = '[]' AND image IS NULL") == versions
    assert ask(path, "SELECT count(*) FROM authors") == ask(path, "SELECT count(*) FROM article_authors") == [(0,)]
