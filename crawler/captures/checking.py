"""Checking what was kept of answers: whether each row has its record, and each record its row.

Not here: the archive itself (`crawler.archive.care.integrity`).
"""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

from crawler.archive import captures
from crawler.archive.store.lock import lock_file, writing
from crawler.captures.files import files_in, folder_of
from crawler.captures.mending import belongs, found_in, lost, mend, wrong
from crawler.errors import UsageError
from crawler.language import Sentence
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from sqlite_utils import Database

_SHOWN = 5  # files named in a finding


def faults(db: Database, archive: Path) -> Iterator[str]:
    """Yield a sentence each about files that are missing, rows that are wrong, and answers without a row.

    Reads every record that a row is about. A file that a run is writing to may be ahead of the rows.
    """
    folder = folder_of(archive)
    missing = lost(db, folder)
    if missing:
        yield Sentence(
            "{files} in {folder} missing ({shown}), with {answers} as they were served: `finews check --repair`"
            " forgets them, unless you bring them back.",
            files=counted(len(missing), "file"),
            folder=folder,
            shown=_shown(missing),
            answers=counted(sum(missing.values()), "answer"),
        )
    for file in captures.files(db):
        if file.file not in missing:
            yield from _of_file(db, folder, file.file)
    for name in _without_rows(db, archive):
        yield from _unlisted(db, folder, name)


def repair(db: Database, archive: Path) -> None:
    """Make the rows anew where they are wrong or missing, under the archive's lock; the files are not changed.

    Rows about files that are missing go.
    """
    folder = folder_of(archive)
    try:
        for name in lost(db, folder):
            with writing(db):
                captures.forget(db, name)
        for file in captures.files(db):
            others = [each.offset for each in wrong(folder, file.file, captures.of_file(db, file.file))]
            with writing(db):
                for offset in others:
                    captures.forget(db, file.file, offset)
        for name in [*_without_rows(db, archive), *(file.file for file in captures.files(db))]:
            mend(db, folder, name, cut=False)
    except OSError as error:
        raise UsageError(
            "{filename} cannot be read: {reason}.", filename=error.filename or folder, reason=error.strerror
        ) from error


def _of_file(db: Database, folder: Path, name: str) -> Iterator[str]:
    try:
        others = sum(1 for _ in wrong(folder, name, captures.of_file(db, name)))
    except OSError as error:
        yield Sentence("{file} cannot be read: {reason}.", file=folder / name, reason=error.strerror)
        return
    if others:
        yield Sentence(
            "{answers} in {file} not as recorded: `finews check --repair` makes the table of captures anew from the"
            " files; what it does not find again is lost.",
            answers=counted(others, "answer"),
            file=folder / name,
        )
    yield from _unlisted(db, folder, name)


def _unlisted(db: Database, folder: Path, name: str) -> Iterator[str]:
    with (folder / name).open("rb") as file:
        if _is_written(file):
            return
        found = [found_in(file, name, hole) for hole in captures.holes(db, name)]
    answers = sum(len(each.captures) for each in found)
    if answers:
        yield Sentence(
            "No row is about {answers} in {file}, as after a kill: `finews check --repair` adds what is missing, and"
            " so does the next run.",
            answers=counted(answers, "answer"),
            file=folder / name,
        )


def _without_rows(db: Database, archive: Path) -> list[str]:
    """Return the files of this archive that no row is about."""
    folder, archive_name = folder_of(archive), lock_file(archive).name.removesuffix(".lock")
    return [
        name
        for name in files_in(folder)
        if not captures.is_listed(db, name) and belongs(db, folder / name, archive_name)
    ]


def _is_written(file: BinaryIO) -> bool:
    """Return whether a run has locked a file."""
    try:
        fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False


def _shown(names: dict[str, int]) -> str:
    return ", ".join(list(names)[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
