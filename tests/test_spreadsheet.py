"""Cells of the CSV export: nothing runs in a spreadsheet, no digit is lost, and other programs get the words back."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import made
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.archive.store.derived import DerivedArticle
from crawler.ops.exporting.spreadsheet import cell, write_csv

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "words",
    [
        "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "－1", "'=1", "'", "202112082206935918", "007",
        "1.10", "1.600160", "2021-12", "12/8", "10:30", "1E5", "50%", "1,000", "12345678901234", "2021-12-08 10:30",
        "Mar-4", "December 2021", "3 1/2",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_or_round_has_an_apostrophe_in_front(words: str) -> None:
    assert cell(words) == f"'{words}"


@pytest.mark.parametrize(
    "words",
    [
        "",
        "0",
        "5",
        "2022",
        "1.5",
        "NW202204202350104915",
        "江西=1",
        "a-b",
        " =1",
        "1.600519 116.00700",
        "market 3",
        "5G",
        "3天",
    ],
)
def test_other_words_stay_as_they_are(words: str) -> None:
    assert cell(words) == words


@given(st.text())
def test_one_apostrophe_less_gives_the_words_back(words: str) -> None:
    written = cell(words)
    assert written.removeprefix("'") == words
    assert not written.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_no_cell_is_parted_where_a_country_parts_cells(tmp_path: Path) -> None:
    row = DerivedArticle(made.article(title="a;=1+1\t=2")).row | {
        "summary": "",
        "text": "一\n=二",
        "first_seen_at": "",
    }
    file = tmp_path / "posts.csv"
    assert write_csv([{**row, "last_seen_at": "", "gone_at": None}], file) == 1
    header, _, rest = file.read_text(encoding="utf-8-sig").partition("\n")
    assert header.startswith("site,post_id,")
    assert '"a;=1+1\t=2"' in rest
    (read,) = csv.DictReader(io.StringIO(file.read_bytes().decode("utf-8-sig")))
    assert (read["title"], read["text"], read["gone_at"], read["revision"]) == ("a;=1+1\t=2", "一\n=二", "", "1")
