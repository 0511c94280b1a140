"""What else a post must be than found by its words, as conditions of SQL.

Not here: how a person names a time or a security (`crawler.archive.archive`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_FAR = 10**12  # seconds before and after 1970 that no post is beyond
_CODES = "(SELECT value FROM json_each(?))"


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

    @property
    def span(self) -> tuple[int, int]:
        """Return the first and the last second, however far away."""
        return (-_FAR if self.since is None else self.since, _FAR if self.until is None else self.until)

    @property
    def of_posts(self) -> tuple[str, list[Any]]:
        """The condition for a row of `posts` as it is now, with the values for it; `1` when there is none."""
        conditions: list[tuple[str, Any]] = [
            ("published_ts >= ?", self.since),
            ("published_ts <= ?", self.until),
            ("posts.source = ?", self.source),
            ("posts.category = ?", self.category),
            (f"posts.id IN (SELECT article_id FROM mentions WHERE code IN {_CODES})", self._codes),  # noqa: S608  # a constant
        ]
        return _all(conditions)

    @property
    def of_versions(self) -> tuple[str, list[Any]]:
        """The condition for a former row of `versions`, with what it was filed under then, beside its post's row.

        Where that is not known, of archives that were written before it was kept, the post's own stands in.
        """
        codes = (
            "EXISTS (SELECT value FROM json_each(coalesce(filed, (SELECT json_object('codes', json_group_array(code))"  # noqa: S608  # a constant
            f" FROM mentions WHERE article_id = posts.id)), '$.codes') WHERE value IN {_CODES})"
        )
        conditions: list[tuple[str, Any]] = [
            ("iif(filed IS NULL, posts.source, json_extract(filed, '$.source')) = ?", self.source),
            ("iif(filed IS NULL, posts.category, json_extract(filed, '$.category')) = ?", self.category),
            (codes, self._codes),
        ]
        return _all(conditions)

    @property
    def _codes(self) -> str | None:
        return None if self.codes is None else json.dumps(self.codes)


def _all(conditions: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    asked = [(sql, value) for sql, value in conditions if value is not None]
    return " AND ".join(sql for sql, _ in asked) or "1", [_bindable(value) for _, value in asked]


def _bindable(value: Any) -> Any:
    """Return a value as SQLite takes it; a terminal may hand over what is no UTF-8, under which nothing is filed."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
