"""Markdown files that runs could not write, for example because the disk was full or the run was killed.

They are counted among the `reasons` in a run's report, so the archive knows of them whatever folder they belong to.
Not here: writing files (`crawler.recording.markdown_folder`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database

NO_FILE = "no Markdown file"
"""The beginning of such a reason; why the file could not be written follows it."""

CUT_OFF = "perhaps, as the run was cut off"
"""Why a file may be missing of a post that a killed run met."""

_LIKE = f"{NO_FILE}: %"
_MET_SINCE_LAST_COMPLETE_RUN = """
WITH
latest (run_id) AS (
    SELECT coalesce(max(id), 0) FROM runs
    WHERE site = :site AND outcome = 'finished' AND archive_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM json_each(runs.reasons) WHERE key LIKE :like)
),
own (run_id) AS (SELECT id FROM runs WHERE archive_id IS NULL AND id > (SELECT run_id FROM latest)),
met (article_id) AS (
    SELECT article_id FROM versions WHERE run_id IN own
    UNION SELECT article_id FROM links WHERE run_id IN own AND outcome IS NOT NULL
    UNION SELECT article_id FROM files WHERE run_id IN own
)
SELECT posts.id FROM posts JOIN met ON posts.id = article_id WHERE site = :site ORDER BY posts.id
"""


def posts_without(db: Database, site: str) -> list[int]:
    """Return the row ids of a site's posts whose files may be missing or outdated.

    These are the posts met since the latest finished run that wrote every file. Files that are missing from before
    that were removed by somebody.
    """
    return [row for (row,) in db.execute(_MET_SINCE_LAST_COMPLETE_RUN, {"site": site, "like": _LIKE})]


def left_by_earlier_runs(db: Database, site: str) -> dict[str, int]:
    """Return how many files the latest finished run of a site and later ones left unwritten, by reason.

    A run that writes no Markdown copies these counts into its own report.
    """
    rows = db.execute(
        "SELECT key, sum(value) FROM runs JOIN json_each(reasons) WHERE site = :site AND key LIKE :like"
        " AND archive_id IS NULL AND runs.id >= (SELECT coalesce(max(id), 0) FROM runs"
        " WHERE site = :site AND outcome = 'finished' AND archive_id IS NULL)"
        " GROUP BY key",
        {"site": site, "like": _LIKE},
    )
    return {reason.removeprefix(f"{NO_FILE}: "): count for reason, count in rows.fetchall()}


def expect(db: Database, run_id: int) -> None:
    """Note that a run writes Markdown, which is told by its report until it ends and counts what is missing."""
    note(db, run_id, {CUT_OFF: 0})


def is_expected(db: Database, run_id: int) -> bool:
    """Tell whether a run that has not ended writes Markdown."""
    key = f"{NO_FILE}: {CUT_OFF}"
    query = "SELECT 1 FROM runs JOIN json_each(reasons) WHERE runs.id = ? AND key = ?"
    return db.execute(query, [run_id, key]).fetchone() is not None


def note(db: Database, run_id: int, files: Mapping[str, int]) -> None:
    """Add the files that a run could not write, counted by reason, to the reasons in its report."""
    reasons = {f"{NO_FILE}: {why}": count for why, count in files.items()}
    (before,) = db.execute("SELECT reasons FROM runs WHERE id = ?", [run_id]).fetchone()
    together = json.dumps({**json.loads(before), **reasons}, ensure_ascii=False)
    db.execute("UPDATE runs SET reasons = ? WHERE id = ?", [together, run_id])
