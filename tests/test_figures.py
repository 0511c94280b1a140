"""Figures in a text: which are taken, and how they are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.text.figures import figures


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("4月20日，营收12.5亿元，增长13.5%。", ["4月20日", "12.5亿元", "13.5%"], id="a sentence"),
        pytest.param("３亿美元、1.2万亿元、5千万元", ["３亿美元", "1.2万亿元", "5千万元"], id="money"),
        pytest.param("1200万股，8.6元/股，3200点，2.5倍", ["1200万股", "8.6元/股", "3200点", "2.5倍"], id="shares"),
        pytest.param("100家A股公司，3个月，90天以内", ["100家", "3个月", "90天"], id="counts"),
        pytest.param("0.5个百分点、0.3百分点、10bp、5‰", ["0.5个百分点", "0.3百分点", "10bp", "5‰"], id="points"),
        pytest.param("100多家，3亿多元，10余人", ["100多家", "3亿多元", "10余人"], id="about"),
        pytest.param("100MW，3万kW，5千克，200兆瓦", ["100MW", "3万kW", "5千克", "200兆瓦"], id="measures"),
        pytest.param("1,200家，１２００家，１，２００", ["1,200家", "１２００家", "１，２００"], id="thousands"),
        pytest.param("12.5 亿元，13.5 %", ["12.5 亿元", "13.5 %"], id="spaces"),
        pytest.param(
            "2022年4月20日16时44分，2022-04-20 16:44", ["2022年4月20日16时44分", "2022-04-20", "16:44"], id="times"
        ),
        pytest.param(
            "600160，00700.HK，SZ000001，(002475)", ["600160", "00700.HK", "SZ000001", "002475"], id="codes"
        ),
        pytest.param("-3.5%，同比-5.2%，（+1.2%）", ["-3.5%", "-5.2%", "+1.2%"], id="signs"),
        pytest.param("5%-10%，10亿元 - 15亿元，1-4月", ["5%", "10%", "10亿元", "15亿元", "1", "4月"], id="ranges"),
        pytest.param("5G+VR，15G，NW202204202350104915，PMI50.2", [], id="digits in words"),
        pytest.param("COVID-19，三成", ["19"], id="words and Chinese numerals"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_figures_are_taken_as_written_with_sign_and_unit(text: str, expected: list[str]) -> None:
    assert figures(text) == expected


@given(st.text("0１2,，.-+%亿元月日家 \nAＧ：:", max_size=40))
def test_figures_stand_in_the_text_in_order(text: str) -> None:
    at = 0
    for figure in figures(text):
        assert figure == figure.strip() != ""
        at = text.index(figure, at) + len(figure)
