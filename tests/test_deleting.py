"""Deleting posts: by plain SQL, whoever runs it, and by the command; and what of them does not come back."""

from __future__ import annotations

import json
import os
import pty
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.archive.search.index import rows
from crawler.archive.store.lock import run_lock
from crawler.cli import main
from crawler.ops.check import check
from crawler.ops.deleting import delete_posts, doomed_posts
from crawler.sites.addresses import share_address

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ONE, TWO, THREE = "NW202204200000000001", "NW202204200000000002", "NW202204200000000003"
STORY = "江西省发布行动计划，推进工业互联网和数字经济融合发展，到明年建成十万个基站，投资两百亿元，覆盖全部县城。" * 3
REASON = r"deleted on \d{4}-\d\d-\d\d; not asked for again"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Make an archive of two runs in which two posts tell one story; the Markdown is beside it. Return its file."""
    path = tmp_path / "archive.db"
    with made.Run(path, folder=tmp_path / "_posts") as run:
        run.write(made.listing(*map(made.post_address, (ONE, TWO, THREE))))
        run.write(made.article(ONE, title="甲题", html=f"<p>{STORY}</p>"))
        run.write(made.article(TWO, title="甲题", html=f"<p>{STORY}</p>", mentions=()))
        run.write(made.article(THREE, title="丙题", html="<p>水果。</p>"))
        run.end()
    with made.Run(path, folder=tmp_path / "_posts") as run:
        run.write(made.article(ONE, title="甲题又改", html=f"<p>{STORY}再加一句。</p>", seen_at=made.LATER))
        run.write(made.shared(ONE, title="甲题", html=f"<p>{STORY}</p>"))
        run.end()
    return path


def change(path: Path, sql: str, *, foreign_keys: bool = False) -> None:
    """Change an archive as a plain sqlite3 shell does."""
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        db.execute(sql)


def ask(path: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def tables_with(path: Path, article_id: int) -> list[str]:
    """Return the tables that have rows of a post."""
    tables = ask(
        path,
        "SELECT s.name FROM sqlite_schema AS s, pragma_table_info(s.name) AS c"
        " WHERE c.name = 'article_id' AND s.type = 'table'",
    )
    return [table for (table,) in tables if ask(path, f"SELECT 1 FROM {table} WHERE article_id = {article_id}")]


def run(*arguments: str) -> Any:
    return CliRunner().invoke(main, list(arguments))


# By plain SQL.


@pytest.mark.parametrize("foreign_keys", [False, True])
@pytest.mark.parametrize("table", ["articles", "posts"])
def test_a_post_that_is_deleted_in_sql_takes_along_all_that_is_its(place: Path, table: str, foreign_keys: bool):
    assert set(tables_with(place, 1)) == {
        *("versions", "article_tags", "article_categories", "mentions", "links", "stories", "story_keys"),
    }
    change(place, f"DELETE FROM {table} WHERE post_id = '{ONE}'", foreign_keys=foreign_keys)
    assert tables_with(place, 1) == []
    assert ask(place, "PRAGMA foreign_key_check") == []
    (folder,) = {file.parent for file in place.parent.rglob("*.md")}
    findings = [
        "The search index has 2 rows of no post: `finews check --repair` makes it anew.",
        "Run 1 says 3 new and 0 changed, but 2 and 0 versions are of it: `finews check --repair` counts again.",
        "Run 2 says 0 new and 1 changed, but 0 and 0 versions are of it: `finews check --repair` counts again.",
        f"1 file in {folder} of deleted posts (2022-04-20-{ONE}.md): `finews check --repair` removes them.",
    ]
    assert check(place, folder)["findings"] == findings
    assert check(place, folder, repair=True) == {
        "archive": str(place),
        "posts": str(folder),
        "repaired": True,
        "mended": findings,
        "findings": [],
    }
    assert sorted(file.name for file in folder.iterdir()) == [f"2022-04-20-{TWO}.md", f"2022-04-20-{THREE}.md"]


def test_every_post_can_be_deleted_at_once(place: Path):
    change(place, "DELETE FROM articles")
    tables = ("posts", "versions", "article_tags", "article_categories", "mentions", "stories", "story_keys", "tags")
    assert [table for table in tables if ask(place, f"SELECT * FROM {table}")] == []
    check(place, place.parent / "_posts", repair=True)
    assert list((place.parent / "_posts").iterdir()) == []
    assert check(place, place.parent / "_posts")["findings"] == []


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("DELETE FROM versions WHERE revision = 1", "a post keeps all of its versions: delete the post"),
        ("DELETE FROM runs WHERE id = 1", "versions, addresses, files or sites refer to this run"),
        ("DELETE FROM categories", "posts are filed under this category"),
        ("DELETE FROM tags", "posts have this tag"),
        ("DELETE FROM securities", "posts mention this security"),
        ("DELETE FROM revisions", "cannot modify revisions because it is a view"),
    ],
)
def test_what_other_rows_need_is_not_deleted(place: Path, sql: str, why: str):
    with pytest.raises((sqlite3.IntegrityError, sqlite3.OperationalError), match=why):
        change(place, sql)
    assert check(place, None)["findings"] == []


@pytest.mark.parametrize("table", ["links", "fetches", "files", "hosts", "sites", "stories"])
def test_what_runs_remember_can_be_deleted(place: Path, table: str):
    change(place, f"DELETE FROM {table}")
    assert ask(place, "PRAGMA foreign_key_check") == []
    assert check(place, None)["findings"] == []


def test_what_an_older_archive_has_left_of_a_deleted_post_is_removed(place: Path):
    change(place, "DROP TRIGGER posts_delete")
    change(place, "DROP TRIGGER posts_end")
    change(place, f"DELETE FROM articles WHERE post_id = '{ONE}'")
    left = check(place, None)["findings"][0]
    assert left == (
        f"{len(ask(place, 'PRAGMA foreign_key_check'))} rows of posts that are not there (article_categories,"
        " article_tags, links, mentions, stories, story_keys, versions): `finews check --repair` removes what is left"
        " of posts that were deleted; if none were, bring back a backup."
    )
    assert left in check(place, None, repair=True)["mended"]
    assert (check(place, None)["findings"], tables_with(place, 1)) == ([], [])
    assert {state for (state,) in ask(place, f"SELECT state FROM links WHERE instr(url, '{ONE}')")} == {"refused"}


def test_a_file_of_a_deleted_post_that_somebody_else_wrote_is_left_alone(place: Path):
    file = place.parent / "_posts" / f"2022-04-20-{ONE}.md"
    file.write_text("---\ntitle: meine\n---\nText\n", encoding="utf-8")
    change(place, f"DELETE FROM articles WHERE post_id = '{ONE}'")
    findings = check(place, file.parent, repair=True)["findings"]
    assert findings == [f"1 file in {file.parent} of no post ({file.name}): move them elsewhere."]
    assert delete_posts(place, [TWO], file.parent, made.LATER)["kept_files"] == []
    assert file.is_file()


# By the command.


def test_the_command_deletes_a_post_with_all_that_is_its(place: Path):
    done = run("delete", ONE, "--yes", "--json", "--archive", str(place))
    file = str(place.parent / "_posts" / f"2022-04-20-{ONE}.md")
    assert (done.exit_code, json.loads(done.stdout)) == (
        0,
        {
            "archive": str(place),
            "deleted": [
                {
                    "id": ONE,
                    "site": "finews",
                    "title": "甲题又改",
                    "published_at": "2022-04-20T16:44:59+08:00",
                    "url": made.post_address(ONE).url,
                    "versions": 2,
                    "mentions": 3,
                    "addresses": [made.post_address(ONE).url, made.share_address(ONE).url],
                    "files": [file],
                }
            ],
            "kept_files": [],
            "captures": [],
        },
    )
    assert tables_with(place, 1) == []
    assert check(place, place.parent / "_posts")["findings"] == []
    with Archive(place) as archive:
        assert rows(archive.db) == ({2, 3}, {2, 3})
        assert archive.post(TWO)["same_story"] == []
        assert archive.search("甲题")["total"] == 1


def test_what_will_go_is_shown_first_and_without_a_terminal_nothing_goes(place: Path):
    done = run("delete", ONE, "--archive", str(place))
    assert (done.exit_code, done.stdout, done.stderr) == (
        2,
        f"2022-04-20 {ONE} (finews) 甲题又改: 2 versions, 3 mentions, 2 addresses, 1 file\n",
        "Error: There is no terminal to ask whether to delete: say --yes to go on without asking.\n",
    )
    done = run("delete", ONE, "--json", "--archive", str(place))
    assert (done.exit_code, done.stdout) == (2, "")
    assert doomed_posts(place, [ONE], None)[0]["versions"] == 2


@pytest.mark.parametrize(("answer", "code", "left"), [("y", 0, 2), ("n", 1, 3)])
def test_on_a_terminal_it_is_asked(place: Path, environment: dict[str, str], answer: str, code: int, left: int):
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "crawler", "delete", ONE, "--archive", str(place)]
    with subprocess.Popen(
        command, stdin=theirs, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as it:
        os.write(terminal, f"{answer}\n".encode())
        _, said = it.communicate(timeout=60)
    os.close(theirs)
    os.close(terminal)
    assert it.returncode == code, said
    assert b"Delete 1 post? [y/N]: " in said
    assert ask(place, "SELECT count(*) FROM posts") == [(left,)]


def test_of_several_posts_none_is_deleted_if_one_is_not_there(place: Path):
    done = run("delete", ONE, "NW9", "--yes", "--archive", str(place))
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {place} holds no post NW9: ")
    assert ask(place, "SELECT count(*) FROM posts") == [(3,)]


def test_nothing_is_deleted_during_a_run(place: Path):
    with run_lock(place):
        assert run("delete", ONE, "--yes", "--archive", str(place)).exit_code == 75
    assert ask(place, "SELECT count(*) FROM posts") == [(3,)]


def test_an_id_of_two_sites_is_not_picked_silently(place: Path):
    with made.Run(place, folder=None) as run_:
        run_.write(made.article("x-1"))
        run_.end()
    columns = "published_ts, revision, first_seen_at, last_seen_at"
    change(
        place,
        f"INSERT INTO posts (site, post_id, url, {columns}) SELECT 'blog', 'x-1', '', {columns} FROM posts"
        " WHERE post_id = 'x-1'",
    )
    columns = "seen_at, run_id, via, title, published_at, content_hash, summary, markdown, html, text"
    change(
        place,
        f"INSERT INTO versions (article_id, revision, {columns}) SELECT 5, 1, {columns} FROM versions"
        " WHERE article_id = 4",
    )
    check(place, None, repair=True)
    done = run("delete", "x-1", "--yes", "--no-posts", "--archive", str(place))
    assert (done.exit_code, done.stderr) == (
        2, "Error: x-1 is a post of finews and of blog: say which with --site.\n",
    )  # fmt: skip
    assert run("delete", "x-1", "--site", "blog", "--yes", "--no-posts", "--archive", str(place)).exit_code == 0
    assert ask(place, "SELECT site FROM posts WHERE post_id = 'x-1'") == [("finews",)]
    assert ask(place, "SELECT site, post_id FROM deletions") == [("blog", "x-1")]
    assert check(place, None)["findings"] == []


@pytest.mark.parametrize("keep", [False, True])
def test_why_tells_that_a_post_was_deleted_and_what_of_its_addresses_was_kept(place: Path, keep: bool):
    with Archive(place) as archive:
        before = archive.localised(archive.why(ONE))
    delete_posts(place, [ONE], None, made.LATER, keep_history=keep)
    told = json.loads(run("why", ONE, "--json", "--archive", str(place)).stdout)
    reason = "deleted on 2022-04-21; not asked for again"
    changed = {"state": "refused", "reason": reason, "next_try_at": None, "post_id": None}
    forgotten = {} if keep else {"title": None, "fetches": []}
    assert (told["seen"], told["addresses"]) == (True, [{**each, **changed, **forgotten} for each in before])
    url = made.post_address(ONE).url
    assert told["deleted"] == [
        {"site": "finews", "post_id": ONE, "url": url, "deleted_at": "2022-04-21T10:30:00+08:00"}
    ]
    assert f"{ONE} of finews was deleted on 2022-04-21; not asked for again\n" in run(
        "why", ONE, "--archive", str(place)
    ).stdout  # fmt: skip


# What does not come back.


def test_a_deleted_post_that_a_run_has_requested_all_the_same_is_refused(place: Path):
    change(place, f"DELETE FROM articles WHERE post_id = '{ONE}'")
    with made.Run(place) as run_:
        told = [run_.write(record) for record in (made.article(ONE), made.shared(ONE), made.article("NWneu"))]
        report = run_.end()
    assert [each.outcome for each in told] == ["refused", "refused", "new"]
    ((reason,),) = set(ask(place, "SELECT reason FROM links WHERE deleted_at IS NOT NULL"))
    assert report["reasons"] == {f"refused: {reason}": 2}
    assert ask(place, f"SELECT 1 FROM posts WHERE post_id = '{ONE}'") == []


def test_a_listing_that_names_a_deleted_post_counts_it_as_refused_and_makes_nothing_due(place: Path):
    delete_posts(place, [ONE], None, made.LATER)
    with made.Run(place, scope="full") as run_:
        run_.write(made.listing(made.post_address(ONE)))
        report = run_.end()
    assert report["reasons"] == {"refused: deleted on 2022-04-21; not asked for again": 1}
    assert ask(place, "SELECT next_try_at FROM links WHERE deleted_at IS NOT NULL") == [(None,), (None,)]


def test_a_share_link_that_was_only_found_goes_with_its_post(place: Path):
    share = share_address(made.SITE, THREE)
    assert share is not None
    change(place, "INSERT INTO links (url, site, kind, state, found_at)"
                  f" VALUES ('{share.url}', 'finews', 'share', 'found', '2022-04-21T01:00:00+00:00')")  # fmt: skip
    delete_posts(place, [THREE], None, made.LATER)
    found = "SELECT kind, state, deleted_at IS NOT NULL FROM links WHERE instr(url, '{}') ORDER BY 1"
    assert ask(place, found.format(THREE)) == [("post", "refused", 1), ("share", "refused", 1)]


def test_a_reader_at_work_does_not_mind(place: Path):
    with Archive(place) as archive:
        posts = archive.posts()
        first = next(posts)
        change(place, "DELETE FROM articles")
        assert [first["post_id"], *(post["post_id"] for post in posts)] == [ONE, TWO, THREE]
        assert archive.search("甲题") == {"query": "甲题", "total": 0, "results": []}


def test_the_command_prints_what_it_has_deleted(finews: Callable[..., Any], place: Path):
    done = finews("delete", ONE, "--yes", "--archive", str(place))
    assert done.stdout == (
        f"2022-04-20 {ONE} (finews) 甲题又改: 2 versions, 3 mentions, 2 addresses, 1 file\n"
        f"Deleted 1 post from {place}; no run brings them back by itself.\n"
    )


@pytest.mark.parametrize("sql", ["SELECT * FROM articles WHERE id", "SELECT post_id AS id, site, title"])
def test_a_post_that_is_deleted_while_it_is_read_is_read_to_its_end(place: Path, sql: str):
    with Archive(place) as archive:
        expected, deleted = archive.post(ONE), list[str]()

        def delete(statement: str) -> None:
            if statement.startswith(sql) and not deleted:
                deleted.append(statement)
                change(place, "DELETE FROM articles")

        archive.db.conn.set_trace_callback(delete)
        assert archive.post(ONE) == expected
        archive.db.conn.set_trace_callback(None)
        assert deleted
        assert archive.search("甲题")["total"] == 0
