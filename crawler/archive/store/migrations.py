"""The schema's history: named steps, each applied and recorded in one transaction, never edited once released.

They are recorded in sqlite-utils' own table, `_sqlite_migrations`. Also here: comparing a file's schema with the one
that the steps make, because a foreign trigger would run along with our statements. Not here: opening the file.
"""

from __future__ import annotations

import html
import json
import re
import sqlite3
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid4, uuid5

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

# Prefixes of the words in the old index that said what a row was filed under.
_FILED = {"§source": "source", "§category": "category", "§stock": "codes"}
_VOCABULARY = "former_filings_vocabulary"

_SCHEMA = (
    "SELECT type || ' ' || name, tbl_name, coalesce(sql, '') FROM sqlite_master"
    " WHERE name NOT LIKE 'sqlite^_%' ESCAPE '^'"
)

Schema = dict[str, tuple[str, str]]
"""The parts of a schema by kind and name, such as `trigger x`: the table each belongs to, and its SQL."""

_RECORD = "_sqlite_migrations"

steps = Migrations("finews-archive")


@steps(name="0001_first_schema")
def _first_schema(db: Database) -> None:
    _run_sql(db, "0001_first_schema.sql")


@steps(name="0002_one_copy_of_the_words")
def _one_copy_of_the_words(db: Database) -> None:
    """Store the words once instead of four times; the text of former versions is taken from their HTML."""
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
    stories.rebuild(db)  # this step's index is not filled, since that of 0006 replaces it


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
    """Create the tables of a new kind of index, which `search.index` fills later, a few versions at a time.

    What former versions were filed under is saved first, since only the old index knows it.
    """
    filed = _former_filings(db)
    _run_sql(db, "0006_pairs.sql")
    db.conn.executemany("UPDATE versions SET filed = ? WHERE id = ?", [(known, row) for row, known in filed.items()])
    securities.spell_all(db)


@steps(name="0007_categories_and_drafts")
def _categories_and_drafts(db: Database) -> None:
    _run_sql(db, "0007_categories_and_drafts.sql")


@steps(name="0008_contents_of_files")
def _contents_of_files(db: Database) -> None:
    _run_sql(db, "0008_contents_of_files.sql")


@steps(name="0009_deletions")
def _deletions(db: Database) -> None:
    _run_sql(db, "0009_deletions.sql")


@steps(name="0010_authors")
def _authors(db: Database) -> None:
    _run_sql(db, "0010_authors.sql")


@steps(name="0011_captures")
def _captures(db: Database) -> None:
    """Add the table of captures, and two ways in which a version can come into the archive.

    SQLite cannot alter a CHECK; editing its text is the way that is documented for changes which keep every row valid
    (https://www.sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes").
    """
    _run_sql(db, "0011_captures.sql")
    db.execute("PRAGMA writable_schema = ON")
    db.execute(
        "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE type = 'table' AND name = 'versions'",
        ["'expired', 'import')", "'expired', 'import', 'capture', 'rules')"],
    )
    db.execute("PRAGMA writable_schema = RESET")


@steps(name="0012_archives")
def _archives(db: Database) -> None:
    """Give the archive an identity: chance, or what its first run is known by, which its older copies have too."""
    _run_sql(db, "0012_archives.sql")
    first = db.execute(
        "SELECT site, started_at, finished_at, seconds, requests, bytes,"
        " (SELECT group_concat(post_id) FROM (SELECT post_id FROM posts ORDER BY id LIMIT 100))"
        " FROM runs WHERE outcome <> 'running' ORDER BY id LIMIT 1"
    ).fetchone()
    identity = uuid4() if first is None else uuid5(NAMESPACE_OID, json.dumps(first))
    db.execute("INSERT INTO archives (id, own) VALUES (?, 1)", [str(identity)])


@steps(name="0013_snapshots")
def _snapshots(db: Database) -> None:
    _run_sql(db, "0013_snapshots.sql")


@steps(name="0014_captures_of_others")
def _captures_of_others(db: Database) -> None:
    _run_sql(db, "0014_captures_of_others.sql")


def unknown_step(db: Database) -> str | None:
    """Return the name of a step applied to `db` by a newer version of the program, unknown here; `None` if none."""
    known = {entry.name.removesuffix(".sql") for entry in files(__package__).joinpath("steps").iterdir()}
    return next((step.name for step in steps.applied(db) if step.name not in known), None)


def _run_sql(db: Database, name: str) -> None:
    """Run a step's statements inside the transaction that records it; each statement ends at the end of a line.

    `executescript` looks for the end of a statement character by character, which would take 90 % of the time that
    creating an archive takes.
    """
    statement = ""
    for line in files(__package__).joinpath("steps", name).read_text(encoding="utf-8").splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            db.conn.execute(statement)
            statement = ""
    assert not statement.strip(), "a step ends with the end of a statement"


def _plain(source: str) -> str:
    """Return the text of HTML, one line per block, as well as that can be done without a parser."""
    lines = html.unescape(_TAG.sub("", _CELL.sub(" ", _BLOCK.sub("\n", source)))).splitlines()
    return "\n".join(line for line in (" ".join(line.split()) for line in lines) if line)


def _markdown(plain: str) -> str:
    """Return plain text as Markdown, one paragraph per line."""
    return re.sub(r"[\\`*_\[\]#|]", r"\\\g<0>", html.escape(plain, quote=False)).replace("\n", "\n\n")


def _former_filings(db: Database) -> dict[int, str]:
    """Return what each former version was filed under, by row id, as JSON: `source`, `category`, `codes`.

    Up to step 0005 these were kept only in the index, as words.
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


def part_of_another_program(db: Database) -> str | None:
    """Return a part of the schema, such as `table notes`, if none of it is this program's; else `None`."""
    db.execute("BEGIN")  # another program may be creating the archive
    try:
        others = (name for name, (table, _) in _schema(db).items() if table != _RECORD)
        return None if steps.applied(db) else next(others, None)
    finally:
        db.execute("ROLLBACK")


def foreign_part(db: Database) -> str | None:
    """Return a part of the schema that the migrations did not make and that would run by itself, such as `trigger x`.

    Users may add whatever does not run by itself, such as tables of their own.
    """
    db.execute("BEGIN")  # another program may be migrating the archive
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
    # An index on expressions, or a partial one, evaluates them at each write.
    table, sql = part
    return kind == "index" and f"table {table}" in expected and (_has_expression(db, own) or " WHERE " in sql.upper())


def _has_expression(db: Database, index: str) -> bool:
    return any(column is None for (column,) in db.execute("SELECT name FROM pragma_index_info(?)", [index]))


def _schema(db: Database) -> Schema:
    """Return the parts of the schema, with white space in their SQL normalised."""
    return {name: (table, " ".join(sql.split())) for name, table, sql in db.execute(_SCHEMA)}


@cache
def _expected(applied: tuple[str, ...]) -> Schema:
    """Return the schema that these steps make."""
    model = Database(sqlite3.connect(":memory:", isolation_level=None))
    try:
        pending = [step.name for step in steps.pending(model) if step.name not in applied]
        if pending:
            steps.apply(model, stop_before=pending[0])
        else:
            steps.apply(model)
        return _schema(model)
    finally:
        model.close()
