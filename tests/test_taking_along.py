"""Hits to take along: tables, CSV and JSON Lines, all of them if wanted; and an export of what a search finds."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import made
import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.ledger import runs
from crawler.archive.search.results import Hit
from crawler.archive.stock import StockPost
from crawler.archive.store import posts
from crawler.cli import main
from crawler.cli.output.hits import HIT_COLUMNS, MENTION_COLUMNS
from crawler.items import Category, Mention
from crawler.ops.exporting.spreadsheet import COLUMNS, csv_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Ask = Callable[..., Result]

COUNT = 25
JUHUA = Mention(code="1.600160", name="巨化股份", count=2)
OTHER = Category(slug="cailianshe", name="财联社", url="")


def fill(archive: Archive, count: int, text: str = "江西。") -> None:
    """Store posts of which every second is of another outlet and category and mentions a security."""
    with archive.db.atomic():
        run = runs.begin(archive.db, "finews", made.SEEN)
        for number in range(count):
            others = {"source": "财联社", "category": OTHER, "mentions": (JUHUA,)} if number % 2 else {"mentions": ()}
            article = made.article(
                f"NW{number:02}",
                title=f"=题{number}",
                html=f"<p>{text}</p>",
                published_at=made.PUBLISHED + timedelta(hours=number),
                **others,
            )
            posts.store(archive.db, article, run)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("taking") / "a.db"
    with Archive(file, create=True) as archive:
        fill(archive, COUNT)
    return file


@pytest.fixture
def ask(path: Path) -> Ask:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, env={"FINEWS_ARCHIVE": str(path)})

    return run


def printed(result: Result) -> str:
    assert (result.exit_code, result.stderr) == (0, "")
    return result.stdout


def rows(result: Result) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(printed(result))))


def objects(result: Result) -> list[Any]:
    return [json.loads(line) for line in printed(result).splitlines()]


def test_json_lines_are_the_results_of_json(ask: Ask) -> None:
    document = json.loads(printed(ask("search", "江西", "--json", "--limit", "100")))
    assert objects(ask("search", "江西", "--format", "jsonl", "--limit", "100")) == document["results"]
    assert objects(ask("search", "江西", "--format", "jsonl", "--all")) == document["results"]
    assert json.loads(printed(ask("search", "江西", "--json", "--all"))) == document


def test_csv_has_the_columns_of_json_and_cells_that_run_nothing(ask: Ask) -> None:
    hit = objects(ask("search", "江西", "--format", "jsonl", "--all"))[0]
    assert rows(ask("search", "江西", "--format", "csv", "--all"))[0] == {
        **dict.fromkeys(HIT_COLUMNS, ""),
        **hit,
        "title": f"'{hit['title']}",
        "categories": "dajiangwang",
        "authors": "",
        "highlights": "[[0, 2]]",
    }


def test_a_table_has_a_line_a_post_with_its_columns_below_one_another(ask: Ask) -> None:
    assert printed(ask("search", "江西", "--format", "table", "--all")).splitlines()[:3] == [
        "published         id                    source          title",
        "2022-04-21 16:44  NW24                  大江网          =题24",
        "2022-04-21 15:44  NW23                  财联社          =题23",
    ]


@pytest.mark.parametrize("form", ["table", "csv", "jsonl"])
def test_what_is_not_all_says_so_on_standard_error(ask: Ask, form: str) -> None:
    result = ask("search", "江西", "--format", form, "--limit", "2", "--offset", "1")
    assert (result.exit_code, result.stderr) == (0, "2 of 25 posts; --all prints all of them.\n")
    assert len(result.stdout.splitlines()) == 2 + (form != "jsonl")
    assert printed(ask("search", "江西", "--format", form, "--limit", "2", "--offset", "23"))


def test_all_is_printed_for_people_too(ask: Ask) -> None:
    lines = printed(ask("search", "江西", "--all")).splitlines()
    assert (lines[1], lines.count("  [江西]。")) == ("25 found for 江西", 25)


def test_the_posts_of_a_security_are_taken_along_likewise(ask: Ask) -> None:
    document = json.loads(printed(ask("stock", "600160", "--json", "--all")))
    assert (document["total"], len(document["results"])) == (12, 12)
    assert objects(ask("stock", "600160", "--format", "jsonl", "--all")) == document["results"]
    read = rows(ask("stock", "600160", "--format", "csv", "--all"))
    assert [(row["id"], row["printed"], row["odd"]) for row in read] == [
        (f"NW{number:02}", "巨化股份", "False") for number in range(23, 0, -2)
    ]
    assert printed(ask("stock", "600160", "--format", "table")).count("\n") == 13


def test_the_columns_are_those_of_a_hit() -> None:
    assert set(HIT_COLUMNS) == set(Hit.__annotations__)
    assert set(MENTION_COLUMNS) == set(StockPost.__annotations__)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--json", "--format", "csv"], "--json prints one document, --format csv a line a post: give one of them."),
        (["--all", "--limit", "3"], "--all prints all that was found, --limit a part of it: give one of them."),
        (["--all", "--offset", "3"], "--all prints all that was found, --offset a part of it: give one of them."),
    ],
)
@pytest.mark.parametrize("command", [["search", "江西"], ["stock", "600160"]])
def test_options_that_contradict_each_other_are_wrong_usage(
    ask: Ask, command: list[str], arguments: list[str], said: str
) -> None:
    result = ask(*command, *arguments)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (2, f"Error: {said}")


def test_a_file_of_csv_begins_with_the_mark_that_spreadsheets_need(
    path: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    command = [sys.executable, "-m", "crawler", "search", "江西", "--format", "csv", "--archive", str(path)]
    with (tmp_path / "hits.csv").open("wb") as file:
        subprocess.run(command, env=environment, stdout=file, check=True, cwd=tmp_path)
    piped = subprocess.run(command, env=environment, capture_output=True, check=True, cwd=tmp_path).stdout
    assert (tmp_path / "hits.csv").read_bytes() == b"\xef\xbb\xbf" + piped
    assert piped.startswith(b"id,site,title,")


@settings(max_examples=examples(100), deadline=None)
@given(
    st.lists(st.tuples(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), st.integers()), max_size=5)
)
def test_whatever_a_cell_says_comes_out_of_csv_but_for_one_apostrophe(said: list[tuple[str, int]]) -> None:
    text = "".join(csv_lines(("text", "number"), [{"text": text, "number": number} for text, number in said]))
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["number"] for row in read] == [str(number) for _, number in said]
    for row, (cell, _) in zip(read, said, strict=True):
        assert row["text"] in {cell, f"'{cell}"}


def test_more_hits_take_no_more_memory() -> None:
    peaks = []
    for count in (400, 1_600):
        with Archive(":memory:", create=True) as archive:
            fill(archive, count, "江西" * 500)
            tracemalloc.start()
            assert sum(1 for _ in archive.search_all("江西")["results"]) == count
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0]


# Exports of a selection.


def exported(ask: Ask, folder: Path, *arguments: str) -> list[str]:
    """Export as JSON Lines, and return the ids of the posts in their order."""
    printed(ask("export", str(folder), "--format", "jsonl", *arguments))
    return [json.loads(line)["post_id"] for line in (folder / "posts.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("arguments", "numbers"),
    [
        ([], range(25)),
        (["--query", "江西"], range(25)),
        (["--query", "江西 -题3"], [number for number in range(25) if number != 3]),
        (["--query", "没有"], []),
        (["--since", "2022-04-21"], range(8, 25)),
        (["--until", "2022-04-20"], range(8)),
        (["--source", "财联社"], range(1, 25, 2)),
        (["--category", "dajiangwang"], range(0, 25, 2)),
        (["--stock", "巨化股份", "--since", "2022-04-21 12:00"], range(21, 25, 2)),
        (["--query", "江西", "--stock", "600160", "--until", "2022-04-20"], [1, 3, 5, 7]),
        (["--site", "finews"], range(25)),
    ],
)
def test_an_export_has_the_posts_asked_for_oldest_first(
    ask: Ask, tmp_path: Path, arguments: list[str], numbers: list[int]
) -> None:
    assert exported(ask, tmp_path, *arguments) == [f"NW{number:02}" for number in numbers]


def test_an_export_of_an_empty_query_has_no_posts_and_says_why(ask: Ask, tmp_path: Path) -> None:
    done = ask("export", str(tmp_path), "--format", "jsonl", "--query", "")
    assert (done.exit_code, done.stderr) == (0, "The query is empty: give a word.\n")
    assert (tmp_path / "posts.jsonl").read_text("utf-8") == ""


@pytest.mark.parametrize("form", ["markdown", "jekyll", "hugo", "jsonl", "csv"])
def test_a_selection_comes_out_in_every_form(ask: Ask, tmp_path: Path, form: str) -> None:
    done = printed(ask("export", str(tmp_path), "--format", form, "--query", "题3", "--json"))
    assert json.loads(done)["posts"] == 1
    assert [file.name for file in tmp_path.iterdir()] == [
        {"jsonl": "posts.jsonl", "csv": "posts.csv"}.get(form, "2022-04-20-NW03.md")
    ]


def test_the_csv_of_an_export_says_what_json_lines_say(ask: Ask, tmp_path: Path) -> None:
    exported(ask, tmp_path)
    printed(ask("export", str(tmp_path), "--format", "csv"))
    post = json.loads((tmp_path / "posts.jsonl").read_text("utf-8").splitlines()[1])
    with (tmp_path / "posts.csv").open(encoding="utf-8-sig", newline="") as file:
        row = list(csv.DictReader(file))[1]
    assert (tuple(row), set(COLUMNS) - set(post)) == (COLUMNS, set())
    assert (row["mentions"], row["categories"], row["category"]) == ("'1.600160", "cailianshe", "cailianshe")


@pytest.mark.parametrize("command", [["search", "江西"], ["export", "{out}"], ["top", "days"], ["stock", "600160"]])
def test_a_time_that_cannot_be_read_is_wrong_usage(ask: Ask, tmp_path: Path, command: list[str]) -> None:
    result = ask(*(word.format(out=tmp_path) for word in command), "--since", "gestern")
    assert result.exit_code == 2
    assert result.stderr.startswith("Error: ")
