"""Files that are replaced as a whole: there is the old one or the new one, and never half of one."""

from __future__ import annotations

from errno import ENOSPC
from typing import TYPE_CHECKING

import pytest

from crawler.drafts import replacing

if TYPE_CHECKING:
    from pathlib import Path


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
def test_what_is_cut_short_leaves_the_file_and_no_draft(file: Path, error: type[BaseException]):
    with pytest.raises(error):
        write_half_of(file, error())
    assert files(file.parent) == {"file": "old"}


def test_of_a_full_disk_the_file_is_named_and_left_as_it_was(file: Path):
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


def test_what_a_kill_left_of_a_draft_is_written_over(file: Path):
    file.with_name(".file.tmp").write_text("half of something longer")
    with replacing(file) as draft:
        draft.write_text("new")
    assert files(file.parent) == {"file": "new"}
