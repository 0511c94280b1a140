"""No test reaches out, and the program leaves its archives to SQLite."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sitecustomize import OpenedByHandError, ReachedOutError

from crawler.ops.importing.folder import post_files

if TYPE_CHECKING:
    from pathlib import Path


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as unconnected, pytest.raises(ReachedOutError, match=r"reached out to 192\.0\.2\.1"):
        unconnected.connect(("192.0.2.1", 80))


def test_a_name_of_another_machine_is_not_looked_up() -> None:
    with pytest.raises(ReachedOutError, match=r"reached out to finews\.withounder\.com"):
        socket.getaddrinfo("finews.withounder.com", 443)


def test_a_child_process_is_guarded_too(environment: dict[str, str]) -> None:
    program = "import socket; socket.getaddrinfo('example.org', 80)"
    child = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
    )
    assert child.returncode == 1
    assert "ReachedOutError: a test reached out to example.org" in child.stderr


def test_the_program_opens_no_archive_by_itself(tmp_path: Path) -> None:
    file = tmp_path / "somebody's.db"
    file.touch()
    with pytest.raises(OpenedByHandError, match=r"the program itself opened .*somebody's\.db"):
        list(post_files([file], tmp_path / "archive.db"))
    assert file.read_bytes() == b""
