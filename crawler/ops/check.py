"""Checking an archive and the Markdown written from it, and repairing what is derived.

Not here: what is wrong inside the database (`crawler.archive.care.integrity`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from crawler.archive import Archive
from crawler.archive.care import integrity
from crawler.archive.store.lock import run_lock
from crawler.errors import UsageError
from crawler.language import Sentence
from crawler.markdown.post_file import render_post, write_if_changed
from crawler.recording.file_names import FileNames
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.archive.store.articles import Article

_SHOWN = 5  # files named in a finding about many


class CheckResult(TypedDict):
    """What a check found: a list of sentences, empty if all is sound. `posts` is the folder of Markdown."""

    archive: str
    posts: str | None
    repaired: bool
    findings: list[str]


def check(path: Path, folder: Path | None, *, repair: bool = False) -> CheckResult:
    """Check the archive at `path` and the Markdown posts in `folder` (`None`: no folder).

    With `repair`, what is derived is rebuilt under the archive's lock and checked again. Raises what opening an
    archive raises, and `ArchiveLocked` if a repair is needed while a run is at work.
    """
    with Archive(path) as archive:
        damage = integrity.damage(archive.db)
        if repair and not damage:
            with run_lock(path):
                integrity.repair(archive.db)
                if not integrity.losses(archive.db):
                    _rewrite(archive, folder)
        findings = damage or _findings(archive, folder)
    return {
        "archive": str(path),
        "posts": str(folder) if folder else None,
        "repaired": repair,
        "findings": findings,
    }


def _findings(archive: Archive, folder: Path | None) -> list[str]:
    """Return what is wrong with an archive whose file is sound, from one snapshot, since a run may be writing."""
    archive.db.conn.execute("BEGIN")
    try:
        lost = integrity.losses(archive.db)
        return lost or [*integrity.staleness(archive.db), *_file_faults(archive, folder)]
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
    for found, fault in (
        (missing, Sentence("{files} in {folder} missing ({shown}): `finews check --repair` writes them.")),
        (
            other,
            Sentence(
                "{files} in {folder} not as the archive has it ({shown}): `finews check --repair` writes them anew."
            ),
        ),
        (sorted(unknown), Sentence("{files} in {folder} of no post ({shown}): move them elsewhere.")),
    ):
        if found:
            shown = ", ".join(found[:_SHOWN]) + (", …" if len(found) > _SHOWN else "")
            yield Sentence(fault, files=counted(len(found), "file"), folder=folder, shown=shown)


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
    names = FileNames(archive.db)
    try:
        for post in _written(archive, folder):
            write_if_changed(folder / names.of(post["published_at"], post["post_id"]), render_post(post))
    except OSError as error:
        raise UsageError(
            "{filename} cannot be written: {reason}.", filename=error.filename or folder, reason=error.strerror
        ) from error
