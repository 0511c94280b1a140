"""Several archives as their readers see them together: open them, ask them, close them.

The same questions as to one `Archive`, with the same answers, in which each post has the path of its `archive`. Not
here: how answers are joined; each kind has a module of its own beside this one.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.archive import asking
from crawler.archive.archive import Archive
from crawler.archive.federation import hits, posts, stock, summary, watching
from crawler.archive.federation.members import Member, distinct, make_room_for, share_memory
from crawler.archive.federation.narrowing import Narrowing
from crawler.archive.federation.whole import SeveralArchives
from crawler.archive.ledger import names, zones
from crawler.archive.search.every import each_newest_first
from crawler.archive.search.search import newest_first
from crawler.archive.store.connection import one_state
from crawler.errors import NoSuchSecurity
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from crawler.archive.asking import Asked, Several
    from crawler.archive.care.summary import Summary
    from crawler.archive.search.results import EveryHit, Found
    from crawler.archive.search.search import Sort
    from crawler.archive.stock import EveryMention, Stock
    from crawler.archive.watch.coverage import Coverage
    from crawler.errors import ArchiveError


class Federation:
    """Open archives that are asked together, each in one state.

    See `Archive` for what questions mean. Times without a UTC offset are in the `zone` of the first archive that has
    posts. Errors are those of the archive that they concern, and name it.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        """Ask these archives together, and close them in the end."""
        self.members = members
        self.whole = SeveralArchives(members)
        self._narrowing, self._states = Narrowing(members), ExitStack()

    @classmethod
    def at(cls, paths: Iterable[str | PathLike[str]], *, time_limit: float | None = None) -> Self:
        """Open the archives at `paths`; a file that is named twice is opened once.

        What SQLite still does `time_limit` seconds after the opening is given up; 0 and `None` are no limit. Raises
        what opening an `Archive` does, and `TooManyArchives`.
        """
        files = distinct(map(Path, paths))
        make_room_for(len(files))
        with ExitStack() as opened:
            archives = [opened.enter_context(closing(Archive(path, time_limit=time_limit))) for path in files]
            members = [
                Member(number, archive, str(archive.path), time_limit or None)
                for number, archive in enumerate(archives)
            ]
            share_memory(members)
            for archive in archives:
                opened.enter_context(one_state(archive.db))
            federation = cls(members)
            federation._states = opened.pop_all()
        return federation

    def __enter__(self) -> Self:
        """Return the federation itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the archives."""
        blamed = self._blamed(error)
        self.close()
        if blamed is not None:
            raise blamed from error

    def close(self) -> None:
        """Close the files."""
        self._states.close()
        for member in self.members:
            member.archive.close()

    def zone(self) -> tzinfo:
        """Return the time zone in which times are shown and read."""
        return self.whole.zone()

    def localised(self, result: Any) -> Any:
        """Return what another method has returned with its times, which are in UTC, in the `zone`."""
        return zones.localised(result, self.zone())

    def post(
        self, name: str, *, revision: int | None = None, as_of: str | None = None, site: str | None = None
    ) -> dict[str, Any]:
        """Return a post by id or address as the archive has it that saw it last; see `Archive.post`.

        `revision` is one of that archive's; with `as_of`, it is the archive that had seen the post last by then.
        `archive` is its path. `same_story` lists posts of all archives. Raises what `Archive.post` does.
        """
        end = None if as_of is None else asking.span(self.whole, as_of)[1]
        until = None if end is None else dates.iso(dates.utc(end))
        self._narrowing.follow(until)
        found = posts.find(self.members, name, self._site(site), until)
        return posts.read(self.members, found, revision=revision, as_of=None if end is None else dates.iso(end))

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
        """Return the results of a full-text query; see `Archive.search`. `collapse` takes stories across archives."""
        meant = self._meant(asked)
        wanted = hits.Wanted(sort, collapse, offset, offset + limit)
        found = hits.every_hit(self.members, query, meant.filters, wanted, newest_first)
        shown: Found = {**found, "results": list(found["results"])}
        return asking.explained(self.whole, query, meant, shown)

    def search_all(
        self, query: str, *, sort: Sort = "relevance", collapse: bool = False, **asked: Unpack[Asked]
    ) -> EveryHit:
        """Return all that `search` finds, in the same order; the results are read from the archives one by one."""
        meant = self._meant(asked)
        wanted = hits.Wanted(sort, collapse)
        found = hits.every_hit(self.members, query, meant.filters, wanted, each_newest_first)
        return asking.explained(self.whole, query, meant, found)

    def stock(self, written: str, *, limit: int = 20, offset: int = 0, **asked: Unpack[Asked]) -> Stock:
        """Return the posts that mention a security, newest first; see `Archive.stock`."""
        found = self.stock_all(written, limit=limit, offset=offset, **asked)
        return {**found, "results": list(found["results"])}

    def stock_all(self, written: str, *, limit: int = -1, offset: int = 0, **asked: Unpack[Asked]) -> EveryMention:
        """Return the same as `stock` with all posts; the results are read from the archives one by one."""
        self._narrowing.as_of(None)
        found = stock.about(self.members, self.whole, written, asked, limit=limit, offset=offset)
        if found is None:
            raise NoSuchSecurity(written, self._named(), names.near_securities(self.whole, written))
        return found

    def stats(self, *, site: Several = None, drafts: bool = False) -> Summary:
        """Return what the archives hold together, in numbers, and what each does; see `Archive.stats`."""
        self._narrowing.as_of(None)
        return summary.of_all(self.members, self._sites(site), drafts=drafts)

    def holding(self, post: Mapping[str, Any]) -> Archive:
        """Return the archive that a post was read from."""
        return next(member.archive for member in self.members if member.name == post["archive"])

    def coverage(self, since: str | None = None, *, site: Several = None) -> Coverage:
        """Return how many listed posts are stored, of each site in the archive that crawled it last.

        See `Archive.coverage`.
        """
        return watching.coverage(self.members, since, self._sites(site))

    def _blamed(self, error: BaseException | None) -> ArchiveError | None:
        """Return a sentence on the archive that has caused an error; `None` if none has."""
        return next(filter(None, (member.blame(error) for member in self.members)), None)

    def _meant(self, asked: Asked) -> asking.Meant:
        """Return what is meant, and see each post only in the archive that speaks for it as of then."""
        self._narrowing.as_of(None)
        meant = asking.meant(self.whole, asked)
        self._narrowing.as_of(meant.filters.as_of)
        return meant

    def _site(self, typed: str | None) -> str | None:
        return next(iter(self._sites(typed)), None)

    def _sites(self, typed: Several) -> tuple[str, ...]:
        return names.sites_there(self.whole, asking.each(typed), self._named())

    def _named(self) -> Sentence:
        return Sentence("{count} archives", count=len(self.members))
