"""Codes of securities, as the site writes them and as people do, and the names they are printed under."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crawler.archive.store.securities import names_agree
from crawler.securities import Security, TypedSecurity, parse, parse_typed


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


# As people write them.


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        pytest.param("600160", TypedSecurity("600160"), id="a symbol"),
        pytest.param(" 600160\n", TypedSecurity("600160"), id="a symbol with spaces around"),
        pytest.param("６００１６０", TypedSecurity("600160"), id="full width"),
        pytest.param("600160.SH", TypedSecurity("600160", "SH"), id="with its market"),
        pytest.param("600160.sh", TypedSecurity("600160", "SH"), id="with its market in small letters"),
        pytest.param("SH600160", TypedSecurity("600160", "SH"), id="behind its market"),
        pytest.param("sz.000001", TypedSecurity("000001", "SZ"), id="behind its market and a dot"),
        pytest.param("430047.BJ", TypedSecurity("430047", "BJ"), id="Beijing"),
        pytest.param("00700.HK", TypedSecurity("00700", "HK"), id="Hong Kong"),
        pytest.param("700.hk", TypedSecurity("00700", "HK"), id="Hong Kong, three digits"),
        pytest.param("0700.HK", TypedSecurity("00700", "HK"), id="Hong Kong, four digits"),
        pytest.param("HK700", TypedSecurity("00700", "HK"), id="Hong Kong, before"),
        pytest.param("1.HK", TypedSecurity("00001", "HK"), id="Hong Kong, one digit"),
        pytest.param("NIO", TypedSecurity("NIO"), id="letters"),
        pytest.param("nio.us", TypedSecurity("NIO", "US"), id="letters with a market"),
        pytest.param("brk_a.us", TypedSecurity("BRK_A", "US"), id="an underscore"),
        pytest.param("BRK.A", TypedSecurity("BRK.A"), id="a dot of its own"),
        pytest.param("BK0493", TypedSecurity("BK0493"), id="an industry board"),
        pytest.param("bk0493.board", TypedSecurity("BK0493", "BOARD"), id="an industry board with its market"),
        pytest.param("1.600160", TypedSecurity("600160", "SH", "1.600160"), id="as the site writes it"),
        pytest.param("1,600160", TypedSecurity("600160", "SH", "1.600160"), id="as an attribute writes it"),
        pytest.param("0.430047", TypedSecurity("430047", "BJ", "0.430047"), id="the site's Beijing"),
        pytest.param("116.00700", TypedSecurity("00700", "HK", "116.00700"), id="the site's Hong Kong"),
        pytest.param("106.nio", TypedSecurity("NIO", "US", "106.NIO"), id="the site's New York"),
        pytest.param("155.BABA", TypedSecurity("BABA", "155", "155.BABA"), id="a market not known"),
        pytest.param("贵州茅台", TypedSecurity("贵州茅台"), id="a name"),
        pytest.param("*st康美", TypedSecurity("*ST康美"), id="a name with letters"),
        pytest.param("", TypedSecurity(""), id="nothing"),
    ],
)
def test_a_security_is_read_as_people_write_it(written: str, typed: TypedSecurity) -> None:
    assert parse_typed(written) == typed


markets = st.sampled_from(["1", "0", "116", "105", "106", "107", "90", "155"])
symbols = st.from_regex(r"[0-9A-Z]{5,6}", fullmatch=True)


@given(markets, symbols)
def test_a_code_of_the_sites_is_read_as_the_site_reads_it(market: str, symbol: str) -> None:
    code = parse(f"{market}.{symbol}")
    assert code is not None
    assert parse_typed(code.code.lower()) == TypedSecurity(code.symbol, code.market, code.code)


@given(symbols, st.sampled_from(["SH", "SZ", "BJ", "HK", "US", "BOARD"]))
def test_a_symbol_with_its_market_reads_back(symbol: str, market: str) -> None:
    assert (
        parse_typed(f"{symbol}.{market}")
        == parse_typed(f"{symbol}.{market}".lower())
        == TypedSecurity(symbol, market)
    )


@given(st.integers(1, 99_999), st.integers(0, 5))
def test_a_symbol_of_hong_kong_has_five_digits_however_many_are_written(number: int, digits: int) -> None:
    written = str(number).zfill(digits)
    assert parse_typed(f"{written}.HK") == parse_typed(f"hk{written}") == TypedSecurity(f"{number:05}", "HK")


@given(st.text(st.characters()))
def test_any_string_is_read(written: str) -> None:
    typed = parse_typed(written)
    assert typed.symbol == typed.symbol.strip()
    assert typed.code is None or parse(typed.code) == Security(typed.code, typed.symbol, str(typed.market))


# Names.


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("贵州茅台", "贵州茅台"),
        ("贵州茅台", "茅台"),
        ("ST康美", "康美药业"),
        ("*ST康美", "康美药业"),
        ("*st康美", "＊ＳＴ康美"),
        ("XD贵州茅", "贵州茅台"),
        ("DR五粮液", "五 粮 液"),
        ("N中芯", "中芯国际"),
        ("C中芯", "N中芯"),
        ("小米集团-W", "小米"),
        ("京东集团-SW", "京东集团"),
        ("腾讯控股", "騰訊腾讯"),
        ("NIO Inc", "nio"),
        ("茅", "茅"),
        ("", " "),
    ],
)
def test_names_agree_that_share_two_neighbouring_characters(name: str, other: str) -> None:
    assert names_agree(name, other)
    assert names_agree(other, name)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("贵州茅台", "五粮液"),
        ("贵州茅台", "台茅州贵"),
        ("ST康美", "ST信威"),
        ("*ST康美", "*ST信威"),
        ("XD贵州茅", "XD五粮液"),
        ("小米集团-W", "美团-W"),
        ("茅", "茅台"),
        ("", "茅台"),
        ("ST", "ST康美"),
    ],
)
def test_names_that_share_less_or_a_mark_only_do_not_agree(name: str, other: str) -> None:
    assert not names_agree(name, other)
    assert not names_agree(other, name)


@given(st.text(st.characters()), st.text(st.characters()))
def test_names_agree_with_themselves_and_both_ways(name: str, other: str) -> None:
    assert names_agree(name, name)
    assert names_agree(name, other) is names_agree(other, name)
