"""Which archive speaks for a post that several have. Pure rules.

The one that saw the post last; of those that saw it last at the same time, the one whose version was first seen
later. As of an earlier time, only what an archive had seen by then counts, and a post that it saw later too counts as
seen then. So what is shown of a post is always what one archive says of it. A post that any of the archives has
deleted is nobody's, as it would be if they were merged. Not here: the tables (`copies`).
"""

from __future__ import annotations

from heapq import merge
from itertools import count, groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Span = tuple[str, str]
"""The first and the last of some ids, in the order of their characters."""


class Key(NamedTuple):
    """A post, with its row in an archive; in the order of these fields."""

    post_id: str
    site: str
    row: int


class Copy(NamedTuple):
    """Where a post is: the number of an archive, and the row there."""

    archive: int
    row: int


class Sighting(NamedTuple):
    """When an archive saw a post last, and when it first saw what it says of it (ISO 8601, UTC); and what that is.

    The greatest speaks for the post.
    """

    last_seen_at: str
    seen_at: str
    content_hash: str


def contested(spans: Sequence[Span | None]) -> list[Span | None]:
    """Return the part of each archive's ids that lies within those of others; `None` where nothing does.

    Shards by year or by site have nothing in common, so that no post of theirs need be looked at.
    """
    return [
        _cover([both for other in (*spans[:number], *spans[number + 1 :]) if (both := _common(span, other))])
        for number, span in enumerate(spans)
    ]


def _common(one: Span | None, other: Span | None) -> Span | None:
    if one is None or other is None:
        return None
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first <= last else None


def _cover(spans: list[Span]) -> Span | None:
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


def shared(keys: Sequence[Iterable[Key]]) -> Iterator[list[Copy]]:
    """Yield the copies of each post that several archives have; `keys` are those of each archive, in their order."""
    for _post, same in groupby(merge(*map(_numbered, keys, count())), key=itemgetter(0, 1)):
        copies = [Copy(number, row) for _post_id, _site, row, number in same]
        if len(copies) > 1:
            yield copies


def _numbered(keys: Iterable[Key], number: int) -> Iterator[tuple[str, str, int, int]]:
    return ((*key, number) for key in keys)


def speaker(copies: Iterable[Copy], sightings: Mapping[Copy, Sighting]) -> Copy | None:
    """Return the copy that speaks for a post, of equal ones the first archive's; `None` if none had seen it."""
    return max(
        (copy for copy in copies if copy in sightings),
        key=lambda copy: (sightings[copy], -copy.archive),
        default=None,
    )


def superseded(posts: Iterable[Sequence[Copy]], sightings: Mapping[Copy, Sighting]) -> Iterator[Copy]:
    """Yield the copies that do not speak for their post."""
    for copies in posts:
        speaking = speaker(copies, sightings)
        yield from (copy for copy in copies if copy != speaking)
