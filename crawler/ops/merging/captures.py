"""Copying the answers as they were served that archives have kept, as these are merged.

What is left where it is, is counted, with a sentence that says where, and how to take it. Not here: the records
(`crawler.captures.copying`).
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

from crawler import dates
from crawler.archive.care import archives
from crawler.archive.merging import captures
from crawler.archive.merging.merge import told_as_odd
from crawler.archive.store.lock import writing
from crawler.captures.copying import Copier
from crawler.captures.files import folder_of
from crawler.errors import ArchiveError
from crawler.language import Sentence
from crawler.ops.merging.sources import is_address
from crawler.sites.commands import command
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive import Archive
    from crawler.archive.merging.captures import Kept
    from crawler.ops.merging.sources import Source

_ROWS = 500  # captures in one transaction


class CaptureCounts(TypedDict):
    """Answers as they were served, of one archive: how many were `taken`, and how many `left` where they are.

    `note` says where these are, and how to take them; `None` if there are none.
    """

    taken: int
    left: int
    note: str | None


NOTHING: CaptureCounts = {"taken": 0, "left": 0, "note": None}
"""What is taken of an archive that has nothing new."""


def folder_beside(source: Source) -> Path | None:
    """Return the folder with the captures of an archive that is to be merged; `None` if there is none at hand."""
    folder = folder_of(source.file)
    return folder if not is_address(source.name) and folder.is_dir() else None


def leave(source: Source, copy: Database, target: Archive) -> CaptureCounts:
    """Count the captures of an archive that are new since some were taken, and are left; `copy` is its copy."""
    left = captures.count_after(copy, _taken_until(copy, target))
    return {"taken": 0, "left": left, "note": _where_left(source, target, left) if left else None}


def take(
    source: Source,
    copy: Database,
    target: Archive,
    folder: Path,
    progress: Callable[[int, int], None],
    *,
    again: bool,
) -> CaptureCounts:
    """Copy the captures that are new in an archive from its `folder`; with `again`, all that `target` lacks.

    Raises `NotAsExpected` for what no run would have stored, and `ArchiveError` if a file cannot be written; what was
    copied before stays.
    """
    with told_as_odd():
        archive_id, mark = archives.own_id(copy), captures.mark_of(copy)
        begin = 0 if again else _taken_until(copy, target)
        with Copier(target.db, target.path, folder, dates.now()) as copier:
            taking = _Taking(copy, target.db, copier)
            try:
                taking.run(begin, progress)
            except OSError as error:
                raise _not_written(source, target.path, error) from error
        with writing(target.db):
            archives.took_captures(target.db, archive_id, mark)
    return {
        "taken": taking.taken,
        "left": taking.left,
        "note": _where_unreadable(source, target, taking.left) if taking.left else None,
    }


def _taken_until(copy: Database, target: Archive) -> int:
    """Return the row until which the captures of an archive have been taken."""
    return captures.since(copy, archives.captures_mark(target.db, archives.own_id(copy)))


class _Taking:
    """Takes captures of `copy` into `target`."""

    def __init__(self, copy: Database, target: Database, copier: Copier) -> None:
        self._copy, self._target, self._copier = copy, target, copier
        self._deleted = captures.addresses_of_deleted_posts(target)
        self.taken = self.left = 0

    def run(self, begin: int, progress: Callable[[int, int], None]) -> None:
        """Take those behind a row."""
        done, count = 0, captures.count_after(self._copy, begin)
        while kept := captures.after(self._copy, begin, _ROWS):
            begin = kept[-1].row
            for file, of_file in groupby(kept, key=lambda each: each.capture.file):
                self._take(file, list(of_file))
            done += len(kept)
            progress(done, max(count, done))

    def _take(self, file: str, kept: Sequence[Kept]) -> None:
        self._copier.turn_to(file)
        copies = [self._copier.copy(each) for each in captures.lacking(self._target, kept, self._deleted)]
        self._copier.sync()
        copied = [each for each in copies if each is not None]
        with writing(self._target):
            captures.record(self._target, copied, kept)
        self.taken += len(copied)
        self.left += len(copies) - len(copied)


def _where_left(source: Source, target: Archive, left: int) -> Sentence:
    answers = counted(left, "answer")
    if is_address(source.name):
        return Sentence(
            "{answers} not copied, since {name} was fetched without them: copy the archive with its folder captures,"
            " and merge the copy.",
            answers=answers,
            name=source.name,
        )
    return Sentence(
        "{answers} not copied from {folder}: `{command}` copies what is there.",
        answers=answers,
        folder=folder_of(source.file),
        command=command("merge", source.name, "--archive", str(target.path)),
    )


def _where_unreadable(source: Source, target: Archive, left: int) -> Sentence:
    return Sentence(
        "{answers} not copied from {folder}, where they cannot be read: `{check}` says why, and `{again}` copies what"
        " can be read by then.",
        answers=counted(left, "answer"),
        folder=folder_of(source.file),
        check=command("check", "--archive", source.name),
        again=command("merge", "--again", source.name, "--archive", str(target.path)),
    )


def _not_written(source: Source, archive: Path, error: OSError) -> ArchiveError:
    return ArchiveError(
        "The captures of {name} cannot be copied to {folder} ({reason}): make that possible and merge once more, or"
        " merge with --no-captures; all else was taken.",
        name=source.name,
        folder=folder_of(archive),
        reason=error.strerror or error,
    )
