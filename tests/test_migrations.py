"""Migrations: an archive of every released schema is brought forward without losing a word."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from crawler.archive import Archive, index, migrations
from crawler.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT = {path.stem: path for path in sorted((Path(__file__).parent / "archives").glob("*.db"))}
STEPS = sorted(entry.name.removesuffix(".sql") for entry in files("crawler.archive").joinpath("steps").iterdir())
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
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY {TOLD[table]}")]


def applied(path: Path) -> list[str]:
    return [name for (name,) in ask(path, "SELECT name FROM _sqlite_migrations ORDER BY id")]


def contents(path: Path) -> tuple[list[tuple[Any, ...]], list[str], list[list[dict[str, Any]]]]:
    return sorted(ask(path, SCHEMA)), applied(path), [rows(path, table) for table in TOLD]


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
    before = {table: rows(path, table) for table in TOLD}
    Archive(path).close()
    for table, told in before.items():
        columns = set(told[0]) & set(rows(path, table)[0])
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
    assert [file.name for file in path.parent.iterdir()] == ["archive.db"]


@pytest.mark.parametrize("name", KEPT)
def test_the_posts_of_an_archive_brought_forward_are_found(brought: Callable[[str], Path], name: str):
    with Archive(brought(name)) as archive:
        for post in archive.posts():
            for words in (post["title"], post["text"]):
                assert post["post_id"] in [hit["id"] for hit in archive.search(f'"{words}"')["results"]]
        kept = archive.db.execute("SELECT rowid FROM search WHERE search MATCH ?", [f'"{index.EVERY}"']).fetchall()
        assert index.rebuild(archive.db) == len(kept)


@pytest.mark.parametrize("name", KEPT)
def test_an_archive_is_brought_forward_once(brought: Callable[[str], Path], name: str):
    path = brought(name)
    Archive(path).close()
    before = path.read_bytes()
    Archive(path).close()
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", KEPT)
def test_a_step_that_fails_leaves_the_archive_as_it_was(
    brought: Callable[[str], Path], name: str, monkeypatch: pytest.MonkeyPatch
):
    path = brought(name)
    before = contents(path)

    def fail(_db: object) -> int:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(migrations.index, "rebuild", fail)
        with pytest.raises(ArchiveError, match="cannot be opened as an archive: database or disk is full"):
            Archive(path)
    assert contents(path) == before
    Archive(path).close()
    assert applied(path) == STEPS


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
}


def revision(article: dict[str, Any], number: int, **changes: Any) -> dict[str, Any]:
    made = {"article_id": article["id"], "revision": number, "seen_at": "2022-04-21T01:00:00+00:00", "run_id": 1}
    return {**made, "via": "page", **{name: article[name] for name in OF_A_REVISION}, **changes}


FIRST = revision(
    GONE,
    1,
    article_id=1,
    title="江西出台5G行动计划",
    content_hash="788ac3e11d3a229e4df01c45c2da54dc77a95a253f5887ffbb4a9472594f6ed7",
)
EXPECTED: dict[str, list[dict[str, Any]]] = {
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
        {"code": "1.600160", "symbol": "600160", "market": "SH", "name": "巨化股份"},
        {"code": "1.600519", "symbol": "600519", "market": "SH", "name": "贵州茅台"},
        {"code": "116.00700", "symbol": "00700", "market": "HK", "name": "腾讯控股"},
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
}


@pytest.mark.parametrize("table", TOLD)
def test_the_first_schema_brought_forward_has_these_rows(brought: Callable[[str], Path], table: str):
    path = brought("0001")
    Archive(path).close()
    assert rows(path, table) == EXPECTED[table]


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
