"""Stories across archives: posts of several archives that tell the same in the same words.

Each archive knows its own stories. Posts of different archives meet by the keys of their texts, as those of one do,
and are compared likewise. Not here: whether two texts tell the same story (`crawler.text.near_duplicates`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.federation.members import Member  # noqa: TC001  # a named tuple evaluates it
from crawler.archive.search import results
from crawler.archive.search.results import Match  # noqa: TC001  # likewise
from crawler.archive.store import stories as own_stories
from crawler.archive.store.stories import APART, CANDIDATES, PER_KEY, StoryPost
from crawler.text.near_duplicates import same_story

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from crawler.archive.store.stories import ToldPost
    from crawler.text.near_duplicates import TitledText


class Located(NamedTuple):
    """A version that was found, with the archive that it was found in."""

    member: Member
    match: Match


class Post(NamedTuple):
    """A post, by the number of its archive and its row there."""

    archive: int
    row: int


class Circles:
    """Things that belong together: those of which each was joined with another."""

    def __init__(self) -> None:
        """Nothing belongs to anything else yet."""
        self._leads: dict[Hashable, Hashable] = {}

    def of(self, thing: Hashable) -> Hashable:
        """Return what stands for all that a thing belongs to."""
        while (leads := self._leads.get(thing, thing)) != thing:
            self._leads[thing] = self._leads.get(leads, leads)
            thing = leads
        return thing

    def join(self, one: Hashable, other: Hashable) -> None:
        """Have two things, and all that belong to either, belong together."""
        self._leads[self.of(one)] = self.of(other)


def by_member(hits: Iterable[Located]) -> dict[Member, list[Match]]:
    """Return the matches of each archive, in their order."""
    found: dict[Member, list[Match]] = {}
    for member, match in hits:
        found.setdefault(member, []).append(match)
    return found


def ids(hits: Iterable[Located]) -> dict[Located, str]:
    """Return the ids of the posts that were found."""
    return {
        Located(member, match): post_id
        for member, own in by_member(hits).items()
        for match, post_id in zip(own, member.ask(partial(results.post_ids, matches=own)), strict=True)
    }


def one_a_story(members: Sequence[Member], hits: list[Located]) -> list[tuple[Located, list[Located]]]:
    """Return each story's first post with the others, at the rank of the best of them."""
    told, circles = _own(members, hits)
    texts = _Texts(members)
    for post, others in meetings(_keyed(members, told)).items():
        for other in others:
            if circles.of(post) != circles.of(other) and same_story(texts[other], texts[post]):
                circles.join(post, other)
    by_story: dict[Hashable, list[Located]] = {}
    for hit in hits:
        by_story.setdefault(circles.of(_post(hit)), []).append(hit)
    return [(first, others) for first, *others in (sorted(same, key=_oldest) for same in by_story.values())]


def _oldest(hit: Located) -> tuple[int, int, int]:
    return hit.match.published_ts, hit.member.number, hit.match.article_id


def _own(members: Sequence[Member], hits: Iterable[Located]) -> tuple[set[Post], Circles]:
    """Return the posts that were found, and those that tell a story with them in their archive, so joined."""
    posts, circles = {_post(hit) for hit in hits}, Circles()
    for member in members:
        story_of = member.ask(own_stories.every)
        asked = {story_of[post.row] for post in posts if post.archive == member.number and post.row in story_of}
        for row, story in story_of.items():
            if story in asked:
                posts.add(Post(member.number, row))
                circles.join(Post(member.number, row), ("story", member.number, story))
    return posts, circles


def _post(hit: Located) -> Post:
    return Post(hit.member.number, hit.match.article_id)


def _keyed(members: Sequence[Member], posts: set[Post]) -> Iterator[tuple[int, int, Post]]:
    """Yield the keys of posts that several archives know, each with when the post was published (epoch seconds)."""
    rows: dict[int, list[int]] = defaultdict(list)
    for post in posts:
        rows[post.archive].append(post.row)
    read = [(member.number, member.ask(partial(own_stories.keys_of, rows=rows[member.number]))) for member in members]
    known, shared = set[int](), set[int]()
    for _number, keys in read:
        own = {key for key, _published_ts, _row in keys}
        shared |= known & own
        known |= own
    for number, keys in read:
        yield from ((key, at, Post(number, row)) for key, at, row in keys if key in shared)


def meetings(keyed: Iterable[tuple[int, int, Post]]) -> dict[Post, list[Post]]:
    """Return, for each post, the earlier ones of other archives that it is to be compared with, most alike first.

    Posts come with a key and when they were published, in epoch seconds. Those meet that share a key and were
    published within a few days.
    """
    by_key: dict[int, list[tuple[int, Post]]] = defaultdict(list)
    for key, published_ts, post in keyed:
        by_key[key].append((published_ts, post))
    shared: dict[Post, Counter[Post]] = defaultdict(Counter)
    for posts in by_key.values():
        posts.sort()
        for number, (published_ts, post) in enumerate(posts):
            for at, other in reversed(posts[max(0, number - PER_KEY) : number]):
                if published_ts - at > APART:
                    break
                if other.archive != post.archive:
                    shared[post][other] += 1
    return {post: [other for other, _ in others.most_common(CANDIDATES)] for post, others in shared.items()}


class _Texts:
    """The texts of posts, each read once."""

    def __init__(self, members: Sequence[Member]) -> None:
        self._members = {member.number: member for member in members}
        self._read: dict[Post, TitledText] = {}

    def __getitem__(self, post: Post) -> TitledText:
        if post not in self._read:
            member = self._members[post.archive]
            self._read[post] = member.ask(lambda db: own_stories.titled_text(db, post.row))
        return self._read[post]


def same_story_posts(members: Sequence[Member], member: Member, row: int) -> list[StoryPost]:
    """Return the posts of all archives that tell the same story as that of `row` in one; see `StoryPost`."""
    found = told(members, member, row)
    return [post.shown(first=place == 0) for place, (_number, post) in enumerate(found)]


def told(members: Sequence[Member], member: Member, row: int) -> list[tuple[int, ToldPost]]:
    """Return the same posts, each with the number of its archive, oldest first; none if it is only one."""
    own = member.ask(lambda db: own_stories.with_same_story(db, [row]))
    probes = [member.ask(lambda db, probe=probe: own_stories.probe(db, probe)) for probe in own]  # type: ignore[misc]
    found = [(member.number, post) for post in member.ask(partial(own_stories.told, rows=own, always=row))]
    for other in members:
        if other != member:
            rows = other.ask(partial(own_stories.alike, probes=probes))
            found += [(other.number, post) for post in other.ask(partial(own_stories.told, rows=rows))]
    return one_each(found)


def one_each(posts: Iterable[tuple[int, ToldPost]]) -> list[tuple[int, ToldPost]]:
    """Return the posts of a story, oldest first, each as the archive says that saw it last; none if it is only one.

    Each comes with the number of its archive.
    """
    latest: dict[tuple[str, str], tuple[int, ToldPost]] = {}
    for number, post in posts:
        known = latest.get((post.site, post.id))
        if known is None or (post.last_seen_at, -number) > (known[1].last_seen_at, -known[0]):
            latest[post.site, post.id] = number, post
    in_time = sorted(latest.values(), key=lambda each: (each[1].published_ts, each[0], each[1].row))
    return in_time if len(in_time) > 1 else []
