"""What every test gets: the socket guard, and the command as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import profiles  # noqa: F401  # how much property tests try
import pytest

GUARD = Path(__file__).parent / "guard"
sys.path.insert(0, str(GUARD))
if "sitecustomize" in sys.modules:  # the machine has one of its own
    del sys.modules["sitecustomize"]
import sitecustomize  # noqa: E402, F401  # importing it sets the guard

os.environ["LANGUAGE"] = "en"  # whatever the locale of who runs the tests

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def environment() -> dict[str, str]:
    """The environment of a child process: guarded, and without the user's own archive."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FINEWS_", "SCRAPY_"))}
    return {**kept, "PYTHONPATH": str(GUARD), "PYTHONWARNINGS": "error::ResourceWarning", "COLUMNS": "120"}


@pytest.fixture
def finews(tmp_path: Path, environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `finews` with these arguments in a folder of its own; the result has text output and `returncode`."""

    def run(*arguments: str, timeout: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "crawler", *arguments],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    return run
