"""What else a post must be than found by its words: filters, and what the index is asked for them.

Not here: how a person names a time or a security (`crawler.archive.archive`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from crawler.archive.search.words import around, filter_word, time_words

if TYPE_CHECKING:
    from sqlite_utils import Database

_FAR = 10**12  # seconds before and after 1970 that no post is beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What else a post must be.

    Published from `since` to `until`, both included, in epoch seconds; of an outlet (`source`) and a `category`
    (slug); mentioning one of `codes`. With `as_of` (ISO 8601, UTC) the archive is searched as it stood then.
    """

    since: int | None = None
    until: int | None = None
    source: str | None = None
    category: str | None = None
    codes: tuple[str, ...] | None = None
    as_of: str | None = None

    def expressions(self) -> list[str]:
        """Return what the index is asked for besides the terms."""
        kinds = {"source": self.source, "category": self.category}
        single = [_quoted(filter_word(kind, value)) for kind, value in kinds.items() if value is not None]
        codes = [filter_word("stock", code) for code in self.codes or ()]
        return [*single, *(f"({' OR '.join(map(_quoted, words))})" for words in (codes, self._time_words()) if words)]

    @property
    def is_for_the_index(self) -> bool:
        """Whether the index alone can tell which posts pass; not to the minute, and not of the past."""
        return self.as_of is None and (not self._has_span or self._time_words() is not None)

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last second, however far away."""
        return (-_FAR if self.since is None else self.since, _FAR if self.until is None else self.until)

    @property
    def _has_span(self) -> bool:
        return (self.since, self.until) != (None, None)

    def _time_words(self) -> list[str] | None:
        return time_words(*self.span) if self._has_span else None


def bounded(db: Database, filters: Filters) -> Filters:
    """Give a span that is open at one end the end of the archive: the index divides time into stretches.

    Not of the past, when posts may have been dated otherwise.
    """
    if (filters.since, filters.until) == (None, None) or filters.as_of is not None:
        return filters
    first, last = db.execute("SELECT min(published_ts), max(published_ts) FROM posts").fetchone()
    begin, end = around(first or 0, last or 0)
    return replace(
        filters,
        since=begin if filters.since is None else max(filters.since, begin),
        until=end if filters.until is None else min(filters.until, end),
    )


def _quoted(word: str) -> str:
    return f'"{word}"'
