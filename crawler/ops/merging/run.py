"""Merge other archives into one, with its Markdown files.

A merge holds the lock as a run does, but has no number of its own: what it brings keeps the runs that brought it.
Not here: finding and copying the others (`sources`), and what becomes of rows that several have
(`crawler.archive.merging`).
"""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NotRequired, TypedDict

from crawler import dates
from crawler.archive import Archive
from crawler.archive.care import archives
from crawler.archive.merging import snapshots
from crawler.archive.merging.merge import Follow, Merge, Taken
from crawler.archive.store import articles
from crawler.archive.store.connection import holds_archive
from crawler.archive.store.lock import run_lock
from crawler.errors import MarkdownNotWritten, UsageError
from crawler.ops.merging import captures, sources
from crawler.recording.markdown_folder import MarkdownFolder, remove_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from sqlite_utils import Database

    from crawler.archive.merging.facts import Conflict
    from crawler.archive.merging.marks import Mark
    from crawler.ops.merging.captures import CaptureCounts
    from crawler.ops.merging.sources import Source


class PostCounts(TypedDict):
    """Posts of other archives, by what they were to this one. `deleted`: here, since they had been there."""

    new: int
    changed: int
    unchanged: int
    deleted: int


class MergedSource(TypedDict):
    """An archive that was merged: where it was, and its UUID. `already`: it had nothing new since it last was.

    `gap`: it is a snapshot that begins after a state which this archive does not have, so something is missing.
    """

    path: str
    id: str
    posts: PostCounts
    captures: CaptureCounts
    already: bool
    gap: NotRequired[bool]


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
    with merging(options) as target:
        merged = [target.take(sources.found(name, options.archive, target.folder)) for name in names]
    return {
        "archive": str(options.archive),
        "archives": merged,
        "posts": total(each["posts"] for each in merged),
        "conflicts": [conflict._asdict() for conflict in target.conflicts],
        "conflict_counts": dict(target.conflict_counts),
    }


@contextmanager
def merging(options: MergeOptions) -> Iterator[Merging]:
    """Open the archive that others are merged into, and yield it; see `merge` for what is raised."""
    holds_archive(options.archive)  # raises before any file is created beside something that is not an archive
    with ExitStack() as resources:
        lock = resources.enter_context(run_lock(options.archive))
        folder = resources.enter_context(sources.folder_beside(options.archive))
        archive = resources.enter_context(Archive(options.archive, create=True, lock=lock))
        target = Merging(archive, folder, options)
        yield target
    if target.trouble is not None:
        raise MarkdownNotWritten(target.trouble)


class Merging:
    """An open archive that others are merged into. `folder` is for copies of them, and goes when it is closed.

    Of all contradictions so far, `conflicts` has the first, and `conflict_counts` counts each kind. `trouble` says
    why a Markdown file could not be written, if one could not.
    """

    def __init__(self, archive: Archive, folder: Path, options: MergeOptions) -> None:
        """Merge into an open archive."""
        self.folder = folder
        self.conflicts: list[Conflict] = []
        self.conflict_counts = Counter[str]()
        self._archive, self._options = archive, options
        self._markdown = _Markdown(archive, options.posts)

    @property
    def trouble(self) -> str | None:
        """Why a Markdown file could not be written, if one could not."""
        return self._markdown.trouble

    def take(self, source: Source) -> MergedSource:
        """Merge an archive. Raises `ArchiveError` if it cannot be used."""
        folder = captures.folder_beside(source) if self._options.captures else None
        news = sources.news(source, self._archive.db, with_captures=folder is not None)
        taken, archive_id = Taken(), "" if news is None else news.archive_id
        copied, has_gap = captures.NOTHING, False
        is_read = news is None or news.is_new or self._options.again
        if is_read:
            with sources.copied(source, self.folder) as copy:
                archive_id = archives.own_id(copy)
                since = None if news is None or self._options.again else news.since
                mark = snapshots.mark_after(copy, self._archive.db)
                has_gap = mark is None
                taken = self._merged(source, Merge(copy, self._archive.db, since, self._follow(source)), mark)
                copied = self._captures(source, copy, folder)
        merged: MergedSource = {
            "path": source.name,
            "id": archive_id,
            "posts": _counts(taken),
            "captures": copied,
            "already": not is_read,
        }
        return {**merged, "gap": True} if has_gap else merged

    def _merged(self, source: Source, merge: Merge, mark: Mark | None) -> Taken:
        merge.run(source.name, dates.now(), mark)
        self.conflicts += merge.taken.conflicts
        self.conflict_counts.update(merge.taken.conflict_counts)
        return merge.taken

    def _captures(self, source: Source, copy: Database, folder: Path | None) -> CaptureCounts:
        if folder is None:
            return captures.leave(source, copy, self._archive)
        progress = partial(self._options.captures_progress, source.name)
        return captures.take(source, copy, self._archive, folder, progress, again=self._options.again)

    def _follow(self, source: Source) -> Follow:
        return Follow(
            written=self._markdown.written,
            unchanged=self._markdown.unchanged,
            doomed=self._markdown.doomed,
            progress=partial(self._options.progress, source.name),
        )


def total(counts: Iterable[PostCounts]) -> PostCounts:
    """Return the sum of counts."""
    summed: PostCounts = {"new": 0, "changed": 0, "unchanged": 0, "deleted": 0}
    for each in counts:
        summed = {
            "new": summed["new"] + each["new"],
            "changed": summed["changed"] + each["changed"],
            "unchanged": summed["unchanged"] + each["unchanged"],
            "deleted": summed["deleted"] + each["deleted"],
        }
    return summed


def _counts(taken: Taken) -> PostCounts:
    return {"new": taken.new, "changed": taken.changed, "unchanged": taken.unchanged, "deleted": taken.deleted}


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
