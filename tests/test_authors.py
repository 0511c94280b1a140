"""Authors and lead images in the archive: of a post, of each of its versions, searched, counted and taken back."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.care import top
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.archive.store.filing import authors
from crawler.cli import main
from crawler.items import Article
from crawler.text.outside import names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = timedelta(days=1)
IMAGE = "https://finews.withounder.com/assets/5g.jpg"
OTHER_IMAGE = "https://finews.withounder.com/assets/6g.jpg"
EXPIRED: Any = "expired"


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        yield archive


@pytest.fixture
def archive(opened: Archive) -> Iterator[Archive]:
    """Return an archive in which a run has begun; what else is done to it is rolled back."""
    opened.db.begin()
    yield opened
    opened.db.rollback()


def store(archive: Archive, post_id: str = made.ID, article: Article | None = None, **changes: Any) -> None:
    posts.store(archive.db, article or made.article(post_id, **changes), 1)


def bylines(archive: Archive, post_id: str = made.ID, **asked: Any) -> tuple[list[str], str | None]:
    post = archive.post(post_id, **asked)
    return post["authors"], post["image"]


def found(archive: Archive, author: str | tuple[str, ...], query: str = "江西", **asked: Any) -> list[str]:
    return sorted(hit["id"] for hit in archive.search(query, author=author, **asked)["results"])


def everybody(archive: Archive) -> list[str]:
    return authors.every(archive.db)


# Names.


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ((), ()),
        ((" 张三\u3000 李四 ", "张三 李四"), ("张三 李四",)),
        (("Cafe\u0301 Noir", "Caf\u00e9 Noir"), ("Caf\u00e9 Noir",)),
        (("", " ", "-", "|", "\u202e", "—"), ()),
        (("Eve\u202e\u2066 Moss\x1b[31m\x00",), ("Eve Moss[31m",)),
        (
            ("<b>Eve</b>", "'; DROP TABLE posts; --"),
            ("<b>Eve</b>", "'; DROP TABLE posts; --"),
        ),
        (("a" * 101,), ("a" * 99 + "…",)),
        (tuple(map(str, range(60))), tuple(map(str, range(50)))),
    ],
)
def test_names_are_stored_in_one_form_and_bounded(written: tuple[str, ...], stored: tuple[str, ...]) -> None:
    assert names(written) == stored
    assert made.article(authors=written).post.authors == stored


@settings(max_examples=examples(300))
@given(st.lists(st.text(max_size=130), max_size=60))
@example(["\u0344" * 101])  # in NFC it is two characters
def test_names_that_are_stored_are_in_the_form_in_which_they_are_stored(written: list[str]) -> None:
    stored = names(written)
    assert names(stored) == stored
    assert len(stored) <= 50


def test_an_address_that_is_too_long_is_no_lead_image() -> None:
    assert made.article(image=IMAGE + "a" * 2_000).post.image is None


# Stored.


def test_a_post_has_its_authors_in_their_order_and_its_image(archive: Archive) -> None:
    store(archive, authors=("张三", "Ann Moss"), image=IMAGE)
    assert bylines(archive) == (["张三", "Ann Moss"], IMAGE)
    store(archive, "NW2", authors=("Ann Moss", "张三"))
    assert bylines(archive, "NW2") == (["Ann Moss", "张三"], None)
    assert everybody(archive) == ["Ann Moss", "张三"]


def test_a_post_without_authors_costs_no_statement_and_has_none(archive: Archive) -> None:
    told: list[str] = []
    archive.db.conn.set_trace_callback(told.append)
    store(archive)
    archive.db.conn.set_trace_callback(None)
    assert [sql for sql in told if "authors" in sql] == []
    assert bylines(archive) == ([], None)


def test_a_page_with_other_authors_says_nothing_new_and_they_are_overwritten_as_tags_are(archive: Archive) -> None:
    store(archive, authors=("张三",), image=IMAGE)
    store(archive, authors=("李四", "张三"), image=OTHER_IMAGE, seen_at=made.LATER)
    assert bylines(archive) == (["李四", "张三"], OTHER_IMAGE)
    assert len(archive.history(made.ID)) == 1
    store(archive, seen_at=made.LATER)  # a page that names nobody, such as one read by an old definition
    assert bylines(archive) == (["李四", "张三"], OTHER_IMAGE)
    store(archive, authors=("王五",), seen_at=made.LATER)
    assert everybody(archive) == ["王五"]


def test_every_version_keeps_its_own_authors_and_image(archive: Archive) -> None:
    store(archive, authors=("张三",), image=IMAGE)
    store(archive, authors=("李四",), title="江西的新题", seen_at=made.LATER)
    store(archive, authors=(), title="江西的又一题", seen_at=made.LATER + DAY)
    assert [bylines(archive, revision=number) for number in (1, 2, 3)] == [
        (["张三"], IMAGE),
        (["李四"], IMAGE),
        (["李四"], IMAGE),
    ]
    rows = archive.db.execute("SELECT revision, authors, image FROM revisions ORDER BY revision").fetchall()
    assert rows == [(1, '["张三"]', IMAGE), (2, '["李四"]', IMAGE), (3, '["李四"]', IMAGE)]


def test_a_search_as_of_a_time_goes_by_the_authors_of_then(archive: Archive) -> None:
    store(archive, authors=("张三",))
    store(archive, authors=("李四",), title="江西的新题", seen_at=made.LATER)
    then = made.SEEN.isoformat()
    assert (found(archive, "张三"), found(archive, "李四")) == ([], [made.ID])
    assert (found(archive, "张三", as_of=then), found(archive, "李四", as_of=then)) == ([made.ID], [])
    assert bylines(archive, as_of=then) == (["张三"], None)
    assert [hit["authors"] for hit in archive.search("江西", as_of=then)["results"]] == [["张三"]]
    assert [hit["authors"] for hit in archive.search("江西")["results"]] == [["李四"]]


def test_a_share_link_or_a_file_fills_in_what_is_missing(archive: Archive) -> None:
    store(archive)
    file = made.article(via=EXPIRED, authors=("张三",), image=IMAGE, seen_at=made.LATER)
    store(archive, article=file)
    assert bylines(archive) == (["张三"], IMAGE)
    store(archive, article=made.article(via=EXPIRED, authors=("李四",), image=OTHER_IMAGE, seen_at=made.LATER))
    assert bylines(archive) == (["张三"], IMAGE)


def test_an_earlier_version_has_what_its_file_says_and_the_later_ones_keep_theirs(archive: Archive) -> None:
    store(archive, authors=("张三",), image=IMAGE)
    store(archive, authors=("李四",), title="江西的新题", seen_at=made.LATER)
    early = made.article(title="江西的旧题", via=EXPIRED, authors=("王五",))
    store(archive, article=replace(early, post=replace(early.post, seen_at=made.SEEN - DAY)))
    assert [bylines(archive, revision=number) for number in (1, 2, 3)] == [
        (["王五"], None),
        (["张三"], IMAGE),
        (["李四"], IMAGE),
    ]
    assert archive.db.execute("PRAGMA foreign_key_check").fetchall() == []


@settings(max_examples=examples(50))
@given(st.lists(st.text(max_size=30), max_size=6))
def test_what_is_stored_is_read_back(opened: Archive, written: list[str]) -> None:
    opened.db.begin()
    article = made.article(authors=tuple(written))
    store(opened, article=article)
    read = opened.post(made.ID)
    (listed,) = opened.posts()
    opened.db.rollback()
    assert read["authors"] == listed["authors"] == list(article.post.authors) == list(names(written))


# Asked for.


@pytest.fixture
def filled(archive: Archive) -> Archive:
    store(archive, "NW1", authors=("Ann Moss", "张三"), published_at=made.PUBLISHED)
    store(archive, "NW2", authors=("Ann Moss",), published_at=made.PUBLISHED + DAY)
    store(archive, "NW3", authors=("Jürgen Farn",), published_at=made.PUBLISHED + 2 * DAY)
    store(archive, "NW4", published_at=made.PUBLISHED + 3 * DAY)
    return archive


def test_a_search_finds_the_posts_by_one_of_several_authors(filled: Archive) -> None:
    assert found(filled, "Ann Moss") == ["NW1", "NW2"]
    assert found(filled, ("张三", "Jürgen Farn")) == ["NW1", "NW3"]
    assert found(filled, "Ann Moss", since="2022-04-21") == ["NW2"]
    assert found(filled, "Ann Moss", query="江西 -茅台") == []


def test_a_name_is_taken_in_another_form(filled: Archive) -> None:
    assert found(filled, "ann  moss") == ["NW1", "NW2"]
    assert found(filled, "張三") == ["NW1"]


def test_an_author_who_is_unknown_gets_a_hint_at_those_that_are_near(filled: Archive) -> None:
    assert filled.search("江西", author="An Moss")["hints"] == ["No author is called An Moss: did you mean Ann Moss?"]
    nobody = filled.search("江西", author="王五")
    assert nobody["hints"] == ["No author is called 王五: known are Ann Moss, Jürgen Farn, 张三."]
    assert nobody["understood"] == '"江西"; author 王五'


def test_many_matches_are_filtered_by_author_too(archive: Archive) -> None:
    article = made.article("NW1", authors=("Ann",))
    for number in range(1, 1_103):
        row = article if number % 3 == 0 else made.article("NW1")
        store(archive, article=Article(
            post=made.post(f"NW{number}", authors=row.post.authors, mentions=()),
            markdown=row.markdown, text=f"江西 {number}", summary="", content_hash=str(number),
        ))  # fmt: skip
    assert archive.search("江西")["total"] == 1_102
    assert archive.search("江西", author="Ann")["total"] == 367
    assert len(list(archive.search_all("江西", author="Ann", sort="date")["results"])) == 367


def test_posts_are_counted_by_author(filled: Archive) -> None:
    ranked = [("Ann Moss", 2), ("Jürgen Farn", 1), ("张三", 1)]
    counted = filled.top("authors")
    assert [(each["key"], each["posts"]) for each in counted["results"]] == ranked
    assert counted["total"] == 3
    assert list(top.counts(filled.db, "authors").items()) == ranked
    assert [each["key"] for each in filled.top("authors", since="2022-04-22")["results"]] == ["Jürgen Farn"]


def test_only_the_current_version_counts(archive: Archive) -> None:
    store(archive, authors=("张三",))
    store(archive, authors=("李四",), title="江西的新题", seen_at=made.LATER)
    assert top.counts(archive.db, "authors") == {"李四": 1}


# In SQL, by any program.


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "archive.db"
    with made.Run(path) as run:
        run.write(made.article(authors=("张三", "李四"), image=IMAGE))
        run.write(made.article(authors=("李四",), title="江西的新题", seen_at=made.LATER))
        run.end()
    return path


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


def test_authors_are_a_list_in_json_and_can_be_changed(file: Path) -> None:
    assert ask(file, "SELECT authors, image FROM articles") == [('["李四"]', IMAGE)]
    change(file, """UPDATE articles SET authors = '["王五", "李四", "王五"]', image = NULL""")
    assert ask(file, "SELECT authors, image FROM articles") == [('["王五","李四"]', None)]
    assert ask(file, "SELECT authors FROM revisions WHERE revision = 1") == [('["张三","李四"]',)]
    change(file, "UPDATE articles SET title = '江西'")
    assert ask(file, "SELECT authors FROM articles") == [('["王五","李四"]',)]


def test_authors_go_with_their_post_and_a_shell_cannot_take_away_one_who_has_posts(file: Path) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="posts have this author"):
        change(file, "DELETE FROM authors")
    change(file, "DELETE FROM articles")
    assert ask(file, "SELECT count(*) FROM authors") == ask(file, "SELECT count(*) FROM article_authors") == [(0,)]


def test_the_authors_of_posts_can_be_counted_by_their_table(file: Path) -> None:
    by = "SELECT name, revision, position FROM article_authors JOIN authors ON authors.id = author_id ORDER BY 2, 3"
    assert ask(file, by) == [("张三", 1, 0), ("李四", 1, 1), ("李四", 2, 0)]


def test_the_authors_of_a_version_are_json_as_the_program_reads_it(file: Path) -> None:
    with Archive(file) as archive:
        assert json.loads(ask(file, "SELECT authors FROM articles")[0][0]) == archive.post(made.ID)["authors"]


# On the command line.


def printed(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_every_command_tells_the_authors(file: Path, tmp_path: Path) -> None:
    archive = ("--archive", str(file))
    assert f"authors:\n  - 李四\nimage: {IMAGE}\nid: {made.ID}\n" in printed("show", made.ID, *archive)
    assert "authors:\n  - 张三\n  - 李四\n" in printed("show", made.ID, "--revision", "1", *archive)
    assert (
        printed("show", made.ID, "--format", "text", *archive).splitlines()[1] == "2022-04-20 16:44 · 大江网 · 李四"
    )
    shown = json.loads(printed("show", made.ID, "--json", *archive))
    assert (shown["authors"], shown["image"]) == (["李四"], IMAGE)
    assert "李四" in printed("top", "authors", *archive)
    assert "authors: 李四 1\n" in printed("stats", *archive)
    for author, total in (("李四", 1), ("张三", 0)):
        found = json.loads(printed("search", "江西", "--author", author, "--json", *archive))
        assert found["total"] == total
        out = str(tmp_path / author)
        exported = json.loads(printed("export", out, "--format", "jsonl", "--author", author, "--json", *archive))
        assert exported["posts"] == total
    either = json.loads(printed("search", "江西", "--author", "张三", "--author", "李四", "--json", *archive))
    assert [hit["authors"] for hit in either["results"]] == [["李四"]]
    table = csv.DictReader(io.StringIO(printed("search", "江西", "--format", "csv", *archive)))
    assert [row["authors"] for row in table] == ["李四"]


def test_an_archive_without_authors_says_nothing_of_them_among_its_numbers(tmp_path: Path) -> None:
    with made.Run(tmp_path / "archive.db") as run:
        run.write(made.article())
        run.end()
    assert "authors: " not in printed("stats", "--archive", str(tmp_path / "archive.db"))
