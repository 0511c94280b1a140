"""Bars and sparklines: in proportion, within their width, Chinese names in line."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from crawler.cli.output.charts import bars, sparkline


def test_bars_are_in_proportion_and_the_longest_fills_the_width() -> None:
    assert list(bars([("大江网", 8), ("财联社", 4), ("NIO", 1)], 30)) == [
        "8  大江网  ███████████████████",
        "4  财联社  █████████▌",
        "1  NIO     ██▍",
    ]


def test_bars_are_drawn_with_plain_characters_where_there_are_no_others() -> None:
    assert list(bars([("A", 1200), ("B", 600), ("C", 1)], 29, ascii_only=True)) == [
        "1,200  A  ###################",
        "  600  B  #########",
        "    1  C  #",
    ]


def test_a_long_name_is_cut() -> None:
    (line,) = bars([("江" * 50, 1)], 80)
    assert line == f"1  {'江' * 19}…   {'█' * 35}"


def test_there_are_no_bars_of_nothing() -> None:
    assert list(bars([], 80)) == []
    assert list(bars([("A", 0)], 20)) == ["0  A"]


@given(
    st.lists(
        st.tuples(st.text(st.characters(codec="utf-8", categories=["L", "N"]), max_size=60), st.integers(0, 10**9))
    ),
    st.integers(70, 200),
)
def test_no_line_is_wider_than_the_terminal_and_what_is_more_is_never_shorter(
    counted: list[tuple[str, int]], width: int
) -> None:
    lines = list(bars(counted, width))
    assert max(map(cell_len, lines), default=0) <= width
    drawn = sorted((count, line.count("█")) for line, (_, count) in zip(lines, counted, strict=True))
    assert [length for _, length in drawn] == sorted(length for _, length in drawn)


@pytest.mark.parametrize(
    ("numbers", "line"),
    [
        ([], ""),
        ([0, 0], "  "),
        ([1], "█"),
        ([1, 2, 3, 4, 5, 6, 7, 8], "▁▂▃▄▅▆▇█"),
        ([0, 1, 1000], " ▁█"),
    ],
)
def test_a_sparkline_has_a_character_a_number(numbers: list[int], line: str) -> None:
    assert sparkline(numbers) == line


@given(st.lists(st.integers(0, 10**6)))
def test_a_higher_number_never_has_a_lower_character(numbers: list[int]) -> None:
    drawn = sorted(zip(numbers, sparkline(numbers), strict=True))
    assert [character for _, character in drawn] == sorted(character for _, character in drawn)
