"""Citations: a post in the form that an essay in English, and one in Chinese, wants it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.web.citations import gb7714, harvard

TODAY = date(2026, 11, 27)
ADDRESS = "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html"
READ = f"Available at: {ADDRESS} (Accessed: 27 November 2026)."


def post(**changes: Any) -> dict[str, Any]:
    usual = {"title": "江西出台5G行动计划", "source": "大江网", "published_at": "2022-04-20T00:44:59+08:00"}
    return {**usual, **changes}


@pytest.mark.parametrize(
    ("changes", "cited"),
    [
        ({}, f"大江网 (2022) ‘江西出台5G行动计划’, 20 April. Available at: {ADDRESS} (Accessed: 27 November 2026)."),
        (
            {"source": None},
            f"‘江西出台5G行动计划’ (2022), 20 April. Available at: {ADDRESS} (Accessed: 27 November 2026).",
        ),
        (
            {"source": "J.P. Morgan", "title": " Rates\n\x1b[31m up "},
            f"J.P. Morgan (2022) ‘Rates [31m up’, 20 April. Available at: {ADDRESS} (Accessed: 27 November 2026).",
        ),
        *(
            (
                {"authors": authors},
                f"{named} (2022) ‘江西出台5G行动计划’, 大江网, 20 April. {READ}",
            )
            for authors, named in [
                (["张三"], "张三"),
                (["Ann", "Ben"], "Ann and Ben"),
                (["Ann", "Ben", "Cy"], "Ann, Ben and Cy"),
                (["Ann", "Ben", "Cy", "Di"], "Ann et al."),
            ]
        ),
    ],
)
def test_a_post_is_cited_in_the_harvard_style(changes: dict[str, Any], cited: str) -> None:
    assert harvard(post(**changes), ADDRESS, TODAY) == cited


@pytest.mark.parametrize(
    ("changes", "cited"),
    [
        ({}, f"大江网. 江西出台5G行动计划[EB/OL]. (2022-04-20)[2026-11-27]. {ADDRESS}."),
        (
            {"authors": ["张三", "李四", "王五", "Ann"]},
            f"张三, 李四, 王五, 等. 江西出台5G行动计划[EB/OL]. 大江网, 2022(2022-04-20)[2026-11-27]. {ADDRESS}.",
        ),
        (
            {"authors": ["Ann Moss"], "source": None},
            f"Ann Moss. 江西出台5G行动计划[EB/OL]. (2022-04-20)[2026-11-27]. {ADDRESS}.",
        ),
        ({"source": ""}, f"江西出台5G行动计划[EB/OL]. (2022-04-20)[2026-11-27]. {ADDRESS}."),
        ({"source": "Yahoo!"}, f"Yahoo! 江西出台5G行动计划[EB/OL]. (2022-04-20)[2026-11-27]. {ADDRESS}."),
    ],
)
def test_a_post_is_cited_by_the_chinese_standard(changes: dict[str, Any], cited: str) -> None:
    assert gb7714(post(**changes), ADDRESS, TODAY) == cited


@pytest.mark.parametrize(
    ("cite", "cited"),
    [
        (harvard, "大江网 (2022) ‘江西出台5G行动计划’, 20 April."),
        (gb7714, "大江网. 江西出台5G行动计划[Z]. 2022-04-20."),
    ],
)
def test_a_post_that_is_nowhere_to_be_read_is_cited_without_an_address(cite: Any, cited: str) -> None:
    assert cite(post(), None, TODAY) == cited


@pytest.mark.parametrize("cite", [harvard, gb7714])
@given(title=st.text(), outlet=st.none() | st.text(), authors=st.lists(st.text(), max_size=5), day=st.dates())
def test_a_citation_is_one_line_whatever_the_title_holds(
    cite: Any, title: str, outlet: str | None, authors: list[str], day: date
) -> None:
    told = post(title=title, source=outlet, authors=authors, published_at=f"{day}T12:00:00+08:00")
    cited = cite(told, ADDRESS, TODAY)
    assert cited.splitlines() == [cited]
    assert ADDRESS in cited
