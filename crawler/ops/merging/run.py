"""Merge other archives into one, with its Markdown files.

A merge holds the lock as a run does, but has no number of its own: what it brings keeps the runs that brought it.
Not here: finding and copying the others (`sources`), and what becomes of rows that several have
(`crawler.archive.merging`).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crawler import dates
from crawler.archive import Archive
from crawler.archive.care import archives
from crawler.archive.merging.merge import Follow, Merge, Taken
from crawler.archive.store import articles
from crawler.archive.store.connection import holds_archive
from crawler.archive.store.lock import run_lock
from crawler.errors import MarkdownNotWritten, UsageError
from crawler.ops.merging import captures, sources
from crawler.recording.markdown_folder import MarkdownFolder, remove_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.ops.merging.captures import CaptureCounts
    from crawler.ops.merging.sources import Source


class PostCounts(TypedDict):
    """Posts of other archives, by what they were to this one. `deleted`: here, since they had been there."""

    new: int
    changed: int
    unchanged: int
    deleted: int


class MergedSource(TypedDict):
    """An archive that was merged: where it was, and its UUID. `already`: it had nothing new since it last was."""

    path: str
    id: str
    posts: PostCounts
    captures: CaptureCounts
    already: bool


class MergeResult(TypedDict):
    """What was merged into `archive`. Of many contradictions, `conflicts` lists the first; `conflict_counts` has all.

    What was `kept` is the post's state now. For `unrelated` posts of one id and posts that were `published` at two
    times, the `other` is one of its earlier versions.
    """

    archive: str
    archives: list[MergedSource]
    posts: PostCounts
    conflicts: list[dict[str, str]]
    conflict_counts: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOptions:
    """Where to merge: the `archive`, its folder of Markdown `posts` (`None`: none).

    `captures`: copy answers as they were served, too. `again`: also what was merged before. `progress` is told the
    archive, and how many of its posts were read; `captures_progress` the same of answers.
    """

    archive: Path
    posts: Path | None
    captures: bool = True
    again: bool = False
    progress: Callable[[str, int, int], None] = lambda _name, _done, _of: None
    captures_progress: Callable[[str, int, int], None] = lambda _name, _done, _of: None


def merge(names: Sequence[str], options: MergeOptions) -> MergeResult:
    """Merge the archives called `names`, files or addresses, one after the other; what was merged stays.

    Raises `UsageError` for a name that is none, `ArchiveLocked` during a run, `ArchiveError` for an archive that
    cannot be used, and `MarkdownNotWritten`.
    """
    holds_archive(options.archive)  # raises before any file is created beside something that is not an archive
    with ExitStack() as resources:
        lock = resources.enter_context(run_lock(options.archive))
        folder = resources.enter_context(sources.folder_beside(options.archive))
        target = resources.enter_context(Archive(options.archive, create=True, lock=lock))
        markdown = _Markdown(target, options.posts)
        merged = [_merge_one(name, target, folder, markdown, options) for name in names]
    if markdown.trouble is not None:
        raise MarkdownNotWritten(markdown.trouble)
    return _result(options.archive, merged)


class _Merged(NamedTuple):
    source: MergedSource
    taken: Taken


def _merge_one(name: str, target: Archive, folder: Path, markdown: _Markdown, options: MergeOptions) -> _Merged:
    source = sources.found(name, options.archive, folder)
    captured = captures.folder_beside(source) if options.captures else None
    news = sources.news(source, target.db, with_captures=captured is not None)
    taken, copied = Taken(), captures.NOTHING
    archive_id = news.archive_id or ""
    is_read = news.is_new or options.again
    if is_read:
        with sources.copied(source, folder) as copy:
            archive_id = archives.own_id(copy)
            follow = Follow(
                written=markdown.written,
                unchanged=markdown.unchanged,
                doomed=markdown.doomed,
                progress=partial(options.progress, source.name),
            )
            merging = Merge(copy, target.db, None if options.again else news.since, follow)
            taken = merging.taken
            merging.run(source.name, dates.now())
            copied = _captures_of(source, copy, target, captured, options)
    merged: MergedSource = {
        "path": source.name,
        "id": archive_id,
        "posts": _counts([taken]),
        "captures": copied,
        "already": not is_read,
    }
    return _Merged(merged, taken)


def _captures_of(
    source: Source, copy: Database, target: Archive, folder: Path | None, options: MergeOptions
) -> CaptureCounts:
    if folder is None:
        return captures.leave(source, copy, target)
    progress = partial(options.captures_progress, source.name)
    return captures.take(source, copy, target, folder, progress, again=options.again)


def _result(archive: Path, merged: Sequence[_Merged]) -> MergeResult:
    counts = Counter[str]()
    for each in merged:
        counts.update(each.taken.conflict_counts)
    return {
        "archive": str(archive),
        "archives": [each.source for each in merged],
        "posts": _counts([each.taken for each in merged]),
        "conflicts": [conflict._asdict() for each in merged for conflict in each.taken.conflicts],
        "conflict_counts": dict(counts),
    }


def _counts(taken: Sequence[Taken]) -> PostCounts:
    return {
        "new": sum(each.new for each in taken),
        "changed": sum(each.changed for each in taken),
        "unchanged": sum(each.unchanged for each in taken),
        "deleted": sum(each.deleted for each in taken),
    }


class _Markdown:
    """The folder of Markdown, kept as the archive is; nothing if there is none.

    Files are written within the transaction that writes their posts. So if the merge is cut off, no post is stored
    without its file, and a file that is ahead is written once more when the merge is taken up.
    """

    def __init__(self, archive: Archive, folder: Path | None) -> None:
        """Write into `folder`, which is made if it is missing. Raises `UsageError` if it cannot be."""
        self._folder = None
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise UsageError(
                    "{folder} cannot be made: {reason}; name another with --posts.",
                    folder=folder,
                    reason=error.strerror,
                ) from error
            self._folder = MarkdownFolder(archive.db, folder)
        self._db = archive.db

    @property
    def trouble(self) -> str | None:
        """Why a file could not be written, if one could not."""
        return None if self._folder is None else self._folder.trouble

    def written(self, row: int) -> None:
        """Write the file of a post that has changed."""
        if self._folder is not None:
            self._folder.write(row)

    def unchanged(self, row: int) -> None:
        """Write the file of a post that has not changed, if it is missing."""
        if self._folder is not None:
            self._folder.restore(row)

    def doomed(self, row: int) -> None:
        """Remove the files of a post that is about to be deleted."""
        if self._folder is not None:
            post = articles.get(self._db, row)
            remove_files(self._folder.files_of(row), post["post_id"], post["url"])
