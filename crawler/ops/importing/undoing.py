"""Undoing an import: its posts go, and those that it changed are again what they were, with their Markdown files.

Posts that something newer stands on stay as they are. Not here: what is brought back in the archive
(`crawler.archive.care.undoing`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crawler.archive import Archive
from crawler.archive.care import undoing
from crawler.archive.store import articles
from crawler.archive.store.lock import run_lock, writing
from crawler.errors import MarkdownNotWritten, NoSuchRun, UsageError
from crawler.language import Sentence
from crawler.recording.markdown_folder import MarkdownFolder, remove_files

if TYPE_CHECKING:
    from pathlib import Path

    from sqlite_utils import Database


class Restored(TypedDict):
    """A post that is again what it was before the import, and the number of its current version."""

    id: str
    revision: int


class Kept(TypedDict):
    """A post that stays as it is, and why."""

    id: str
    reason: str


class UndoResult(TypedDict):
    """What became of the posts of run `run`: `removed` are those that it brought, by id."""

    archive: str
    run: int
    removed: list[str]
    restored: list[Restored]
    kept: list[Kept]


class _Standing(NamedTuple):
    """A post before the undoing: its row, what its Markdown is known by, and the files there may be of it."""

    article_id: int
    post_id: str
    url: str | None
    files: list[Path]


def undo_import(path: Path, run_id: int, folder: Path | None) -> UndoResult:
    """Undo run `run_id`, an import into the archive at `path` whose Markdown is in `folder` (`None`: none).

    Raises `NoSuchRun`, `UsageError` if it was no import, `ArchiveLocked` during a run, and `MarkdownNotWritten`.
    """
    result: UndoResult = {"archive": str(path), "run": run_id, "removed": [], "restored": [], "kept": []}
    with run_lock(path) as lock, Archive(path, lock=lock) as archive:
        _check_is_import(archive, run_id)
        markdown = MarkdownFolder(archive.db, folder) if folder is not None and folder.is_dir() else None
        with writing(archive.db):
            rows = undoing.touched(archive.db, run_id)
            undone = [post for row in rows if (post := _undo(archive.db, row, run_id, markdown, result))]
        if markdown is not None:
            _follow(markdown, undone, {each["id"] for each in result["restored"]})
    return result


def _check_is_import(archive: Archive, run_id: int) -> None:
    run = next((each for each in archive.runs() if each["run"] == run_id), None)
    if run is None:
        raise NoSuchRun(run_id, archive.path)
    if run["scope"] != "import":
        raise UsageError(
            "Run {run_id} was no import: what a crawl has read is on the site, and comes again. `finews delete`"
            " takes out single posts.",
            run_id=run_id,
        )


def _undo(
    db: Database, row: int, run_id: int, markdown: MarkdownFolder | None, result: UndoResult
) -> _Standing | None:
    """Take back what the run made of a post and note it in `result`; return what it was, `None` if it stays."""
    post, is_new = articles.get(db, row), undoing.is_new(db, row, run_id)
    reason = undoing.why_kept(db, row, run_id)
    if reason is not None:
        result["kept"].append({"id": post["post_id"], "reason": reason})
        return None
    before = _Standing(row, post["post_id"], post["url"], [] if markdown is None else markdown.files_of(row))
    is_changed = undoing.take_back(db, row, run_id)
    if is_new:
        result["removed"].append(post["post_id"])
    elif is_changed:
        result["restored"].append({"id": post["post_id"], "revision": articles.get(db, row)["revision"]})
    return before if is_changed else None


def _follow(markdown: MarkdownFolder, undone: list[_Standing], restored: set[str]) -> None:
    """Write the Markdown of posts that were brought back, and remove that of posts that are gone."""
    try:
        for post in undone:
            there: set[Path] = set()
            if post.post_id in restored:
                markdown.write(post.article_id)
                there = set(markdown.files_of(post.article_id))
            remove_files([file for file in post.files if file not in there], post.post_id, post.url)
    except OSError as error:
        raise MarkdownNotWritten(
            Sentence("{filename} cannot be removed ({reason})", filename=error.filename, reason=error.strerror)
        ) from error
    if markdown.trouble is not None:
        raise MarkdownNotWritten(markdown.trouble)
