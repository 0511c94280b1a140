"""Files that are replaced as a whole: there is the old one or the new one, and never half of one."""

from __future__ import annotations

import os
import stat
from errno import ENOSPC, EPERM
from pathlib import Path

import pytest

from crawler.drafts import replacing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("old")
    return tmp_path / "file"


def files(folder: Path) -> dict[str, str]:
    return {file.name: file.read_text() for file in folder.iterdir()}


def write_half_of(file: Path, error: BaseException) -> None:
    with replacing(file) as draft:
        draft.write_text("ne")
        raise error


def test_a_file_is_as_it_was_until_the_new_one_is_complete(file: Path):
    with replacing(file) as draft:
        draft.write_text("new")
        assert file.read_text() == "old"
    assert files(file.parent) == {"file": "new"}


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_write_leaves_the_file_and_no_draft(file: Path, error: type[BaseException]):
    with pytest.raises(error):
        write_half_of(file, error())
    assert files(file.parent) == {"file": "old"}


def test_on_a_full_disk_the_file_is_named_and_left_as_it_was(file: Path):
    with pytest.raises(OSError, match="No space left") as refused:
        write_half_of(file, OSError(ENOSPC, "No space left on device"))  # as a write says it: no file is named
    assert (refused.value.errno, refused.value.filename) == (ENOSPC, str(file))
    assert files(file.parent) == {"file": "old"}


def test_a_folder_in_the_place_of_the_file_is_named(tmp_path: Path):
    (tmp_path / "file").mkdir()
    with pytest.raises(IsADirectoryError) as refused, replacing(tmp_path / "file") as draft:
        draft.write_text("new")
    assert refused.value.filename == str(tmp_path / "file")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_a_draft_left_by_a_kill_is_replaced(file: Path):
    file.with_name(".file.tmp").write_text("half of something longer")
    with replacing(file) as draft:
        draft.write_text("new")
    assert files(file.parent) == {"file": "new"}


def test_a_link_that_was_planted_in_the_place_of_a_draft_is_not_followed(file: Path, tmp_path: Path):
    victim = tmp_path / "victim"
    victim.write_text("precious")
    file.with_name(".file.tmp").symlink_to(victim)

    with replacing(file) as draft:
        draft.write_text("new")

    assert files(tmp_path) == {"file": "new", "victim": "precious"}
    assert not file.is_symlink()


def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(file: Path, tmp_path: Path):
    victim = tmp_path / "victim"
    file.replace(victim)
    file.symlink_to(victim)

    with replacing(file) as draft:
        draft.write_text("new")

    assert files(tmp_path) == {"file": "new", "victim": "old"}


def test_if_its_path_cannot_be_cleared_the_draft_gets_another_name(file: Path, monkeypatch: pytest.MonkeyPatch):
    planted = file.with_name(".file.tmp")
    planted.write_text("somebody's")
    unlink = Path.unlink

    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        if path == planted:
            raise PermissionError(EPERM, "Operation not permitted", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)  # as a folder with the sticky bit does, though not to root
    with replacing(file) as draft:
        draft.write_text("new")

    assert draft.name.startswith(".file.")
    assert files(file.parent) == {".file.tmp": "somebody's", "file": "new"}


def test_a_file_has_the_mode_that_the_umask_allows(file: Path):
    before = os.umask(0o027)
    try:
        with replacing(file) as draft:
            draft.write_text("new")
    finally:
        os.umask(before)

    assert stat.S_IMODE(file.stat().st_mode) == 0o640
