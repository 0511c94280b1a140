"""Reading and writing whole posts, with all their versions, as `crawler.archive.merging.facts` merges them.

Everything derived (index, stories, names of securities) follows when a post is written. Functions that write run
inside the caller's transaction. Not here: what becomes of a post that two archives have.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from crawler.archive.merging.facts import Detail, Fact, Post, RunKey, Version, differing, stamp_of
from crawler.archive.search import index
from crawler.archive.store import stories, versions
from crawler.archive.store.securities import note_mentions
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlite_utils import Database

_FACT = ("content_hash", "seen_at", "via", "run_id", "filed")
_APART = {"id", "article_id", "revision", *_FACT}  # columns of `versions` that are not part of what one says
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
        names = ", ".join(("id", *_FACT, *said))
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
        known = _known_as_of(as_of, current)
        if values["mentions"] is None and known.marks_none:
            values["mentions"] = []
        details = {
            name: Detail(known.stamps.get(name, stamp), value) for name, value in values.items() if value is not None
        }
        filed = _filed(values) if known.filed is None else known.filed
        made[-1] = made[-1]._replace(fact=current._replace(filed=filed))
        return Post(site, post_id, first, last, gone, tuple(made), details)

    def _made(self, row: int) -> list[Version]:
        """Return the versions of a post with their sightings."""
        made = []
        sightings = self._sightings(row)
        for version, content_hash, seen_at, via, run, filed, *said in self._db.execute(self._versions, [row]):
            head = dict(zip(self._names, said, strict=True))
            fact = Fact(content_hash, seen_at, via, self._runs[run], head, _sorted(filed))
            again = [
                Fact(content_hash, at, way, self._runs[by], {**head, **json.loads(text)}, _sorted(filed_there))
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
                *(_as_of(post), row),
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
        columns = (*_FACT, *self._names, "revision", "article_id")
        said = [fact.said[name] for name in self._names]
        values = [fact.content_hash, fact.seen_at, fact.via, self._runs[fact.run], fact.filed, *said, number, row]
        if place is None:
            marks = ", ".join("?" * len(columns))
            sql = f"INSERT INTO versions ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  # of the schema
            place = self._db.execute(sql, values).lastrowid
        else:
            set_all = ", ".join(f"{name} = ?" for name in columns)
            self._db.execute(f"UPDATE versions SET {set_all} WHERE id = ?", [*values, place])  # noqa: S608  # likewise
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


def _placed(made: list[Version]) -> list[Version]:
    """Count what one run has seen in one second, in the order of the versions."""
    seen: Counter[tuple[str, RunKey]] = Counter()

    def placed(fact: Fact) -> Fact:
        seen[fact.seen_at, fact.run] += 1
        return fact._replace(place=seen[fact.seen_at, fact.run] - 1)

    return [Version(placed(version.fact), tuple(map(placed, version.sightings))) for version in made]


class _Known(NamedTuple):
    """The column `as_of`: stamps of details by name, and what the current version itself was filed under.

    Both are there only as far as they do not follow from the current version and the details. `marks_none`: that a
    post mentions no security is what it says, as a page does, and not for want of marks.
    """

    stamps: Mapping[str, str]
    filed: str | None
    marks_none: bool


def _known_as_of(as_of: str, current: Fact) -> _Known:
    """Read the column `as_of`, which says nothing any more once a run has stored another version."""
    kept = json.loads(as_of)
    if kept.get("of") != [current.content_hash, current.seen_at]:
        return _Known({}, None, current.via == "page")
    return _Known(kept["stamps"], kept["filed"], kept["marks_none"])


def _as_of(post: Post) -> str:
    """Return the column `as_of` of a post, the inverse of `_known_as_of`."""
    current, stamp = post.versions[-1].fact, post.stamp
    stamps = {name: detail.stamp for name, detail in post.details.items() if detail.stamp != stamp}
    values = {name: detail.value for name, detail in post.details.items()}
    marks_none, is_page = values.get("mentions") == [], current.via == "page"
    follows = current.filed == _filed(values) and (values.get("mentions") or marks_none == is_page)
    if not stamps and follows:
        return "{}"
    kept = {"of": [current.content_hash, current.seen_at], "stamps": stamps, "filed": current.filed}
    return json.dumps({**kept, "marks_none": marks_none})


def _filed(details: Mapping[str, Any]) -> str:
    """Return what a post is filed under, as `crawler.archive.store.versions.keep_filing` writes it."""
    categories = details.get("categories") or []
    codes = sorted({code for code, _, _ in details.get("mentions") or []})
    filed = {"source": details.get("source"), "category": categories[0] if categories else None}
    return _compact({**filed, "categories": sorted(categories), "codes": codes})


def _sorted(filed: str | None) -> str | None:
    """Return a filing with its lists in one order; the order in which SQLite has collected them means nothing."""
    if filed is None:
        return None
    kept = json.loads(filed)
    return _compact({name: sorted(value) if isinstance(value, list) else value for name, value in kept.items()})


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _seconds(fact: Fact) -> int:
    return int(datetime.fromisoformat(fact.said["published_at"]).timestamp())
