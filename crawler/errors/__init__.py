"""Errors that users can act on.

    FinewsError                exit code 1
    ├── UsageError             exit code 2: the command was given something it cannot work with
    │   ├── SiteError          a site definition is wrong
    │   ├── FleetError         the file of a fleet is wrong
    │   ├── NoArchive          there is no archive at that path
    │   ├── AmbiguousPost      several sites have a post of this id
    │   ├── NoSuchTime         a time is written in no known way
    │   ├── SnapshotNotWritten the archive is a snapshot, which nothing is added to
    │   └── NotInstalled       the command needs packages that are not installed
    ├── ArchiveError           the archive cannot be used as it is
    │   ├── NotAnArchive       the file is something else
    │   ├── NewerArchive       the file was written by a newer version
    │   ├── ArchiveNotWritten  the archive can be read but not written to
    │   ├── ArchiveDamaged     the file is damaged
    │   ├── TookTooLong        a question was given up after its time limit
    │   ├── NotAsExpected      tables or values in the archive are not those of this program
    │   └── ArchiveReplaced    a run finds that its archive was deleted or replaced
    ├── MarkdownNotWritten     the archive has every post, but the folder of Markdown has not
    ├── CapturesNotWritten     the archive has every post, but not every page as it was served
    ├── SnapshotNotMade        the archive has every post, but its next snapshot could not be made
    ├── ArchiveLocked          exit code 75: another run holds the archive's lock
    ├── ArchiveOutdated        exit code 75: the archive is from an older version, and a run is using it
    ├── NoOutput               standard output cannot be written
    ├── NoSuchPost             the archive holds no such post
    │   └── NoSuchPostAnywhere none of several archives does
    ├── NoSuchRevision         it holds the post, but not that many versions of it
    ├── NoSuchSecurity         no post in it mentions the security
    └── AmbiguousSecurity      the pinyin may mean several

The text of each is one sentence that says what is wrong, where, and what to do next; what it names is also available
as attributes. Not here: errors that only a programmer can fix, which stay ordinary exceptions.
"""

from __future__ import annotations

from crawler.errors.archive import (
    ArchiveDamaged,
    ArchiveError,
    ArchiveLocked,
    ArchiveNotWritten,
    ArchiveOutdated,
    ArchiveReplaced,
    CapturesNotWritten,
    ForeignSchema,
    MarkdownNotWritten,
    NewerArchive,
    NotAnArchive,
    NotAsExpected,
    SnapshotNotMade,
    SnapshotNotWritten,
    TookTooLong,
)
from crawler.errors.asking import (
    AmbiguousPost,
    AmbiguousSecurity,
    FleetError,
    NoArchive,
    NoOutput,
    NoSuchPost,
    NoSuchPostAnywhere,
    NoSuchRevision,
    NoSuchRun,
    NoSuchSecurity,
    NoSuchTime,
    NotInstalled,
    SiteError,
)
from crawler.errors.base import (
    ExitCode,
    FinewsError,
    UsageError,
)

__all__ = [
    "AmbiguousPost",
    "AmbiguousSecurity",
    "ArchiveDamaged",
    "ArchiveError",
    "ArchiveLocked",
    "ArchiveNotWritten",
    "ArchiveOutdated",
    "ArchiveReplaced",
    "CapturesNotWritten",
    "ExitCode",
    "FinewsError",
    "FleetError",
    "ForeignSchema",
    "MarkdownNotWritten",
    "NewerArchive",
    "NoArchive",
    "NoOutput",
    "NoSuchPost",
    "NoSuchPostAnywhere",
    "NoSuchRevision",
    "NoSuchRun",
    "NoSuchSecurity",
    "NoSuchTime",
    "NotAnArchive",
    "NotAsExpected",
    "NotInstalled",
    "SiteError",
    "SnapshotNotMade",
    "SnapshotNotWritten",
    "TookTooLong",
    "UsageError",
]
