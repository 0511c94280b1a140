"""The archive as its readers see it: open it, ask it, close it.

This is the interface for Python programs, and the command line uses it too. Not here: writing, which runs do through
`crawler.run` and `crawler.recording`.
"""

from __future__ import annotations

from functools import wraps
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from crawler import dates
from crawler.archive import asking, stock
from crawler.archive.care import origins, summary, top
from crawler.archive.care.backup import backup
from crawler.archive.care.remedies import explain
from crawler.archive.ledger import address_history, names, runs, sites, zones
from crawler.archive.ledger.lookup import find_posts
from crawler.archive.search import every, search
from crawler.archive.store import articles, files, stories, versions
from crawler.archive.store.connection import file_at, limit_time, one_state, open_database
from crawler.errors import NoSuchSecurity
from crawler.text.words import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from crawler.archive.asking import Asked, Several
    from crawler.archive.care.backup import BackupResult
    from crawler.archive.care.summary import Summary
    from crawler.archive.care.top import Kind, Top
    from crawler.archive.search.results import EveryHit, Found
    from crawler.archive.search.search import Sort
    from crawler.archive.stock import EveryMention, Stock
    from crawler.archive.store.articles import Article
    from crawler.archive.store.lock import RunLock
    from crawler.archive.store.versions import Revision
    from crawler.archive.watch.alarm import Alarm
    from crawler.archive.watch.baseline import JudgedReport
    from crawler.archive.watch.coverage import Coverage
    from crawler.sites.definition import Site
    from crawler.text.changes import Changes

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _of_one_state(method: Callable[Concatenate[Archive, _P], _R]) -> Callable[Concatenate[Archive, _P], _R]:
    """Have a method read one state of the archive, so that what is deleted meanwhile does not go missing halfway."""

    @wraps(method)
    def read(archive: Archive, /, *values: _P.args, **named: _P.kwargs) -> _R:
        with one_state(archive.db):
            return method(archive, *values, **named)

    return read


class Archive:
    """An open archive. `db` is the underlying `sqlite_utils.Database`, for your own SQL.

    Times may be partial: `2022-04`, `2022-04-20`, `2022-04-20 09:30`. Without a UTC offset they are in the archive's
    `zone`. Methods that take a `site` (its name) leave other sites out. `whole` says which names there are. SQL may
    use the functions of `crawler.archive.search.functions`. As a context manager, it raises an `ArchiveError` in
    place of SQLite's errors about a damaged or locked file, of errors caused by values that another program has
    changed, and when the time limit is reached.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        create: bool = False,
        lock: RunLock | None = None,
        time_limit: float | None = None,
    ) -> None:
        """Open the archive at `path`; with `create`, create it if missing. A run passes the `lock` it holds.

        What SQLite still does `time_limit` seconds after the opening is given up; 0 and `None` are no limit.
        Raises `NoArchive`, `NotAnArchive`, `NewerArchive`, `ArchiveOutdated` or `ArchiveError`, see `crawler.errors`.
        """
        self.path = Path(path)
        self.db = open_database(self.path, create=create, lock=lock)
        self.file = file_at(self.path)
        self.whole = asking.OneArchive(self.db)
        self._time_limit = time_limit or None
        limit_time(self.db, self._time_limit)

    def is_in_place(self) -> bool:
        """Return whether the file at the archive's path is still the one that was opened."""
        return file_at(self.path) == self.file

    def __enter__(self) -> Self:
        """Return the archive itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the archive."""
        explained = explain(error, self.db, self.path, self._time_limit)
        self.close()
        if explained is not None:
            raise explained from error

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def zone(self) -> tzinfo:
        """Return the time zone in which times are shown and read; see `crawler.archive.ledger.zones`."""
        return zones.of_archive(self.db)

    def localised(self, result: Any) -> Any:
        """Return what another method has returned with its times, which are in UTC, in the archive's `zone`."""
        return zones.localised(result, self.zone())

    @_of_one_state
    def post(
        self, name: str, *, revision: int | None = None, as_of: str | None = None, site: str | None = None
    ) -> dict[str, Any]:
        """Return a post by id or address: the columns of `articles`, `categories`, `tags`, `mentions`, `same_story`.

        With `revision`, title, time, authors, image and body are those of that revision, with `as_of` those of the
        latest one that the archive knew at the end of that time. `same_story` lists the posts that tell the same
        story, oldest first; `found_in` is the revision of a removed text. Raises `NoSuchPost`, `NoSuchRevision`,
        `NoSuchTime`, `AmbiguousPost` if several sites have a post with this id, and `FinewsError` if it was not known
        then.
        """
        row = articles.get(self.db, self._find(name, site))
        if as_of is not None:
            revision = asking.revision_as_of(self.db, row, as_of)
        post = {**row, "same_story": stories.same_story_posts(self.db, row["id"])}
        of_version = versions.found_in if revision is None else versions.version
        return {**post, **of_version(self.db, row["id"], row["revision"] if revision is None else revision)}

    def posts(self, query: str | None = None, **asked: Unpack[Asked]) -> Iterator[Article]:
        """Yield every post, oldest first: the columns of `articles`, `categories`, `tags` and `mentions`.

        With a `query`, only posts that `search` finds; the other arguments are those of `search` too, but for
        `as_of`. Posts that were not published are left out, unless `drafts` are wanted. Raises `NoSuchTime` and
        `AmbiguousSecurity`, and `SiteError` for a site that is not here.
        """
        self._sites(asked.get("site"))
        filters = asking.filters(self.whole, {**asked, "as_of": None})
        if query is None:
            return articles.every(self.db, filters)
        return (articles.get(self.db, row) for row in every.matching_posts(self.db, query, filters))

    @_of_one_state
    def search(
        self,
        query: str,
        *,
        sort: Sort = "relevance",
        limit: int = 20,
        offset: int = 0,
        collapse: bool = False,
        **asked: Unpack[Asked],
    ) -> Found:
        """Return the results of a full-text query, see `crawler.archive.search.search`; any string is a valid query.

        `since` and `until` include the day, month or minute they name; `source` is an outlet, `author` a name,
        `category` a slug or a name, and `stock` a security in any form that `Archive.stock` takes; `site` leaves
        other sites out. Of several values any will do. `as_of` searches the archive as it was at the end of that
        time. `drafts` are found if they are wanted. If nothing is found, `understood` and `hints` say what was looked
        for. Raises `NoSuchTime` and `AmbiguousSecurity`.
        """
        meant = asking.meant(self.whole, asked)
        found = search.search(self.db, query, meant.filters, sort=sort, limit=limit, offset=offset, collapse=collapse)
        return asking.explained(self.whole, query, meant, found)

    def search_all(
        self, query: str, *, sort: Sort = "relevance", collapse: bool = False, **asked: Unpack[Asked]
    ) -> EveryHit:
        """Return all that `search` finds, in the same order; the results are read from the archive one by one."""
        meant = asking.meant(self.whole, asked)
        found = every.every_hit(self.db, query, meant.filters, sort=sort, collapse=collapse)
        return asking.explained(self.whole, query, meant, found)

    def history(self, name: str, *, site: str | None = None) -> list[Revision]:
        """Return the versions of a post, oldest first, see `origins`. Raises `NoSuchPost` and `AmbiguousPost`."""
        article_id = self._find(name, site)
        return origins.of_versions(self.db, article_id, versions.history(self.db, article_id))

    @_of_one_state
    def changes(self, name: str, *, site: str | None = None) -> dict[int, Changes]:
        """Return what each revision of a post, except the first, changed against its predecessor.

        Raises `NoSuchPost` and `AmbiguousPost`.
        """
        from crawler.text.changes import Version  # noqa: PLC0415  # takes 15 ms, which other methods do not need
        from crawler.text.differences import compare  # noqa: PLC0415  # likewise

        article_id = self._find(name, site)
        rows = [
            (row["revision"], versions.version(self.db, article_id, row["revision"]))
            for row in versions.history(self.db, article_id)
        ]
        texts = [(number, Version(row["title"], row["published_at"], row["text"])) for number, row in rows]
        return {number: compare(before, after) for (_, before), (number, after) in pairwise(texts)}

    @_of_one_state
    def stock(self, written: str, *, limit: int = 20, offset: int = 0, **asked: Unpack[Asked]) -> Stock:
        """Return the posts that mention a security, newest first, with counts by day and the names in print.

        `written` is `600160`, `600160.SH`, `1.600160`, `00700.HK`, `NIO`, a name, or a name in pinyin. `since`,
        `site` and `drafts` are those of `search`. Raises `NoSuchSecurity`, `AmbiguousSecurity` and `NoSuchTime`.
        """
        found = self.stock_all(written, limit=limit, offset=offset, **asked)
        return {**found, "results": list(found["results"])}

    def stock_all(self, written: str, *, limit: int = -1, offset: int = 0, **asked: Unpack[Asked]) -> EveryMention:
        """Return the same as `stock` with all posts; the results are read from the archive one by one."""
        found = stock.about(self.db, written, asked, limit=limit, offset=offset)
        if found is None:
            raise NoSuchSecurity(written, self.path, names.near_securities(self.whole, written))
        return found

    def why(self, name: str, *, site: str | None = None) -> list[address_history.AddressHistory]:
        """Return the history of a post's addresses, or of any address; an empty list if it was never seen.

        `name` is a post's id or an address. See `crawler.archive.ledger.address_history`.
        """
        return origins.of_addresses(self.db, address_history.histories(self.db, name, site))

    def imports(self, name: str, *, site: str | None = None) -> list[files.ImportEntry]:
        """Return the files that a post was imported from; `name` is its id, an address, or the path of a file."""
        return files.imports_of(self.db, find_posts(self.db, name, site).values(), printable(name))

    def runs(self, *, site: Several = None) -> Iterator[JudgedReport]:
        """Yield the report of every run, latest first.

        Each includes `usual`, the medians of the runs before it, and `unusual`, a few words on every outlier. Raises
        `SiteError`.
        """
        from crawler.archive.watch.baseline import with_baseline  # noqa: PLC0415  # see `changes`

        return with_baseline(runs.reports(self.db, self._sites(site)))

    def alarms(self, now: datetime | None = None, *, site: Several = None) -> list[Alarm]:
        """Return the current alarms, about what would otherwise be noticed too late; see `watch.watchman`.

        `now` must be timezone-aware; by default it is the current time. Raises `SiteError`.
        """
        from crawler.archive.watch.watchman import alarms  # noqa: PLC0415  # see `changes`

        now, sites = now or dates.now(), self._sites(site) or (None,)
        return [alarm for each in sites for alarm in alarms(self.db, each, now)]

    def sites(self) -> dict[str, Site]:
        """Return the definitions of the sites the archive knows, bundled ones included, by name."""
        return sites.known(self.db)

    def stats(self, *, site: Several = None, drafts: bool = False) -> Summary:
        """Return what the archive holds, in numbers; `drafts` count only if they are wanted. Raises `SiteError`."""
        return summary.summary(self.db, self.path, self._sites(site), drafts=drafts)

    def top(self, kind: Kind, *, limit: int | None = 20, **asked: Unpack[Asked]) -> Top:
        """Return the outlets, authors, categories, securities, days or sites with most posts; see `care.top`.

        `since`, `until`, `site` and `drafts` are those of `search`, and so are `understood` and `hints`; a `limit` of
        `None` is none. Raises `NoSuchTime` and `SiteError`.
        """
        sites, drafts, meant = (
            self._sites(asked.get("site")),
            asked.get("drafts", False),
            asking.meant(self.whole, asked),
        )
        span = meant.filters.since, meant.filters.until
        found = top.top(self.db, kind, span, sites, limit=limit, drafts=drafts)
        return asking.explained(self.whole, None, meant, found)

    def coverage(self, since: str | None = None, *, site: Several = None) -> Coverage:
        """Return how many listed posts are stored, per site, category and day, from the day of `since` on.

        See `crawler.archive.watch.coverage`. Raises `NoSuchTime` and `SiteError`.
        """
        from crawler.archive.watch.coverage import coverage  # noqa: PLC0415  # see `changes`

        begin = None if since is None else asking.span(self.whole, since)[0]
        return coverage(self.db, str(self.path), begin, self._sites(site))

    def backup(self, file: str | PathLike[str]) -> BackupResult:
        """Copy the archive to `file` and verify the copy, even while a run is writing; see `care.backup`."""
        return backup(self.db, self.path, Path(file))

    def _find(self, name: str, site: str | None = None) -> int:
        return names.the_post(self.db, name, next(iter(self._sites(site)), None), self.path)

    def _sites(self, typed: Several) -> tuple[str, ...]:
        return names.sites_there(self.whole, asking.each(typed), self.path)
