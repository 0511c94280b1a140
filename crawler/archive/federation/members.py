"""The archives of a federation: opened, each with its number, and asked one by one.

Not here: what they are asked, and how answers are joined.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from crawler.archive.care.remedies import explain
from crawler.archive.store.connection import file_at
from crawler.errors import ArchiveError, NotAsExpected, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.archive import Archive

Answer = TypeVar("Answer")
Item = TypeVar("Item")
_FILES_EACH = 3  # the file, its write-ahead log, and the index of that
_OTHER_FILES = 64  # whatever else a program has open
_CACHE = 32_768  # kB of their files that all of them together keep in memory
_LEAST_CACHE = 512


@dataclass(frozen=True, slots=True)
class Member:
    """An archive of a federation: its number there, from 0, and what it is called.

    `seconds` is how long an answer may take.
    """

    number: int
    archive: Archive
    name: str
    seconds: float | None = None

    @property
    def db(self) -> Database:
        """The database of the archive."""
        return self.archive.db

    def ask(self, question: Callable[[Database], Answer]) -> Answer:
        """Return what an archive answers. Raises an `ArchiveError` that names it; see `remedies.explain`."""
        with self._named():
            return question(self.db)

    def read(self, items: Iterator[Item]) -> Iterator[Item]:
        """Yield what an archive has begun to answer. Raises the same."""
        while True:
            with self._named():
                item = next(items, _END)
            if item is _END:
                return
            yield item  # type: ignore[misc]  # anything but the end

    def blame(self, error: BaseException | None) -> ArchiveError | None:
        """Return a sentence, which names the archive, for an error that it has caused; `None` for any other."""
        explained = explain(error, self.db, self.archive.path, self.seconds)
        if explained is None and isinstance(error, sqlite3.DatabaseError):
            explained = NotAsExpected(str(error))  # the statements are the program's own, so it is the file
        if isinstance(explained, NotAsExpected):
            return ArchiveError("{path}: {sentence}", path=self.name, sentence=explained.sentence)
        return explained

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            blamed = self.blame(error)
            if blamed is None:
                raise
            raise blamed from error


_END = object()


def ask_each(members: Sequence[Member], question: Callable[[Database], Answer]) -> list[Answer]:
    """Return what each archive answers, in their order."""
    return [member.ask(question) for member in members]


def distinct(paths: Iterable[Path]) -> list[Path]:
    """Return the paths without those that lead to a file which one before leads to."""
    found: dict[object, Path] = {}
    for path in paths:
        found.setdefault(file_at(path) or path.absolute(), path)
    return list(found.values())


def short_names(paths: Sequence[Path]) -> list[str]:
    """Return the ends of paths, as many parts of each as tell them all apart: `2024.db`, or `2024/archive.db`."""
    whole = [path.absolute().parts for path in paths]
    for length in range(1, max(map(len, whole)) + 1):
        names = ["/".join(parts[-length:]) for parts in whole]
        if len(set(names)) == len(names):
            break
    return names


def share_memory(members: Sequence[Member], kilobytes: int = _CACHE) -> None:
    """Divide the memory in which SQLite keeps parts of the files among the archives."""
    each = max(_LEAST_CACHE, kilobytes // max(1, len(members)))
    for member in members:
        member.ask(lambda db: db.execute(f"PRAGMA cache_size = -{each}"))


def make_room_for(archives: int, connections: int = 1) -> None:
    """Have the system allow as many open files as so many archives need. Raises `TooManyArchives`."""
    try:
        import resource  # noqa: PLC0415  # not on Windows, which has no such limit
    except ImportError:
        return
    wanted = archives * connections * _FILES_EACH + _OTHER_FILES
    allowed, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY or allowed >= wanted:
        return
    if most != resource.RLIM_INFINITY and most < wanted:
        raise TooManyArchives(archives, wanted, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


class TooManyArchives(UsageError):
    """The system does not allow as many open files as the archives need."""

    def __init__(self, archives: int, wanted: int, most: int) -> None:
        """Say how many files are `wanted`, and how `most` may be open."""
        super().__init__(
            "{archives} archives need {wanted} open files, and this system allows {most}: raise that with"
            " `ulimit -n`, or ask fewer at once.",
            archives=archives,
            wanted=wanted,
            most=most,
        )
