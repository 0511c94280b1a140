"""The schema's history: named steps, each one transaction with its record, never edited once released.

The record is sqlite-utils' own table, `_sqlite_migrations`. What else a file's schema holds is told, since a trigger
of somebody's would run with ours. Not here: opening the file.
"""

from __future__ import annotations

import html
import json
import re
import sqlite3
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from crawler.archive.store import securities, stories
from crawler.archive.store.bodies import encode_body

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_BLOCK = re.compile(
    r"\s*<(?:/?(?:p|div|h\d|li|ul|ol|table|tr|center|blockquote|section)|br)\b[^>]*>\s*", re.IGNORECASE
)
_CELL = re.compile(r"</?t[dh]\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")

# What words of the index began with that said what a row was filed under.
_FILED = {"§source": "source", "§category": "category", "§stock": "codes"}
_VOCABULARY = "former_filings_vocabulary"

_SCHEMA = (
    "SELECT type || ' ' || name, tbl_name, coalesce(sql, '') FROM sqlite_master"
    " WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"
)

Schema = dict[str, tuple[str, str]]
"""What a schema has, by kind and name: the table it belongs to, and its SQL."""

_RECORD = "_sqlite_migrations"

steps = Migrations("finews-archive")


@steps(name="0001_first_schema")
def _first_schema(db: Database) -> None:
    _run_sql(db, "0001_first_schema.sql")


@steps(name="0002_one_copy_of_the_words")
def _one_copy_of_the_words(db: Database) -> None:
    """Store once what 0001 stored four times; the text of former versions is taken from their HTML."""
    functions: dict[str, tuple[int, Callable[..., str]]] = {
        "frame": (2, encode_body),
        "plain": (1, _plain),
        "markdown": (1, _markdown),
    }
    for name, (arity, function) in functions.items():
        db.conn.create_function(name, arity, function, deterministic=True)
    _run_sql(db, "0002_one_copy_of_the_words.sql")
    for name, (arity, _) in functions.items():
        db.conn.create_function(name, arity, None)
    stories.rebuild(db)  # the index of this step is not filled: that of 0006 takes its place


@steps(name="0003_what_runs_remember")
def _what_runs_remember(db: Database) -> None:
    _run_sql(db, "0003_what_runs_remember.sql")


@steps(name="0004_what_files_say")
def _what_files_say(db: Database) -> None:
    _run_sql(db, "0004_what_files_say.sql")


@steps(name="0005_sites")
def _sites(db: Database) -> None:
    _run_sql(db, "0005_sites.sql")


@steps(name="0006_pairs")
def _pairs(db: Database) -> None:
    """Make room for an index of another kind; it is filled afterwards, a few versions at a time (`search.index`).

    The old index alone knows what former versions were filed under.
    """
    filed = _former_filings(db)
    _run_sql(db, "0006_pairs.sql")
    db.conn.executemany("UPDATE versions SET filed = ? WHERE id = ?", [(known, row) for row, known in filed.items()])
    securities.spell_all(db)


def unknown_step(db: Database) -> str | None:
    """Return a step applied to `db` that is unknown here, because a newer version of the program applied it."""
    known = {entry.name.removesuffix(".sql") for entry in files(__package__).joinpath("steps").iterdir()}
    return next((step.name for step in steps.applied(db) if step.name not in known), None)


def _run_sql(db: Database, name: str) -> None:
    """Run a step's statements inside the transaction that records it; a statement ends at the end of a line.

    `executescript` looks for the end of a statement character by character, which would take nine tenths of the time
    it takes to make an archive.
    """
    statement = ""
    for line in files(__package__).joinpath("steps", name).read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
    assert not statement.strip(), "a step ends with the end of a statement"


def _plain(source: str) -> str:
    """Return the text of a body's HTML, one line per block, as closely as possible without a parser."""
    lines = html.unescape(_TAG.sub("", _CELL.sub(" ", _BLOCK.sub("\n", source)))).splitlines()
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _markdown(plain: str) -> str:
    """Return plain text as Markdown, one paragraph per line."""
    return re.sub(r"[\\`*_\[\]#|]", r"\\\g<0>", html.escape(plain, quote=False)).replace("\n", "\n\n")


def _former_filings(db: Database) -> dict[int, str]:
    """Return by the row of a former version what it was filed under, as JSON: `source`, `category`, `codes`.

    Up to 0005 the index held these as words, and nothing else did.
    """
    former = db.execute(
        "SELECT versions.id FROM versions JOIN posts ON posts.id = article_id"
        " WHERE versions.revision <> posts.revision"
    ).fetchall()
    if not former:
        return {}
    filed: dict[int, dict[str, Any]] = {
        version: {"source": None, "category": None, "codes": []} for (version,) in former
    }
    db.execute(f"CREATE VIRTUAL TABLE temp.{_VOCABULARY} USING fts5vocab(main, search, instance)")
    for begins, key in _FILED.items():
        rows = db.execute(
            f"SELECT term, -doc FROM temp.{_VOCABULARY} WHERE term >= ? AND term < ? AND doc < 0 ORDER BY term",  # noqa: S608
            [begins, f"{begins}g"],  # what follows is hexadecimal
        )
        for term, version in rows:
            value = bytes.fromhex(term.removeprefix(begins)).decode(errors="surrogatepass")
            if key == "codes":
                filed[version]["codes"].append(value)
            else:
                filed[version][key] = value
    db.execute(f"DROP TABLE temp.{_VOCABULARY}")
    return {version: json.dumps(known) for version, known in filed.items()}


def part_without_ours(db: Database) -> str | None:
    """Return a part of the schema of `db` if it has none of this program's: `table notes`."""
    db.execute("BEGIN")  # another program may be making the archive
    try:
        others = (name for name, (table, _) in _schema(db).items() if table != _RECORD)
        return None if steps.applied(db) else next(others, None)
    finally:
        db.execute("ROLLBACK")


def foreign_part(db: Database) -> str | None:
    """Return a part of the schema of `db` that the migrations did not make and that would run: `trigger x`.

    What a user has added stays, as long as nothing of it runs by itself.
    """
    db.execute("BEGIN")  # another program may be bringing the schema forward
    try:
        expected = _expected(tuple(step.name for step in steps.applied(db)))
        return next((name for name, part in _schema(db).items() if _would_run(db, name, part, expected)), None)
    finally:
        db.execute("ROLLBACK")


def _would_run(db: Database, name: str, part: tuple[str, str], expected: Mapping[str, tuple[str, str]]) -> bool:
    if name in expected:
        return part != expected[name]
    kind, _, own = name.partition(" ")
    if kind == "trigger" or any(f"{other} {own}" in expected for other in ("table", "view")):
        return True
    # One over expressions, or over some rows only, is worked out at each write.
    table, sql = part
    return kind == "index" and f"table {table}" in expected and (_has_expression(db, own) or " WHERE " in sql.upper())


def _has_expression(db: Database, index: str) -> bool:
    return any(column is None for (column,) in db.execute("SELECT name FROM pragma_index_info(?)", [index]))


def _schema(db: Database) -> Schema:
    """Return what the schema has by kind and name: the table it belongs to, and its SQL without odd white space."""
    return {name: (table, " ".join(sql.split())) for name, table, sql in db.execute(_SCHEMA)}


@cache
def _expected(applied: tuple[str, ...]) -> Schema:
    """Return the schema that these steps make."""
    made = Database(sqlite3.connect(":memory:", isolation_level=None))
    try:
        pending = [step.name for step in steps.pending(made) if step.name not in applied]
        if pending:
            steps.apply(made, stop_before=pending[0])
        else:
            steps.apply(made)
        return _schema(made)
    finally:
        made.close()
