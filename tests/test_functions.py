"""The SQL functions: a search in statements of one's own finds what a query means."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples
from test_query import queries, sought, texts

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEARCH = (
    "SELECT post_id FROM articles JOIN search ON search.rowid = articles.id"
    " WHERE search MATCH finews_query(:query) AND finews_matches(:query, title, text) ORDER BY post_id"
)
NARROWED = (
    "SELECT post_id FROM articles JOIN search ON search.rowid = articles.id"
    " WHERE search MATCH finews_query(:query) ORDER BY post_id"
)
SCAN = "SELECT post_id FROM articles WHERE finews_matches(:query, title, text) ORDER BY post_id"


@pytest.fixture(scope="module")
def archive() -> Iterator[Archive]:
    """Return an archive in which a run has begun and all else is rolled back."""
    with Archive(":memory:", create=True) as opened:
        runs.begin(opened.db, "finews", made.SEEN)
        yield opened


@pytest.fixture
def filled(archive: Archive) -> Iterator[Archive]:
    archive.db.begin()
    for name, title, html in (
        ("NW1", "江西出台5G计划", "<p>推动５Ｇ＋ＶＲ融合。</p>"),
        ("NW2", "海信家电涨停", "<p>江西5G。</p>"),
        ("NW3", "别的", "<p>主力资金净流入。</p>"),
    ):
        posts.store(archive.db, made.article(name, title=title, html=html), 1)
    yield archive
    archive.db.rollback()


def asked(archive: Archive, sql: str, query: str) -> list[str]:
    return [post_id for (post_id,) in archive.db.execute(sql, {"query": query})]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("江西", ["NW1", "NW2"]),
        ("江西 5G", ["NW1", "NW2"]),
        ("江西5G", ["NW2"]),
        ("江西出台5g计划", ["NW1"]),
        ("海信 OR 净流入", ["NW2", "NW3"]),
        ("江西 -海信", ["NW1"]),
        ("江西 -江西出台5G计划", ["NW2"]),
        ("", []),
        ("-江西", []),
        ('"', []),
    ],
)
def test_a_statement_finds_what_a_query_means(filled: Archive, query: str, names: list[str]):
    assert asked(filled, SEARCH, query) == names
    assert asked(filled, SCAN, query) == names


def test_a_query_for_nothing_matches_nothing_in_the_index(filled: Archive):
    assert asked(filled, NARROWED, "") == asked(filled, NARROWED, "-江西") == []


def test_a_former_version_is_no_post_that_is_found(filled: Archive):
    posts.store(filled.db, made.article("NW3", title="改了", html="<p>改了。</p>"), 1)
    assert asked(filled, SEARCH, "净流入") == []
    assert filled.db.execute(
        "SELECT finews_matches('净流入', title, text) FROM revisions WHERE article_id = 3"
    ).fetchall() == [
        (1,),
        (0,),
    ]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("江西", 2),
        ("江西\0", 2),
        ("\0", 0),
        ("'", 0),
        ('"; DROP TABLE posts', 0),
        ("江 " * 300, 2),
        ("江 OR " * 300, 2),
        ("a" * 10_000, 0),
        ("§", 0),
    ],
)
def test_any_string_is_a_query(filled: Archive, query: str, count: int):
    assert len(asked(filled, SEARCH, query)) == count


@settings(max_examples=examples(150), deadline=None)
@given(queries, st.lists(st.tuples(texts, texts), min_size=1, max_size=4))
@example("a" * 64, [("", "a" * 65), ("a" * 64, "")])
@example('江 -="江"', [("", "江\u200b"), ("江\u200b", "西"), ("", "江")])
@example('="江\u200b"', [("", "江"), ("", "江\u200b\u200b"), ("", "江\u200b西")])
@example('="江\u200b西"', [("", "江西"), ("", "江\u200b西\u200b")])
@example('="a"', [("", "a\u200b"), ("", "a\u0301"), ("", "a\u0301\u200b")])
@example("江 -" + "a" * 64, [("江", "a" * 65)])
@example("江西 -5G+VR+江西", [("江西", "5G"), ("江西", "5G VR江西"), ("江西5G VR", "江西")])
def test_a_statement_finds_what_a_search_by_hand_finds(archive: Archive, query: str, worded: list[tuple[str, str]]):
    archive.db.begin()
    try:
        for number, (title, text) in enumerate(worded):
            posts.store(archive.db, replace(made.article(f"NW{number}", title=title), text=text), 1)
        found, narrowed, scanned = (asked(archive, sql, query) for sql in (SEARCH, NARROWED, SCAN))
    finally:
        archive.db.rollback()
    by_hand = sought(query)
    assert found == [f"NW{number}" for number, one in enumerate(worded) if by_hand.finds(*one)]
    assert set(found) <= set(narrowed)
    assert found == scanned


@pytest.mark.parametrize("sql", ["SELECT finews_query('江西', '江')", "SELECT finews_matches('江西', '江西')"])
def test_another_number_of_arguments_is_an_error(archive: Archive, sql: str):
    with pytest.raises(sqlite3.OperationalError, match="wrong number of arguments"):
        archive.db.execute(sql)


def test_the_functions_are_there_in_an_archive_that_can_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "archive.db"
    Archive(path, create=True).close()
    monkeypatch.setattr("os.access", lambda *_: False)
    with Archive(path) as archive:
        assert asked(archive, SEARCH, "江西") == []
