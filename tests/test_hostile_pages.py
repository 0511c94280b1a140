"""Whole runs against pages that are meant to hold a run up, or to steer who reads of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import bad_server as bad
import costly
import pytest

from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow  # whole runs of the program

SITE = bundled_site()
SEED = "/dajiangwang/2022/04/20/NW202204202350104915.html"
WORST = (
    "lists in lists", "elements in elements", "attributes", "code in code", "ampersands", "empty paragraphs",
    "paragraphs that are navigation", "an address without end", "navigation without end",
)  # fmt: skip


def crawl(folder: Path, environment: dict[str, str], url: str) -> tuple[dict[str, dict[str, int]], float]:
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "crawler", "crawl", "--mirror", url, "--json", "--no-posts"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    return json.loads(ran.stdout), time.monotonic() - began


@pytest.mark.parametrize("name", WORST)
def test_a_page_that_would_take_hours_is_over_in_seconds_and_the_others_are_stored(
    name: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    source = costly.HEAD + costly.BODIES[name](1_500_000) + costly.END
    with bad.serve_badly(SITE, {SEED: [bad.page(source.encode(), Content_Type="text/html")]}) as server:
        first, took = crawl(tmp_path, environment, server.url)
        again, _ = crawl(tmp_path, environment, server.url)

    assert took < 15  # five on a machine that has nothing else to do
    assert first["posts"]["new"] >= 24
    assert again["posts"]["new"] == 0
    assert sum(path == SEED for _, path in server.asked) == 1
