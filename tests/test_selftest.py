"""`finews crawl --selftest`: real crawls, really killed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

Finews = Callable[..., subprocess.CompletedProcess[str]]
# Requests that can be on their way when a run is killed, and pages that are here and not yet stored.
IN_FLIGHT = 32


def test_killed_at_random_nothing_is_lost(finews: Finews):
    done = finews("crawl", "--selftest", "3", "--json", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    result = json.loads(done.stdout)
    points = result.pop("killed_at")
    assert (len(points), points) == (3, sorted(points))
    assert result.pop("repeated") <= 3 * IN_FLIGHT
    assert result == {"posts": 600, "stored": 600, "lost": 0, "kills": 3, "findings": []}


def test_the_proof_is_told_in_a_few_lines(finews: Finews):
    done = finews("crawl", "--selftest", "1", timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    first, second, third = done.stdout.splitlines()
    assert first.startswith("Killed 1 time (SIGKILL), at ")
    assert second.startswith("600 of 600 posts stored, 0 lost, ")
    assert third == "The archive is sound."
