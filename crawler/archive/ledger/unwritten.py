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

_LIKE = f"{NO_FILE}: %"
_MET_SINCE_LAST_COMPLETE_RUN = """
WITH
latest (run_id) AS (
    SELECT coalesce(max(id), 0) FROM runs
    WHERE site = :site AND outcome = 'finished'
        AND NOT EXISTS (SELECT 1 FROM json_each(runs.reasons) WHERE key LIKE :like)
),
met (article_id) AS (
    SELECT article_id FROM versions WHERE run_id > (SELECT run_id FROM latest)
    UNION SELECT article_id FROM links WHERE run_id > (SELECT run_id FROM latest) AND outcome IS NOT NULL
    UNION SELECT article_id FROM files WHERE run_id > (SELECT run_id FROM latest)
)
SELECT posts.id FROM posts JOIN met ON posts.id = article_id WHERE site = :site ORDER BY posts.id
"""


def posts_without(db: Database, site: str) -> list[int]:
    """Return the row ids of a site's posts whose files may be missing or outdated.

    These are the posts met since the latest finished run that wrote every file. Files that are missing from before
    that were removed by somebody.
    """
    return [row for (row,) in db.execute(_MET_SINCE_LAST_COMPLETE_RUN, {"site": site, "like": _LIKE})]


def left_by_the_last_run(db: Database, site: str) -> dict[str, int]:
    """Return how many files the latest finished run of a site left unwritten, by reason.

    A run that writes no Markdown copies these counts into its own report.
    """
    rows = db.execute(
        "SELECT key, value FROM json_each((SELECT reasons FROM runs WHERE site = ? AND outcome = 'finished'"
        " ORDER BY id DESC LIMIT 1)) WHERE key LIKE ?",
        [site, _LIKE],
    )
    return {reason.removeprefix(f"{NO_FILE}: "): count for reason, count in rows.fetchall()}


def note(db: Database, run_id: int, files: Mapping[str, int]) -> None:
    """Add the files that a run could not write, counted by reason, to the reasons in its report."""
    reasons = {f"{NO_FILE}: {why}": count for why, count in files.items()}
    (before,) = db.execute("SELECT reasons FROM runs WHERE id = ?", [run_id]).fetchone()
    together = json.dumps({**json.loads(before), **reasons}, ensure_ascii=False)
    db.execute("UPDATE runs SET reasons = ? WHERE id = ?", [together, run_id])
