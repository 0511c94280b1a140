"""Lists of posts of several archives, in one order.

A post's place is the time it was published and a number, which is its row and the number of its archive in one. Not
here: lists of one archive (`crawler.archive.browsing.listings`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, cast

from crawler.archive.browsing import listings
from crawler.archive.browsing.listings import Place
from crawler.archive.federation import stories
from crawler.archive.store import articles

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlite_utils import Database

    from crawler.archive.browsing.listings import ListedPost, Wanted
    from crawler.archive.federation.members import Member

_BITS = 40  # of a row: more posts than an archive can hold
_BEHIND_ALL = 2**_BITS  # behind every row


def number_of(archive: int, row: int) -> int:
    """Return the number of a post, by that of its archive and its row there."""
    return (archive << _BITS) + row


def archive_and_row(number: int) -> tuple[int, int]:
    """Return the number of a post's archive, and its row there."""
    return number >> _BITS, number & (_BEHIND_ALL - 1)


def place_in(archive: int, place: Place) -> Place:
    """Return a place among the posts of all as a place among those of an archive."""
    of, row = archive_and_row(place.post)
    if of == archive:
        return Place(place.at, row)
    return Place(place.at, -1 if archive > of else _BEHIND_ALL)


def page(
    members: Sequence[Member], wanted: Wanted, before: Place | None, after: Place | None, limit: int
) -> list[ListedPost]:
    """Return a page of posts, newest first: those `before` a place in the list, or `after` one, or the newest."""
    found = [
        post
        for member in members
        for post in _numbered(member, member.ask(partial(_page_of, member.number, wanted, before, after, limit)))
    ]
    listed = _newest_first(found)
    return listed[:limit] if after is None else listed[-limit:]


def _page_of(
    archive: int, wanted: Wanted, before: Place | None, after: Place | None, limit: int, db: Database
) -> list[ListedPost]:
    if after is not None:
        return listings.newer(db, wanted, place_in(archive, after), limit)
    return listings.older(db, wanted, None if before is None else place_in(archive, before), limit)


def beside(members: Sequence[Member], post: int, category: str | None) -> tuple[ListedPost | None, ListedPost | None]:
    """Return the posts before and after one, by its number, among those of its first category, or among all."""
    number, row = archive_and_row(post)
    place = Place(members[number].ask(lambda db: articles.published_ts(db, row)), post)
    before: list[ListedPost] = []
    after: list[ListedPost] = []
    for member in members:
        earlier, later = member.ask(partial(_around, place_in(member.number, place), category))
        before += _numbered(member, filter(None, [earlier]))
        after += _numbered(member, filter(None, [later]))
    return next(iter(_newest_first(before)), None), next(reversed(_newest_first(after)), None)


def _around(place: Place, category: str | None, db: Database) -> tuple[ListedPost | None, ListedPost | None]:
    return listings.around(db, place, category)


def story(members: Sequence[Member], post: int) -> list[ListedPost]:
    """Return the posts of all archives that tell the same story as one, by its number, newest first."""
    number, row = archive_and_row(post)
    rows: dict[int, list[int]] = defaultdict(list)
    for archive, told in stories.told(members, members[number], row):
        rows[archive].append(told.row)
    found = ((member, member.ask(partial(listings.these, rows=rows[member.number]))) for member in members)
    return _newest_first([post for member, own in found for post in _numbered(member, own)])


def near(members: Sequence[Member], written: str, limit: int) -> list[ListedPost]:
    """Return posts whose ids look like what was `written`."""
    found = [(member, member.ask(lambda db: listings.near_ids(db, written, limit))) for member in members]
    posts = [post for member, own in found for post in _numbered(member, own)]
    return sorted(posts, key=lambda post: -listings.shared(post["id"], written))[:limit]


def _numbered(member: Member, posts: Iterable[ListedPost]) -> list[ListedPost]:
    """Return posts of an archive with their numbers among those of all, and the name of the archive."""
    return [
        cast("ListedPost", {**post, "post": number_of(member.number, post["post"]), "archive": member.name})
        for post in posts
    ]


def _newest_first(posts: Iterable[ListedPost]) -> list[ListedPost]:
    return sorted(posts, key=lambda post: (post["at"], post["post"]), reverse=True)
