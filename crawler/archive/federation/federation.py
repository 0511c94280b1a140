"""Several archives as their readers see them together: open them, ask them, close them.

The same questions as to one `Archive`, with the same answers, in which each post has the path of its `archive`. Not
here: how answers are joined; each kind has a module of its own beside this one.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from crawler import dates
from crawler.archive import asking
from crawler.archive.archive import Archive
from crawler.archive.federation import hits, posts, stock, summary
from crawler.archive.federation.members import Member, distinct, make_room_for, share_memory
from crawler.archive.federation.narrowing import Narrowing
from crawler.archive.federation.whole import SeveralArchives
from crawler.archive.ledger import names, zones
from crawler.archive.search.every import each_newest_first
from crawler.archive.search.search import newest_first
from crawler.archive.store.connection import one_state
from crawler.errors import NoSuchSecurity, UsageError
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from crawler.archive.asking import Asked, Several
    from crawler.archive.care.summary import Summary
    from crawler.archive.search.results import EveryHit, Found
    from crawler.archive.search.search import Sort
    from crawler.archive.stock import EveryMention, Stock


class Federation:
    """Open archives that are asked together, each in one state.

    See `Archive` for what questions mean. Times without a UTC offset are in the `zone` of the first archive that has
    posts. Errors are those of the archive that they concern, and name it.
    """

    def __init__(self, archives: Iterable[Archive], seconds: float | None = None) -> None:
        """Ask these archives together, and close them in the end; `seconds` is the limit that they were given."""
        self.members = [Member(number, archive, seconds) for number, archive in enumerate(archives)]
        share_memory(self.members)
        with ExitStack() as states:
            for member in self.members:
                states.enter_context(one_state(member.db))
            self.whole = SeveralArchives(self.members)
            self._narrowing = Narrowing(self.members)
            self._states = states.pop_all()

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
            federation = cls(archives, time_limit or None)
            opened.pop_all()
        return federation

    def __enter__(self) -> Self:
        """Return the federation itself."""
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close the archives."""
        blamed = next(filter(None, (member.blame(error) for member in self.members)), None)
        self.close()
        if blamed is not None:
            raise blamed from error

    def close(self) -> None:
        """Close the files."""
        with ExitStack() as opened:
            for member in self.members:
                opened.callback(member.archive.close)
            opened.push(self._states)

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
        found = hits.every_hit(self.members, query, meant.filters, sort, newest_first, collapse=collapse)
        shown: Found = {**found, "results": list(islice(found["results"], offset, offset + limit))}
        return asking.explained(self.whole, query, meant, shown)

    def search_all(
        self, query: str, *, sort: Sort = "relevance", collapse: bool = False, **asked: Unpack[Asked]
    ) -> EveryHit:
        """Return all that `search` finds, in the same order; the results are read from the archives one by one."""
        meant = self._meant(asked)
        found = hits.every_hit(self.members, query, meant.filters, sort, each_newest_first, collapse=collapse)
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

    def coverage(self, *_asked: Any, **_named: Any) -> NoReturn:
        """Refuse: of what one archive was to have and another has, a merge can tell."""
        raise UsageError("--coverage is about one archive: name one with --archive.")

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
