"""The archive for programs that keep it open and answer many questions, such as the server of `crawler.web`.

It is the same `Archive`, opened for reading only, with lists that are read a page at a time. Not here: the queries
(`crawler.archive.browsing.listings`).
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive import asking
from crawler.archive.archive import Archive
from crawler.archive.browsing import listings
from crawler.archive.browsing.facets import facets
from crawler.archive.browsing.listings import Wanted
from crawler.archive.care.remedies import explain
from crawler.archive.store import articles, securities, versions
from crawler.archive.store.connection import limit_time, one_state
from crawler.archive.store.filing import authors
from crawler.errors import AmbiguousPost, NoSuchPost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from os import PathLike
    from typing import Self, Unpack

    from crawler.archive.asking import Asked
    from crawler.archive.browsing.facets import Facets
    from crawler.archive.browsing.listings import By, ListedPost, Place
    from crawler.archive.store.versions import Revision
    from crawler.archive.watch.baseline import JudgedReport
    from crawler.text.changes import Changes

_CACHE = 8_192  # kB of the file that a connection keeps in memory; there is one for each thread of a server
_MOST_POSTS = 200  # on a page of a list


class Step(NamedTuple):
    """What a revision changed against the one before, with both texts."""

    before: Revision
    after: Revision
    changes: Changes
    old_text: str
    new_text: str


class BrowsableArchive(Archive):
    """An open archive that nothing can be written to. One thread at a time may use it, always the same."""

    def __init__(self, path: str | PathLike[str]) -> None:
        """Open the archive at `path`; see `Archive`. An archive of an older version is migrated first."""
        super().__init__(path)
        self.db.execute("PRAGMA query_only = ON")
        self.db.execute(f"PRAGMA cache_size = -{_CACHE}")

    @contextmanager
    def within(self, seconds: float) -> Iterator[Self]:
        """Have the block read one state of the archive, and given up after so many seconds, as `TookTooLong`.

        Raises `ArchiveError` in place of SQLite's errors about the file, as the archive does when it is closed.
        """
        limit_time(self.db, seconds)
        try:
            with one_state(self.db):
                yield self
        except Exception as error:
            explained = explain(error, self.db, self.path, seconds)
            if explained is None:
                raise
            raise explained from error

    @property
    def name(self) -> str:
        """What the archive is called to readers, who need not know where it is."""
        return self.path.name

    def interrupt(self) -> None:
        """Give up what is being asked, from any thread."""
        self.db.conn.interrupt()

    def _find(self, name: str, site: str | None = None) -> int:
        """Return the row of a post; of two sites' posts of one id the first, as a page's address has no site."""
        try:
            return super()._find(name, site)
        except AmbiguousPost as error:
            return super()._find(name, error.sites[0])

    def state(self) -> int:
        """Return a number that changes whenever another program has written to the archive."""
        (number,) = self.db.execute("PRAGMA data_version").fetchone()
        return int(number)

    def listing(
        self,
        by: By | None = None,
        value: str | int | None = None,
        *,
        day: str | None = None,
        before: Place | None = None,
        after: Place | None = None,
        limit: int = 50,
    ) -> list[ListedPost]:
        """Return a page of posts, newest first: those `before` a place in the list, or `after` one, or the newest.

        `by` and `value` say what they have in common; `day` limits them to a day, month or year. Raises `NoSuchTime`.
        """
        wanted, limit = self._wanted(by, value, day), min(limit, _MOST_POSTS)
        if after is not None:
            return listings.newer(self.db, wanted, after, limit)
        return listings.older(self.db, wanted, before, limit)

    def per_day(self, days: Iterable[str], by: By | None = None, value: str | int | None = None) -> list[int]:
        """Return the number of posts on each of the days, which may also be months or years; see `listing`."""
        return listings.per_span(self.db, Wanted(by, value), map(self.span, days))

    def span(self, day: str) -> tuple[int, int]:
        """Return the first and the last second of a day, month or year, in epoch seconds. Raises `NoSuchTime`."""
        first, last = asking.span(self.whole, day)
        return int(first.timestamp()), int(last.timestamp())

    def latest_runs(self, count: int, before: int | None = None) -> list[JudgedReport]:
        """Return the reports of so many runs, latest first: those with lower numbers than `before`, or of all."""
        earlier = (report for report in self.runs() if before is None or report["run"] < before)
        return list(islice(earlier, count))

    def facets(self, query: str, **asked: Unpack[Asked]) -> Facets:
        """Return how the hits of a search are spread over days, outlets, authors and so on; see `search`."""
        offset = self.zone().utcoffset(datetime.now(UTC)) or timedelta()
        return facets(self.db, query, asking.filters(self.whole, asked), int(offset.total_seconds()))

    def security_names(self, codes: Iterable[str]) -> dict[str, str]:
        """Return the usual names of securities by code."""
        return securities.usual_names(self.db, codes)

    def steps(self, name: str, *, before: int | None = None, limit: int) -> list[Step]:
        """Return what the latest revisions of a post changed, latest first; only those below `before`, if given.

        Raises `NoSuchPost`.
        """
        from crawler.text.changes import Version  # noqa: PLC0415  # takes 15 ms, which other methods do not need
        from crawler.text.differences import compare  # noqa: PLC0415  # likewise

        article_id = self._find(name, None)
        history = [row for row in versions.history(self.db, article_id) if before is None or row["revision"] < before]
        shown = history[-limit - 1 :]
        said = [versions.version(self.db, article_id, row["revision"]) for row in shown]
        texts = [Version(row["title"], row["published_at"], row["text"]) for row in said]
        steps = [
            Step(old, new, compare(one, other), one.text, other.text)
            for (old, new), (one, other) in zip(pairwise(shown), pairwise(texts), strict=True)
        ]
        return steps[::-1]

    def beside(self, post: int, category: str | None) -> tuple[ListedPost | None, ListedPost | None]:
        """Return the posts before and after one, by its row, among those of its first category, or among all."""
        return listings.beside(self.db, post, category)

    def near(self, written: str, limit: int = 3) -> list[ListedPost]:
        """Return posts whose ids look like what was `written`."""
        return listings.near_ids(self.db, written, limit)

    def story(self, post: int) -> int | None:
        """Return the number of the story that a post, by its row, tells together with others."""
        return listings.story_of(self.db, post)

    def story_named(self, name: str) -> int:
        """Return the number of the story that the post of this id or address tells. Raises `NoSuchPost`."""
        story = listings.story_of(self.db, self._find(name, None))
        if story is None:
            raise NoSuchPost(name, self.path)
        return story

    def category_names(self, slugs: Sequence[str]) -> dict[str, str]:
        """Return the names of categories by slug, as sites print them; a category without a name is left out."""
        return listings.categories(self.db, slugs)

    def outlets(self) -> list[str]:
        """Return the outlets that have posts."""
        return articles.sources(self.db)

    def authors(self) -> list[str]:
        """Return the authors of posts."""
        return authors.every(self.db)

    def _wanted(self, by: By | None, value: str | int | None, day: str | None) -> Wanted:
        if day is None:
            return Wanted(by, value)
        return Wanted(by, value, *self.span(day))


def days_up_to(last: date, count: int) -> list[str]:
    """Return the last so many days, oldest first, as `2022-04-20`; fewer at the beginning of the calendar."""
    first = max(date.min, last - timedelta(days=min(count - 1, last.toordinal() - 1)))
    return [(first + timedelta(days=number)).isoformat() for number in range((last - first).days + 1)]
