"""The filters of a search, as conditions in SQL.

Not here: how a person names a time or a security (`crawler.archive.archive`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_FAR = 10**12  # seconds: no post lies further from 1970
_ANY = "(SELECT value FROM json_each(?))"  # the values of a filter that has several
_BY = "SELECT {what} FROM authors JOIN article_authors ON author_id = authors.id {join} WHERE {condition}"
_CURRENT = (
    "JOIN posts AS written ON written.id = article_authors.article_id AND written.revision = article_authors.revision"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What a post must be besides matching the query.

    Published from `since` to `until`, both included, in epoch seconds; of one of these `sites`, outlets (`sources`),
    `authors` and `categories` (slugs), be it the first of the post or not, where any are named; mentioning one of
    `codes`, unless that is `None`; no draft, if `published`. With `as_of` (ISO 8601, UTC) the archive is searched as
    it stood then. If `is_shared`, other archives are asked as well, and the rows in `temp.superseded` are theirs.
    """

    since: int | None = None
    until: int | None = None
    sites: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    codes: tuple[str, ...] | None = None
    published: bool = False
    as_of: str | None = None
    is_shared: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last second; an open end is far away."""
        return (-_FAR if self.since is None else self.since, _FAR if self.until is None else self.until)

    @property
    def of_posts(self) -> tuple[str, list[Any]]:
        """The condition on a row of `posts`, with its values; `1` when nothing is filtered.

        The plus leaves SQLite the index by time to walk along, instead of reading and sorting a whole category.
        """
        category, categories = _one_of("category", self.categories)
        return _all(
            [
                *self._of_days,
                _one_of("posts.site", self.sites),
                _one_of("posts.source", self.sources),
                self._of_authors("+posts.id"),
                (f"+posts.id IN (SELECT article_id FROM article_categories WHERE {category})", categories),  # noqa: S608  # constants
                ("posts.draft = ?", 0 if self.published else None),
                (f"+posts.id IN (SELECT article_id FROM mentions WHERE code IN {_ANY})", self._codes),  # noqa: S608  # a constant
            ]
        )

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
        site, sites = _one_of("site", self.sites)
        source, sources = _one_of("source", self.sources)
        category, categories = _one_of("category", self.categories)
        return _all(
            [
                (f"+found.rowid IN (SELECT id FROM posts WHERE {site})", sites),  # noqa: S608  # constants
                (f"+found.rowid IN (SELECT id FROM posts WHERE {source})", sources),  # noqa: S608  # likewise
                self._of_authors("+found.rowid"),
                (f"+found.rowid IN (SELECT article_id FROM article_categories WHERE {category})", categories),  # noqa: S608  # likewise
                ("+found.rowid NOT IN (SELECT id FROM posts WHERE draft AND ?)", 1 if self.published else None),
                (f"+found.rowid IN (SELECT article_id FROM mentions WHERE code IN {_ANY})", self._codes),  # noqa: S608  # likewise
                ("+found.rowid NOT IN (SELECT id FROM temp.superseded WHERE ?)", 1 if self.is_shared else None),
            ]
        )

    @property
    def of_versions(self) -> tuple[str, list[Any]]:
        """The condition on a former row of `versions AS v` joined to its post.

        It goes by what the version was filed under then. Archives from before that was kept do not know it; there the
        post's own values stand in.
        """
        codes = (
            "EXISTS (SELECT value FROM json_each(coalesce(filed, (SELECT json_object('codes', json_group_array(code))"  # noqa: S608  # a constant
            f" FROM mentions WHERE article_id = posts.id)), '$.codes') WHERE value IN {_ANY})"
        )
        # Up to 0006 only the first category was kept.
        categories = (
            "EXISTS (SELECT 1 FROM json_each(CASE WHEN filed IS NULL THEN"  # noqa: S608  # likewise
            " (SELECT json_group_array(category) FROM article_categories WHERE article_id = posts.id)"
            " ELSE coalesce(json_extract(filed, '$.categories'), json_array(json_extract(filed, '$.category'))) END)"
            f" WHERE value IN {_ANY})"
        )
        version = "article_id = v.article_id AND article_authors.revision = v.revision"
        by = _BY.format(what="1", join="", condition=f"{version} AND name IN {_ANY}")
        return _all(
            [
                _one_of("posts.site", self.sites),
                (f"EXISTS ({by})", _listed(self.authors)),
                _one_of("iif(filed IS NULL, posts.source, json_extract(filed, '$.source'))", self.sources),
                (categories, _listed(self.categories)),
                ("v.draft = ?", 0 if self.published else None),
                (codes, self._codes),
            ]
        )

    @property
    def _of_days(self) -> list[tuple[str, Any]]:
        return [("published_ts >= ?", self.since), ("published_ts <= ?", self.until)]

    def _of_authors(self, row: str) -> tuple[str, str | None]:
        """Return the condition that the current version of a post, by its `row`, is by one of the authors."""
        name, names = _one_of("name", self.authors)
        return f"{row} IN ({_BY.format(what='article_id', join=_CURRENT, condition=name)})", names

    @property
    def _codes(self) -> str | None:
        return None if self.codes is None else json.dumps(self.codes)


def _one_of(what: str, values: tuple[str, ...]) -> tuple[str, str | None]:
    """Return the condition that `what` is one of the values; of a single one SQLite makes better use of an index."""
    return (f"{what} = ?", values[0]) if len(values) == 1 else (f"{what} IN {_ANY}", _listed(values))


def _listed(values: tuple[str, ...]) -> str | None:
    return json.dumps(values) if values else None


def _all(conditions: list[tuple[str, Any]]) -> tuple[str, list[Any]]:
    asked = [(sql, value) for sql, value in conditions if value is not None]
    return " AND ".join(sql for sql, _ in asked) or "1", [_bindable(value) for _, value in asked]


def _bindable(value: Any) -> Any:
    """Return a value that SQLite can bind: a terminal may hand over text that is no UTF-8, which matches nothing."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value
