"""Errors that users can act on.

    FinewsError                exit code 1
    ├── UsageError             exit code 2: the command was given something it cannot work with
    │   ├── SiteError          a site definition is wrong
    │   ├── NoArchive          there is no archive at that path
    │   └── NoSuchTime         a time is written in no known way
    ├── ArchiveError           the archive cannot be used as it is
    │   ├── NotAnArchive       the file is something else
    │   ├── NewerArchive       the file was written by a newer version
    │   ├── ArchiveNotWritten  the archive can be read but not written to
    │   ├── ArchiveDamaged     the file is damaged
    │   ├── TookTooLong        a question was given up after its time limit
    │   ├── NotAsExpected      tables or values in the archive are not those of this program
    │   └── ArchiveReplaced    a run finds that its archive was deleted or replaced
    ├── MarkdownNotWritten     the archive has every post, but the folder of Markdown has not
    ├── ArchiveLocked          exit code 75: another run holds the archive's lock
    ├── ArchiveOutdated        exit code 75: the archive is from an older version, and a run is using it
    ├── NoOutput               standard output cannot be written
    ├── NoSuchPost             the archive holds no such post
    ├── NoSuchRevision         it holds the post, but not that many versions of it
    ├── NoSuchSecurity         no post in it mentions the security
    └── AmbiguousSecurity      the pinyin may mean several

The text of each is one sentence that says what is wrong, where, and what to do next; what it names is also available
as attributes. Not here: errors that only a programmer can fix, which stay ordinary exceptions.
"""

from __future__ import annotations

import logging
import shlex
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from pathlib import Path


class ExitCode(IntEnum):
    """How the program ends. Scripts and timers rely on these numbers."""

    DONE = 0
    FOUND_WRONG = 1
    WRONG_USAGE = 2
    LOCKED = 75  # EX_TEMPFAIL of <sysexits.h>: try again later
    INTERRUPTED = 130  # as shells report SIGINT


class FinewsError(Exception):
    """The base class: an error whose text is meant for the user."""

    exit_code: ClassVar[int] = ExitCode.FOUND_WRONG


class _SentencesOnly(logging.Filter):
    """Reduces the log record of a `FinewsError` to its sentence, without the traceback around it."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, FinewsError):
            record.msg, record.args, record.exc_info = str(error), (), None
        return True


_sentences_only = _SentencesOnly()


def log_as_sentences() -> None:
    """Have errors that keep a spider from starting logged as sentences, where Scrapy leaves them to asyncio."""
    logging.getLogger("asyncio").addFilter(_sentences_only)  # the same filter is added once only


class UsageError(FinewsError):
    """The command was given something it cannot work with."""

    exit_code = ExitCode.WRONG_USAGE


class SiteError(UsageError):
    """A site definition is wrong: `file`, the `key` in it (dotted, `post.title[0].css`), and what is allowed."""

    def __init__(self, file: str, key: str, problem: str) -> None:
        """Join the three into the sentence `FILE: KEY: PROBLEM`."""
        self.file, self.key = file, key
        super().__init__(f"{file}: {key}: {problem}" if key else f"{file}: {problem}")


class NoArchive(UsageError):
    """There is no archive at `path`."""

    def __init__(self, path: Path) -> None:
        """Say how to make an archive."""
        self.path = path
        super().__init__(
            f"There is no archive at {path}: make one with `finews crawl`, or name another with --archive."
        )


class NoSuchTime(UsageError):
    """A time is written in a way that cannot be read."""

    def __init__(self, written: str) -> None:
        """Quote what the user has `written`."""
        self.written = written
        super().__init__(f"{written!r} is not a time: write 2022, 2022-04, 2022-04-20 or '2022-04-20 09:30'.")


class ArchiveError(FinewsError):
    """The archive cannot be used as it is."""


class NotAnArchive(ArchiveError):
    """The file at `path` is not an archive of this program."""

    def __init__(self, path: Path, found: str) -> None:
        """Say what the file was `found` to be."""
        self.path = path
        super().__init__(
            f"{path} is not a finews archive ({found}); it was left untouched: name another with --archive."
        )


class NewerArchive(ArchiveError):
    """The archive at `path` was written by a newer version of this program."""

    def __init__(self, path: Path, step: str) -> None:
        """Name the migration `step` that this version does not know."""
        self.path = path
        super().__init__(
            f"{path} was written by a newer version (it holds the migration {step}): upgrade finews-archive."
        )


class ForeignSchema(ArchiveError):
    """The schema of the archive at `path` has a part that this program did not make and that would run by itself."""

    def __init__(self, path: Path, part: str) -> None:
        """Name the part by kind and name, such as `trigger x`."""
        self.path = path
        super().__init__(
            f"{path} holds the {part}, which is not this program's and would run with it:"
            " do not use the file if it is a stranger's, or drop that with sqlite3 if it is yours."
        )


class ArchiveNotWritten(ArchiveError):
    """Something, such as a full disk, keeps a run from writing to the archive at `path`; what was stored stays."""

    def __init__(self, path: Path, trouble: str) -> None:
        """Quote SQLite's message as the `trouble`."""
        self.path, self.trouble = path, trouble
        super().__init__(f"{path} could not be written ({trouble}): mend that and run again, what was stored stays.")


class ArchiveDamaged(ArchiveError):
    """The file at `path` is damaged."""

    def __init__(self, path: Path, fault: str) -> None:
        """Quote SQLite's message as the `fault`."""
        self.path, self.fault = path, fault
        super().__init__(f"{path}: {self.sentence(fault)}")

    @staticmethod
    def sentence(fault: str) -> str:
        """Return the sentence that `finews check` prints about the file."""
        rescue = "bring back a backup, or save what can be read with `finews export`"
        return f"The file is damaged ({' '.join(fault.split())}): {rescue}."


class ArchiveReplaced(ArchiveError):
    """The file at `path` is no longer the one that a run has open."""

    def __init__(self, path: Path) -> None:
        """Say what became of the run's results."""
        self.path = path
        super().__init__(
            f"{path} was deleted, moved or replaced while a run wrote to it: what the run stored went with the"
            " old file. Run again to fetch it once more."
        )


class NotAsExpected(ArchiveError):
    """Tables or values in the archive are not those of this program: somebody has changed them."""

    def __init__(self, found: str) -> None:
        """Quote SQLite's message, or name the value `found`, such as `started_at of row 3 of runs`."""
        super().__init__(f"The archive is not as this program keeps it ({found}): bring back a backup.")


class TookTooLong(ArchiveError):
    """A question to the archive at `path` was given up, because it took longer than its limit."""

    def __init__(self, path: Path, seconds: float) -> None:
        """`seconds` is the limit."""
        self.path, self.seconds = path, seconds
        super().__init__(
            f"{path} had no answer after {seconds:g} s: ask for less, allow more time with `finews --time-limit`,"
            " or see what `finews check` says of the file."
        )


class MarkdownNotWritten(FinewsError):
    """Something, such as a full disk, kept a run from writing Markdown files; the archive has every post."""

    def __init__(self, trouble: str) -> None:
        """Say which file could not be written, and why."""
        self.trouble = trouble
        super().__init__(f"{trouble}. The archive holds every post, and the next run writes what is missing.")


class ArchiveLocked(FinewsError):
    """Another run holds the archive's lock."""

    exit_code = ExitCode.LOCKED

    def __init__(self, path: Path, holder: str) -> None:
        """Quote what the lock file says about the `holder`: its pid and start."""
        self.path, self.holder = path, holder
        super().__init__(f"Another run holds {path} ({holder}): wait for it to end, or stop it.")


class ArchiveOutdated(FinewsError):
    """The archive at `path` is from an older version, and cannot be migrated while a run is using it."""

    exit_code = ExitCode.LOCKED

    def __init__(self, path: Path, holder: str) -> None:
        """Quote what the lock file says about the `holder`: its pid and start."""
        self.path, self.holder = path, holder
        super().__init__(
            f"{path} is of an older version, and a run is at work on it ({holder}): ask again when it has ended."
        )


class NoOutput(FinewsError):
    """The output of a command cannot be written; what the command did stays done."""

    def __init__(self, why: str) -> None:
        """Quote the operating system's reason."""
        super().__init__(
            f"Standard output cannot be written ({why}): the command did its work, but could not print the result."
        )


class NoSuchPost(FinewsError):
    """The archive holds no post under `name`."""

    def __init__(self, name: str, path: Path, outcome: str | None = None) -> None:
        """Quote the `name` that the user gave, and the `path` of the archive that was searched.

        If its addresses were seen, `outcome` says what became of them.
        """
        self.name, self.outcome = name, outcome
        what_to_do = "give its id, or the address of its page or share link"
        if outcome is not None:
            what_to_do = (
                f"its address was seen ({outcome}), `finews why {shlex.quote(name)}` tells what happened to it"
            )
        super().__init__(f"{path} holds no post {name}: {what_to_do}.")


class NoSuchRun(FinewsError):
    """The archive knows no run of that number."""

    def __init__(self, run_id: int, path: Path) -> None:
        """Quote the number, and the `path` of the archive."""
        super().__init__(f"{path} has no run {run_id}: `finews runs` lists them.")


class NoSuchRevision(FinewsError):
    """A post does not have that many versions."""

    def __init__(self, revision: int, count: int) -> None:
        """Quote the `revision` that the user asked for, and the `count` of versions."""
        self.revision, self.count = revision, count
        there_are = "one revision" if count == 1 else f"{count} revisions"
        super().__init__(f"There is no revision {revision}: the post has {there_are}, see `finews history`.")


class NoSuchSecurity(FinewsError):
    """No post mentions a security of that code or name."""

    def __init__(self, written: str, path: Path) -> None:
        """Quote what the user has `written`, and the `path` of the archive that was searched."""
        self.written = written
        super().__init__(
            f"No post in {path} mentions a security {written}: give its code, as 600160, 600160.SH or 00700.HK."
        )


class AmbiguousSecurity(FinewsError):
    """The pinyin fits several securities; `meant` names them."""

    _SHOWN = 8

    def __init__(self, written: str, meant: list[str]) -> None:
        """List the securities `meant`, as names with codes, the one that most posts mention first."""
        self.written, self.meant = written, meant
        more = f" and {len(meant) - self._SHOWN} more" if len(meant) > self._SHOWN else ""
        super().__init__(f"{written} may be {', '.join(meant[: self._SHOWN])}{more}: give the code.")
