"""No test reaches out."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from sitecustomize import ReachedOutError


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
