"""What becomes of a post that two archives have. Pure rules, on posts as `crawler.archive.merging.posts` reads them.

Each time that an archive saw a post say something new is a *fact*. A merged post has the facts of both archives, in
order of time; of facts in a row that say the same, the first is a version and the others are its sightings. So the
result depends on the facts alone: the order of merging does not matter, nor repeating it, and a fact that became a
sighting is a version again once a third archive saw something else in between.

Details (outlet, category, tags, …) belong to the post. Each has a *stamp*: the fact by which it was known, and when
that was last read. The later stamp wins, a missing detail never does. Not here: tables other than those of posts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from crawler.text.words import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# An import takes the time before it opens the archive, and the run begins after that.
_SLACK = timedelta(minutes=1)
_MOST_SHARED = 0.1  # of the words of the shorter text; posts that share more are versions of one
_FEWEST = 10  # tokens; shorter texts share next to nothing by chance

ConflictKind = Literal["unrelated", "published", "deleted"]


class RunKey(NamedTuple):
    """What tells a run from all others: the archive it was made in, its number there, and when it began."""

    archive: str
    number: int
    started_at: str


class Fact(NamedTuple):
    """That an archive saw a post say something at a time. `said` is a version's columns by name.

    `filed` is what the post was filed under then, see `crawler.archive.store.versions.keep_filing`. `place` counts
    what one run has seen in one second.
    """

    content_hash: str
    seen_at: str
    via: str
    run: RunKey
    said: Mapping[str, Any]
    filed: str | None
    place: int = 0

    @property
    def key(self) -> tuple[str, ...]:
        """The place of the fact among those of its post: by time; a file that has none comes before all that do."""
        is_timed = self.via != "import" or self.seen_at < _earlier(self.run.started_at)
        archive, number, started_at = self.run
        by_run = (started_at, archive, f"{number:020}", f"{self.place:09}")  # of what was seen in one second
        return f"{is_timed:d}", self.seen_at, *by_run, self.content_hash


class Detail(NamedTuple):
    """A detail of a post, such as its tags, and its stamp."""

    stamp: str
    value: Any


class Version(NamedTuple):
    """A version, with the facts that say the same after it."""

    fact: Fact
    sightings: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True)
class Post:
    """A post of an archive, with its versions in their order. All times are in UTC, ISO 8601."""

    site: str
    post_id: str
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    versions: tuple[Version, ...]
    details: Mapping[str, Detail]

    @property
    def facts(self) -> list[Fact]:
        """Every fact of the post."""
        return [fact for version in self.versions for fact in (version.fact, *version.sightings)]

    @property
    def stamp(self) -> str:
        """The stamp of details that are as old as the current version."""
        return stamp_of(max(self.facts, key=lambda fact: fact.key))


class Conflict(NamedTuple):
    """A contradiction: what was kept as the post's current state, and what the other side says, in words."""

    post_id: str
    kind: ConflictKind
    kept: str
    other: str


def stamp_of(fact: Fact) -> str:
    """Return a fact as a stamp; stamps sort as the facts do, and those of one fact by when it was last read."""
    return "\t".join([*fact.key, fact.said["read_at"] or ""])


def joined(one: Post, other: Post) -> Post:
    """Return what two archives know of a post together."""
    last_seen_at = max(one.last_seen_at, other.last_seen_at)
    gone_at = max(one.gone_at or "", other.gone_at or "")
    return Post(
        one.site,
        one.post_id,
        min(one.first_seen_at, other.first_seen_at),
        last_seen_at,
        gone_at if gone_at > last_seen_at else None,  # one that another archive saw later is not gone
        in_order([*one.facts, *other.facts]),
        {
            name: max(filter(None, (one.details.get(name), other.details.get(name))), key=_weight)
            for name in sorted({*one.details, *other.details})
        },
    )


def in_order(facts: Iterable[Fact]) -> tuple[Version, ...]:
    """Return the versions that facts make."""
    known: dict[tuple[str, str], Fact] = {}
    for fact in facts:
        same = known.get((fact.content_hash, fact.seen_at))
        known[fact.content_hash, fact.seen_at] = fact if same is None else _one(same, fact)
    versions: list[Version] = []
    for fact in sorted(known.values(), key=lambda fact: fact.key):
        if versions and versions[-1].fact.content_hash == fact.content_hash:
            versions[-1] = versions[-1]._replace(sightings=(*versions[-1].sightings, fact))
        else:
            versions.append(Version(fact))
    return tuple(versions)


def _one(fact: Fact, same: Fact) -> Fact:
    """Return the one fact that two archives, of which one is a copy, know: with the markup that was read last."""
    if fact == same:
        return fact
    run, place, via = min((each.run, -each.place, each.via) for each in (fact, same))
    said = max(fact.said, same.said, key=lambda said: (said["read_at"] or "", _text(said)))
    filed = max(fact.filed or "", same.filed or "") or None
    return Fact(fact.content_hash, fact.seen_at, via, run, said, filed, -place)


def contradiction(one: Post, other: Post, merged: Post) -> Conflict | None:
    """Return what two archives disagree on about a post, if they do: which post it is, or when it was published."""
    if {fact.content_hash for fact in one.facts} & {fact.content_hash for fact in other.facts}:
        return None
    mine, theirs = one.versions[-1].fact, other.versions[-1].fact
    kept, lost = (mine, theirs) if merged.versions[-1].fact.content_hash == mine.content_hash else (theirs, mine)
    if _are_unrelated(one, other):
        return Conflict(one.post_id, "unrelated", str(kept.said["title"]), str(lost.said["title"]))
    if mine.said["published_at"] != theirs.said["published_at"] and _words(mine) == _words(theirs):
        return Conflict(one.post_id, "published", str(kept.said["published_at"]), str(lost.said["published_at"]))
    return None


def _are_unrelated(one: Post, other: Post) -> bool:
    """Tell whether no version of one post shares more than a few words with any of the other."""
    texts = [{*map(_words, (version.fact for version in post.versions))} for post in (one, other)]
    return not any(_are_kin(first, second) for first in texts[0] for second in texts[1])


def _are_kin(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    pairs = [{*pairwise(words)} for words in (first, second)]
    fewest = min(map(len, pairs))
    return len(pairs[0] & pairs[1]) > _MOST_SHARED * fewest if fewest >= _FEWEST else first == second


def _words(fact: Fact) -> tuple[str, ...]:
    return tuple(tokens(f"{fact.said['title']}\n{fact.said['text']}"))


def _weight(detail: Detail) -> tuple[str, str]:
    return detail.stamp, _text(detail.value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _earlier(started_at: str) -> str:
    return (datetime.fromisoformat(started_at) - _SLACK).isoformat()


def differing(said: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of a sighting that differ from those of its version; the inverse of `{**head, **it}`."""
    return {name: value for name, value in said.items() if value != head.get(name)}
