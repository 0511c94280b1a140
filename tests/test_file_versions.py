"""Versions of post files: what git's history holds of them, from any repository, without starting what it names."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crawler.errors import UsageError
from crawler.items import PostFile, UnreadFile
from crawler.ops.importing.folder import LARGEST, TOO_LARGE
from crawler.ops.importing.history import file_versions

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = 1_600_000_000


@pytest.fixture(autouse=True)
def _no_settings_of_the_user(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


class Repository:
    """A repository that is made a commit at a time, each a day after the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commits = 0
        path.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str, given: bytes = b"") -> str:
        at = f"{FIRST + self.commits * 86_400} +0800"
        person = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b.invalid"}
        person |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b.invalid"}
        done = subprocess.run(
            ["git", "-C", self.path, *arguments],
            env={**os.environ, **person, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at},
            input=given,
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def commit(self, **files: str | bytes | None) -> str:
        """Write files (`None`: remove it; `/` in a name is `__`, a dot `_`), commit them, and return the commit."""
        for name, content in files.items():
            self.write(name.replace("__", "/").replace("_", "."), content)
        return self.record()

    def write(self, name: str, content: str | bytes | None) -> None:
        path = self.path / name
        if content is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def record(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        self.commits += 1
        return self.git("rev-parse", "HEAD")

    def bare(self) -> Path:
        path = self.path.with_suffix(".git")
        self.git("clone", "--quiet", "--bare", ".", str(path))
        return path

    def blob_path(self, blob: str) -> Path:
        return self.path / ".git" / "objects" / blob[:2] / blob[2:]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "site")


def day(number: int) -> datetime:
    """Return when the commit of that number (from 0) was made."""
    return datetime.fromtimestamp(FIRST + number * 86_400, UTC)


def versions(*paths: Path) -> list[tuple[str, str]]:
    """Return each version as the name in the repository and the content, or why there is none."""
    return [
        (file.path.partition(": ")[2], file.reason if isinstance(file, UnreadFile) else file.content.decode())
        for file in file_versions(paths)
    ]


def processes() -> set[str]:
    """Return the ids of the gits that this process has started, dead ones included."""
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text(encoding="ascii").split()
    return {child for child in children if name_of_process(child) == "git"}


def name_of_process(pid: str) -> str:
    with suppress(OSError):  # it has ended
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    return ""


# What is found.


def test_every_version_comes_with_its_commit_and_its_time(repository: Repository) -> None:
    first = repository.commit(posts__a_md="一")
    second = repository.commit(posts__a_md="二", posts__b_md="三")
    repository.commit(readme_txt="x")

    def version(name: str, content: str, commit: str, at: datetime, since: datetime) -> PostFile:
        return PostFile(
            path=f"{repository.path}: posts/{name}",
            name=name,
            content=content.encode(),
            commit=commit,
            seen_at=at,
            since=since,
            aliases=(f"{repository.path}/posts/{name}",),
        )

    assert list(file_versions([repository.path])) == [
        version("a.md", "一", first, day(0), day(0)),
        version("a.md", "二", second, day(1), day(0)),
        version("b.md", "三", second, day(1), day(1)),
    ]


def test_a_file_that_was_renamed_is_known_by_its_former_path_and_first_commit(repository: Repository) -> None:
    repository.commit(a_md="一")
    repository.git("mv", "a.md", "b.md")
    repository.record()
    bare = repository.bare()

    assert [(file.since, file.aliases) for file in file_versions([bare]) if isinstance(file, PostFile)] == [
        (day(0), ()),
        (day(0), (f"{bare}: a.md",)),
    ]


def test_a_checkout_and_a_bare_repository_hold_the_same(repository: Repository) -> None:
    repository.commit(posts__a_md="1", x_md="2")
    repository.commit(posts__a_md="3", posts2__a_md="4")
    repository.commit(posts__deep__b_md="5", posts__a_md=None)
    bare = repository.bare()

    everything = [
        *(("posts/a.md", "1"), ("x.md", "2"), ("posts/a.md", "3"), ("posts2/a.md", "4"), ("posts/deep/b.md", "5"))
    ]
    for path in (repository.path, bare, repository.path / ".git"):
        assert versions(path) == everything
    for path in (repository.path / "posts", bare / "posts"):
        assert versions(path) == [version for version in everything if version[0].startswith("posts/")]
    for path in (
        repository.path / "posts" / "deep" / "b.md",
        bare / "posts" / "deep" / "b.md",
        bare / "posts" / "deep",
    ):
        assert versions(path) == [("posts/deep/b.md", "5")]
    for path in (repository.path / "posts" / "a.md", bare / "posts" / "a.md"):  # gone from the checkout
        assert versions(path) == [("posts/a.md", "1"), ("posts/a.md", "3")]


def test_files_need_not_be_checked_out(repository: Repository) -> None:
    repository.commit(posts__a_md="1")
    shutil.rmtree(repository.path / "posts")

    assert (
        versions(repository.path / "posts") == versions(repository.path / "posts" / "a.md") == [("posts/a.md", "1")]
    )


def test_several_paths_are_read_one_after_the_other(repository: Repository, tmp_path: Path) -> None:
    repository.commit(a__x_md="1", b__y_md="2")
    other = Repository(tmp_path / "other")
    other.commit(z_md="3")

    paths = (repository.path / "b", other.path, repository.path / "a")
    assert versions(*paths) == [("b/y.md", "2"), ("z.md", "3"), ("a/x.md", "1")]
    assert versions() == []


def test_a_relative_path_is_one_from_here(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit(a__x_md="1", b__y_md="2")
    monkeypatch.chdir(repository.path / "a")

    assert versions(Path()) == versions(Path("x.md")) == [("a/x.md", "1")]
    assert versions(Path("../b")) == versions(Path("../b/y.md")) == [("b/y.md", "2")]


def test_renamed_removed_and_restored_files_are_found_each_time_they_appear(repository: Repository) -> None:
    repository.commit(a_md="1")
    repository.git("mv", "a.md", "b.md")
    repository.record()
    repository.commit(b_md=None)
    repository.commit(b_md="1")
    repository.commit(b_md="1")

    assert versions(repository.path) == [("a.md", "1"), ("b.md", "1"), ("b.md", "1")]


def test_both_sides_of_a_merge_are_found_and_what_it_made_of_them(repository: Repository) -> None:
    repository.commit(a_md="1")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(a_md="side")
    repository.git("checkout", "--quiet", "main")
    repository.commit(a_md="main")
    repository.git("merge", "--quiet", "--strategy=ours", "--no-commit", "side")
    merge = repository.commit(a_md="both")

    found = list(file_versions([repository.path]))
    contents = [file.content for file in found if isinstance(file, PostFile)]
    assert contents == [b"1", b"side", b"main", b"both"]
    assert found[-1].commit == merge


def test_a_merge_that_dropped_a_side_still_has_it(repository: Repository) -> None:
    repository.commit(a_md="1")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit(a_md="side", b_md="b")
    repository.git("checkout", "--quiet", "main")
    repository.commit(c_md="c")
    repository.git("merge", "--quiet", "--strategy=ours", "--message=x", "side")
    bare = repository.bare()

    for path in (repository.path / "a.md", bare / "a.md"):
        assert list(dict.fromkeys(versions(path))) == [("a.md", "1"), ("a.md", "side")]
    assert ("b.md", "b") in versions(repository.path)


def test_only_plain_files_of_posts_are_read(repository: Repository) -> None:
    for name in ("a.txt", "_b.md", ".c.md", "d.MD", "e.html", "my-post/index.md"):
        repository.write(name, name)
    (repository.path / "link.md").symlink_to("/etc/passwd")
    (repository.path / "f.md").write_text("x")
    (repository.path / "f.md").chmod(0o755)
    repository.record()
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module.md")
    repository.git("commit", "--quiet", "--message=x")

    found = list(file_versions([repository.path]))
    assert [file.name for file in found if isinstance(file, PostFile)] == ["d.MD", "e.html", "f.md", "my-post.md"]
    (repository.path / "link.md").unlink()
    repository.write("link.md", "a file now")
    repository.record()
    assert versions(repository.path)[-1] == ("link.md", "a file now")


@pytest.mark.parametrize(
    "name",
    [
        "花园.md",
        "a\nb.md",
        "a\tb.md",
        'a"b\\.md',
        " a .md",
        ":commit.md",
        "commit x.md",
        "-a.md",
        "*.md",
        ":(top)a.md",
    ],
)
@pytest.mark.parametrize("folder", ["", "文章\nposts\n/"])
def test_a_name_may_hold_any_character(repository: Repository, name: str, folder: str) -> None:
    repository.write(f"{folder}{name}", "1")
    repository.write(f"{folder}other.md", "2")
    repository.record()
    bare = repository.bare()

    for path in (repository.path, bare):
        assert sorted(versions(path)) == sorted([(f"{folder}{name}", "1"), (f"{folder}other.md", "2")])
        assert versions(path / folder / name) == [(f"{folder}{name}", "1")]
    assert len(versions(repository.path / folder)) == 2


def test_names_and_contents_need_not_be_utf_8(repository: Repository) -> None:
    name = os.fsdecode("花园.md".encode("gbk"))
    repository.write(name, b"\xff\0\n\r\n")
    commit = repository.record()

    assert list(file_versions([repository.path])) == list(file_versions([repository.path])) != []
    (file,) = file_versions([repository.path / name])
    assert isinstance(file, PostFile)
    assert (file.content, file.commit) == (b"\xff\0\n\r\n", commit)


def test_a_version_that_is_too_large_is_refused_and_the_rest_goes_on(repository: Repository) -> None:
    repository.commit(a_md=bytes(LARGEST), b_md=bytes(LARGEST + 1), c_md=b"")
    repository.commit(b_md="1")
    commit = repository.commit(a_md=bytes(50 * 1024 * 1024))

    found = list(file_versions([repository.path]))

    assert [len(file.content) if isinstance(file, PostFile) else file.reason for file in found] == [
        LARGEST,
        TOO_LARGE,
        0,
        1,
        TOO_LARGE,
    ]
    assert found[-1] == UnreadFile(path=f"{repository.path}: a.md", reason=TOO_LARGE, commit=commit)


def test_versions_of_many_files_are_found(repository: Repository) -> None:
    for number in range(3):
        for name in range(1500):
            repository.write(f"posts/{name}-{'长' * 20}.md", f"{number} {name}")
        repository.record()

    found = versions(repository.path)
    assert len(found) == len(set(found)) == 4500
    assert [content.split()[0] for _, content in found] == ["0"] * 1500 + ["1"] * 1500 + ["2"] * 1500


# What is no history.


def test_a_folder_that_is_in_no_repository_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "posts").mkdir()
    for path in (tmp_path / "posts", tmp_path / "none" / "a.md", tmp_path / ("长" * 300)):
        with pytest.raises(UsageError) as caught:
            list(file_versions([path]))
        assert str(caught.value) == (
            f"{path} has no history: not a git repository (or any of the parent directories): .git."
        )


def test_a_repository_without_a_commit_is_an_error(repository: Repository) -> None:
    for path in (repository.path, repository.bare()):
        with pytest.raises(UsageError) as caught:
            list(file_versions([path]))
        assert str(caught.value) == f"The history of {path} cannot be read: bad revision 'HEAD'."
    assert processes() == set()


def test_git_that_is_not_there_is_an_error(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.commit(a_md="1")
    monkeypatch.setenv("PATH", str(repository.path))

    with pytest.raises(UsageError, match=r"^`git` is not installed: --history reads through it\.$"):
        list(file_versions([repository.path]))


def test_a_repository_of_somebody_else_is_an_error_that_says_so(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(a_md="1")
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    with pytest.raises(UsageError, match=f"^{repository.path} has no history: detected dubious ownership in repo"):
        list(file_versions([repository.path]))


# What is hostile.


@pytest.fixture
def alarm(tmp_path: Path) -> Callable[[], bool]:
    """Return what tells whether the program `alarm` beside the repository was started."""
    program, rung = tmp_path / "alarm", tmp_path / "rung"
    program.write_text(f"#!/bin/sh\ntouch {rung}\nexit 1\n")
    program.chmod(0o755)
    return rung.exists


def test_no_program_is_started_that_a_repository_names(
    repository: Repository, tmp_path: Path, alarm: Callable[[], bool]
) -> None:
    program = str(tmp_path / "alarm")
    repository.write(".gitattributes", "*.md diff=x filter=x\n")
    repository.commit(a_md="1")
    signed = repository.git("cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n\n", 1
    )
    head = repository.git("hash-object", "-t", "commit", "-w", "--stdin", given=signed.encode() + b"\n")
    repository.git("update-ref", "HEAD", head)
    for name in ("post-checkout", "post-index-change", "reference-transaction"):
        shutil.copy(program, repository.path / ".git" / "hooks" / name)
    for setting in (
        *("core.fsmonitor", "core.pager", "pager.log", "diff.external", "diff.x.command", "diff.x.textconv"),
        *("filter.x.clean", "filter.x.smudge", "filter.x.process", "gpg.program", "gpg.ssh.program", "core.editor"),
        *("core.sshCommand", "core.askPass", "credential.helper", "core.alternateRefsCommand", "alias.log"),
        *("uploadpack.packObjectsHook", "diff.x.cachetextconv"),
    ):
        repository.git("config", setting, f"!{program}" if setting.startswith("alias") else program)
    repository.git("config", "diff.x.cachetextconv", "false")
    repository.git("config", "log.showSignature", "true")

    assert versions(repository.path) == versions(repository.path / "a.md") == [("a.md", "1")]
    assert not alarm()


@pytest.mark.parametrize("address", ["ext::{}", "ssh://host.invalid/x", "file://{}"])
def test_nothing_is_fetched_that_a_repository_lacks(
    repository: Repository, tmp_path: Path, alarm: Callable[[], bool], address: str
) -> None:
    commit = repository.commit(a_md="1", b_md="2")
    repository.blob_path(repository.git("rev-parse", "HEAD:a.md")).unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": address.format(tmp_path / "alarm"),
        "remote.origin.uploadPack": str(tmp_path / "alarm"),
        "protocol.allow": "always",
        "protocol.ext.allow": "always",
        "core.sshCommand": str(tmp_path / "alarm"),
    }.items():
        repository.git("config", name, value)

    first, second = file_versions([repository.path])

    assert first == UnreadFile(path=f"{repository.path}: a.md", reason="not in the repository", commit=commit)
    assert isinstance(second, PostFile)
    assert second.content == b"2"
    assert not alarm()


@pytest.mark.parametrize(
    "setting",
    [
        *("log.showRoot=false", "log.follow=true", "log.diffMerges=combined", "log.diffMerges=off", "log.date=iso"),
        *("diff.relative=true", "diff.renames=copies", "diff.orderFile=/none", "i18n.logOutputEncoding=UTF-16"),
        *(
            "color.ui=always",
            "color.diff=always",
            "log.decorate=full",
            "format.pretty=fuller",
            "log.abbrevCommit=true",
        ),
        *("core.quotePath=true", "core.abbrev=4", "format.notes=true", "diff.noPrefix=true", "diff.submodule=log"),
        *("diff.ignoreSubmodules=all", "core.bigFileThreshold=1", "core.logAllRefUpdates=true", "log.mailmap=true"),
    ],
)
def test_settings_of_a_repository_do_not_change_what_is_found(repository: Repository, setting: str) -> None:
    repository.commit(posts__a_md="1", b_md="2", posts__c_md="3")
    repository.git("checkout", "--quiet", "-b", "side")
    repository.git("mv", "b.md", "posts/d.md")
    repository.record()
    repository.git("checkout", "--quiet", "main")
    repository.commit(posts__a_md="4")
    repository.git("merge", "--quiet", "--no-edit", "side")
    paths = [repository.path, repository.path / "posts", repository.path / "posts" / "d.md"]
    before = [versions(path) for path in paths]

    repository.git("config", *setting.split("=", 1))

    assert [versions(path) for path in paths] == before
    assert list(dict.fromkeys(before[2])) == [("posts/d.md", "2")]


def test_what_git_is_told_for_another_repository_does_not_matter(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit(a_md="1")
    other = Repository(tmp_path / "other")
    other.commit(b_md="2")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.path))
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")

    assert versions(repository.path / "a.md") == [("a.md", "1")]


def test_replaced_objects_are_read_as_they_were(repository: Repository) -> None:
    repository.commit(a_md="1", b_md="2")
    repository.git("replace", repository.git("rev-parse", "HEAD:a.md"), repository.git("rev-parse", "HEAD:b.md"))

    assert versions(repository.path) == [("a.md", "1"), ("b.md", "2")]


@pytest.mark.parametrize("when", ["99999999999999", "9" * 30, "x", ""])
def test_a_commit_of_no_time_is_read_without_one(repository: Repository, when: str) -> None:
    repository.commit(a_md="1")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    person = f"a <a@b.invalid> {when} +0000"
    written = f"tree {tree}\nauthor {person}\ncommitter {person}\n\nx\n".encode()
    commit = repository.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", given=written)
    repository.git("update-ref", "HEAD", commit)

    (file,) = file_versions([repository.bare()])
    assert isinstance(file, PostFile)
    assert (file.content, file.commit, file.seen_at, file.since) == (b"1", commit, None, None)


def test_a_damaged_commit_is_an_error(repository: Repository) -> None:
    repository.commit(a_md="1")
    repository.commit(a_md="2")
    damaged = repository.blob_path(repository.git("rev-parse", "HEAD~1^{tree}"))
    damaged.chmod(0o644)
    damaged.write_bytes(b"x")

    with pytest.raises(UsageError, match=f"^The history of {repository.path} cannot be read: "):
        list(file_versions([repository.path]))
    assert processes() == set()


def test_a_damaged_version_is_refused_or_ends_in_an_error(repository: Repository) -> None:
    repository.commit(a_md=os.urandom(100_000), b_md="1")
    damaged = repository.blob_path(repository.git("rev-parse", "HEAD:a.md"))
    content = damaged.read_bytes()
    for kept in (0, 1, 10, 50_000, len(content) - 1):
        damaged.unlink()
        damaged.write_bytes(content[:kept])
        found: list[PostFile | UnreadFile] = []
        error = ""
        try:
            found.extend(file_versions([repository.path]))
        except UsageError as caught:
            error = str(caught)
        assert (len(found) == 2) != error.startswith(f"The history of {repository.path} cannot be read: ")
        assert not found or isinstance(found[0], UnreadFile)
        assert processes() == set()


@pytest.mark.parametrize("claimed", [10, 2000, 400_000])
def test_a_version_of_another_size_than_it_claims_is_refused(repository: Repository, claimed: int) -> None:
    content = f"blob {claimed}\0".encode() + b"x\n" * 500
    blob = sha1(content).hexdigest()
    path = repository.blob_path(blob)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(zlib.compress(content))
    repository.write("b.md", "1")
    repository.git("add", "b.md")
    repository.git("update-index", "--add", "--cacheinfo", f"100644,{blob},a.md")
    repository.git("commit", "--quiet", "--message=x")
    commit = repository.git("rev-parse", "HEAD")

    first, second = file_versions([repository.path])

    assert first == UnreadFile(path=f"{repository.path}: a.md", reason="damaged in the repository", commit=commit)
    assert isinstance(second, PostFile)
    assert second.content == b"1"


def test_git_may_complain_at_any_length(repository: Repository) -> None:
    repository.commit(a_md="1")
    grafts = repository.path / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text("".join(f"{number}{'x' * 200}\n" for number in range(5000)))

    assert versions(repository.path) == [("a.md", "1")]


# Those who stop early.


def test_nothing_is_left_behind_by_one_who_stops_early(repository: Repository) -> None:
    for number in range(5):
        for name in range(400):
            repository.write(f"{name}-{'长' * 60}.md", f"{number} {name} {'x' * 1000}")
        repository.record()
    before = len(list(Path("/proc/self/fd").iterdir()))

    for taken in (0, 1, 500):
        found = file_versions([repository.path])
        for _ in range(taken):
            next(found)
        found.close()
        assert processes() == set()
    for _ in file_versions([repository.path]):
        break
    gc.collect()

    assert processes() == set()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


def test_nothing_is_started_before_it_is_asked_for(repository: Repository) -> None:
    repository.commit(a_md="1")

    found = file_versions([repository.path, repository.path / "none" / "x", Path("/proc/none")])

    assert processes() == set()
    assert isinstance(next(found), PostFile)
    with pytest.raises(UsageError):
        next(found)
    assert processes() == set()
