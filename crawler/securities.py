"""Codes of securities, as the site writes them and as people type them.

The site writes market and symbol as one code, `1.600160` (or `1,600160` in an attribute). Not here: finding codes in
a page (`crawler.extraction`), and the names of securities (`crawler.archive.store.securities`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_CODE = re.compile(r"(?P<market>\d{1,4})[.,](?P<symbol>[A-Za-z0-9_.\-]{1,20})", re.ASCII)

# The number before the dot; Shenzhen's 0 is shared with Beijing, see `parse`.
_MARKETS = {"1": "SH", "0": "SZ", "116": "HK", "105": "US", "106": "US", "107": "US", "90": "BOARD"}
_BEIJING = ("4", "8", "92")
_NAMED = "SH|SZ|BJ|HK|US|BOARD"
_WITH_MARKET = re.compile(
    rf"(?:(?P<first>[0-9A-Z_.\-]+)\.(?P<after>{_NAMED})|(?P<before>SH|SZ|BJ|HK)\.?(?P<second>\d+))", re.ASCII
)
_HONG_KONG_DIGITS = 5


@dataclass(frozen=True, slots=True)
class Security:
    """A security: `code` as the site writes it (`1.600160`), its `symbol` (`600160`) and `market` (`SH`)."""

    code: str
    symbol: str
    market: str


def parse(written: str) -> Security | None:
    """Read a code such as `1.600160` or `1,600160`; return `None` if `written` is not a code.

    Markets: SH, SZ, BJ (Shenzhen's number with a symbol starting with 4, 8 or 92), HK, US, BOARD (an industry board).
    An unknown number is kept: `155.BABA` is on the market `155`.
    """
    match = _CODE.fullmatch(written.strip())
    if match is None:
        return None
    number, symbol = match["market"], match["symbol"]
    beijing = number == "0" and symbol.startswith(_BEIJING)
    return Security(f"{number}.{symbol}", symbol, "BJ" if beijing else _MARKETS.get(number, number))


@dataclass(frozen=True, slots=True)
class TypedSecurity:
    """A security as a person types it: its `symbol`, and its `market` or whole `code` if given."""

    symbol: str
    market: str | None = None
    code: str | None = None


def parse_typed(written: str) -> TypedSecurity:
    """Read `600160`, `600160.SH`, `SH600160`, `1.600160`, `00700.HK`, `700.hk`, `BK0493` or `nio`.

    Symbols are returned in upper case, and Hong Kong's with five digits. Any string can be read; the result does not
    say whether such a security exists.
    """
    plain = unicodedata.normalize("NFKC", written).strip().upper()
    match = _WITH_MARKET.fullmatch(plain)
    if match is None:
        code = parse(plain)
        return TypedSecurity(plain) if code is None else TypedSecurity(code.symbol, code.market, code.code)
    market = match["before"] or match["after"]
    symbol = match["first"] or match["second"]
    return TypedSecurity(symbol.zfill(_HONG_KONG_DIGITS) if market == "HK" and symbol.isdigit() else symbol, market)
