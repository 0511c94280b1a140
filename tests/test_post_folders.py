"""Folders of posts: what is found in them and in which order, and that nothing hostile is opened or followed."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path, PurePosixPath

import pytest

from crawler.errors import UsageError
from crawler.items import PostFile, UnreadFile
from crawler.ops.importing.folder import LARGEST, TOO_LARGE, is_post, name_of, post_files

NOT_HERE = Path("nowhere/archive.db")
LINK = "a symbolic link to a folder or out of this one"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "_posts"
    made.mkdir()
    return made


def write(folder: Path, *names: str) -> None:
    """Write files that hold their own names."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name, encoding="utf-8")


def found(folder: Path, archive: Path = NOT_HERE) -> list[str]:
    """Return the files found in a folder by their paths in it; what was not read with the reason."""
    return [
        os.path.relpath(file.path, folder) + (f": {file.reason}" if isinstance(file, UnreadFile) else "")
        for file in post_files([folder], archive)
    ]


# What is found.


def test_a_file_is_found_with_its_bytes_and_its_name(folder: Path) -> None:
    (folder / "2020-01-02-花园.md").write_bytes(b"\xff\0\r\n")

    path = folder / "2020-01-02-花园.md"
    assert list(post_files([folder], NOT_HERE)) == [
        PostFile(path=str(path), name="2020-01-02-花园.md", content=b"\xff\0\r\n")
    ]


def test_files_come_in_the_order_of_their_numbers(folder: Path) -> None:
    write(folder, "p.v10.md", "p.v2.md", "p.v1.md", "p.md", "10.md", "9.md", "a/3.md", "a01.md", "a1.md", "a2.md")

    for _ in range(3):
        assert found(folder) == [
            *("9.md", "10.md", "a/3.md", "a01.md", "a1.md", "a2.md", "p.md", "p.v1.md", "p.v2.md", "p.v10.md")
        ]


def test_paths_come_in_the_order_they_are_named_in(folder: Path) -> None:
    write(folder, "b/1.md", "b/2.md", "a/1.md")

    paths = [folder / "b", folder / "a" / "1.md", folder / "b" / "1.md"]
    assert [os.path.relpath(file.path, folder) for file in post_files(paths, NOT_HERE)] == [
        "b/1.md",
        "b/2.md",
        "a/1.md",
        "b/1.md",
    ]


def test_folders_below_are_searched_but_for_those_of_programs(folder: Path) -> None:
    write(folder, "a/b/c/d.md", "_drafts/x.md", ".git/x.md", "a/.cache/x.md", ".x.md", "a.md/y.md", "2020/01/02.md")

    assert found(folder) == ["2020/01/02.md", "_drafts/x.md", "a/b/c/d.md", "a.md/y.md"]


def test_a_folder_that_is_named_is_searched_whatever_its_name(folder: Path) -> None:
    write(folder, ".hidden/x.md")

    assert found(folder / ".hidden") == ["x.md"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in ["a.md", "a.markdown", "a.mkd", "a.mkdn", "a.mdown", "a.html", "a.htm"]),
        *((name, True) for name in ["A.MD", "花园.md", "-2020.md", "a b.md", "a\nb.md", "index.md", "2020.v2.md"]),
        *((name, False) for name in ["a.txt", "a.md~", "a.md.bak", "md", "a", "", "a.yaml", "a.md.swp"]),
        *((name, False) for name in [".a.md", "_index.md", "#a.md", "#a.md#", ".md"]),
    ],
)
def test_a_post_is_known_by_its_ending(name: str, expected: bool) -> None:
    assert is_post(name) is expected


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a/b.md", "b.md"),
        ("a/my-post/index.md", "my-post.md"),
        ("a/我的/index.html", "我的.html"),
        ("index.md", "index.md"),
        ("/index.md", "index.md"),
        ("a/index.zh.md", "a.zh.md"),
        ("a/README.md", "README.md"),
        ("v1.2/index.md", "v1.2.md"),
    ],
)
def test_a_post_in_a_folder_of_its_own_is_named_by_that(path: str, name: str) -> None:
    assert name_of(PurePosixPath(path)) == name


def test_the_name_of_a_folder_of_its_own_is_given(folder: Path) -> None:
    write(folder, "my-post/index.md")

    assert [(file.name, file.content) for file in post_files([folder], NOT_HERE) if isinstance(file, PostFile)] == [
        ("my-post.md", b"my-post/index.md")
    ]


def test_a_file_that_is_named_is_read_whatever_its_ending(folder: Path) -> None:
    write(folder, "a.txt", ".b", "_c", "d.md")

    paths = [folder / name for name in ("a.txt", ".b", "_c", "d.md")]
    assert [file.name for file in post_files(paths, NOT_HERE) if isinstance(file, PostFile)] == [
        "a.txt",
        ".b",
        "_c",
        "d.md",
    ]


def test_an_empty_folder_and_no_path_at_all_give_nothing(folder: Path) -> None:
    assert found(folder) == []
    assert list(post_files([], NOT_HERE)) == []


def test_names_that_are_no_utf_8_are_found(folder: Path) -> None:
    name = "花园.md".encode("gbk")
    Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(b"x")

    (file,) = post_files([folder], NOT_HERE)

    assert isinstance(file, PostFile)
    assert (os.fsencode(file.name), os.fsencode(file.path), file.content) == (
        name,
        os.fsencode(folder) + b"/" + name,
        b"x",
    )


def test_files_are_read_as_they_are_asked_for(folder: Path) -> None:
    write(folder, "a.md", "b.md")

    files = post_files([folder, folder / "none"], NOT_HERE)
    first = next(files)
    (folder / "b.md").unlink()

    assert isinstance(first, PostFile)
    assert next(files) == UnreadFile(path=str(folder / "b.md"), reason="no such file or directory")
    with pytest.raises(UsageError):
        next(files)


# What is not there.


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("none", id="nothing"),
        pytest.param("none/a.md", id="nothing below nothing"),
        pytest.param("a.md/b.md", id="below a file"),
        pytest.param("长" * 300, id="a name too long"),
        pytest.param("a\0b", id="a name with a NUL"),
        pytest.param("loop/a.md", id="below a link to itself"),
    ],
)
def test_a_path_with_nothing_at_it_is_an_error(folder: Path, name: str) -> None:
    write(folder, "a.md")
    (folder / "loop").symlink_to("loop")
    with pytest.raises(UsageError) as caught:
        list(post_files([folder / name], NOT_HERE))

    assert str(caught.value) == (
        f"{folder / name} does not exist: give files, or folders such as a Jekyll site's _posts."
    )


# What is hostile.


def test_only_plain_files_are_opened(folder: Path) -> None:
    os.mkfifo(folder / "a.md")
    write(folder, "b.md")

    assert found(folder) == ["a.md: not a plain file", "b.md"]
    assert list(post_files([folder / "a.md", Path("/dev/zero")], NOT_HERE)) == [
        UnreadFile(path=str(folder / "a.md"), reason="not a plain file"),
        UnreadFile(path="/dev/zero", reason="not a plain file"),
    ]


def test_a_link_is_followed_inside_of_the_folder_only(folder: Path) -> None:
    write(folder, "a/b.md")
    write(folder.parent, "outside.md", "_posts2/x.md")
    (folder / "inside.md").symlink_to("a/b.md")
    (folder / "absolute.md").symlink_to(folder / "a" / "b.md")
    (folder / "out.md").symlink_to("../outside.md")
    (folder / "beside.md").symlink_to("../_posts2/x.md")
    (folder / "passwd.md").symlink_to("/etc/passwd")
    (folder / "zero.md").symlink_to("/dev/zero")
    (folder / "a" / "up.md").symlink_to("../inside.md")
    (folder / ".hidden.md").symlink_to("/etc/passwd")

    assert found(folder) == [
        *("a/b.md", "a/up.md", "absolute.md", f"beside.md: {LINK}", "inside.md"),
        *(f"out.md: {LINK}", f"passwd.md: {LINK}", f"zero.md: {LINK}"),
    ]


def test_links_that_lead_round_or_nowhere_are_refused(folder: Path) -> None:
    write(folder, "a/b.md")
    (folder / "c.md").symlink_to("c.md")
    (folder / "d.md").symlink_to("e.md")
    (folder / "e.md").symlink_to("d.md")
    (folder / "f.md").symlink_to("none.md")
    (folder / "g.md").symlink_to("长" * 300)
    (folder / "a" / "parent").symlink_to("..")
    (folder / "a" / "self").symlink_to(".")
    (folder / "h").symlink_to("a")

    assert found(folder) == [
        *("a/b.md", f"a/parent: {LINK}", f"a/self: {LINK}"),
        *("c.md: too many levels of symbolic links", "d.md: too many levels of symbolic links"),
        *("e.md: too many levels of symbolic links", "f.md: no such file or directory"),
        *("g.md: file name too long", f"h: {LINK}"),
    ]


def test_a_link_that_is_named_is_followed_wherever_it_leads(folder: Path) -> None:
    write(folder.parent, "outside.md", "far/x.md")
    for name, target in (("a.md", "../outside.md"), ("b", "../far"), ("c", "c"), ("d", "none"), ("e", "长" * 300)):
        (folder / name).symlink_to(target)

    assert list(post_files(sorted(folder.iterdir()), NOT_HERE)) == [
        PostFile(path=str(folder / "a.md"), name="a.md", content=b"outside.md"),
        PostFile(path=str(folder / "b" / "x.md"), name="x.md", content=b"far/x.md"),
        UnreadFile(path=str(folder / "c"), reason="too many levels of symbolic links"),
        UnreadFile(path=str(folder / "d"), reason="no such file or directory"),
        UnreadFile(path=str(folder / "e"), reason="file name too long"),
    ]


def test_a_link_to_a_folder_may_have_links_inside_of_it(folder: Path) -> None:
    write(folder, "a.md")
    (folder / "b.md").symlink_to("a.md")
    (folder.parent / "link").symlink_to("_posts")

    assert found(folder.parent / "link") == ["a.md", "b.md"]


def test_a_file_that_is_too_large_is_refused_unread(folder: Path) -> None:
    for name, size in (("a.md", LARGEST), ("b.md", LARGEST + 1), ("c.md", 20 * 1024 * 1024), ("d.md", 2**40)):
        with (folder / name).open("wb") as file:
            file.truncate(size)
    tracemalloc.start()

    files = [
        len(file.content) if isinstance(file, PostFile) else file.reason for file in post_files([folder], NOT_HERE)
    ]

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert files == [LARGEST, TOO_LARGE, TOO_LARGE, TOO_LARGE]
    assert peak < 8 * LARGEST


def test_what_cannot_be_opened_is_refused_and_the_rest_goes_on(folder: Path) -> None:
    write(folder, "a.md", "b.md", "c/d.md", "e.md")
    files = post_files([folder], NOT_HERE)
    assert isinstance(next(files), PostFile)
    (folder / "b.md").unlink()
    (folder / "b.md").mkdir()
    (folder / "c" / "d.md").unlink()
    (folder / "c").rmdir()

    assert list(files) == [
        UnreadFile(path=str(folder / "b.md"), reason="not a plain file"),
        UnreadFile(path=str(folder / "c"), reason="no such file or directory"),
        PostFile(path=str(folder / "e.md"), name="e.md", content=b"e.md"),
    ]


def test_folders_in_one_another_are_searched_however_deep(folder: Path) -> None:
    write(folder, "b.md")
    deepest = folder
    for _ in range(1500):
        deepest /= "a"
        deepest.mkdir()
    write(deepest, "x.md")
    began = time.process_time()

    files = list(post_files([folder], NOT_HERE))

    assert time.process_time() - began < 20
    assert files == [
        PostFile(path=str(deepest / "x.md"), name="x.md", content=b"x.md"),
        PostFile(path=str(folder / "b.md"), name="b.md", content=b"b.md"),
    ]
    (deepest / "x.md").unlink()
    os.removedirs(deepest)  # pytest could not


def test_a_folder_of_many_files_is_read_one_at_a_time(folder: Path) -> None:
    for number in range(300):
        (folder / f"{number}.md").write_bytes(b"x" * 100_000)
    tracemalloc.start()

    count = sum(isinstance(file, PostFile) for file in post_files([folder], NOT_HERE))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 300
    assert peak < 3_000_000


@pytest.mark.parametrize("way", ["by its name", "a symbolic link", "a hard link"])
@pytest.mark.parametrize("ending", ["", "-wal", "-shm"])
def test_the_archive_that_is_imported_to_is_never_opened(folder: Path, way: str, ending: str) -> None:
    archive = folder / "archive.db"
    file = folder / f"archive.db{ending}"
    file.write_text("x", encoding="utf-8")
    named = file if way == "by its name" else folder / "a.md"
    if way == "a symbolic link":
        named.symlink_to(file)
    elif way == "a hard link":
        named.hardlink_to(file)
    assert list(post_files([named], archive)) == [UnreadFile(path=str(named), reason="the archive itself")]
    assert found(folder, archive) == ([] if way == "by its name" else ["a.md: the archive itself"])
