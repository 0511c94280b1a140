"""Errors about an archive that cannot be used as it is, or not now. Not here: what it was asked for (`asking`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors.base import ExitCode, FinewsError, UsageError
from crawler.language import Sentence

if TYPE_CHECKING:
    from pathlib import Path


class ArchiveError(FinewsError):
    """The archive cannot be used as it is."""


class NotAnArchive(ArchiveError):
    """The file at `path` is not an archive of this program."""

    def __init__(self, path: Path, found: str) -> None:
        """Say what the file was `found` to be."""
        self.path, self.found = path, found
        super().__init__(
            "{path} is not a finews archive ({found}); it was left untouched: name another with --archive.",
            path=path,
            found=found,
        )


class NewerArchive(ArchiveError):
    """The archive at `path` was written by a newer version of this program."""

    def __init__(self, path: Path, step: str) -> None:
        """Name the migration `step` that this version does not know."""
        self.path = path
        super().__init__(
            "{path} was written by a newer version (it holds the migration {step}): upgrade finews-archive.",
            path=path,
            step=step,
        )


class ForeignSchema(ArchiveError):
    """The schema of the archive at `path` has a part that this program did not make and that would run by itself."""

    def __init__(self, path: Path, part: str) -> None:
        """Name the part by kind and name, such as `trigger x`."""
        self.path = path
        super().__init__(
            "{path} holds the {part}, which is not this program's and would run with it: do not use the file if"
            " it is a stranger's, or drop that with sqlite3 if it is yours.",
            path=path,
            part=part,
        )


class ArchiveNotWritten(ArchiveError):
    """Something, such as a full disk, keeps a run from writing to the archive at `path`; what was stored stays."""

    def __init__(self, path: Path, trouble: str) -> None:
        """Quote SQLite's message as the `trouble`."""
        self.path, self.trouble = path, trouble
        super().__init__(
            "{path} could not be written ({trouble}): mend that and run again, what was stored stays.",
            path=path,
            trouble=trouble,
        )


class ArchiveDamaged(ArchiveError):
    """The file at `path` is damaged."""

    def __init__(self, path: Path, fault: str) -> None:
        """Quote SQLite's message as the `fault`."""
        self.path, self.fault = path, fault
        super().__init__("{path}: {damage}", path=path, damage=self.damage(fault))

    @staticmethod
    def damage(fault: str) -> Sentence:
        """Return the sentence that `finews check` prints about the file."""
        return Sentence(
            "The file is damaged ({fault}): bring back a backup, or save what can be read with `finews export`.",
            fault=" ".join(fault.split()),
        )


class SnapshotNotWritten(UsageError):
    """The archive at `path` is a snapshot, which nothing is added to."""

    def __init__(self, path: Path) -> None:
        """Say what to do with it."""
        self.path = path
        super().__init__(
            "{path} is a snapshot of an archive, and nothing is added to it: name the archive itself, or take the"
            " snapshot into another with `finews merge {path}`.",
            path=path,
        )


class ArchiveReplaced(ArchiveError):
    """The file at `path` is no longer the one that a run has open."""

    def __init__(self, path: Path) -> None:
        """Say what became of the run's results."""
        self.path = path
        super().__init__(
            "{path} was deleted, moved or replaced while a run wrote to it: what the run stored went with the"
            " old file. Run again to fetch it once more.",
            path=path,
        )


class NotAsExpected(ArchiveError):
    """Tables or values in the archive are not those of this program: somebody has changed them."""

    def __init__(self, found: str) -> None:
        """Quote SQLite's message, or name the value `found`, such as `started_at of row 3 of runs`."""
        super().__init__("The archive is not as this program keeps it ({found}): bring back a backup.", found=found)


class TookTooLong(ArchiveError):
    """A question to the archive at `path` was given up, because it took longer than its limit."""

    def __init__(self, path: Path, seconds: float) -> None:
        """`seconds` is the limit."""
        self.path, self.seconds = path, seconds
        super().__init__(
            "{path} had no answer after {seconds:g} s: ask for less, allow more time with `finews --time-limit`,"
            " or see what `finews check` says of the file.",
            path=path,
            seconds=seconds,
        )


class MarkdownNotWritten(FinewsError):
    """Something, such as a full disk, kept a run from writing Markdown files; the archive has every post."""

    def __init__(self, trouble: str) -> None:
        """Say which file could not be written, and why."""
        self.trouble = trouble
        super().__init__(
            "{trouble}. The archive holds every post, and the next run writes what is missing.", trouble=trouble
        )


class CapturesNotWritten(FinewsError):
    """Something, such as a full disk, kept a run from keeping answers as they were served; it went on without."""

    def __init__(self, folder: Path, trouble: str) -> None:
        """Quote the system's message as the `trouble`."""
        self.folder, self.trouble = folder, trouble
        super().__init__(
            "Not every page could be kept in {folder} as it was served ({trouble}). The archive holds every post:"
            " mend that before the next run, or run with --no-captures.",
            folder=folder,
            trouble=trouble,
        )


class SnapshotNotMade(FinewsError):
    """Something, such as a full disk, kept a snapshot of the archive from being made in a folder."""

    def __init__(self, folder: Path, trouble: str) -> None:
        """Quote the system's message as the `trouble`."""
        self.folder, self.trouble = folder, trouble
        super().__init__(
            "No snapshot could be made in {folder} ({trouble}). The archive holds every post: mend that, and the next"
            " snapshot brings all that is new.",
            folder=folder,
            trouble=trouble,
        )


class ArchiveLocked(FinewsError):
    """Another run holds the archive's lock."""

    exit_code = ExitCode.LOCKED

    def __init__(self, path: Path, holder: str) -> None:
        """Quote what the lock file says about the `holder`: its pid and start."""
        self.path, self.holder = path, holder
        super().__init__(
            "Another run holds {path} ({holder}): wait for it to end, or stop it.", path=path, holder=holder
        )


class ArchiveOutdated(FinewsError):
    """The archive at `path` is from an older version, and cannot be migrated while a run is using it."""

    exit_code = ExitCode.LOCKED

    def __init__(self, path: Path, holder: str) -> None:
        """Quote what the lock file says about the `holder`: its pid and start."""
        self.path, self.holder = path, holder
        super().__init__(
            "{path} is of an older version, and a run is at work on it ({holder}): ask again when it has ended.",
            path=path,
            holder=holder,
        )
