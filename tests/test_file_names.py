"""Ids that some file systems take for one name get files of their own, and come back from their files' names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import made
import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from crawler.archive import Archive
from crawler.cli import main
from crawler.ops.check import check
from crawler.recording.file_names import FileNames
from crawler.sites.addresses import id_in_name, is_safe_id
from crawler.sites.loading import load_site
from crawler.text.file_names import folded, is_marked, marked

if TYPE_CHECKING:
    from pathlib import Path

BLOG = load_site("minima")
DAY = "2022-04-20T16:44:59+08:00"
PAIRS = [
    pytest.param("NWa1", "NWA1", id="capitals"),
    pytest.param("caf\xe9", "cafe\u0301", id="composed and decomposed"),
    pytest.param("Stra\xdfe", "STRASSE", id="sharp s"),
    pytest.param("\u212belle", "\xe5elle", id="the sign of a unit"),
    pytest.param("ΟΔΟΣ", "οδος", id="sigma at the end"),
    pytest.param("\uff15G", "5g", id="full width"),
    pytest.param("\uac00", "\u1100\u1161", id="hangul"),
]
# What ids are made of that are likely to fold alike, and marks.
IDS = st.lists(
    st.sampled_from(
        [*"aAbBkK\u212asSſßéÉ5\uff15", "e\u0301", "\u1100\u1161", "\uac00", "-", "~", "江", "0123456789abcdef"]
    ),
    min_size=1,
    max_size=4,
).map("".join)


def files(folder: Path) -> dict[str, str]:
    """Return the ids in the files of a folder by the files' names."""
    return {
        file.name: file.read_text(encoding="utf-8").partition("\nid: ")[2].partition("\n")[0].strip("'\"")
        for file in folder.iterdir()
    }


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_first_of_two_ids_that_fold_alike_keeps_its_name_and_the_second_is_marked(
    first: str, second: str, tmp_path: Path
) -> None:
    folder = tmp_path / "_posts"
    folder.mkdir()
    run = made.Run(tmp_path / "archive.db", folder=folder)
    for post_id in (first, second):
        run.write(made.article(post_id, title=post_id))
    run.end()

    assert files(folder) == {f"2022-04-20-{first}.md": first, f"2022-04-20-{marked(second)}.md": second}
    assert check(tmp_path / "archive.db", folder)["findings"] == []


def test_a_name_is_the_same_in_the_next_run_and_after_a_revision(tmp_path: Path) -> None:
    folder = tmp_path / "_posts"
    folder.mkdir()
    for title in ("一", "二"):
        run = made.Run(tmp_path / "archive.db", folder=folder)
        for post_id in ("NWA1", "NWa1"):
            run.write(made.article(post_id, title=title))
        run.end()

    assert files(folder) == {"2022-04-20-NWA1.md": "NWA1", f"2022-04-20-{marked('NWa1')}.md": "NWa1"}


@pytest.mark.parametrize("form", ["markdown", "jekyll"])
def test_an_export_names_its_files_likewise_and_an_import_finds_the_ids_in_them(form: str, tmp_path: Path) -> None:
    run = made.Run(tmp_path / "archive.db")
    for post_id in ("NWa1", "NWA1"):
        run.write(made.article(post_id, title=post_id, html=f"<p>{post_id}的正文</p>"))
    run.end()
    exported, back = tmp_path / "out", tmp_path / "back.db"

    done = CliRunner().invoke(
        main, ["export", str(exported), "--archive", str(tmp_path / "archive.db"), "--format", form]
    )
    assert done.exit_code == 0
    done = CliRunner().invoke(main, ["import", str(exported), "--archive", str(back), "--no-posts"])
    assert done.exit_code == 0

    assert {file.name for file in exported.iterdir()} == {"2022-04-20-NWa1.md", f"2022-04-20-{marked('NWA1')}.md"}
    with Archive(back) as opened:
        assert {post["post_id"]: post["text"] for post in opened.posts()} == {
            "NWa1": "NWa1的正文", "NWA1": "NWA1的正文",
        }  # fmt: skip


@given(st.lists(IDS.filter(is_safe_id), min_size=1, max_size=6, unique=True))
def test_no_two_files_have_a_name_that_folds_alike_and_each_leads_back_to_its_id(ids: list[str]) -> None:
    with Archive(":memory:", create=True) as archive:
        category = archive.db["categories"]
        category.insert({"site": "minima", "slug": "a", "name": "a", "url": ""})
        for post_id in ids:
            archive.db.execute(
                "INSERT INTO posts (site, post_id, url, published_ts, revision, first_seen_at, last_seen_at)"
                " VALUES ('minima', ?, '', 0, 1, '', '')",
                [post_id],
            )
        names = FileNames(archive.db)
        named = {names.of(DAY, post_id): post_id for post_id in ids}

    assert len({folded(name) for name in named}) == len(ids)
    for name, post_id in named.items():
        if id_in_name(BLOG, f"2022-04-20-{post_id}.md")[0] == post_id or is_marked(name.removesuffix(".md")):
            assert id_in_name(BLOG, name) == (post_id, "2022-04-20")


@given(IDS.filter(is_safe_id))
def test_a_mark_is_read_beside_what_people_and_programs_add_to_names(post_id: str) -> None:
    assume(id_in_name(BLOG, f"2022-04-20-{post_id}.md")[0] == post_id)

    assert id_in_name(BLOG, f"{marked(post_id)}.md") == (post_id, "")
    assert is_marked(marked(post_id))
    assert not is_marked(post_id) or id_in_name(BLOG, f"{post_id}.md")[0] != post_id


def test_a_mark_is_read_from_the_name_of_a_copy() -> None:
    assert id_in_name(load_site("finews"), f"2022-04-20-{marked('NWa1')} (1).md") == ("NWa1", "2022-04-20")


def test_a_mark_of_another_id_is_part_of_the_name() -> None:
    assert id_in_name(BLOG, "2022-04-20-a~0123456789abcdef.md") == ("a~0123456789abcdef", "2022-04-20")


def test_a_file_system_that_decomposes_names_does_not_change_the_id() -> None:
    decomposed = marked("caf\xe9").replace("\xe9", "e\u0301")

    assert id_in_name(BLOG, f"2022-04-20-{decomposed}.md") == ("caf\xe9", "2022-04-20")


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE posts SET post_id = '../../' || post_id", "the id '../../NW1' is no file's name"),
        ("UPDATE posts SET post_id = 'x/../../../y' WHERE id = 1", "the id 'x/../../../y' is no file's name"),
        ("UPDATE posts SET site = '../../up'", "the site '../../up' is no folder's name"),
        ("UPDATE posts SET site = '..'", "the site '..' is no folder's name"),
    ],
)
def test_an_archive_that_somebody_made_leads_out_of_no_folder(sql: str, found: str, tmp_path: Path) -> None:
    run = made.Run(tmp_path / "archive.db")
    run.write(made.article("NW1"))
    run.end()
    with Archive(tmp_path / "archive.db") as archive:
        archive.db.execute("PRAGMA foreign_keys = OFF")
        archive.db.execute(sql)

    done = CliRunner().invoke(
        main, ["export", str(tmp_path / "a" / "b" / "out"), "--archive", str(tmp_path / "archive.db")]
    )

    assert (done.exit_code, done.stderr) == (
        1, f"Error: The archive is not as this program keeps it ({found}): bring back a backup.\n",
    )  # fmt: skip
    assert [file.name for file in tmp_path.rglob("*.md")] == []
