"""Which securities a person may mean by what was typed. Tables `securities` and `mentions`.

Not here: how codes are written (`crawler.securities`), and the posts that mention a security
(`crawler.archive.store.securities`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TypedDict

from crawler.errors import AmbiguousSecurity
from crawler.securities import parse_typed
from crawler.text.pinyin import is_part, is_whole, typeable
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from sqlite_utils import Database

    Way: TypeAlias = "Callable[[Database, str], list[Candidate]]"  # a way to take what was typed


class Candidate(TypedDict):
    """A security that a person may mean, and the number of posts that mention it."""

    code: str
    symbol: str
    market: str
    name: str
    posts: int


def candidates(db: Database, written: str) -> list[Candidate]:
    """Return the securities that `written` may mean: a code, a name, or a name in pinyin or its initials.

    The security that most posts mention comes first: `000001` is a bank in Shenzhen and an index in Shanghai. Raises
    `AmbiguousSecurity` for pinyin that fits several names.
    """
    return first_found(written, lambda way, plain: way(db, plain))


def first_found(written: str, find: Callable[[Way, str], list[Candidate]]) -> list[Candidate]:
    """Return what `find` finds by the first way that finds any, see `candidates`; it is given a way and a text."""
    # A terminal may pass text that is not valid UTF-8, which SQLite does not accept.
    plain = printable(written).strip()
    for way in (_by_code, _by_name):
        if found := find(way, plain):
            return found
    return _unambiguous(plain, find(_by_whole_pinyin, plain) or find(_by_part_of_pinyin, plain))


def spellings(db: Database) -> dict[str, list[str]]:
    """Return how each security can be spelt, by name, symbol and pinyin: `平安银行 (000001.SZ)`."""
    rows = db.execute("SELECT name, symbol, market, pinyin FROM securities").fetchall()
    return {f"{name} ({symbol}.{market})": [name, symbol, *typeable(pinyin)] for name, symbol, market, pinyin in rows}


def _by_code(db: Database, typed: str) -> list[Candidate]:
    """Return the securities of a code, or of a symbol in any market."""
    code = parse_typed(typed)
    where, values = "symbol = :symbol COLLATE NOCASE", {"symbol": code.symbol}
    if code.market is not None:
        where, values["market"] = f"{where} AND market = :market", code.market
    if code.code is not None:
        where, values["code"] = "code = :code COLLATE NOCASE", code.code
    return _select(db, where, values)


def _by_name(db: Database, typed: str) -> list[Candidate]:
    """Return the securities that were printed under a name."""
    return _select(db, "code IN (SELECT code FROM mentions WHERE name = :name)", {"name": typed})


def _by_whole_pinyin(db: Database, typed: str) -> list[Candidate]:
    """Return the securities whose whole name has this pinyin."""
    return _by_pinyin(db, typed, is_whole)


def _by_part_of_pinyin(db: Database, typed: str) -> list[Candidate]:
    """Return the securities where part of the name has this pinyin."""
    return _by_pinyin(db, typed, is_part)


def _by_pinyin(db: Database, typed: str, fits: Callable[[str, str], bool]) -> list[Candidate]:
    if not typed.isascii():
        return []
    known = db.execute("SELECT code, pinyin FROM securities").fetchall()
    codes = [code for code, pinyin in known if fits(pinyin, typed)]
    return _select(db, "code IN (SELECT value FROM json_each(:codes))", {"codes": json.dumps(codes)})


def _unambiguous(written: str, found: list[Candidate]) -> list[Candidate]:
    if len({each["name"] for each in found}) > 1:
        raise AmbiguousSecurity(written, [f"{each['name']} ({each['symbol']}.{each['market']})" for each in found])
    return found


def _select(db: Database, where: str, values: dict[str, str]) -> list[Candidate]:
    rows = db.query(
        "SELECT code, symbol, market, name,"  # noqa: S608  # constants
        " (SELECT count(DISTINCT article_id) FROM mentions WHERE mentions.code = securities.code) AS posts"
        f" FROM securities WHERE {where} ORDER BY posts DESC, code",
        values,
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above
