"""Stories: posts that tell the same story under several ids. Tables `stories` and `story_keys`, derived from texts.

Not here: deciding whether two texts tell the same story (`crawler.text.near_duplicates`).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from crawler.archive.search import index
from crawler.archive.store import articles
from crawler.archive.store.versions import CURRENT
from crawler.language import Sentence
from crawler.text.minhash import minhash_keys, scheme
from crawler.text.near_duplicates import TitledText, same_story
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlite_utils import Database

    from crawler.archive.search.index import Entry

# Thousands of posts made from one template share keys, see `crawler.text.near_duplicates`.
PER_KEY = 200
"""How many of the latest posts with a key are considered."""

CANDIDATES = 20
"""How many posts are compared with one: those that share the most keys, since a copy shares more than a lookalike."""

APART = 3 * 86_400
"""Seconds between two posts at most: an item that returns every week in the same words is not the same story."""

_SCHEME = "stories"
_NO_ROW = 0

_OF_KEY = f"SELECT * FROM (SELECT article_id FROM story_keys WHERE key = ? ORDER BY article_id DESC LIMIT {PER_KEY})"  # noqa: S608
_CANDIDATES_AMONG = (
    "SELECT posts.id, story_id FROM ({}) AS met JOIN posts ON posts.id = met.article_id"  # noqa: S608  # constants
    " LEFT JOIN stories ON stories.article_id = posts.id WHERE posts.id <> ? AND published_ts BETWEEN ? AND ?"
    f" GROUP BY posts.id ORDER BY count(*) DESC, posts.id DESC LIMIT {CANDIDATES}"
)


class StoryPost(TypedDict):
    """A post that tells a story; `first` marks the one that was published first."""

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    first: bool


def same_story_posts(db: Database, article_id: int) -> list[StoryPost]:
    """Return the posts that tell the same story as this one, itself included, oldest first; none if no other does.

    Drafts tell nobody anything, and are left out.
    """
    rows = list(
        db.query(
            "SELECT post_id AS id, site, title, published_at, source FROM stories"
            " JOIN articles ON articles.id = article_id"
            " WHERE story_id = (SELECT story_id FROM stories WHERE article_id = ?)"
            " AND (NOT draft OR articles.id = ?) ORDER BY published_ts, articles.id",
            [article_id, article_id],
        )
    )
    return [{**row, "first": not index} for index, row in enumerate(rows)] if len(rows) > 1 else []  # type: ignore[typeddict-item]


class ToldPost(NamedTuple):
    """A post that tells a story, with its row, and when it was published (epoch seconds) and last seen (UTC)."""

    id: str
    site: str
    title: str
    published_at: str
    source: str | None
    row: int
    published_ts: int
    last_seen_at: str

    def shown(self, *, first: bool) -> StoryPost:
        """Return the post as one of its story."""
        return {
            "id": self.id,
            "site": self.site,
            "title": self.title,
            "published_at": self.published_at,
            "source": self.source,
            "first": first,
        }


class Probe(NamedTuple):
    """A post that is to be found again in other archives: what it says, its keys, and when it was published."""

    said: TitledText
    keys: tuple[int, ...]
    published_ts: int


def probe(db: Database, article_id: int) -> Probe:
    """Return a post as a probe."""
    said = titled_text(db, article_id)
    return Probe(said, minhash_keys(said.text), articles.published_ts(db, article_id))


def alike(db: Database, probes: Iterable[Probe]) -> list[int]:
    """Return the rows of the posts that tell the same story as any of the probes, which are of other archives."""
    matches = [
        row
        for said, keys, published_ts in probes
        for row, _story in _candidates(db, _NO_ROW, keys, published_ts)
        if same_story(titled_text(db, row), said)
    ]
    return with_same_story(db, matches)


def with_same_story(db: Database, rows: Iterable[int]) -> list[int]:
    """Return these posts, and those that tell the same stories here."""
    asked = json.dumps(list(rows))
    found = db.execute(
        "SELECT value FROM json_each(:rows) UNION SELECT article_id FROM stories WHERE story_id IN"
        " (SELECT story_id FROM stories WHERE article_id IN (SELECT value FROM json_each(:rows)))",
        {"rows": asked},
    )
    return [row for (row,) in found]


def told(db: Database, rows: Iterable[int], always: int | None = None) -> list[ToldPost]:
    """Return these posts as posts of a story; drafts tell nobody anything and are left out, but for `always`."""
    found = db.execute(
        "SELECT post_id, site, title, published_at, source, id, published_ts, last_seen_at FROM articles"
        " WHERE id IN (SELECT value FROM json_each(?)) AND (NOT draft OR id = ?)",
        [json.dumps(list(rows)), always],
    )
    return [ToldPost(*row) for row in found]


def every(db: Database) -> dict[int, int]:
    """Return the number of its story of each post that tells one with others."""
    return dict(db.execute("SELECT article_id, story_id FROM stories").fetchall())


def keys_of(db: Database, rows: Iterable[int]) -> list[tuple[int, int, int]]:
    """Return the keys of posts, each with when the post was published (epoch seconds), and its row."""
    return db.execute(
        "SELECT key, published_ts, article_id FROM story_keys CROSS JOIN posts ON posts.id = article_id"
        " WHERE article_id IN (SELECT value FROM json_each(?))",
        [json.dumps(list(rows))],
    ).fetchall()


def assign_story(
    db: Database, article_id: int, now: Entry, published_ts: int, keys: tuple[int, ...] | None = None
) -> None:
    """Assign a post without a story to one; `keys` are those of its text, if already computed."""
    keys = minhash_keys(now.text) if keys is None else keys
    db.conn.execute(
        "INSERT INTO story_keys (key, article_id) SELECT value, ? FROM json_each(?) WHERE 1 ON CONFLICT DO NOTHING",
        [article_id, json.dumps(keys)],
    )
    _find_story(db, article_id, now, published_ts, keys)


def leave_story(db: Database, article_id: int, before: Entry) -> None:
    """Take a post out of the story that it joined when it said `before`; the other posts are assigned again."""
    db.conn.executemany(
        "DELETE FROM story_keys WHERE key = ? AND article_id = ?",
        [(key, article_id) for key in minhash_keys(before.text)],
    )
    others = [
        other
        for (other,) in db.execute(
            "SELECT article_id FROM stories WHERE article_id <> :post"
            " AND story_id = (SELECT story_id FROM stories WHERE article_id = :post)",
            {"post": article_id},
        ).fetchall()
    ]
    # It may have been the link between the others.
    db.conn.executemany("DELETE FROM stories WHERE article_id = ?", [(post,) for post in (article_id, *others)])
    for other in others:
        entry = index.current(db, other)
        _find_story(db, other, entry, articles.published_ts(db, other), minhash_keys(entry.text))


def _find_story(db: Database, article_id: int, now: Entry, published_ts: int, keys: tuple[int, ...]) -> None:
    """Join a post with those that tell the same story; matching a single post of a story is enough to join it."""
    post, joined = TitledText(now.title, now.text), set[int]()
    matches = []
    for other, story in _candidates(db, article_id, keys, published_ts):
        if story not in joined and same_story(titled_text(db, other), post):
            matches.append(other)
            joined |= {story} if story else set()
    if matches:
        _join(db, [article_id, *matches])


def rebuild(db: Database) -> None:
    """Find all stories again from scratch."""
    db.execute("DELETE FROM story_keys")
    db.execute("DELETE FROM stories")
    db.execute(
        "INSERT INTO derived (name, made_by) VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET made_by = excluded.made_by",
        [_SCHEME, scheme()],
    )
    posts = f"SELECT posts.id, published_ts FROM {CURRENT} ORDER BY published_ts, posts.id"  # noqa: S608  # a constant
    for article_id, published_ts in db.execute(posts).fetchall():
        assign_story(db, article_id, index.current(db, article_id), published_ts)


def faults(db: Database) -> Iterator[str]:
    """Yield a sentence for everything that is wrong with the stories."""
    if db.execute("SELECT made_by FROM derived WHERE name = ?", [_SCHEME]).fetchone() != (scheme(),):
        yield Sentence("Stories were found by another method than today's: `finews check --repair` finds them anew.")
    (alone,) = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM stories GROUP BY story_id HAVING count(*) = 1)"
    ).fetchone()
    if alone:
        yield Sentence(
            "{stories} told by one post only: `finews check --repair` finds all anew.",
            stories=counted(alone, "story", "stories"),
        )


def _candidates(
    db: Database, article_id: int, keys: tuple[int, ...], published_ts: int
) -> list[tuple[int, int | None]]:
    """Return the posts of about the same time that share the most keys, each with its story if it has one."""
    if not keys:
        return []
    rows = db.conn.execute(
        _CANDIDATES_AMONG.format(" UNION ALL ".join([_OF_KEY] * len(keys))),  # constants
        [*keys, article_id, published_ts - APART, published_ts + APART],
    )
    return rows.fetchall()


def titled_text(db: Database, article_id: int) -> TitledText:
    """Return what a post says, by the words that it is found by."""
    return TitledText(*index.current(db, article_id))


def _join(db: Database, posts: list[int]) -> None:
    """Merge posts, and the stories they belong to, into one story."""
    marks = ", ".join("?" * len(posts))
    joined = db.execute(f"SELECT DISTINCT story_id FROM stories WHERE article_id IN ({marks})", posts).fetchall()  # noqa: S608
    story = min([*posts, *(story for (story,) in joined)])
    for (other,) in joined:
        db.execute("UPDATE stories SET story_id = ? WHERE story_id = ?", [story, other])
    db.conn.executemany(
        "INSERT INTO stories (article_id, story_id) VALUES (?, ?)"
        " ON CONFLICT (article_id) DO UPDATE SET story_id = excluded.story_id",
        [(post, story) for post in posts],
    )
