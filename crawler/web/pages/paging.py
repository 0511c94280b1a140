"""Lists a page at a time.

A page begins behind a place in time, not at a number, so that it stays the same while posts come in. Not here: which
posts are in a list (`crawler.web.pages.lists`).
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.browsing.listings import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from crawler.archive.browsing.listings import ListedPost
    from crawler.web.asked import Asked

PAGE = 50
"""Posts on a page of a list."""

_PLACE = re.compile(r"(-?\d{1,13})\.(\d{1,18})", re.ASCII)


class Page(NamedTuple):
    """A page of a list: its posts, newest first, and the addresses of the pages beside it, if there are any."""

    posts: list[ListedPost]
    newer: str | None
    older: str | None

    @property
    def days(self) -> list[tuple[str, list[ListedPost]]]:
        """The posts by day, in the calendar of their site."""
        return [(day, list(posts)) for day, posts in groupby(self.posts, lambda post: post["published_at"][:10])]


def page_of(asked: Asked, listing: Callable[..., list[ListedPost]], limit: int = PAGE) -> Page:
    """Return the page of a list that is asked for by `before` or `after`; `listing` is one of the archive."""
    before, after = place_of(asked.get("before")), place_of(asked.get("after"))
    if after is not None:
        posts = listing(after=after, limit=limit + 1)
        if len(posts) > limit:
            return _between(asked, posts[1:], newer=True, older=True)
    if before is None or after is not None:  # the first page
        posts = listing(limit=limit + 1)
        return _between(asked, posts[:limit], newer=False, older=len(posts) > limit)
    posts = listing(before=before, limit=limit + 1)
    return _between(asked, posts[:limit], newer=True, older=len(posts) > limit)


def place_of(written: str | None) -> Place | None:
    """Read a place in a list, `1650444299.12`; anything else is none."""
    found = _PLACE.fullmatch(written or "")
    return Place(int(found[1]), int(found[2])) if found else None


def written(post: ListedPost) -> str:
    """Write the place of a post in a list."""
    return f"{post['at']}.{post['post']}"


def _between(asked: Asked, posts: list[ListedPost], *, newer: bool, older: bool) -> Page:
    here = asked.place.here
    return Page(
        posts,
        here(after=written(posts[0]), before=None) if newer and posts else None,
        here(before=written(posts[-1]), after=None) if older and posts else None,
    )


def places(posts: Iterable[ListedPost]) -> list[dict[str, object]]:
    """Return posts as JSON has them: without their place in a list."""
    return [{key: value for key, value in post.items() if key not in {"at", "post"}} for post in posts]
