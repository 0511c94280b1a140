"""Codes of securities: market and symbol in one, as the site writes them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.securities import Security, parse


@pytest.mark.parametrize(
    ("written", "security"),
    [
        pytest.param("1.600160", Security("1.600160", "600160", "SH"), id="Shanghai"),
        pytest.param("1,600160", Security("1.600160", "600160", "SH"), id="with a comma, as in an attribute"),
        pytest.param(" 0.000001\n", Security("0.000001", "000001", "SZ"), id="Shenzhen"),
        pytest.param("0.300750", Security("0.300750", "300750", "SZ"), id="Shenzhen's second board"),
        pytest.param("0.430047", Security("0.430047", "430047", "BJ"), id="Beijing, 4"),
        pytest.param("0.832317", Security("0.832317", "832317", "BJ"), id="Beijing, 8"),
        pytest.param("0.920002", Security("0.920002", "920002", "BJ"), id="Beijing, 92"),
        pytest.param("0.900901", Security("0.900901", "900901", "SZ"), id="90 is not Beijing"),
        pytest.param("1.880001", Security("1.880001", "880001", "SH"), id="8 in Shanghai is not Beijing"),
        pytest.param("116.00700", Security("116.00700", "00700", "HK"), id="Hong Kong"),
        pytest.param("105.AAPL", Security("105.AAPL", "AAPL", "US"), id="Nasdaq"),
        pytest.param("106.NIO", Security("106.NIO", "NIO", "US"), id="New York"),
        pytest.param("106.BRK_A", Security("106.BRK_A", "BRK_A", "US"), id="a symbol with an underscore"),
        pytest.param("107.SPY", Security("107.SPY", "SPY", "US"), id="American funds"),
        pytest.param("90.BK0475", Security("90.BK0475", "BK0475", "BOARD"), id="an industry board"),
        pytest.param("155.BABA", Security("155.BABA", "BABA", "155"), id="a market not known"),
    ],
)
def test_a_code_names_symbol_and_market(written: str, security: Security) -> None:
    assert parse(written) == security


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("", id="nothing"),
        pytest.param("600160", id="a symbol alone"),
        pytest.param("600160.SH", id="as people write it"),
        pytest.param("SH.600160", id="letters for a market"),
        pytest.param("1.", id="no symbol"),
        pytest.param(".600160", id="no market"),
        pytest.param("1.600160,0.000001", id="two codes"),
        pytest.param("1.60 0160", id="a space"),
        pytest.param("1.贵州茅台", id="a name"),
        pytest.param("12345.1", id="too long a market"),
        pytest.param("1." + "9" * 21, id="too long a symbol"),
        pytest.param("1.600160\n<script>", id="markup"),
    ],
)
def test_what_is_no_code_is_none(written: str) -> None:
    assert parse(written) is None


@given(st.one_of(st.text(), st.from_regex(r"\s*\d{1,5}[.,][A-Za-z0-9_.\-]{0,22}\s*", fullmatch=True)))
@example("１.600160")
@example("²,1")
def test_reading_never_raises_and_a_code_reads_back_as_itself(written: str) -> None:
    security = parse(written)

    assert security is None or parse(security.code) == security
