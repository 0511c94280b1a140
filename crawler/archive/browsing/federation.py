"""Several archives for programs that keep them open and answer many questions; see `BrowsableArchive`.

Not here: which archive speaks for a post (`crawler.archive.federation`), and the queries
(`crawler.archive.browsing.listings`).
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from typing import TYPE_CHECKING, Any

from crawler.archive import asking
from crawler.archive.browsing import facets, joint_counts, joint_lists, listings
from crawler.archive.browsing.archive import BrowsableArchive
from crawler.archive.browsing.listings import Wanted
from crawler.archive.care import top
from crawler.archive.federation import Federation, copies, posts, watching
from crawler.archive.federation.members import (
    Member,
    ask_each,
    distinct,
    make_room_for,
    share_memory,
    short_names,
)
from crawler.archive.federation.narrowing import Narrowing
from crawler.archive.ledger import runs
from crawler.archive.store import securities
from crawler.archive.store.connection import limit_time, one_state
from crawler.errors import AmbiguousPost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from typing import Self, Unpack

    from crawler.archive.asking import Asked
    from crawler.archive.browsing.archive import Step
    from crawler.archive.browsing.facets import Facets
    from crawler.archive.browsing.joint_counts import NumberedReport
    from crawler.archive.browsing.listings import By, ListedPost, Place
    from crawler.archive.care.top import Kind, Top
    from crawler.archive.federation.posts import Found
    from crawler.archive.ledger.address_history import AddressHistory
    from crawler.archive.search.results import Found as FoundPosts
    from crawler.archive.store.files import ImportEntry
    from crawler.archive.store.versions import Revision
    from crawler.archive.watch.alarm import Alarm

_CACHE = 8_192  # kB; there is one for each thread of a server
_MOST_POSTS = 200  # on a page of a list
_STALE_SECONDS, _TIMES = 2.0, 20  # see `_renew`


class BrowsableFederation(Federation):
    """Open archives that nothing can be written to. One thread at a time may use them, always the same.

    Methods are those of `BrowsableArchive`. A post's row, `id` and `post`, is a number that tells its archive too.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        """Ask these archives together, and close them in the end."""
        super().__init__(members)
        self._state: tuple[int, ...] = ()
        self._until = 0.0

    @classmethod
    def browsable(cls, paths: Iterable[Path], seconds: float, threads: int = 1) -> Self:
        """Open the archives at `paths`, as one of so many threads; an answer may take so many `seconds`.

        Readers are told the ends of the paths only, as far as these tell archives apart. See `Federation.at`.
        """
        files = distinct(paths)
        make_room_for(len(files), threads)
        with ExitStack() as opened:
            archives = [opened.enter_context(closing(BrowsableArchive(path))) for path in files]
            named = zip(archives, short_names(files), strict=True)
            members = [Member(number, archive, name, seconds) for number, (archive, name) in enumerate(named)]
            share_memory(members, _CACHE)
            federation = cls(members)
            opened.pop_all()
        return federation

    @property
    def name(self) -> str:
        """What the archives are called to readers."""
        return os.pathsep.join(member.name for member in self.members)

    def is_in_place(self) -> bool:
        """Return whether all files are still those that were opened."""
        return all(member.archive.is_in_place() for member in self.members)

    @contextmanager
    def within(self, seconds: float) -> Iterator[Self]:
        """Have the block read one state of each archive, and given up after so many seconds."""
        try:
            with ExitStack() as states:
                for member in self.members:
                    limit_time(member.db, seconds)
                    states.enter_context(one_state(member.db))
                self._renew()
                yield self
        except Exception as error:
            blamed = self._blamed(error)
            if blamed is None:
                raise
            raise blamed from error

    def interrupt(self) -> None:
        """Give up what is being asked, from any thread."""
        for member in self.members:
            member.db.conn.interrupt()

    def state(self) -> tuple[int, ...]:
        """Return what changes whenever another program has written to one of the archives."""
        return tuple(ask_each(self.members, lambda db: int(db.execute("PRAGMA data_version").fetchone()[0])))

    def _renew(self) -> None:
        """Compare the archives again if one has changed, though not more often than every two seconds.

        What took long is not done again before twenty times as long has passed: a run writes all the time, and
        meanwhile at worst a post that two archives have is shown twice.
        """
        state, now = self.state(), time.monotonic()
        if state != self._state and now >= self._until:
            self._narrowing = Narrowing(self.members)
            self._narrowing.as_of(None)
            self._state, self._until = state, now + max(_STALE_SECONDS, _TIMES * (time.monotonic() - now))
        self._narrowing.as_of(None)

    def search(self, query: str, **asked: Any) -> FoundPosts:
        """See `Archive.search`."""
        try:
            return super().search(query, **asked)
        finally:
            self._narrowing.as_of(None)

    def post(self, name: str, **asked: Any) -> dict[str, Any]:
        """See `Archive.post`; of two sites' posts of one id the first."""
        found = self._found(name)
        post = posts.read(self.members, found, revision=asked.get("revision"))
        return {**post, "id": joint_lists.number_of(found.member.number, found.row)}

    def history(self, name: str) -> list[Revision]:
        """See `Archive.history`; the revisions are those of the archive that speaks for the post."""
        found = self._found(name)
        return found.member.ask(lambda _: found.member.archive.history(found.post_id, site=found.site))

    def steps(self, name: str, *, before: int | None = None, limit: int) -> list[Step]:
        """See `BrowsableArchive.steps`; likewise."""
        found = self._found(name)
        archive = found.member.archive
        assert isinstance(archive, BrowsableArchive), "they were opened as such"
        return found.member.ask(lambda _: archive.steps(found.post_id, before=before, limit=limit))

    def why(self, name: str) -> list[AddressHistory]:
        """Return what each archive knows of an address, or of the addresses of a post; see `Archive.why`."""
        return list(chain(*(member.ask(lambda _, one=member: one.archive.why(name)) for member in self.members)))  # type: ignore[misc]

    def imports(self, name: str) -> list[ImportEntry]:
        """Return the files that a post was imported from, into any archive; see `Archive.imports`."""
        return list(chain(*(member.ask(lambda _, one=member: one.archive.imports(name)) for member in self.members)))  # type: ignore[misc]

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
        """See `BrowsableArchive.listing`; a story is named by the number of one of its posts."""
        if by == "story":
            return joint_lists.story(self.members, int(value or 0))
        wanted = Wanted(by, value) if day is None else Wanted(by, value, *self.span(day))
        return joint_lists.page(self.members, wanted, before, after, min(limit, _MOST_POSTS))

    def per_day(self, days: Iterable[str], by: By | None = None, value: str | int | None = None) -> list[int]:
        """See `BrowsableArchive.per_day`."""
        spans = [self.span(day) for day in days]
        if by == "story":
            times = [post["at"] for post in joint_lists.story(self.members, int(value or 0))]
            return [sum(first <= at <= last for at in times) for first, last in spans]
        counted = ask_each(self.members, lambda db: listings.per_span(db, Wanted(by, value), spans))
        return [sum(counts) for counts in zip(*counted, strict=True)]

    def span(self, day: str) -> tuple[int, int]:
        """See `BrowsableArchive.span`."""
        first, last = asking.span(self.whole, day)
        return int(first.timestamp()), int(last.timestamp())

    def latest_runs(self, count: int, before: int | None = None) -> list[NumberedReport]:
        """Return the reports of so many runs of all archives, latest first; see `NumberedReport`."""
        total = sum(sum(each.values()) for each in ask_each(self.members, runs.counts))
        each = [(member.name, member.read(member.archive.runs())) for member in self.members]
        return joint_counts.in_one_row(each, total, count, before)

    def alarms(self, now: datetime | None = None) -> list[Alarm]:
        """See `Archive.alarms`; each site is watched in the archive that crawled it last."""
        return watching.alarms(self.members, now)

    def facets(self, query: str, **asked: Unpack[Asked]) -> Facets:
        """See `BrowsableArchive.facets`."""
        offset = self.zone().utcoffset(datetime.now(UTC)) or timedelta()
        filters = asking.filters(self.whole, asked)
        return facets.most(
            ask_each(
                self.members,
                lambda db: facets.every(
                    db, query, replace(filters, is_shared=copies.is_narrowed(db)), int(offset.total_seconds())
                ),
            )
        )

    def top(self, kind: Kind, *, limit: int | None = 20, **asked: Unpack[Asked]) -> Top:
        """See `Archive.top`."""
        meant = asking.meant(self.whole, asked)
        span, drafts = (meant.filters.since, meant.filters.until), asked.get("drafts", False)
        each = ask_each(
            self.members,
            lambda db: top.top(db, kind, span, meant.filters.sites, limit=None, drafts=drafts)["results"],
        )
        ranked = joint_counts.ranked(each)
        found: Top = {"kind": kind, "total": len(ranked), "results": ranked[:limit]}
        return asking.explained(self.whole, None, meant, found)

    def security_names(self, codes: Iterable[str]) -> dict[str, str]:
        """See `BrowsableArchive.security_names`; where archives differ, the first has its say."""
        wanted = list(codes)
        return joint_counts.first_of(ask_each(self.members, lambda db: securities.usual_names(db, wanted)))

    def category_names(self, slugs: Sequence[str]) -> dict[str, str]:
        """See `BrowsableArchive.category_names`; likewise."""
        return joint_counts.first_of(ask_each(self.members, lambda db: listings.categories(db, slugs)))

    def outlets(self) -> list[str]:
        """See `BrowsableArchive.outlets`."""
        return self.whole.sources()

    def authors(self) -> list[str]:
        """See `BrowsableArchive.authors`."""
        return self.whole.authors()

    def beside(self, post: int, category: str | None) -> tuple[ListedPost | None, ListedPost | None]:
        """See `BrowsableArchive.beside`."""
        return joint_lists.beside(self.members, post, category)

    def near(self, written: str, limit: int = 3) -> list[ListedPost]:
        """See `BrowsableArchive.near`."""
        return joint_lists.near(self.members, written, limit)

    def story(self, post: int) -> int | None:
        """Return the number of a post again if other posts tell the same story."""
        return post if joint_lists.story(self.members, post) else None

    def _found(self, name: str) -> Found:
        try:
            return posts.find(self.members, name, None)
        except AmbiguousPost as error:
            return posts.find(self.members, name, error.sites[0])
