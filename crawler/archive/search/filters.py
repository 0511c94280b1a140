"""The filters of a search, as conditions in SQL.

Not here: how a person names a time or a security (`crawler.archive.archive`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_FAR = 10**12  # seconds: no post lies further from 1970
_CODES = "(SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a post must be besides matching the query.

    Published from `since` to `until`, both included, in epoch seconds; of a `site`, an outlet (`source`) and a
    `category` (slug), be it the first of the post or not; mentioning one of `codes`; no draft, if `published`. With
    `as_of` (ISO 8601, UTC) the archive is searched as it stood then.
    """

    since: int | None = None
    until: int | None = None
    site: str | None = None
    source: str | None = None
    category: str | None = None
    codes: tuple[str, ...] | None = None
    published: bool = False
    as_of: str | None = None

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last second; an open end is far away."""
        return (-_FAR if self.since is None else self.since, _FAR if self.until is None else self.until)

    @property
    def of_posts(self) -> tuple[str, list[Any]]:
        """The condition on a row of `posts`, with its values; `1` when nothing is filtered.

        The plus leaves SQLite the index by time to walk along, instead of reading and sorting a whole category.
        """
        conditions: list[tuple[str, Any]] = [
            *self._of_days,
            ("posts.site = ?", self.site),
            ("posts.source = ?", self.source),
            ("+posts.id IN (SELECT article_id FROM article_categories WHERE category = ?)", self.category),
            ("posts.draft = ?", 0 if self.published else None),
            (f"+posts.id IN (SELECT article_id FROM mentions WHERE code IN {_CODES})", self._codes),  # noqa: S608  # a constant
        ]
        return _all(conditions)

    @property
    def of_days(self) -> tuple[str, list[Any]]:
        """The part of `of_posts` that `of_rows` leaves over: when a post was published."""
        return _all(self._of_days)

    @property
    def of_rows(self) -> tuple[str, list[Any]]:
        """All of `of_posts` but the days, as a condition on `found.rowid`.

        Each filter is the set of its rows, read from an index. Of the many rows that a frequent word finds, only
        those in every set need be read from `posts`, which takes longest. The plus keeps SQLite from looking each
        row of a set up among what is found.
        """
        conditions: list[tuple[str, Any]] = [
            ("+found.rowid IN (SELECT id FROM posts WHERE site = ?)", self.site),
            ("+found.rowid IN (SELECT id FROM posts WHERE source = ?)", self.source),
            ("+found.rowid IN (SELECT article_id FROM article_categories WHERE category = ?)", self.category),
            ("+found.rowid NOT IN (SELECT id FROM posts WHERE draft AND ?)", 1 if self.published else None),
            (f"+found.rowid IN (SELECT article_id FROM mentions WHERE code IN {_CODES})", self._codes),  # noqa: S608  # a constant
        ]
        return _all(conditions)

    @property
    def of_versions(self) -> tuple[str, list[Any]]:
        """The condition on a former row of `versions AS v` joined to its post.

        It goes by what the version was filed under then. Archives from before that was kept do not know it; there the
        post's own values stand in.
        """
        codes = (
            "EXISTS (SELECT value FROM json_each(coalesce(filed, (SELECT json_object('codes', json_group_array(code))"  # noqa: S608  # a constant
            f" FROM mentions WHERE article_id = posts.id)), '$.codes') WHERE value IN {_CODES})"
        )
        # Up to 0006 only the first category was kept.
        categories = (
            "EXISTS (SELECT 1 FROM json_each(CASE WHEN filed IS NULL THEN"
            " (SELECT json_group_array(category) FROM article_categories WHERE article_id = posts.id)"
            " ELSE coalesce(json_extract(filed, '$.categories'), json_array(json_extract(filed, '$.category'))) END)"
            " WHERE value = ?)"
        )
        conditions: list[tuple[str, Any]] = [
            ("posts.site = ?", self.site),
            ("iif(filed IS NULL, posts.source, json_extract(filed, '$.source')) = ?", self.source),
            (categories, self.category),
            ("v.draft = ?", 0 if self.published else None),
            (codes, self._codes),
        ]
        return _all(conditions)

    @property
    def _of_days(self) -> list[tuple[str, Any]]:
        return [("published_ts >= ?", self.since), ("published_ts <= ?", self.until)]

    @property
    def _codes(self) -> str | None:
        return None if self.codes is None else json.dumps(self.codes)


def _all(conditions: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    asked = [(sql, value) for sql, value in conditions if value is not None]
    return " AND ".join(sql for sql, _ in asked) or "1", [_bindable(value) for _, value in asked]


def _bindable(value: Any) -> Any:
    """Return a value that SQLite can bind: a terminal may hand over text that is no UTF-8, which matches nothing."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
