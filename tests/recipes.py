"""The recipes of docs/sql.md for pandas, DuckDB and Datasette, run as they stand; `make recipes` starts this.

These programs take some 250 MB, so `make test` does without them and runs the recipes' SQL alone (`test_readme.py`).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from crawler.ops.sample_site.server import serve
from crawler.ops.sample_site.site import bundled_site

PAGE = (Path(__file__).parent.parent / "docs/sql.md").read_text(encoding="utf-8")
FINEWS = [sys.executable, "-m", "crawler"]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an archive of the sample site, and that exported as the page says."""
    folder = tmp_path_factory.mktemp("recipes")
    with serve(bundled_site()) as server:
        crawl = [*FINEWS, "crawl", "--no-posts", "--mirror", server.url]
        subprocess.run(crawl, cwd=folder, check=True, capture_output=True)
    for form in ("jsonl", "csv"):
        subprocess.run([*FINEWS, "export", "out", "--format", form], cwd=folder, check=True, capture_output=True)
    return folder


def printed(begins: str, folder: Path) -> str:
    """Run the Python block of the page that begins so, and return what it prints."""
    (program,) = re.findall(rf"^```python\n({re.escape(begins)}.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    command = [sys.executable, "-W", "error", "-c", program]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_pandas_counts_posts_by_day(crawled: Path) -> None:
    days = re.findall(r"^(20\S+) +(\d+)$", printed("import sqlite3", crawled), re.MULTILINE)
    assert days == [("2022-04-19", "5"), ("2022-04-20", "6"), ("2022-04-21", "6")]


def test_duckdb_makes_parquet_of_an_export(crawled: Path) -> None:
    assert re.findall(r"│ (\S+) +│ +(\d+) │", printed("import duckdb", crawled)) == [("大江网", "9")]
    assert duckdb.sql(f"SELECT count(*) FROM '{crawled}/out/posts.parquet'").fetchall() == [(25,)]


def test_duckdb_reads_an_export_for_spreadsheets(crawled: Path) -> None:
    (call,) = re.findall(r"read_csv\('out/.*?\)", PAGE)
    of_the_archive = call.replace("out/", f"{crawled}/out/")
    assert duckdb.sql(f"SELECT count(*), min(published_at) FROM {of_the_archive}").fetchall() == [
        (25, "2021-12-01T21:33:50+08:00")
    ]


def test_datasette_shows_the_archive(crawled: Path) -> None:
    (command,) = re.findall("^datasette .*$", PAGE, re.MULTILINE)
    question = "/archive.json?sql=select+count(*)+as+posts+from+articles"
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), "--get", question],
        cwd=crawled,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["rows"] == [[25]]
