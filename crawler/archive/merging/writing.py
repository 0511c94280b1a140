"""Writing whole posts, with all their versions, and everything derived: index, stories, names of securities.

A version that was there already keeps its row. Runs inside the caller's transaction. Not here: reading posts
(`crawler.archive.merging.posts`), and what becomes of a post that two archives have.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler.archive.merging.as_of import as_of
from crawler.archive.merging.facts import differing
from crawler.archive.merging.posts import FACT, said_columns
from crawler.archive.search import index
from crawler.archive.store import stories, versions
from crawler.archive.store.filing import authors
from crawler.archive.store.securities import note_mentions
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlite_utils import Database

    from crawler.archive.merging.facts import Fact, Post, RunKey


class PostWriter:
    """Writes posts to the archive open as `db`; `runs` has its runs by what tells them from others."""

    def __init__(self, db: Database, runs: Mapping[RunKey, int]) -> None:
        """Prepare to write."""
        self._db, self._runs = db, runs
        self._names = said_columns(db)

    def write(self, row: int | None, post: Post) -> int:
        """Write a post in place of the one in a row, or as a new one; return its row."""
        before = {} if row is None else versions.entries(self._db, row)
        if row is None:
            row = self._added(post)
        else:
            stories.leave_story(self._db, row, before[row])
        self._write_post(row, post)
        self._write_versions(row, post)
        self._write_details(row, post)
        self._index(row, before)
        return row

    def _added(self, post: Post) -> int:
        cursor = self._db.execute(
            "INSERT INTO posts (site, post_id, url, published_ts, revision, first_seen_at, last_seen_at)"
            " VALUES (?, ?, '', 0, 0, '', '')",
            [post.site, post.post_id],
        )
        assert cursor.lastrowid is not None, "an INSERT into a table with an integer key has a row id"
        return cursor.lastrowid

    def _write_post(self, row: int, post: Post) -> None:
        current = post.versions[-1].fact
        categories = self._value(post, "categories")
        self._db.execute(
            "UPDATE posts SET url = ?, share_url = ?, source = ?, category = ?, draft = ?, published_ts = ?,"
            " revision = ?, first_seen_at = ?, last_seen_at = ?, gone_at = ?, as_of = ? WHERE id = ?",
            [
                *(self._value(post, "url") or "", self._value(post, "share_url"), self._value(post, "source")),
                *(categories[0] if categories else None, current.said["draft"], _seconds(current)),
                *(len(post.versions), post.first_seen_at, post.last_seen_at, post.gone_at),
                *(as_of(post), row),
            ],
        )

    @staticmethod
    def _value(post: Post, name: str) -> Any:
        return post.details[name].value if name in post.details else None

    def _write_versions(self, row: int, post: Post) -> None:
        """Write the versions; one that is there already keeps its row."""
        rows = self._db.execute(
            "SELECT content_hash, seen_at, id FROM versions WHERE article_id = ?", [row]
        ).fetchall()
        there = {(content_hash, seen_at): version for content_hash, seen_at, version in rows}
        left = {version for _, _, version in rows}
        # Numbers are given anew; two versions may never have the same one, even for a moment.
        self._db.execute("UPDATE versions SET revision = -revision WHERE article_id = ?", [row])
        self._db.execute(
            "DELETE FROM sightings WHERE version_id IN (SELECT id FROM versions WHERE article_id = ?)", [row]
        )
        for number, version in enumerate(post.versions, 1):
            is_current = number == len(post.versions)
            fact = version.fact._replace(filed=None) if is_current else version.fact
            place = there.get((fact.content_hash, fact.seen_at))
            left.discard(place)
            self._write_version(row, number, place, fact, version.sightings)
        for number, version in enumerate(sorted(left), len(post.versions) + 1):
            self._db.execute("UPDATE versions SET revision = ? WHERE id = ?", [number, version])
            self._db.execute("DELETE FROM versions WHERE id = ?", [version])

    def _write_version(
        self, row: int, number: int, place: int | None, fact: Fact, sightings: tuple[Fact, ...]
    ) -> None:
        columns = (*FACT, *self._names, "revision", "article_id")
        said = [fact.said[name] for name in self._names]
        values = [fact.content_hash, fact.seen_at, fact.via, self._runs[fact.run], fact.filed, *said, number, row]
        if place is None:
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT INTO versions ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # of the schema
            place = self._db.execute(sql, values).lastrowid
        else:
            set_all = ", ".join(f"{name} = ?" for name in columns)
            self._db.execute(f"UPDATE versions SET {set_all} WHERE id = ?", [*values, place])  # noqa: S608  # likewise
        authors.replace(self._db, row, number, fact.said["authors"])
        self._db.conn.executemany(
            "INSERT INTO sightings (version_id, seen_at, run_id, via, filed, said) VALUES (?, ?, ?, ?, ?, ?)",
            [
                (place, again.seen_at, self._runs[again.run], again.via, again.filed, _said(again, fact))
                for again in sightings
            ],
        )

    def _write_details(self, row: int, post: Post) -> None:
        for table in ("article_categories", "article_tags"):
            self._db.execute(f"DELETE FROM {table} WHERE article_id = ?", [row])  # noqa: S608  # constants
        self._db.conn.executemany(
            "INSERT INTO article_categories (article_id, category, position) VALUES (?, ?, ?)",
            [(row, slug, position) for position, slug in enumerate(self._value(post, "categories") or ())],
        )
        for position, name in enumerate(self._value(post, "tags") or ()):
            self._db.execute("INSERT INTO tags (name) VALUES (?) ON CONFLICT (name) DO NOTHING", [name])
            self._db.execute(
                "INSERT INTO article_tags (article_id, tag_id, position) SELECT ?, id, ? FROM tags WHERE name = ?",
                [row, position, name],
            )
        mentions = [Mention(code=code, name=name, count=count) for code, name, count in self._mentions(post)]
        note_mentions(self._db, row, tuple(mentions), _seconds(post.versions[-1].fact))

    def _mentions(self, post: Post) -> Iterator[tuple[str, str, int]]:
        yield from self._value(post, "mentions") or ()

    def _index(self, row: int, before: dict[int, index.Entry]) -> None:
        """Bring the index and the stories up to date; `before` has what the post was found by."""
        now = versions.entries(self._db, row)
        for place, entry in before.items():
            if now.get(place) != entry:
                index.remove(self._db, place, entry.words())
        for place, entry in now.items():
            if before.get(place) != entry:
                index.add(self._db, place, entry.words())
        (published_ts,) = self._db.execute("SELECT published_ts FROM posts WHERE id = ?", [row]).fetchone()
        stories.assign_story(self._db, row, now[row], published_ts)


def _said(sighting: Fact, head: Fact) -> str:
    return json.dumps(differing(sighting.said, head.said), ensure_ascii=False)


def _seconds(fact: Fact) -> int:
    return int(datetime.fromisoformat(fact.said["published_at"]).timestamp())
