"""Seeing each post only in the archive that speaks for it, as of a time.

Not here: the rule (`speakers`), and how a connection is made to leave posts out (`copies`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property, partial
from itertools import chain
from typing import TYPE_CHECKING

from crawler.archive.federation import copies, speakers
from crawler.archive.federation.members import ask_each
from crawler.archive.federation.speakers import Copy
from crawler.archive.ledger import deletions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.archive.federation.members import Member
    from crawler.archive.federation.speakers import Sighting

_NEVER_ASKED = object()


class Narrowing:
    """What the connections of some archives leave out. Their posts are compared once, when that is first needed."""

    def __init__(self, members: Sequence[Member]) -> None:
        """Leave nothing out yet."""
        self._members = members
        self._as_of: object = _NEVER_ASKED

    def as_of(self, as_of: str | None) -> None:
        """Have each post seen only where it speaks as of a time (ISO 8601, UTC), or as of now."""
        if as_of == self._as_of:
            return
        left_out = defaultdict[int, set[int]](set)
        seen = sightings(self._members, chain(*self._shared), as_of)
        for copy in chain(self._deleted, speakers.superseded(self._shared, seen)):
            left_out[copy.archive].add(copy.row)
        for member in self._members:
            member.ask(partial(copies.leave_out, rows=left_out[member.number]))
        self._as_of = as_of

    def follow(self, as_of: str | None) -> None:
        """Do so only if posts may be left out already: then one may be that is to be shown."""
        if self._as_of is not _NEVER_ASKED:
            self.as_of(as_of)

    @cached_property
    def _shared(self) -> list[list[Copy]]:
        """The posts that several archives have."""
        spans = speakers.contested(ask_each(self._members, copies.span))
        asked = [(member, span) for member, span in zip(self._members, spans, strict=True) if span is not None]
        found = speakers.shared(
            [member.read(member.ask(partial(copies.keys, within=span))) for member, span in asked]
        )
        numbers = [member.number for member, _ in asked]
        return [[Copy(numbers[copy.archive], copy.row) for copy in each] for each in found]

    @cached_property
    def _deleted(self) -> list[Copy]:
        """The posts that were deleted in another archive."""
        deleted = list(chain(*ask_each(self._members, deletions.every)))
        if not deleted:
            return []
        rows = ask_each(self._members, partial(copies.rows_of, deletions=deleted))
        return [Copy(member.number, row) for member, own in zip(self._members, rows, strict=True) for row in own]


def sightings(members: Sequence[Member], of: Iterable[Copy], as_of: str | None) -> dict[Copy, Sighting]:
    """Return when copies of posts were seen, up to a time; without those that had not been."""
    rows = defaultdict[int, list[int]](list)
    for copy in of:
        rows[copy.archive].append(copy.row)
    return {
        Copy(member.number, row): seen
        for member in members
        if member.number in rows
        for row, seen in member.ask(partial(copies.sightings, rows=rows[member.number], as_of=as_of)).items()
    }
