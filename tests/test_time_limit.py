"""A question to an archive ends after its time limit with a sentence; without one it may take as long as it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.archive import Archive
from crawler.cli import main
from crawler.errors import TookTooLong

if TYPE_CHECKING:
    from pathlib import Path

ENDLESS = "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT count(*) FROM x"
ASKED = [
    ["show", "NW1"],
    ["search", "江西"],
    ["history", "NW1"],
    ["why", "NW1"],
    ["stock", "600160"],
    ["stats"],
    ["runs"],
    ["runs", "--silent"],
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive(tmp_path / "archive.db", create=True) as archive:
        _fill(archive)
    return tmp_path / "archive.db"


def _fill(archive: Archive) -> None:
    """Fill tables that any command reads with so much that no question is over at once."""
    numbers = "WITH RECURSIVE x (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x LIMIT 20000)"
    archive.db.executescript(
        f"""
        INSERT INTO runs (site, outcome, started_at)
            {numbers} SELECT 'finews', 'finished', '2022-04-20T00:00:00+00:00' FROM x;
        INSERT INTO posts (id, site, post_id, url, published_ts, revision, first_seen_at, last_seen_at)
            {numbers} SELECT n, 'finews', 'NW' || n, 'https://finews.withounder.com/' || n, n, 1, '', '' FROM x;
        """
    )


def test_a_question_without_end_is_given_up_with_a_sentence(path: Path) -> None:
    with pytest.raises(TookTooLong) as given_up, Archive(path, time_limit=0.2) as archive:
        archive.db.execute(ENDLESS).fetchone()

    assert str(given_up.value) == (
        f"{path} had no answer after 0.2 s: ask for less, allow more time with `finews --time-limit`,"
        " or see what `finews check` says of the file."
    )
    assert given_up.value.exit_code == 1


@pytest.mark.parametrize("limit", [None, 0])
def test_without_a_limit_a_question_takes_as_long_as_it_does(path: Path, limit: float | None) -> None:
    with Archive(path, time_limit=limit) as archive:
        counted = archive.db.execute(f"{ENDLESS.removesuffix('FROM x')}FROM (SELECT n FROM x LIMIT 1000000)")
        assert counted.fetchone() == (1_000_000,)


@pytest.mark.parametrize("arguments", ASKED, ids=" ".join)
def test_every_command_that_asks_has_a_limit(
    path: Path, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.archive.store.connection._STEPS_BETWEEN_LOOKS", 1)

    done = CliRunner().invoke(main, [*arguments, "--archive", str(path)], env={"FINEWS_TIME_LIMIT": "0.000001"})

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: {path} had no answer after 1e-06 s: ")


def test_a_limit_that_is_no_time_is_wrong_usage(path: Path) -> None:
    done = CliRunner().invoke(main, ["--time-limit", "-1", "stats", "--archive", str(path)])

    assert done.exit_code == 2
