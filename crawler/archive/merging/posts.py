"""Reading whole posts, with all their versions, as `crawler.archive.merging.facts` merges them.

Not here: writing them (`crawler.archive.merging.writing`), and what becomes of a post that two archives have.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from crawler.archive.merging.as_of import filed_under, in_one_order, known_as_of
from crawler.archive.merging.facts import Detail, Fact, Post, RunKey, Version, stamp_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlite_utils import Database

FACT = ("content_hash", "seen_at", "via", "run_id", "filed")
"""Columns of `versions` that say how a version came to be known."""

_APART = {"id", "article_id", "revision", *FACT}  # columns that are not part of what a version says
_TEXTS = ("url", "share_url", "source")  # details that are columns of `posts`


def rows_after(db: Database, row: int, count: int) -> list[int]:
    """Return the rows of the next so many posts behind `row`."""
    found = db.execute("SELECT id FROM posts WHERE id > ? ORDER BY id LIMIT ?", [row, count])
    return [post for (post,) in found]


def count(db: Database) -> int:
    """Return the number of posts."""
    return int(db.execute("SELECT count(*) FROM posts").fetchone()[0])


class PostReader:
    """Reads posts of the archive open as `db`, whose runs are `runs`, by row."""

    def __init__(self, db: Database, runs: Mapping[int, RunKey]) -> None:
        """Prepare to read."""
        self._db, self._runs = db, runs
        said = said_columns(db)
        names = ", ".join(("id", *FACT, *said))
        self._names = said
        self._versions = f"SELECT {names} FROM versions WHERE article_id = ? ORDER BY revision"  # noqa: S608  # columns

    def read(self, row: int) -> Post:
        """Return the post in a row."""
        site, post_id, category, first, last, gone, as_of, *texts = self._db.execute(
            "SELECT site, post_id, category, first_seen_at, last_seen_at, gone_at, as_of, url, share_url, source"
            " FROM posts WHERE id = ?",
            [row],
        ).fetchone()
        made, values = self._made(row), self._details(row, texts, category)
        stamp = stamp_of(max((f for v in made for f in (v.fact, *v.sightings)), key=lambda fact: fact.key))
        current = made[-1].fact
        known = known_as_of(as_of, current)
        if values["mentions"] is None and known.marks_none:
            values["mentions"] = []
        details = {
            name: Detail(known.stamps.get(name, stamp), value) for name, value in values.items() if value is not None
        }
        filed = filed_under(values) if known.filed is None else known.filed
        made[-1] = made[-1]._replace(fact=current._replace(filed=filed))
        return Post(site, post_id, first, last, gone, tuple(made), details)

    def _made(self, row: int) -> list[Version]:
        """Return the versions of a post with their sightings."""
        made = []
        sightings, named = self._sightings(row), self._authors(row)
        rows = self._db.execute(self._versions, [row])
        for number, (version, content_hash, seen_at, via, run, filed, *said) in enumerate(rows, 1):
            head = dict(zip(self._names, said, strict=True)) | {"authors": named[number]}
            fact = Fact(content_hash, seen_at, via, self._runs[run], head, in_one_order(filed))
            again = [
                Fact(content_hash, at, way, self._runs[by], {**head, **json.loads(text)}, in_one_order(filed_there))
                for at, by, way, filed_there, text in sightings.get(version, ())
            ]
            made.append(Version(fact, tuple(sorted(again, key=lambda each: each.key))))
        return _placed(made)

    def _sightings(self, row: int) -> dict[int, list[tuple[str, int, str, str | None, str]]]:
        found = defaultdict(list)
        for version, *sighting in self._db.execute(
            "SELECT version_id, sightings.seen_at, sightings.run_id, sightings.via, sightings.filed, said"
            " FROM sightings JOIN versions ON versions.id = version_id WHERE article_id = ?",
            [row],
        ):
            found[version].append(tuple(sighting))
        return found

    def _authors(self, row: int) -> dict[int, list[str]]:
        named = defaultdict(list)
        for revision, name in self._db.execute(
            "SELECT revision, name FROM article_authors JOIN authors ON authors.id = author_id WHERE article_id = ?"
            " ORDER BY position",
            [row],
        ):
            named[revision].append(name)
        return named

    def _details(self, row: int, texts: list[str | None], category: str | None) -> dict[str, Any]:
        """Return the details of a post by name, `None` for those that are not known."""
        categories = self._db.execute(
            "SELECT category FROM article_categories WHERE article_id = ? ORDER BY position", [row]
        )
        tags = self._db.execute(
            "SELECT name FROM article_tags JOIN tags ON tags.id = tag_id WHERE article_id = ? ORDER BY position",
            [row],
        )
        mentions = self._db.execute(
            "SELECT code, name, count FROM mentions WHERE article_id = ? ORDER BY code, name", [row]
        )
        return {
            **{name: text or None for name, text in zip(_TEXTS, texts, strict=True)},
            "categories": [slug for (slug,) in categories] or ([category] if category else None),
            "tags": [tag for (tag,) in tags] or None,
            "mentions": [list(mention) for mention in mentions] or None,
        }


def said_columns(db: Database) -> tuple[str, ...]:
    """Return the columns of `versions` that belong to what a version says."""
    columns = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('versions')")]
    return tuple(name for name in columns if name not in _APART)


def _placed(made: list[Version]) -> list[Version]:
    """Count what one run has seen in one second, in the order of the versions."""
    seen: Counter[tuple[str, RunKey]] = Counter()

    def placed(fact: Fact) -> Fact:
        seen[fact.seen_at, fact.run] += 1
        return fact._replace(place=seen[fact.seen_at, fact.run] - 1)

    return [Version(placed(version.fact), tuple(map(placed, version.sightings))) for version in made]
