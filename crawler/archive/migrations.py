"""The schema's history: named steps, each one transaction with its record, never edited once released.

The record is sqlite-utils' own table, `_sqlite_migrations`. Not here: opening the file.
"""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlite_utils.migrations import Migrations

if TYPE_CHECKING:
    from sqlite_utils import Database

steps = Migrations("finews-archive")


@steps(name="0001_first_schema")
def _first_schema(db: Database) -> None:
    _run_sql(db, "0001_first_schema.sql")


def unknown_step(db: Database) -> str | None:
    """Return a step that was applied to `db` but is not known here: a newer version has been at it."""
    known = {entry.name.removesuffix(".sql") for entry in files(__package__).joinpath("steps").iterdir()}
    return next((step.name for step in steps.applied(db) if step.name not in known), None)


def _run_sql(db: Database, name: str) -> None:
    """Run a step's statements inside the transaction that records it."""
    db.executescript(files(__package__).joinpath("steps", name).read_text(encoding="utf-8"))
