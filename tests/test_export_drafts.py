"""Drafts of exported files: one an export, cleared up after a kill and never under another's hands."""

from __future__ import annotations

import fcntl
import json
import os
from typing import TYPE_CHECKING

import pytest

from crawler.ops.exporting.drafts import clear_up, replacing, write_if_changed
from crawler.ops.exporting.json_lines import write_json_lines

if TYPE_CHECKING:
    from pathlib import Path


def test_two_exports_at_once_write_to_drafts_of_their_own(tmp_path: Path) -> None:
    file = tmp_path / "posts.csv"
    with replacing(file) as one:
        one.write_text("一")
        with replacing(file) as other:
            other.write_text("二")
            clear_up(tmp_path)
            assert {one.name, other.name} == {path.name for path in tmp_path.iterdir()}
        assert file.read_text() == "二"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("posts.csv", "一")]


def test_what_a_killed_export_left_is_cleared_up_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".export-0123.tmp").write_text("half")
    (tmp_path / ".export-dir.tmp").mkdir()
    (tmp_path / "mine.tmp").write_text("mine")
    descriptor = os.open(tmp_path / ".export-held.tmp", os.O_WRONLY | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    clear_up(tmp_path)
    os.close(descriptor)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".export-dir.tmp", ".export-held.tmp", "mine.tmp"]


def test_a_draft_that_fails_is_dropped_and_the_file_named(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="Is a directory") as failed:
        write_if_changed(tmp_path / "taken", b"x")
    assert failed.value.filename == str(tmp_path / "taken")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_line_of_json_ends_nowhere_but_at_its_end(tmp_path: Path) -> None:
    post = {"title": "一\u2028二\u2029三\x85四\u000b五\x1e六", "text": "七\n八"}
    assert write_json_lines([post, post], tmp_path / "posts.jsonl") == 2
    lines = (tmp_path / "posts.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [post, post]
