"""What is not in the archive, with what is near it. Not here: the page that says so (`crawler.web.app`)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crawler.web.asked import Asked

_ALIKE = 0.4  # as difflib measures likeness
_MOST = 5


class Near(NamedTuple):
    """Something that may have been meant instead: its name, and the address of its page."""

    name: str
    href: str


class Missing(Exception):  # named after what is wrong, as the errors of `crawler.errors` are
    """There is no such page; `near` are pages that may have been meant."""

    def __init__(self, name: str, near: Iterable[Near] = ()) -> None:
        """`name` is what the address asked for."""
        super().__init__(name)
        self.name, self.near = name, list(near)


def like(name: str, names: Iterable[str]) -> list[str]:
    """Return those of the `names` that look like one, the most alike first."""
    known = [other for other in names if other]
    parts = [other for other in known if name and (name in other or other in name)]
    return [*dict.fromkeys([*parts, *get_close_matches(name, known, _MOST, _ALIKE)])][:_MOST]


def posts_near(asked: Asked, name: str) -> list[Near]:
    """Return the posts whose ids look like a name."""
    return [Near(post["title"], asked.place.to("post", post["id"])) for post in asked.archive.near(name)]
