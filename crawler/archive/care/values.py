"""Finding values that this program never stores, so that something else must have changed the archive.

What a column may hold follows from its declared type and from its name. Not here: whether a value is correct, and the
schema itself, which is compared when the archive is opened (`crawler.archive.store.migrations`).
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING

from crawler.archive.store.bodies import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

ODD_VALUES_RAISE = (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, RecursionError)
"""What reading such a value may raise. Bugs raise these too and must not be hidden, so callers blame a value only if
`odd_value` finds one."""

_TABLES = (
    "runs posts versions securities mentions links fetches hosts files sites stories deletions archives sightings"
    " snapshot"
).split()
_TYPES = {"INTEGER": "('integer', 'null')", "REAL": "('real', 'integer', 'null')", "TEXT": "('text', 'null')"}
_IS_TIME, _IS_DAY, _IS_OBJECT = "finews_is_time", "finews_is_day", "finews_is_object"
_OBJECTS = {
    "reasons",
    "listing_reasons",
    "hosts",
    "elsewhere",
    "front_matter",
    "filed",
    "definition",
    "as_of",
    "said",
    "mark",
    "base_mark",
    "state_mark",
    "captures_mark",
}
_BODIES = {"summary", "markdown", "html"}
# A zone may be a day ahead of UTC or behind it.
_FIRST = int(datetime.fromisoformat("0001-01-01T00:00:00+23:59").timestamp())
_LAST = int(datetime.fromisoformat("9999-12-31T23:59:59-23:59").timestamp())


def odd_value(db: Database) -> str | None:
    """Return where the first odd value is, such as `started_at of row 3 of runs`; `None` if there is none.

    Reads every row, as far as SQLite can.
    """
    from crawler.archive.care.integrity import incomplete_posts  # noqa: PLC0415  # loads the search, and is rarely wanted

    for name, function in _FUNCTIONS.items():
        db.conn.create_function(name, 1, function, deterministic=True)
    # The functions stay registered: SQLite cannot remove one while the statement that met the value is still open.
    try:
        lacking = (f"a version of {post_id} is not there" for post_id in incomplete_posts(db))
        return next(chain(_odd_values(db), lacking), None)
    except sqlite3.Error:  # a damaged or closed file is another matter, which `integrity.damage` reports
        return None


def _odd_values(db: Database) -> Iterator[str]:
    for table in _TABLES:
        columns = db.execute("SELECT name, type, pk FROM pragma_table_info(?)", [table]).fetchall()
        key = next((name for name, _, place in columns if place == 1), "rowid")
        for column, declared, _ in columns:
            query = f'SELECT "{key}" FROM "{table}" WHERE {_is_odd(column, declared)} LIMIT 1'  # noqa: S608  # of the schema
            with closing(db.execute(query)) as odd:
                for (row,) in odd:
                    yield f"{column} of row {row} of {table}"


def _is_odd(column: str, declared: str) -> str:
    """Return an SQL condition that is true of values this program never stores in the column."""
    faults = [f'typeof("{column}") NOT IN {_TYPES[declared]}']
    if column.endswith("_at") or column == "wait_until":
        faults.append(f'NOT {_IS_TIME}("{column}")')
    elif column.endswith("_ts"):
        faults.append(f'"{column}" NOT BETWEEN {_FIRST} AND {_LAST}')
    elif column == "site":
        faults.append('"site" NOT IN (SELECT site FROM runs)')
    elif column == "day":
        faults.append(f'NOT {_IS_DAY}("{column}")')
    elif column in _OBJECTS:
        faults.append(f'NOT {_IS_OBJECT}("{column}")')
    elif column in _BODIES:
        faults.append(BROKEN.format(f'"{column}"'))
    return " OR ".join(faults)


def is_time(value: object) -> bool:
    """Return whether a value is a time in ISO 8601 with its offset, or NULL."""
    return value is None or _reads(lambda: datetime.fromisoformat(str(value)).utcoffset() is not None)


def _is_day(value: object) -> bool:
    return value is None or _reads(lambda: bool(date.fromisoformat(str(value))))


def is_object(value: object) -> bool:
    """Return whether a value is a JSON object, or NULL."""
    return value is None or _reads(lambda: isinstance(json.loads(str(value)), dict))


def _reads(read: Callable[[], bool]) -> bool:
    try:
        return read()
    except (ValueError, RecursionError):
        return False


_FUNCTIONS = {_IS_TIME: is_time, _IS_DAY: _is_day, _IS_OBJECT: is_object}
