"""Alarms about pages that can no longer be read: many more posts are refused, or a category page names no posts.

Both happen when a site changes its pages and the rules still fit the old ones. Here too: pages that say now this and
now that. Not here: the rules
(`crawler.extraction`), and pages that could not be fetched.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate
from math import sqrt
from typing import TYPE_CHECKING

from crawler.archive.ledger import review, zones
from crawler.archive.store.posts import SAYS_AGAIN
from crawler.archive.watch.phrases import DAY, moment
from crawler.dates import iso
from crawler.items import NAMES_NO_POST
from crawler.language import Sentence
from crawler.reasons import sentence
from crawler.sites.commands import command
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.ledger.review import Decision
    from crawler.archive.watch.alarm import Alarm

_LATEST, _BEFORE, _TO_JUDGE = 100, 1000, 200  # posts
_RECENT = 7 * DAY
_LEAST, _THREE_TIMES = 5, 3
_BY_CHANCE = 5  # standard deviations, which chance does not exceed even in a thousand windows a year

_PAGES_READ_FOR, _POSTS_OF = 2 * DAY, 2 * DAY
_SHOWN = 5


def refusals(db: Database, site: str, now: float) -> list[Alarm]:
    """Return an alarm if far more of a site's latest posts are refused than of those before.

    `now` is in epoch seconds.
    """
    decisions = review.decisions(db, site, _LATEST + _BEFORE)
    week = _written(now - _RECENT)
    latest = [each for each in decisions[:_LATEST] if each.at > week]
    before = decisions[len(latest) :][:_BEFORE]
    refused, former = [each for each in latest if each.refused], sum(each.refused for each in before)
    if len(before) < _TO_JUDGE or not has_jumped(len(refused), len(latest), former, len(before)):
        return []
    why = _usual_reason(refused)
    example = next(each for each in refused if each.reason == why)
    since = moment(began(latest).at, zones.of_site(db, site))
    return [
        {
            "kind": "refusals",
            "site": site,
            "sentence": Sentence(
                "{refused} of the latest {posts} posts of {site} were refused, since {at}; of the {before} before it"
                " was {former}: most of them for {why}, `{command}` tells by which rule.",
                refused=len(refused),
                posts=len(latest),
                site=site,
                at=since,
                before=len(before),
                former=former,
                why=sentence(why) if why else Sentence("no reason given"),
                command=command("why", example.url),
            ),
            "numbers": {
                "refused": len(refused),
                "posts": len(latest),
                "refused_before": former,
                "posts_before": len(before),
                "reason": why,
                "url": example.url,
            },
        }
    ]


def has_jumped(refused: int, posts: int, refused_before: int, posts_before: int) -> bool:
    """Return whether `refused` of `posts` is far more than before, and more than chance would explain."""
    expected = refused_before / posts_before * posts
    return (
        refused >= _LEAST and refused > _THREE_TIMES * expected and refused > expected + _BY_CHANCE * sqrt(expected)
    )


def began(latest: Sequence[Decision]) -> Decision:
    """Return the decision at which refusals became frequent; `latest` are decisions, latest first.

    It is the point from which on refusals exceed their average share the most.
    """
    share = sum(each.refused for each in latest) / len(latest)
    beyond = list(accumulate(each.refused - share for each in latest))
    return latest[max(range(len(latest)), key=lambda number: (beyond[number], number))]


def empty_categories(db: Database, site: str, now: float) -> Iterator[Alarm]:
    """Yield alarms about category pages that name no posts although there are some; the last alarm counts the rest.

    `now` is in epoch seconds.
    """
    since = _written(now - _PAGES_READ_FOR)
    empty = review.empty_categories(db, site, NAMES_NO_POST, since, _POSTS_OF)
    zone = zones.of_site(db, site)
    for slug, url, read_at, posts in empty[:_SHOWN]:
        yield {
            "kind": "category",
            "site": site,
            "sentence": Sentence(
                "The page of {slug} ({site}) named no post when it was read at {read_at}, though {there_are}: see"
                " whether {url} looks otherwise now, `{command}` tells how it was read.",
                slug=slug,
                site=site,
                read_at=moment(read_at, zone),
                there_are=_there_are(posts),
                url=url,
                command=command("why", url),
            ),
            "numbers": {"category": slug, "url": url, "read_at": read_at, "posts": posts},
        }
    if empty[_SHOWN:]:
        others = counted(len(empty) - _SHOWN, "other category page", "other category pages")
        yield {
            "kind": "category",
            "site": site,
            "sentence": Sentence(
                "{others} of {site} named no post either, such as {url}: see whether the site looks otherwise now.",
                others=others,
                site=site,
                url=empty[_SHOWN].url,
            ),
            "numbers": {"categories": len(empty) - _SHOWN},
        }


def alternating(db: Database, site: str, now: float) -> list[Alarm]:
    """Return an alarm if pages go back and forth between versions, of which no further ones are kept."""
    found = review.alternating(db, site, SAYS_AGAIN, _written(now - _PAGES_READ_FOR))
    if not found:
        return []
    latest = found[0]
    return [
        {
            "kind": "alternating",
            "site": site,
            "sentence": Sentence(
                "{alternate} back and forth between versions that are known, {post_id} at {at}, and no more"
                " revisions are kept of that: `{command}` shows them, `{why}` each look.",
                alternate=_alternate(site, len(found)),
                post_id=latest.post_id,
                at=moment(latest.at, zones.of_site(db, site)),
                command=command("history", latest.post_id),
                why=command("why", latest.url),
            ),
            "numbers": {"posts": len(found), "post_id": latest.post_id, "url": latest.url, "seen_at": latest.at},
        }
    ]


def _there_are(posts: int) -> str:
    if posts == 1:
        return Sentence("1 post of it published in the two days before is there")
    return Sentence("{posts} posts of it published in the two days before are there", posts=posts)


def _alternate(site: str, posts: int) -> str:
    if posts == 1:
        return Sentence("1 post of {site} goes", site=site)
    return Sentence("{posts} posts of {site} go", posts=posts, site=site)


def _usual_reason(refused: Sequence[Decision]) -> str | None:
    return Counter(each.reason for each in refused).most_common(1)[0][0]


def _written(point: float) -> str:
    """Return a time in epoch seconds as the ledger writes it, for comparison."""
    return iso(datetime.fromtimestamp(point, UTC))
