"""A post and its revisions: as it was known at a time, as a draft; and what is said of one that was never stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner, Result

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.store import posts
from crawler.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def revised(tmp_path: Path) -> Path:
    """An archive of a post that was revised an hour and a half after it was seen."""
    with Archive(tmp_path / "a.db", create=True) as archive, archive.db.atomic():
        run = runs.begin(archive.db, "finews", made.SEEN)
        for article in (made.article(), made.article(title="江西", seen_at=made.LATER)):
            posts.store(archive.db, article, run)
    return tmp_path / "a.db"


def asking(archive: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"FINEWS_ARCHIVE": str(archive)})

    return run


def printed(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def told(result: Result) -> Any:
    return json.loads(printed(result))


def test_a_refused_post_is_told_by_another_command(tmp_path: Path) -> None:
    with made.Run(tmp_path / "a.db") as run:
        run.write(made.refused(made.post_address("NW9")))
        run.end()
    for command in ("show", "history"):
        refused = asking(tmp_path / "a.db")(command, "NW9")
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert refused.stderr == (
            f"Error: {tmp_path / 'a.db'} holds no post NW9: its address was seen (refused: no title),"
            " `finews why NW9` tells what happened to it.\n"
        )


def test_a_post_is_shown_as_it_was_known(revised: Path) -> None:
    then = told(asking(revised)("show", made.ID, "--as-of", "2022-04-21 09:00", "--json"))
    assert then == told(asking(revised)("show", made.ID, "--revision", "1", "--json"))
    now = told(asking(revised)("show", made.ID, "--as-of", "2022-04-21", "--json"))
    assert now == told(asking(revised)("show", made.ID, "--revision", "2", "--json"))
    early = asking(revised)("show", made.ID, "--as-of", "2022-04-21 08:59")
    assert (early.exit_code, early.stderr) == (
        1,
        f"Error: {made.ID} was not known as of 2022-04-21 08:59: it was first seen 2022-04-21 09:00:00.\n",
    )
    both = asking(revised)("show", made.ID, "--as-of", "2022", "--revision", "1")
    assert (both.exit_code, both.stderr.splitlines()[-1]) == (
        2,
        "Error: --revision and --as-of both choose a revision: give one of them.",
    )


def test_a_history_says_which_revisions_are_drafts(tmp_path: Path) -> None:
    with Archive(tmp_path / "a.db", create=True) as archive, archive.db.atomic():
        run = runs.begin(archive.db, "finews", made.SEEN)
        posts.store(archive.db, made.article(draft=True), run)
        posts.store(archive.db, made.article(title="江西", seen_at=made.LATER), run)
    ask = asking(tmp_path / "a.db")
    assert [row["draft"] for row in told(ask("history", made.ID, "--json"))] == [True, False]
    assert [", a draft: " in line for line in printed(ask("history", made.ID)).splitlines()] == [True, False]
