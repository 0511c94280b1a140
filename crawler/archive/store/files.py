"""Files that were imported, and what became of each; and the file that a version came from, as it was written.

Table `files`, and in the table `versions` the column `front_matter`: a JSON object of the file's keys that the
program does not know, with the encoded file among them. Not here: reading files (`crawler.ops.importing`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

from crawler.archive.store.bodies import decode_body, decode_file, encode_file, is_better_file
from crawler.archive.store.derived import WRITTEN
from crawler.dates import iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlite_utils import Database

    from crawler.archive.store.derived import DerivedArticle
    from crawler.items import Outcome, WrittenFile

_PATH = f'$."{WRITTEN}"'  # as SQLite's JSON functions take it


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


def forget(db: Database, article_id: int, run_id: int) -> None:
    """Forget that a run imported the files of a post."""
    db.execute("DELETE FROM files WHERE article_id = ? AND run_id = ?", [article_id, run_id])


def refused(db: Database, run_id: int) -> list[RefusedFile]:
    """Return the files that a run refused."""
    rows = db.query(
        "SELECT path, \"commit\", reason FROM files WHERE run_id = ? AND outcome = 'refused' ORDER BY id", [run_id]
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def imports_of(db: Database, article_ids: Iterable[int], path: str) -> list[ImportEntry]:
    """Return the files that these posts came from and all versions of the file at `path`, each as last imported."""
    rows = db.query(
        'SELECT path, "commit", outcome, reason, run_id AS run, imported_at FROM files'
        " WHERE article_id IN (SELECT value FROM json_each(?)) OR path = ? ORDER BY id",
        [json.dumps(list(article_ids)), path],
    )
    return list(rows)  # type: ignore[arg-type]  # the columns above


def keys_of(front_matter: str) -> dict[str, Any]:
    """Return the keys in the column `front_matter`, without the file among them."""
    keys: dict[str, Any] = json.loads(front_matter)
    keys.pop(WRITTEN, None)
    return keys


def written_file(db: Database, article_id: int) -> WrittenFile | None:
    """Return the file that the current version of a post came from; `None` if there was none, or it is not known."""
    front_matter, html, text = db.execute(
        "SELECT front_matter, html, text FROM versions WHERE article_id = ? ORDER BY revision DESC LIMIT 1",
        [article_id],
    ).fetchone()
    encoded = json.loads(front_matter).get(WRITTEN)
    return decode_file(encoded, decode_body(html, text)) if encoded else None


def keep_file(db: Database, article_id: int, derived: DerivedArticle) -> None:
    """Keep the file that says again what a version says, unless the one that is kept is the better of the two.

    Of two files the later is kept, as far as their times are known; but `….md` rather than `….v2.md`.
    """
    file = derived.article.post.written
    if file is None:
        return
    same = db.execute(
        "SELECT id, json_extract(front_matter, ?) FROM versions WHERE article_id = ? AND content_hash = ?",
        [_PATH, article_id, derived.article.content_hash],
    ).fetchall()
    for version, encoded in same:
        if encoded is None or is_better_file(file, json.loads(encoded)):
            html, text = db.execute("SELECT html, text FROM versions WHERE id = ?", [version]).fetchone()
            write_file(db, version, file, decode_body(html, text))


def write_file(db: Database, version: int, file: WrittenFile, html: str) -> None:
    """Write the file that a version (by its row id) with this `html` came from."""
    encoded = json.dumps(encode_file(file, html), ensure_ascii=False)
    db.execute(
        "UPDATE versions SET front_matter = json_set(front_matter, ?, json(?)) WHERE id = ?",
        [_PATH, encoded, version],
    )
