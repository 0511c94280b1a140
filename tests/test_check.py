"""The check: what each fault is called, what a repair mends, and that a check by itself changes nothing."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.care import integrity
from crawler.archive.ledger import links, runs
from crawler.archive.ledger.links import End
from crawler.archive.ledger.runs import Traffic
from crawler.archive.search import index
from crawler.archive.store import posts
from crawler.archive.store.lock import run_lock
from crawler.errors import ArchiveDamaged, ArchiveError, ArchiveLocked, NoArchive, UsageError
from crawler.ops.check import check
from crawler.ops.export import export_posts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.items import Article

STORY = (
    "江西出台5G应用行动计划，将建成十万个基站，覆盖全部乡镇，并培育一百家示范工厂，带动投资三百亿元，预计年底完成。"
    * 4
)
NAMES = ["2022-04-20-NW1.md", "2022-04-20-NW2.md", "2022-04-20-NW3.md", "2022-04-20-NW4.md"]
OTHER_METHOD = "Stories were found by another method than today's: `finews check --repair` finds them anew."
UNCOUNTED = [
    "Run 1 says 0 new and 0 changed, but 5 and 0 versions are of it: `finews check --repair` counts again.",
    "Run 2 says 0 new and 2 changed, but 1 and 2 versions are of it: `finews check --repair` counts again.",
]
EMPTIED = "INSERT INTO search_tokens (search_tokens) VALUES ('delete-all')"
RESCUE = "): bring back a backup, or save what can be read with `finews export`."
LONG_AGO = 1_000_000_000


def short(post_id: str, sign: str, **changes: Any) -> Article:
    """Make a post of one sign, so that it is known which term of it is looked for."""
    return made.article(post_id, title="", html=f"<p>{sign}</p>", **changes)


FIRST_RUN = [
    short("NW1", "甲"),
    short("NW2", "乙"),
    short("NW3", "丙"),
    short("NW4", "丁"),
    made.article("NW5", html=f"<p>{STORY}</p>"),
]
SECOND_RUN = [
    short("NW3", "戊", seen_at=made.LATER),
    short("NW4", "己", seen_at=made.LATER),
    made.article("NW6", html=f"<p>{STORY}</p>", seen_at=made.LATER),
]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a folder with an archive of two runs, which is sound, and the Markdown of its posts."""
    folder = tmp_path_factory.mktemp("check")
    with Archive(folder / "archive.db", create=True) as archive:
        for articles in (FIRST_RUN, SECOND_RUN):
            run = runs.begin(archive.db, "finews", made.SEEN)
            with archive.db.atomic():
                for article in articles:
                    store(archive, article, run)
            runs.finish(archive.db, run, "finished", now=made.LATER, seconds=1, traffic=Traffic())
        export_posts(archive.posts(), folder / "posts", "markdown")
    return folder


@pytest.fixture
def path(kept: Path, tmp_path: Path) -> Path:
    """The archive's file, in a folder of its own; the Markdown is beside it."""
    shutil.copytree(kept, tmp_path / "kept")
    return tmp_path / "kept" / "archive.db"


def store(archive: Archive, article: Article, run: int) -> None:
    """Store a post, with its row in the ledger, as a run does."""
    done = posts.store(archive.db, article, run)
    end = End(state="stored", outcome=done.outcome, article_id=done.article_id)
    links.record_outcome(archive.db, "finews", article.post.fetch, end, run_id=run)


def markdown(path: Path) -> Path:
    return path.with_name("posts")


def change(path: Path, *statements: str, foreign_keys: bool = True) -> None:
    """Change the archive behind the program's back."""
    with Archive(path) as archive:
        archive.db.execute(f"PRAGMA foreign_keys = {foreign_keys}")
        with archive.db.atomic():
            for statement in statements:
                archive.db.execute(statement)


def found(path: Path, *, repair: bool = False, with_posts: bool = False) -> list[str]:
    findings: list[str] = check(path, markdown(path) if with_posts else None, repair=repair)["findings"]
    return findings


def not_found(term: str, texts: int) -> str:
    return (
        f'The search index finds "{term}" in 0 posts, the texts hold it in {texts}:'
        " `finews check --repair` makes the index anew."
    )


def missing(path: Path, *names: str) -> str:
    files = f"{len(names)} files in {markdown(path)}"
    return f"{files} missing ({', '.join(names)}): `finews check --repair` writes them."


def edited(path: Path, *names: str) -> str:
    files = f"{len(names)} files in {markdown(path)}"
    return f"{files} not as the archive has it ({', '.join(names)}): `finews check --repair` writes them anew."


def unknown(path: Path, *names: str) -> str:
    files = f"{len(names)} files in {markdown(path)} of no post ({', '.join(names)})"
    return f"{files}: move them elsewhere."


def of_deleted(path: Path, *names: str) -> str:
    files = f"{len(names)} files in {markdown(path)} of deleted posts ({', '.join(names)})"
    return f"{files}: `finews check --repair` removes them."


def besides_terms(findings: list[str]) -> list[str]:
    """Leave out what was found of terms: which are looked for is left to chance."""
    return [finding for finding in findings if not finding.startswith("The search index finds ")]


def traces(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return all that stands in a folder: each file with its time and its bytes."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(file.relative_to(folder)): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def kept_rows(path: Path) -> list[Any]:
    """Return every post in each of its versions, the stories and what each run says of itself."""
    with Archive(path) as archive:
        return [
            [*archive.posts()],
            archive.db.execute("SELECT * FROM versions ORDER BY id").fetchall(),
            archive.db.execute("SELECT * FROM stories ORDER BY article_id").fetchall(),
            [*archive.runs()],
        ]


def age(folder: Path) -> None:
    """Make every file of a folder an old one, so that writing it shows."""
    for file in folder.rglob("*"):
        os.utime(file, (LONG_AGO, LONG_AGO))


# Sound.


def test_a_sound_archive_is_found_sound_and_nothing_is_written(path: Path):
    age(path.parent)
    before = traces(path.parent)
    assert check(path, markdown(path)) == {
        "archive": str(path),
        "posts": str(markdown(path)),
        "repaired": False,
        "mended": [],
        "findings": [],
    }
    assert traces(path.parent) == before


def test_a_repair_of_a_sound_archive_leaves_its_posts_and_their_markdown_as_they_are(path: Path):
    age(path.parent)
    before = traces(markdown(path)), kept_rows(path)
    assert check(path, markdown(path), repair=True) == {
        "archive": str(path),
        "posts": str(markdown(path)),
        "repaired": True,
        "mended": [],
        "findings": [],
    }
    assert (traces(markdown(path)), kept_rows(path)) == before


def test_a_check_that_is_not_to_repair_changes_nothing(path: Path):
    for name in NAMES[:2]:
        (markdown(path) / name).unlink()
    for name in NAMES[2:]:
        (markdown(path) / name).write_text("anders", encoding="utf-8")
    change(
        path,
        EMPTIED,
        "UPDATE runs SET new = 0",
        "UPDATE derived SET made_by = 'x'",
    )
    age(path.parent)
    before = traces(path.parent)
    assert besides_terms(found(path, with_posts=True)) == [
        "The search index lacks 8 versions: `finews check --repair` makes it anew.",
        OTHER_METHOD,
        *UNCOUNTED,
        missing(path, *NAMES[:2]),
        edited(path, *NAMES[2:]),
    ]
    assert traces(path.parent) == before


@pytest.mark.parametrize("folder", [None, "none"])
def test_without_a_folder_only_the_database_is_looked_at(path: Path, folder: str | None):
    shutil.rmtree(markdown(path))
    named = None if folder is None else path.with_name(folder)
    assert check(path, named, repair=True) == {
        "archive": str(path),
        "posts": None if named is None else str(named),
        "repaired": True,
        "mended": [],
        "findings": [],
    }
    assert sorted(file.name for file in path.parent.iterdir()) == ["archive.db", "archive.db.lock"]


def test_an_archive_without_a_post_is_sound(tmp_path: Path):
    Archive(tmp_path / "archive.db", create=True).close()
    assert found(tmp_path / "archive.db") == []


def test_no_archive_is_made_where_there_is_none(tmp_path: Path):
    with pytest.raises(NoArchive):
        check(tmp_path / "archive.db", None)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def opened() -> Iterator[Archive]:
    with Archive(":memory:", create=True) as archive:
        runs.begin(archive.db, "finews", made.SEEN)
        yield archive


told = st.tuples(
    st.sampled_from(["NW1", "NW2", "NW3"]),
    st.sampled_from(["江西5G", "江西 5g", "涨停", "！"]),
    st.sampled_from([STORY, f"{STORY}完。", "江西江西江西5G", "5G+VR，5g", "贵州茅台上涨。", "…… ﬁ Ⅳ 5G5G", ""]),
    st.sampled_from(["大江网", "财联社", None]),
    st.integers(min_value=0, max_value=9),
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(told, max_size=8), st.integers(min_value=0, max_value=9))
def test_whatever_is_stored_in_whatever_order_is_sound(
    opened: Archive, told: list[tuple[str, str, str, str | None, int]], seed: int
):
    opened.db.begin()
    try:
        for post_id, title, text, source, days in told:
            published_at = made.PUBLISHED + timedelta(days=days)
            article = made.article(
                post_id, title=title, html=f"<p>{text}</p>", source=source, published_at=published_at
            )
            posts.store(opened.db, article, 1)
        assert [*integrity.losses(opened.db), *integrity.staleness(opened.db, seed=seed)] == []
    finally:
        opened.db.rollback()


# The search index.


def test_versions_missing_from_the_index_are_found_and_added(path: Path):
    with Archive(path) as archive, archive.db.atomic():
        for post_id in ("NW1", "NW2"):
            row = archive.post(post_id)["id"]
            index.remove(archive.db, row, index.current(archive.db, row).words())
    assert sorted(found(path)) == sorted(
        [
            "The search index lacks 2 versions: `finews check --repair` makes it anew.",
            not_found("甲", 1),
            not_found("乙", 1),
        ]
    )
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert [archive.search(sign)["total"] for sign in "甲乙丙丁戊己"] == [1, 1, 0, 0, 1, 1]
        assert [archive.search(sign, as_of="2022-04-21 09:30")["total"] for sign in "甲乙丙丁戊己"] == [
            1,
            1,
            1,
            1,
            0,
            0,
        ]


def test_former_versions_missing_from_the_index_are_found_and_added(path: Path):
    with Archive(path) as archive, archive.db.atomic():
        former = archive.db.execute("SELECT id, article_id, text FROM versions WHERE text IN ('丙', '丁')").fetchall()
        for version, row, text in former:
            index.remove(archive.db, -version, index.current(archive.db, row)._replace(text=text).words())
    assert found(path) == ["The search index lacks 2 versions: `finews check --repair` makes it anew."]
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert [archive.search(sign, as_of="2022-04-21 09:30")["total"] for sign in "丙丁戊己"] == [1, 1, 0, 0]


def test_rows_of_the_index_that_are_of_no_post_are_found_and_dropped(path: Path):
    change(path, "DELETE FROM articles WHERE post_id IN ('NW1', 'NW2')")
    assert found(path, with_posts=True) == [
        "The search index has 2 rows of no post: `finews check --repair` makes it anew.",
        "Run 1 says 5 new and 0 changed, but 3 and 0 versions are of it: `finews check --repair` counts again.",
        of_deleted(path, *NAMES[:2]),
    ]
    assert found(path, repair=True, with_posts=True) == []
    assert sorted(file.name for file in markdown(path).iterdir()) == [
        f"2022-04-20-NW{number}.md" for number in range(3, 7)
    ]
    with Archive(path) as archive:
        assert [archive.search(sign)["total"] for sign in "甲乙"] == [0, 0]


@pytest.mark.parametrize("table", ["search", "search_tokens"])
def test_an_index_that_was_emptied_is_found_and_made_anew(path: Path, table: str):
    change(path, EMPTIED.replace("search_tokens", table))
    findings = found(path)
    assert besides_terms(findings) == [
        "The search index lacks 8 versions: `finews check --repair` makes it anew.",
    ]
    assert ({not_found(sign, 1) for sign in "甲乙戊己"} <= set(findings)) is (table == "search_tokens")
    assert found(path, repair=True) == []


@pytest.mark.parametrize("column", ["text", "title"])
def test_words_changed_behind_the_back_of_the_index_are_found_and_indexed(path: Path, column: str):
    other = {"text": "", "title": ""} | {column: "庚"}
    values = ", ".join(f"{name} = '{value}'" for name, value in other.items())
    change(path, f"UPDATE articles SET {values} WHERE post_id IN ('NW1', 'NW2')")
    assert found(path) == [not_found("庚", 2)]
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert [archive.search(sign)["total"] for sign in "甲乙庚"] == [0, 0, 2]


def test_what_was_written_through_the_view_is_filtered_by(path: Path):
    change(path, "UPDATE articles SET source = '新社' WHERE post_id = 'NW1'")
    assert found(path) == []
    with Archive(path) as archive:
        assert [archive.search("甲", source=source)["total"] for source in ("新社", "大江网")] == [1, 0]


# The Markdown.


def test_files_that_are_missing_are_found_and_written(path: Path):
    names = NAMES[1:3]
    before = {name: (markdown(path) / name).read_bytes() for name in names}
    for name in names:
        (markdown(path) / name).unlink()
    assert found(path, with_posts=True) == [missing(path, *names)]
    assert found(path, repair=True, with_posts=True) == []
    assert {name: (markdown(path) / name).read_bytes() for name in names} == before


def test_files_that_were_edited_are_found_and_written_anew(path: Path):
    names = NAMES[1:3]
    before = traces(markdown(path))
    (markdown(path) / names[0]).write_bytes(b"")
    (markdown(path) / names[1]).write_bytes(before[names[1]][1] + b"\n")
    assert found(path, with_posts=True) == [edited(path, *names)]
    assert found(path, repair=True, with_posts=True) == []
    after = traces(markdown(path))
    assert {name: after[name][1] for name in names} == {name: before[name][1] for name in names}
    assert [name for name in after if name not in names and after[name] != before[name]] == []


def test_files_of_no_post_are_found_and_left_alone(path: Path):
    for name in ("README.md", "2022-04-21-NW1.md"):  # the second bears the date of no revision
        (markdown(path) / name).write_text("mein", encoding="utf-8")
    (markdown(path) / "notes.txt").write_text("no Markdown", encoding="utf-8")
    before = traces(markdown(path))
    findings = [unknown(path, "2022-04-21-NW1.md", "README.md")]
    assert found(path, with_posts=True) == findings
    assert found(path, repair=True, with_posts=True) == findings
    assert traces(markdown(path)) == before


def test_of_many_files_five_are_named(path: Path):
    shutil.rmtree(markdown(path))
    markdown(path).mkdir()
    named = ", ".join(f"2022-04-20-NW{number}.md" for number in range(1, 6))
    assert found(path, with_posts=True) == [
        f"6 files in {markdown(path)} missing ({named}, …): `finews check --repair` writes them."
    ]
    assert found(path, repair=True, with_posts=True) == []
    assert len(list(markdown(path).iterdir())) == 6


@pytest.mark.parametrize("kind", ["directory", "link"])
def test_what_bears_a_posts_name_and_cannot_be_read_is_found(path: Path, kind: str):
    file = markdown(path) / NAMES[0]
    file.unlink()
    if kind == "directory":
        file.mkdir()
    else:
        file.symlink_to("nowhere")
    (said,) = found(path, with_posts=True)
    assert said.startswith(f"1 file in {markdown(path)} ")
    assert f" ({NAMES[0]}): " in said


def test_a_file_that_cannot_be_written_is_a_sentence(path: Path):
    (markdown(path) / NAMES[0]).unlink()
    draft = markdown(path) / f".{NAMES[0]}.tmp"
    draft.mkdir()
    with pytest.raises(UsageError) as refused:
        found(path, repair=True, with_posts=True)
    assert str(refused.value) == f"{draft} cannot be written: Is a directory."


# What else is derived.


def test_counts_of_runs_that_were_changed_are_found_and_counted_again(path: Path):
    with Archive(path) as archive:
        before = list(archive.runs())
    change(path, "UPDATE runs SET new = 7, changed = 1")
    assert found(path) == [
        "Run 1 says 7 new and 1 changed, but 5 and 0 versions are of it: `finews check --repair` counts again.",
        "Run 2 says 7 new and 1 changed, but 1 and 2 versions are of it: `finews check --repair` counts again.",
    ]
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert list(archive.runs()) == before


def test_a_run_that_has_not_ended_has_not_been_counted(path: Path):
    change(path, "UPDATE runs SET new = 0, outcome = 'running' WHERE id = 2")
    assert found(path, repair=True) == []


def test_stories_found_by_another_method_are_found_anew(path: Path):
    change(path, "UPDATE derived SET made_by = 'x'", "DELETE FROM stories", "DELETE FROM story_keys")
    assert found(path) == [OTHER_METHOD]
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert [telling["id"] for telling in archive.post("NW6")["same_story"]] == ["NW5", "NW6"]


def test_stories_of_a_single_post_are_found_and_end(path: Path):
    change(path, "INSERT INTO stories SELECT id, id FROM posts WHERE post_id IN ('NW1', 'NW2')")
    assert found(path) == ["2 stories told by one post only: `finews check --repair` finds all anew."]
    assert found(path, repair=True) == []
    with Archive(path) as archive:
        assert [len(archive.post(f"NW{number}")["same_story"]) for number in range(1, 7)] == [0, 0, 0, 0, 2, 2]


def test_all_that_a_repair_can_mend_is_mended_at_once(path: Path):
    for name in NAMES[:2]:
        (markdown(path) / name).unlink()
    with Archive(path) as archive:
        before = [*archive.posts()], [*archive.runs()]
    change(
        path,
        EMPTIED,
        "UPDATE runs SET new = 0",
        "UPDATE derived SET made_by = 'x'",
    )
    assert besides_terms(found(path, with_posts=True)) == [
        "The search index lacks 8 versions: `finews check --repair` makes it anew.",
        OTHER_METHOD,
        *UNCOUNTED,
        missing(path, *NAMES[:2]),
    ]
    assert found(path, repair=True, with_posts=True) == []
    with Archive(path) as archive:
        assert ([*archive.posts()], [*archive.runs()]) == before


# What only a backup brings back.


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize(
    ("sql", "ids"),
    [
        ("DELETE FROM versions WHERE revision = 1 AND text IN ('丙', '丁')", "NW3, NW4"),
        ("DELETE FROM versions WHERE text IN ('甲', '乙')", "NW1, NW2"),
        ("DELETE FROM versions WHERE text IN ('戊', '己')", "NW3, NW4"),
        ("UPDATE posts SET revision = 3 WHERE post_id IN ('NW1', 'NW2')", "NW1, NW2"),
    ],
    ids=["the former", "the only", "the current", "another is said to be current"],
)
def test_posts_that_lack_versions_are_named_and_nothing_else_is(path: Path, sql: str, ids: str, repair: bool):
    change(path, "DROP TRIGGER versions_delete", sql, "UPDATE derived SET made_by = 'x'")
    (markdown(path) / NAMES[3]).unlink()
    lost = f"2 posts ({ids}) lack versions: bring back a backup, or crawl them again."
    assert found(path, repair=repair, with_posts=True) == [lost]


def test_of_many_posts_five_are_named(path: Path):
    change(path, "UPDATE versions SET html = '3'")
    named = ", ".join(f"NW{number}" for number in range(1, 6))
    (said,) = found(path)
    assert said.startswith(f"The bodies of 6 posts ({named}, …) cannot be put together: ")


@pytest.mark.parametrize("broken", ["[broken", "[[1]]", '{"a": 1}', "3", "[null]"])
def test_what_is_no_body_is_named_and_good_markdown_is_not_overwritten(path: Path, broken: str):
    with Archive(path) as archive, archive.db.atomic():
        archive.db.execute("UPDATE versions SET markdown = ? WHERE text IN ('甲', '乙')", [broken])
    age(path.parent)
    before = traces(markdown(path))
    findings = ["The bodies of 2 posts (NW1, NW2) cannot be put together: bring back a backup, or crawl them again."]
    assert found(path, with_posts=True) == findings
    assert found(path, repair=True, with_posts=True) == findings
    assert traces(markdown(path)) == before


def test_bodies_that_cannot_be_put_together_are_named(path: Path):
    change(
        path,
        "UPDATE versions SET html = '[broken' WHERE text = '甲'",
        "UPDATE versions SET summary = '' WHERE text = '乙'",
        "UPDATE versions SET markdown = '[1, ' WHERE text = '戊'",
    )
    findings = [
        "The bodies of 3 posts (NW1, NW2, NW3) cannot be put together: bring back a backup, or crawl them again."
    ]
    assert found(path) == findings
    assert found(path, repair=True) == findings


def test_rows_that_refer_to_rows_that_are_not_there_are_counted(path: Path):
    guards = ("DROP TRIGGER categories_delete", "DROP TRIGGER tags_delete")
    change(path, *guards, "DELETE FROM categories", "DELETE FROM tags", foreign_keys=False)
    findings = [
        "12 rows of article_tags without their row of tags: bring back a backup.",
        "6 rows of posts without their row of categories: bring back a backup.",
    ]
    assert found(path) == findings
    assert found(path, repair=True) == findings


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table or an index."""
    with Archive(path) as archive:
        (size,) = archive.db.execute("PRAGMA page_size").fetchone()
        (page,) = archive.db.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", [table]).fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    age(path.parent)


@pytest.mark.parametrize("repair", [False, True])
@pytest.mark.parametrize("with_posts", [False, True])
@pytest.mark.parametrize(
    "table",
    "posts versions links runs tags derived story_keys versions_by_run search_data search_config".split(),
)
def test_a_damaged_file_is_found_and_left_as_it_is(path: Path, table: str, with_posts: bool, repair: bool):
    damage(path, table)
    before = traces(path.parent)
    findings = found(path, repair=repair, with_posts=with_posts)
    assert findings
    assert [
        finding for finding in findings if not (finding.startswith("The file is damaged (") and RESCUE in finding)
    ] == []
    assert traces(path.parent) == before


@pytest.mark.parametrize("repair", [False, True])
def test_an_archive_too_damaged_to_be_opened_is_a_sentence_and_left_as_it_is(path: Path, repair: bool):
    damage(path, "_sqlite_migrations")
    before = traces(path.parent)
    with pytest.raises(ArchiveError) as refused:
        found(path, repair=repair)
    assert str(refused.value) == str(ArchiveDamaged(path, "database disk image is malformed"))
    assert traces(path.parent) == before


# Beside a run.


def test_a_check_goes_on_beside_a_run_and_a_repair_does_not(path: Path):
    change(path, "UPDATE derived SET made_by = 'x'")
    for name in NAMES[:2]:
        (markdown(path) / name).unlink()
    with run_lock(path):
        age(path.parent)
        before = traces(path.parent)
        assert found(path, with_posts=True) == [OTHER_METHOD, missing(path, *NAMES[:2])]
        with pytest.raises(ArchiveLocked):
            found(path, repair=True, with_posts=True)
        assert traces(path.parent) == before
    assert found(path, repair=True, with_posts=True) == []


def test_what_a_run_has_not_finished_writing_is_not_looked_at(path: Path):
    with Archive(path) as archive:
        archive.db.begin()
        store(archive, short("NW7", "庚"), 2)
        archive.db.execute(EMPTIED)
        assert found(path, with_posts=True) == []
        archive.db.rollback()


def test_a_post_that_comes_in_during_a_check_is_no_fault(path: Path, monkeypatch: pytest.MonkeyPatch):
    written: list[str] = []
    staleness = integrity.staleness

    def busy(db: Database) -> Iterator[str]:
        """Have a run store a post once the index has been read, and before the texts are."""

        def write(sql: str) -> None:
            if sql.startswith("SELECT CASE versions.revision WHEN") and not written:
                written.append(sql)
                with Archive(path) as writer, writer.db.atomic():
                    store(writer, short("NW7", "庚"), 2)
                    writer.db.execute("UPDATE runs SET new = new + 1 WHERE id = 2")

        db.conn.set_trace_callback(write)
        yield from staleness(db)
        db.conn.set_trace_callback(None)

    monkeypatch.setattr(integrity, "staleness", busy)
    assert found(path, with_posts=True) == []
    assert written
    monkeypatch.undo()
    assert found(path, with_posts=True) == [
        f"1 file in {markdown(path)} missing (2022-04-20-NW7.md): `finews check --repair` writes them."
    ]
