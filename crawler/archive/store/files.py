"""Files that were imported, and what became of each. Table `files`.

Not here: reading them (`crawler.ops.importing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.items import Outcome


@dataclass(frozen=True, slots=True)
class Import:
    """A file and the `outcome` of importing it; a version from a git history has the `commit` that wrote it.

    `content_hash` is of what was read, see `crawler.ops.importing.reading`; `None` if nothing was.
    """

    path: str
    commit: str
    site: str
    outcome: Outcome
    reason: str | None
    article_id: int | None
    content_hash: str | None = None


class ImportEntry(TypedDict):
    """A file that was imported, as shown in the history of its post. `imported_at` is in UTC."""

    path: str
    commit: str
    outcome: str
    reason: str | None
    run: int
    imported_at: str


class RefusedFile(TypedDict):
    """A file that an import refused, and why."""

    path: str
    commit: str
    reason: str


def note(db: Database, file: Import, at: datetime, *, run_id: int) -> None:
    """Record what became of a file, replacing what an earlier run recorded.

    A file that a run meets twice, by a folder and by its own name say, counts as what it was the first time.
    """
    db.conn.execute(
        'INSERT INTO files (path, "commit", site, outcome, reason, imported_at, run_id, article_id, content_hash)'
        ' VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (path, "commit", site) DO UPDATE SET'
        " outcome = excluded.outcome, reason = excluded.reason, imported_at = excluded.imported_at,"
        " run_id = excluded.run_id, article_id = excluded.article_id, content_hash = excluded.content_hash"
        " WHERE run_id <> excluded.run_id",
        (
            file.path,
            file.commit,
            file.site,
            file.outcome,
            file.reason,
            iso(at),
            run_id,
            file.article_id,
            file.content_hash,
        ),
    )


def post_of(db: Database, site: str, path: str, commit: str, content_hash: str) -> int | None:
    """Return the row of the post that a file of this content was imported into, if it was and the post is there."""
    row = db.execute(
        'SELECT article_id FROM files WHERE path = ? AND "commit" = ? AND site = ? AND content_hash = ?',
        [path, commit, site, content_hash],
    ).fetchone()
    return None if row is None or row[0] is None else int(row[0])


def posts_at(db: Database, site: str, paths: Iterable[str]) -> Iterator[int]:
    """Yield the rows of the posts of a site that were imported from files at these paths, at most one a path."""
    for path in filter(None, paths):
        # Of the many versions that a history has of one path, any will do.
        row = db.execute(
            "SELECT article_id FROM files WHERE path = ? AND site = ? AND article_id IS NOT NULL LIMIT 1",
            [path, site],
        ).fetchone()
        if row is not None:
            yield int(row[0])


def refused(db: Database, run_id: int) -> list[RefusedFile]:
    """Return the files that a run refused."""
    rows = db.query(
        "SELECT path, \"commit\", reason FROM files WHERE run_id = ? AND outcome = 'refused' ORDER BY id", [run_id]
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def imports_of(db: Database, article_id: int | None, path: str) -> list[ImportEntry]:
    """Return the files that a post came from and all versions of the file at `path`, each as last imported."""
    rows = db.query(
        'SELECT path, "commit", outcome, reason, run_id AS run, imported_at FROM files'
        " WHERE article_id = ? OR path = ? ORDER BY id",
        [article_id, path],
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above
