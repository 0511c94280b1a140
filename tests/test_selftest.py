"""`finews crawl --selftest`: real crawls, really killed, and really read beside."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.slow  # whole runs of the program

Finews = Callable[..., subprocess.CompletedProcess[str]]
# Pages that can be on their way when a run is killed, between the site and the archive.
ON_THE_WAY = 24


def test_killed_at_random_nothing_is_lost(finews: Finews):
    done = finews("crawl", "--selftest", "3", "--json", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    points = result.pop("killed_at")
    assert (len(points), points) == (3, sorted(points))
    assert result.pop("repeated") <= 3 * ON_THE_WAY
    assert result.pop("readers") >= 5  # one of each kind
    assert result == {
        "posts": 600,
        "stored": 600,
        "lost": 0,
        "kills": 3,
        "reader_failures": [],
        "log_deleted": False,
        "findings": [],
    }


def test_the_proof_is_told_in_a_few_lines(finews: Finews):
    done = finews("crawl", "--selftest", "1", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third, fourth = done.stdout.splitlines()
    assert first.startswith("Killed 1 time (SIGKILL), after ")
    assert second.startswith("600 of 600 posts stored, 0 lost, ")
    assert re.fullmatch(r"\d+ readers? during the runs, 0 failed", third)
    assert fourth == "The archive is sound."
