"""Runs of several archives in one: each keeps its own number there, and gets one here. Tables `runs`, `archives`.

Functions that write run inside the caller's transaction. Not here: what runs brought.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from crawler.archive.care import archives
from crawler.archive.merging.checking import check_row
from crawler.archive.merging.facts import RunKey

if TYPE_CHECKING:
    from sqlite_utils import Database


def keys(db: Database) -> dict[int, RunKey]:
    """Return what tells each run of an archive from all others, by its number here."""
    own = archives.own_id(db)
    rows = db.execute("SELECT id, coalesce(archive_id, ?), coalesce(number, id), started_at FROM runs", [own])
    return {run: RunKey(*key) for run, *key in rows}


def take(source: Database, target: Database) -> None:
    """Take the runs of `source` that `target` lacks, and the reports of those that had not ended when it took them.

    Those that are at work count as interrupted until then: in this archive nothing ends them.
    """
    known = {key: run for run, key in keys(target).items()}
    there = keys(source)
    archives.know(target, {key.archive for key in there.values()})
    for row in source.query("SELECT * FROM runs ORDER BY id"):
        check_row("runs", row)
        key = there[row["id"]]
        report = {name: value for name, value in row.items() if name not in {"id", "archive_id", "number"}}
        if report["outcome"] == "running":
            report["outcome"] = "interrupted"
        if key not in known:
            columns = {**report, "archive_id": key.archive, "number": key.number}
            names, marks = ", ".join(columns), ", ".join("?" * len(columns))
            target.execute(f"INSERT INTO runs ({names}) VALUES ({marks})", [*columns.values()])  # noqa: S608  # of the schema
        else:
            _update(target, known[key], report)


def _update(target: Database, run: int, report: dict[str, object]) -> None:
    """Write the later of two reports of a run, and of two that ended at once the same one each time."""
    (before,) = target.query("SELECT * FROM runs WHERE id = ?", [run])
    mine = {name: before[name] for name in report}
    if mine != report and _weight(report) > _weight(mine):
        set_all = ", ".join(f"{name} = ?" for name in report)
        target.execute(f"UPDATE runs SET {set_all} WHERE id = ?", [*report.values(), run])  # noqa: S608  # of the schema


def _weight(report: dict[str, object]) -> tuple[str, str]:
    return str(report["finished_at"] or ""), json.dumps(report, ensure_ascii=False, sort_keys=True)
