"""The metadata for Datasette: what it names is in the archive, and its queries run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import made
import pytest

from crawler.ops.exporting.datasette import metadata, write_metadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlite_utils import Database

KNOWN = metadata("archive")["databases"]["archive"]
VALUES = {"outlet": "大江网", "author": "Ann Moss", "symbol": "600519", "day": "2022-04-01"}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with made.Run(tmp_path_factory.mktemp("archive") / "archive.db") as run:
        told = "".join(
            f"<p>江西省工信厅第{number}次会议提出，加快5G网络建设与规模化应用。</p>" for number in range(20)
        )
        run.write(made.article())
        run.write(made.article(html="<p>江西将不实现5G+VR融合。</p>"))
        run.write(made.article("NW1", html=told, authors=("Ann Moss",)))
        run.write(made.article("NW2", html=told, source="样本日报"))
        run.write(made.refused(made.post_address("NW3")))
        yield run.archive.db


@pytest.mark.parametrize("table", KNOWN["tables"])
def test_what_is_said_of_a_table_is_about_one_that_there_is(table: str, db: Database) -> None:
    said = KNOWN["tables"][table]
    columns = {name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")}
    named = {*said.get("columns", {}), *said.get("facets", []), *said.get("units", {})}
    named |= {said[key] for key in ("sort_desc", "label_column", "fts_pk") if key in said}
    assert columns
    assert named <= columns


def test_every_table_is_said_something_about(db: Database) -> None:
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")}
    inner = {name for name in names if name.startswith(("search_", "sqlite_"))} - {"search_tokens"}
    assert names - inner == KNOWN["tables"].keys()


@pytest.mark.parametrize("name", KNOWN["queries"])
def test_a_query_finds_something(name: str, db: Database) -> None:
    rows = db.execute(KNOWN["queries"][name]["sql"], VALUES).fetchall()
    assert rows


def test_the_metadata_is_written_for_the_name_of_the_archive_and_only_if_it_changed(tmp_path: Path) -> None:
    done = [write_metadata(tmp_path / "news.db", tmp_path / "datasette") for _ in range(2)]
    written = json.loads((tmp_path / "datasette/metadata.json").read_text(encoding="utf-8"))
    assert [each["written"] for each in done] == [1, 0]
    assert written == metadata("news")


@pytest.mark.slow
def test_the_command_says_what_it_wrote(finews: Callable[..., Any], tmp_path: Path) -> None:
    with made.Run(tmp_path / "output/archive.db") as run:
        run.write(made.article())
    done = finews("export", "datasette", "--format", "datasette")
    assert (done.returncode, done.stdout) == (0, "What Datasette reads in datasette, 1 file written\n")
    missing = finews("export", "datasette", "--format", "datasette", "--archive", "none.db")
    assert missing.returncode == 2
