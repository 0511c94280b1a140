"""Checking an archive and the Markdown written from it, and repairing what is derived.

Not here: what is wrong inside the database (`crawler.archive.care.integrity`), and with what was kept of answers
(`crawler.captures.checking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.archive import Archive
from crawler.archive.care import integrity
from crawler.archive.ledger import deletions
from crawler.archive.store.lock import run_lock
from crawler.captures import checking
from crawler.errors import UsageError
from crawler.language import Sentence
from crawler.markdown.post_file import id_of, is_of, render_post, write_if_changed
from crawler.recording.file_names import FileNames
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from crawler.archive.ledger.deletions import Deletion
    from crawler.archive.store.articles import Article

_SHOWN = 5  # files named in a finding about many


class CheckResult(TypedDict):
    """What a check found: a list of sentences, empty if all is sound. `posts` is the folder of Markdown.

    `mended` lists what a repair has mended, as it was found before.
    """

    archive: str
    posts: str | None
    repaired: bool
    mended: list[str]
    findings: list[str]


def check(path: Path, folder: Path | None, *, repair: bool = False) -> CheckResult:
    """Check the archive at `path` and the Markdown posts in `folder` (`None`: no folder).

    With `repair`, what is derived is rebuilt under the archive's lock and checked again. Raises what opening an
    archive raises, and `ArchiveLocked` if a repair is needed while a run is at work.
    """
    with Archive(path) as archive:
        damage = integrity.damage(archive.db)
        before: list[str] = []
        if repair and not damage:
            before = _findings(archive, folder)
            with run_lock(path):
                integrity.repair(archive.db)
                checking.repair(archive.db, path)
                if not integrity.losses(archive.db):
                    _rewrite(archive, folder)
        findings = damage or _findings(archive, folder)
    return {
        "archive": str(path),
        "posts": str(folder) if folder else None,
        "repaired": repair,
        "mended": [finding for finding in before if finding not in findings],
        "findings": findings,
    }


def _findings(archive: Archive, folder: Path | None) -> list[str]:
    """Return what is wrong with an archive whose file is sound, from one snapshot, since a run may be writing."""
    archive.db.conn.execute("BEGIN")
    try:
        lost = integrity.losses(archive.db)
        left = integrity.leftovers(archive.db)
        return lost or [
            *left,
            *integrity.staleness(archive.db),
            *_file_faults(archive, folder),
            *checking.faults(archive.db, archive.path),
        ]
    finally:
        archive.db.conn.rollback()


def _file_faults(archive: Archive, folder: Path | None) -> Iterator[str]:
    """Yield a sentence each about Markdown files that are missing, that differ, and that belong to no post."""
    if folder is None or not folder.is_dir():
        return
    missing: list[str] = []
    other: list[str] = []
    names = FileNames(archive.db)
    unknown = {file.name for file in folder.glob("*.md")}
    for post in _written(archive, folder):
        name = names.of(post["published_at"], post["post_id"])
        file = folder / name
        if not file.exists():
            missing.append(name)
        elif not file.is_file() or file.read_bytes() != render_post(post).encode():
            other.append(name)
        unknown.discard(name)
    deleted = _of_deleted_posts(archive, folder, unknown)
    for found, fault in (
        (missing, Sentence("{files} in {folder} missing ({shown}): `finews check --repair` writes them.")),
        (
            other,
            Sentence(
                "{files} in {folder} not as the archive has it ({shown}): `finews check --repair` writes them anew."
            ),
        ),
        (deleted, Sentence("{files} in {folder} of deleted posts ({shown}): `finews check --repair` removes them.")),
        (
            sorted(unknown.difference(deleted)),
            Sentence("{files} in {folder} of no post ({shown}): move them elsewhere."),
        ),
    ):
        if found:
            shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            yield Sentence(fault, files=counted(len(found), "file"), folder=folder, shown=shown)


def _of_deleted_posts(archive: Archive, folder: Path, names: Iterable[str]) -> list[str]:
    """Return those of the files called `names` that this program wrote for posts that were deleted since."""
    return sorted(name for name in names if _deletion(archive, folder / name) is not None)


def _deletion(archive: Archive, file: Path) -> Deletion | None:
    """Return the deletion of the post that a file was written for, if it was deleted."""
    if not file.is_file():
        return None
    text = file.read_text(encoding="utf-8", errors="replace")
    post_id = id_of(text)
    deleted = [] if post_id is None else deletions.of_ids(archive.db, [post_id])
    return next((each for each in deleted if is_of(text, each.post_id, each.url or None)), None)


def _written(archive: Archive, folder: Path) -> Iterator[Article]:
    """Yield the posts whose files belong in the folder; with several sites, only of those with files there."""
    sites, names = archive.stats(drafts=True)["sites"], FileNames(archive.db)
    here = {
        post["site"]
        for post in (archive.posts(drafts=True) if len(sites) > 1 else ())
        if (folder / names.of(post["published_at"], post["post_id"])).is_file()
    }
    return (post for post in archive.posts(drafts=True) if len(sites) == 1 or post["site"] in here)


def _rewrite(archive: Archive, folder: Path | None) -> None:
    if folder is None or not folder.is_dir():
        return
    names, unknown = FileNames(archive.db), {file.name for file in folder.glob("*.md")}
    try:
        for post in _written(archive, folder):
            path = folder / names.of(post["published_at"], post["post_id"])
            write_if_changed(path, render_post(post))
            unknown.discard(path.name)
        for name in _of_deleted_posts(archive, folder, unknown):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise UsageError(
            "{filename} cannot be written: {reason}.", filename=error.filename or folder, reason=error.strerror
        ) from error
