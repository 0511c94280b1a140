"""Codes of securities, as the site writes them and as people do.

The site writes market and symbol in one code, `1.600160` (or `1,600160` in an attribute). Not here: finding
codes in a page, and names, which change over time and live in the archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_CODE = re.compile(r"(?P<market>\d{1,4})[.,](?P<symbol>[A-Za-z0-9_.\-]{1,20})", re.ASCII)

# The number before the dot; Shenzhen's 0 is shared with Beijing, see `parse`.
_MARKETS = {"1": "SH", "0": "SZ", "116": "HK", "105": "US", "106": "US", "107": "US", "90": "BOARD"}
_BEIJING = ("4", "8", "92")


@dataclass(frozen=True, slots=True)
class Security:
    """A security: `code` as the site writes it (`1.600160`), its `symbol` (`600160`) and `market` (`SH`)."""

    code: str
    symbol: str
    market: str


def parse(written: str) -> Security | None:
    """Read a code such as `1.600160` or `1,600160`; `None` when `written` is no code.

    Markets: SH, SZ, BJ (Shenzhen's number with a symbol starting 4, 8 or 92), HK, US, BOARD (an industry
    board). A number not known stays as it stands: `155.BABA` is of market `155`.
    """
    found = _CODE.fullmatch(written.strip())
    if found is None:
        return None
    number, symbol = found["market"], found["symbol"]
    beijing = number == "0" and symbol.startswith(_BEIJING)
    return Security(f"{number}.{symbol}", symbol, "BJ" if beijing else _MARKETS.get(number, number))
