"""What the hits in a block can be narrowed down to: outlets, categories and days, each name once.

Not here: narrowing hits down, which the browser does (`search.js`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.web.published.searching.digits import written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

KINDS = ("outlet", "category", "day")
"""The kinds of names, in the order in which each post has them."""


class BlockFilters:
    """The names of a block's posts while they are gathered: add the posts in the order of their rows."""

    def __init__(self) -> None:
        """Begin without posts."""
        self._numbers: dict[str, dict[str, int]] = {kind: {} for kind in KINDS}
        self._posts: list[str] = []

    def add(self, names: Mapping[str, Sequence[str]]) -> None:
        """Add a post with its `names` of each kind."""
        for kind in KINDS:
            known = self._numbers[kind]
            numbers = [known.setdefault(name, len(known)) for name in names[kind]]
            self._posts.append(written([len(numbers), *numbers]))

    def value(self) -> dict[str, list[str] | str]:
        """Return what `search.js` reads: the names of each kind, and for each post how many it has and which."""
        return {**{kind: list(names) for kind, names in self._numbers.items()}, "posts": "".join(self._posts)}
