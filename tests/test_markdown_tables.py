"""Tables: figures stand under their heading whatever spans what, and layout is no table."""

from __future__ import annotations

import time

import pytest
from readers_of_markdown import pages_of
from selectolax.lexbor import LexborHTMLParser

from crawler.markdown.body import safe_html, to_markdown, to_text
from crawler.sites.definition import Body


def safe(source: str) -> str:
    return safe_html(source, Body(), "https://site.example/a/b.html")


def grid(source: str) -> list[list[str]]:
    """Return the cells of a table's Markdown, row by row, without the line below the head."""
    rows = [line for line in to_markdown(safe(source)).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row[1:-1].split(" | ")] for row in rows if set(row) - set("|- ")]


def rows(*written: str) -> str:
    """Write a table: rows of cells parted by spaces, each `words`, `words/rows` or `words/rows/columns`."""
    cells = [[[*cell.split("/"), "1", "1"] for cell in row.split()] for row in written]
    return "<table>" + "".join(
        "<tr>" + "".join(f"<td rowspan={cell[1]} colspan={cell[2]}>{cell[0]}</td>" for cell in row) + "</tr>"
        for row in cells
    )


@pytest.mark.parametrize(
    ("table", "cells"),
    [
        pytest.param(
            rows("营业收入/2 2020 20", "2021 30"), [["营业收入", "2020", "20"], ["", "2021", "30"]], id="rowspan"
        ),
        pytest.param(rows("甲/1/2 乙", "1 2 3"), [["甲", "", "乙"], ["1", "2", "3"]], id="colspan"),
        pytest.param(
            rows("项目/2 本期/1/2 上期/1/2", "金额 占比 金额 占比", "收入 1 2 3 4"),
            [
                ["项目", "本期", "", "上期", ""],
                ["", "金额", "占比", "金额", "占比"],
                ["收入", "1", "2", "3", "4"],
            ],
            id="a head of two rows",
        ),
        pytest.param(
            rows("甲 乙/2/2 丙", "1 4", "5 6 7 8"),
            [["甲", "乙", "", "丙"], ["1", "", "", "4"], ["5", "6", "7", "8"]],
            id="both at once",
        ),
        pytest.param(
            rows("甲/3 乙 丙/2", "1", "2 3"),
            [["甲", "乙", "丙"], ["", "1", ""], ["", "2", "3"]],
            id="two that overlap",
        ),
        pytest.param(rows("甲/0 1", "2", "3"), [["甲", "1"], ["", "2"], ["", "3"]], id="all rows that follow"),
        pytest.param(rows("甲/65534 1", "2"), [["甲", "1"], ["", "2"]], id="more rows than there are"),
        pytest.param(rows("甲/1/1000 1", "2 3"), [["甲", "", "1"], ["2", "3", ""]], id="more columns than there are"),
        pytest.param(rows("甲/x 1", "2/1/-3 3"), [["甲", "1"], ["2", "3"]], id="spans that are no numbers"),
        pytest.param(rows("甲 乙", "1"), [["甲", "乙"], ["1", ""]], id="a row that is short"),
        pytest.param(rows("甲/2 乙/2", "", "1 2"), [["甲", "乙"], ["1", "2"]], id="a row without cells"),
        pytest.param(
            "<table><tfoot><tr><td>合计<td>3<tbody><tr><td>一<td>1</tbody><thead><tr><th>项<th>值</table>",
            [["一", "1"], ["项", "值"], ["合计", "3"]],
            id="a foot that is written first",
        ),
        pytest.param(
            "<table><tbody><tr><td rowspan=9>甲<td>1</tbody><tbody><tr><td>乙<td>2</table>",
            [["甲", "1"], ["乙", "2"]],
            id="a span ends with its group",
        ),
        pytest.param(
            "<table><tr><td>一<br>二<td><p>三</p><p>四</p><tr><td><ul><li>五<li>六</ul><td><b>七</b></table>",
            [["一 二", "三 四"], ["五 六", "**七**"]],
            id="lines, paragraphs and lists",
        ),
        pytest.param(
            '<table><tr><th>图<th>址<tr><td><img src="/i.png" title="a|b"><td><a href="/c">链|接</a></table>',
            [
                ["图", "址"],
                [
                    '![](https://site.example/i.png "a&#124;b")',
                    "[链\\|接](https://site.example/c)",
                ],
            ],
            id="images and links",
        ),
    ],
)
def test_a_cell_stands_where_it_begins_and_what_it_spans_is_empty(table: str, cells: list[list[str]]) -> None:
    assert grid(table) == cells


@pytest.mark.parametrize(
    ("table", "markdown"),
    [
        pytest.param("<table><tr><td><p>一</p><p>二</p><td>三</table>", "一\n\n二\n\n三", id="one row"),
        pytest.param("<table><tr><td>一<tr><td>二</table>", "一\n\n二", id="one column"),
        pytest.param("<table><tr><td colspan=9>一<tr><td colspan=9>二</table>", "一\n\n二", id="one wide column"),
        pytest.param("<table><tr><td>一<td><h2>二</h2><ul><li>三</ul></table>", "一\n\n## 二\n\n- 三", id="blocks"),
        pytest.param(
            "<table><tr><td>栏<td>一<tr><td>页<td><table><tr><td>1<td>2<tr><td>3<td>4</table></table>",
            "栏\n\n一\n\n页\n\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |",
            id="a table in a table",
        ),
        pytest.param("<table><caption>题</caption><tr><td>一</table>", "题\n\n一", id="with a caption"),
        pytest.param("<table></table>", "", id="nothing"),
        pytest.param("<table><tr></tr><tr><td></td></tr></table>", "", id="nothing in its cells"),
    ],
)
def test_a_table_that_is_layout_gives_way_to_what_its_cells_hold(table: str, markdown: str) -> None:
    assert to_markdown(safe(table)) == markdown


def test_a_caption_stands_above_its_table() -> None:
    source = "<table><caption>单位：<b>亿元</b></caption><tr><td>1<td>2<tr><td>3<td>4</table>"

    assert to_markdown(safe(source)) == "单位：亿元\n\n| 1 | 2 |\n| --- | --- |\n| 3 | 4 |"


@pytest.mark.parametrize(
    "around", ["<ul><li>前{}</ul>", "<ol><li>{}<li>后</ol>", "<blockquote>{}</blockquote>", "<b>{}</b>"]
)
@pytest.mark.parametrize("last", ["-", "=", ":", "+ -", "3"])
def test_a_table_anywhere_is_a_table_to_kramdown_and_to_commonmark(around: str, last: str) -> None:
    table = f"<table><tr><td>甲<td>乙<tr><td>{last}<td>{last}<tr><td>1<td>2</table>"

    # The second but last knows no tables.
    pages = pages_of(to_markdown(safe(around.format(table))))
    for page in (*pages[:2], pages[3]):
        found = [[cell.text() for cell in row.css("th, td")] for row in LexborHTMLParser(page).css("table tr")]
        assert found == [["甲", "乙"], [last, last], ["1", "2"]]


def test_the_text_of_a_table_has_a_line_per_row() -> None:
    assert to_text(safe(rows("营业收入/2 2020 20", "2021 30"))) == "营业收入 2020 20\n2021 30"


@pytest.mark.parametrize(
    "table",
    [
        "<table>" + "<tr><td rowspan=65534 colspan=1000>文" * 2000,
        "<table>" + "".join(f"<tr><td colspan={number}>文<td>文" for number in range(1, 1000)),
        "<table><tr>" + "<td colspan=1000>文" * 5000 + "<tr><td>文",
        "<table>" + "<tr>" + "<td>文" * 300 + ("<tr>" + "<td rowspan=0>文") * 3000,
    ],
    ids=["rows and columns", "ever wider", "one wide row", "long columns"],
)
def test_a_grid_is_not_as_large_as_its_spans_say(table: str) -> None:
    before = time.process_time()
    markdown = to_markdown(safe(table))

    assert time.process_time() - before < 2
    assert len(markdown) < 10 * len(table)
    assert markdown.count("文") == table.count("文")
