"""Several archives asked together: they answer as one archive does that they were merged into."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import made
import pytest
from archives_made import into
from hypothesis import given, settings
from hypothesis import strategies as st
from profiles import examples

from crawler.archive import Archive
from crawler.archive.federation import Federation
from crawler.archive.federation.members import Member
from crawler.archive.ledger import runs
from crawler.archive.search import search
from crawler.archive.store import posts
from crawler.items import Mention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.archive.asking import Asked

WORDS = ("江西", "5G", "贵州茅台", "降准", "央行")
OUTLETS = ("大江网", "新华社")
EXAMPLES = settings(max_examples=examples(30), deadline=None)
SECURITIES = (
    Mention(code="1.600519", name="贵州茅台", count=1),
    Mention(code="1.600160", name="巨化股份", count=2),
)


class Seen(NamedTuple):
    """A post as archives see it: at an hour it says so many words; `held_by` are the archives that have it then."""

    words: tuple[int, ...]
    title: int
    outlet: int
    mentioned: int
    held_by: frozenset[int]


SEEN = st.builds(
    Seen,
    words=st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=4).map(tuple),
    title=st.integers(0, len(WORDS) - 1),
    outlet=st.integers(0, len(OUTLETS) - 1),
    mentioned=st.integers(0, 2),
    held_by=st.frozensets(st.integers(0, 2), min_size=1),
)
POSTS = st.lists(st.lists(SEEN, min_size=1, max_size=2), min_size=1, max_size=8)
"""What each post said, first and later."""


def article(number: int, hour: int, seen: Seen) -> Any:
    text = "，".join(WORDS[word] * (1 + place) for place, word in enumerate(seen.words))
    outlet = OUTLETS[seen.outlet]
    return made.article(
        f"NW{number}",
        title=f"{WORDS[seen.title]}第{number}号",
        html=f"<p>{outlet}第{number}号{text}，{'其他' * 40}。</p>",
        source=outlet,
        mentions=SECURITIES[: seen.mentioned],
        published_at=made.PUBLISHED - timedelta(minutes=number),
        seen_at=made.SEEN + timedelta(hours=hour),
    )


@contextmanager
def shards(histories: Sequence[Sequence[Seen]]) -> Iterator[tuple[Federation, Archive]]:
    """Yield the archives that hold posts as they are `held_by`, together, and one into which all were merged."""
    archives = [Archive(":memory:", create=True) for _ in range(3)]
    for number, archive in enumerate(archives):
        archive.path = Path(__file__)  # has a size
        archive.db.execute("UPDATE archives SET id = ? WHERE own", [f"00000000-0000-0000-0000-00000000000{number}"])
        runs.begin(archive.db, "finews", made.SEEN)
        for hour in range(2):
            for post, history in enumerate(histories):
                if hour < len(history) and number in history[hour].held_by:
                    posts.store(archive.db, article(post, hour, history[hour]), 1)
    members = [Member(number, archive, f"{number}.db") for number, archive in enumerate(archives)]
    with Archive(":memory:", create=True) as merged, Federation(members) as together:
        merged.path = Path(__file__)
        for archive in archives:
            into(merged.db, archive.db)
        yield together, merged


def said(found: Any) -> tuple[int, list[dict[str, Any]]]:
    """Return what was found, and how much.

    Hints are left out, since they go by what was ever mentioned. So are outlets, of which a hit has today's.
    """
    hits = [
        {name: value for name, value in hit.items() if name not in {"archive", "source"}} for hit in found["results"]
    ]
    return found["total"], hits


ASKED: tuple[Asked, ...] = (
    {},
    {"source": "新华社"},
    {"stock": "600519"},
    {"since": "2022-04-20 16:40"},
    {"as_of": "2022-04-21 09:30"},
)


@given(
    POSTS, st.sampled_from(WORDS), st.sampled_from(["date", "relevance"]), st.integers(0, 3), st.sampled_from([0, 9])
)
@EXAMPLES
def test_archives_together_find_what_the_merged_archive_finds(histories, query, sort, offset, few):
    with shards(histories) as (together, merged), pytest.MonkeyPatch.context() as patched:
        patched.setattr(search, "_FEW", few)  # of more hits than these, only those are fetched that are shown
        for asked in ASKED:
            page = {"sort": sort, "offset": offset, "limit": 4, **asked}
            assert said(together.search(query, **page)) == said(merged.search(query, **page))
            every = together.search_all(query, sort=sort, **asked)
            assert said(every) == said(merged.search_all(query, sort=sort, **asked))


@given(POSTS)
@EXAMPLES
def test_archives_together_say_of_a_post_and_a_security_what_the_merged_archive_says(histories):
    with shards(histories) as (together, merged):
        for post_id in (row["id"] for row in merged.search_all("第", sort="date")["results"]):
            assert of_post(together.post(post_id)) == of_post(merged.post(post_id))
        found, expected = together.stats(), merged.stats()
        counted = ("posts", "gone", "mentions", "sites", "categories", "sources", "days", "last_published_at")
        assert {name: found[name] for name in counted} == {name: expected[name] for name in counted}  # type: ignore[literal-required]
        if merged.stats()["mentions"]:
            one, other = together.stock("600519"), merged.stock("600519")
            assert said(one) == said(other)
            assert (one["names"], one["days"], one["name"]) == (other["names"], other["days"], other["name"])


def of_post(post: dict[str, Any]) -> dict[str, Any]:
    """Return what a post says; when it was first seen, and how often it changed, its archive may not know."""
    known = (
        "site",
        "post_id",
        "title",
        "published_at",
        "text",
        "html",
        "source",
        "last_seen_at",
        "mentions",
        "same_story",
    )
    return {name: post[name] for name in known}
