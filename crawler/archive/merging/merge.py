"""Merging one archive into another, both open: in small transactions, so that it may be cut off anywhere.

Whatever was taken by then stays, and merging once more takes the rest: what is the same on both sides is compared and
passed over. Not here: opening archives and their lock (`crawler.ops.merging`), and what becomes of rows that both
have (`crawler.archive.merging.facts`, `tables`, `links`).
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING

from crawler.archive.care import archives, deleting
from crawler.archive.care.values import ODD_VALUES_RAISE
from crawler.archive.ledger import deletions
from crawler.archive.merging import links, marks, posts, runs, tables
from crawler.archive.merging.checking import check_post, check_row
from crawler.archive.merging.facts import Conflict, contradiction, joined
from crawler.archive.merging.writing import PostWriter
from crawler.archive.search import index
from crawler.archive.store.connection import kind_of
from crawler.archive.store.lock import writing
from crawler.archive.store.posts import row_of
from crawler.errors import NotAsExpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlite_utils import Database

    from crawler.archive.ledger.deletions import Deletion
    from crawler.archive.merging.facts import Post
    from crawler.archive.merging.marks import Mark, Selection

_AT_ONCE = 200  # posts at most in one transaction
_CHARACTERS = 4_000_000  # of their texts and bodies, after which a transaction ends
_ROWS = 500  # rows of other tables in one transaction
_MOST_CONFLICTS = 1_000  # that are listed; all are counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Follow:
    """What is told of a merge as it goes on, each within the transaction: posts by row here."""

    written: Callable[[int], None]
    """A post was written."""
    unchanged: Callable[[int], None]
    """A post is as it was."""
    doomed: Callable[[int], None]
    """A post is about to be deleted."""
    progress: Callable[[int, int], None]
    """So many posts of so many were read."""


@dataclass(slots=True)
class Taken:
    """What a merge has brought: posts by outcome, and contradictions, of which the first are listed."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0
    conflicts: list[Conflict] = field(default_factory=list)
    conflict_counts: dict[str, int] = field(default_factory=dict)

    def note(self, conflict: Conflict | None) -> None:
        """Count a contradiction, if it is one."""
        if conflict is not None:
            self.conflict_counts[conflict.kind] = self.conflict_counts.get(conflict.kind, 0) + 1
            if len(self.conflicts) < _MOST_CONFLICTS:
                self.conflicts.append(conflict)


class Merge:
    """The merging of `source` into `target`, or `only` of some of its posts and addresses."""

    def __init__(self, source: Database, target: Database, only: Selection | None, follow: Follow) -> None:
        """Prepare; nothing is written yet."""
        self._source, self._target, self._only, self._follow = source, target, only, follow
        # Of what is new since a run, more is known than which posts and addresses.
        self._since = only if isinstance(only, marks.Since) else None
        self.taken = Taken()
        self._deleted: dict[links.PostKey, Deletion] = {}

    def run(self, path: str, at: datetime, mark: Mark | None) -> None:
        """Take everything in. `path` is where `source` is, for people; `at` is now, in UTC.

        `mark` is how far the archive was taken in whole by then; `None` if it was not. Raises `NotAsExpected` for
        what no run would have stored, with everything before it taken.
        """
        with told_as_odd():
            archive_id = archives.own_id(self._source)
            with writing(self._target):
                runs.take(self._source, self._target)
                archives.begin(self._target, archive_id, path, at.isoformat(timespec="seconds"))
            self._sides = (
                tables.Side(self._source, runs.keys(self._source)),
                tables.Side(self._target, runs.keys(self._target)),
            )
            self._runs = {key: run for run, key in self._sides[1].runs.items()}
            self._take_tables(before_posts=True)
            self._take_deletions()
            self._take_posts()
            self._take_links()
            self._take_tables(before_posts=False)
            if mark is not None:
                with writing(self._target):
                    marks.reach(self._target, archive_id, mark, at)

    def _take_tables(self, *, before_posts: bool) -> None:
        for rule in tables.RULES:
            if (rule.table in tables.BEFORE_POSTS) == before_posts:
                rows = tables.take(rule, *self._sides, self._runs, self._deleted, self._since)
                self._in_batches(rule.table, rows)

    def _in_batches(self, table: str, rows: Iterator[tables.Row]) -> None:
        """Have rows taken, so many in a transaction: a generator writes each after it has yielded it."""
        while True:
            with writing(self._target):
                count = 0
                for row in islice(rows, _ROWS):
                    check_row(table, row)
                    count += 1
            if not count:
                return

    def _take_deletions(self) -> None:
        """Delete here what was deleted there. Of a post that both have deleted, the later time is kept."""
        is_new = self._since is None or self._since.has_deletions
        for theirs in deletions.every(self._source) if is_new else ():
            check_row("deletions", theirs._asdict())
            with writing(self._target):
                mine = deletions.find(self._target, theirs.site, theirs.post_id)
                deletion = theirs if mine is None else max(mine, theirs, key=lambda each: (each.deleted_at, each.url))
                row = row_of(self._target, theirs.site, theirs.post_id)
                if row is not None:
                    self._delete(row, deletion)
                if deletion != mine:
                    deletions.write(self._target, deletion)
        self._deleted = {(each.site, each.post_id): each for each in deletions.every(self._target)}

    def _delete(self, row: int, deletion: Deletion) -> None:
        self._follow.doomed(row)
        title = index.current(self._target, row).title
        deleting.delete(self._target, row, (), datetime.fromisoformat(deletion.deleted_at))
        self.taken.deleted += 1
        self.taken.note(_deleted(deletion, title))

    def _take_posts(self) -> None:
        there, here = (posts.PostReader(side.db, side.runs) for side in self._sides)
        writer = PostWriter(self._target, self._runs)
        count, done = posts.count(self._source), 0
        for batch in self._batches(there):
            with writing(self._target), ExitStack() as later:
                later.enter_context(index.put_off(self._target))
                for post in batch:
                    self._take_post(post, here, writer)
            done += len(batch)
            self._follow.progress(done, max(count, done))

    def _batches(self, there: posts.PostReader) -> Iterator[list[Post]]:
        """Yield the posts to be taken, so many at a time that they fit into memory."""
        batch: list[Post] = []
        size = 0
        for row in self._rows():
            batch.append(there.read(row))
            size += sum(len(str(value)) for fact in batch[-1].facts for value in fact.said.values())
            if len(batch) == _AT_ONCE or size >= _CHARACTERS:
                yield batch
                batch, size = [], 0
        if batch:
            yield batch

    def _rows(self) -> Iterator[int]:
        last = 0
        while rows := (
            posts.rows_after(self._source, last, _ROWS)
            if self._only is None
            else self._only.posts(self._source, last, _ROWS)
        ):
            yield from rows
            last = rows[-1]

    def _take_post(self, theirs: Post, here: posts.PostReader, writer: PostWriter) -> None:
        deletion = self._deleted.get((theirs.site, theirs.post_id))
        if deletion is not None:
            self.taken.note(_deleted(deletion, str(theirs.versions[-1].fact.said["title"])))
            return
        row = row_of(self._target, theirs.site, theirs.post_id)
        if row is None:
            check_post(theirs)
            self._follow.written(writer.write(None, theirs))
            self.taken.new += 1
            return
        mine = here.read(row)
        merged = mine if mine == theirs else joined(mine, theirs)
        if merged == mine:
            self.taken.unchanged += 1
            self._follow.unchanged(row)
        else:
            check_post(theirs)
            self.taken.note(contradiction(mine, theirs, merged))
            self._follow.written(writer.write(row, merged))
            self.taken.changed += 1

    def _take_links(self) -> None:
        there, here = (links.Ledger(side.db, side.runs) for side in self._sides)
        where, values = ("1", []) if self._only is None else self._only.links
        last = 0
        while rows := links.urls_after(self._source, last, _ROWS, where, values):
            last, urls = rows[-1][0], [url for _, url in rows]
            with writing(self._target):
                mine = links.read(here, urls)
                for url, theirs in links.read(there, urls).items():
                    self._take_link(mine.get(url), links.without_deleted(theirs, self._deleted))

    def _take_link(self, mine: links.Link | None, theirs: links.Link) -> None:
        merged = theirs if mine is None else links.joined(mine, theirs)
        if merged != mine:
            check_row("links", theirs.columns)
            links.write(self._target, merged, self._runs)


def _deleted(deletion: Deletion, title: str) -> Conflict:
    return Conflict(deletion.post_id, "deleted", f"deleted on {deletion.deleted_at[:10]}", title)


@contextmanager
def told_as_odd() -> Iterator[None]:
    """Tell of a value that stops the merge as a fault of the archives: the statements are the program's own."""
    try:
        yield
    except ODD_VALUES_RAISE as error:
        raise NotAsExpected(f"{type(error).__name__}: {error}"[:200]) from error
    except sqlite3.IntegrityError as error:
        raise NotAsExpected(str(error)) from error
    except sqlite3.OperationalError as error:
        if kind_of(error) == sqlite3.SQLITE_ERROR:
            raise NotAsExpected(str(error)) from error
        raise
