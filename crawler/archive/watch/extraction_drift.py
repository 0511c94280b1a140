"""Pages that are not read as they were: many more posts are refused, a category page names nothing any more.

Both are what a site looks like after it was rebuilt, to rules that were made for it before. Not here: the rules
(`crawler.extraction`), and pages that could not be fetched.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.watch.phrases import DAY, command, moment
from crawler.dates import iso
from crawler.items import NAMES_NO_POST
from crawler.text.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from crawler.archive.watch.alarm import Alarm

_LATEST, _BEFORE, _TO_JUDGE = 100, 1000, 200  # posts
_RECENT = 7 * DAY
_LEAST, _THREE_TIMES = 5, 3
_BY_CHANCE = 5  # standard deviations: of a thousand windows a year none jumps by chance
_LOOKED_AT = 50_000  # rows of the ledger, should another site have nearly all of them

_PAGES_READ_FOR, _POSTS_OF = 2 * DAY, 2 * DAY
_SHOWN = 5

# The first time that a post's page was read. One that was stored later on was refused by mistake, since mended.
_DECISIONS = """
SELECT fetches.outcome = 'refused' AND links.article_id IS NULL, fetches.fetched_at, fetches.reason, links.url
FROM fetches CROSS JOIN links ON links.id = fetches.link_id
WHERE fetches.outcome IN ('new', 'refused') AND fetches.status IN (200, 203)
    AND links.kind = 'post' AND links.site = :site
    AND fetches.id > (SELECT max(id) FROM fetches) - :rows
    AND NOT EXISTS (SELECT 1 FROM fetches AS former WHERE former.link_id = links.id AND former.id < fetches.id
        AND former.status IN (200, 203))
ORDER BY fetches.id DESC LIMIT :most
"""
# The last time its page was read in full, a category named no post, though posts of it were there. A page that never
# named any has none to lose: Jekyll splits the name of a category at its spaces, and lists nothing under it.
_EMPTY = """
SELECT categories.slug, links.url, links.fetched_at, (
    SELECT count(*) FROM posts
    WHERE posts.category = categories.slug AND posts.site = categories.site AND gone_at IS NULL
        AND published_ts BETWEEN read_ts - :days AND read_ts
) AS posts
FROM (
    SELECT *, CAST(strftime('%s', fetched_at) AS INTEGER) AS read_ts FROM links
    WHERE site = :site AND kind = 'category' AND fetched_at > :since
) AS links
JOIN categories ON categories.site = links.site AND categories.url = links.url
WHERE (
    SELECT reason FROM fetches WHERE link_id = links.id AND outcome <> 'unchanged' ORDER BY id DESC LIMIT 1
) = :reason AND posts > 0
    AND EXISTS (SELECT 1 FROM fetches WHERE link_id = links.id AND outcome = 'read' AND reason IS NULL)
ORDER BY posts DESC, links.url
"""


class Decision(NamedTuple):
    """What became of a post the first time its page was read."""

    refused: int
    at: str
    reason: str | None
    url: str


def refusals(db: Database, site: str, now: float) -> list[Alarm]:
    """Tell whether far more of a site's latest posts are refused than of those before."""
    values = {"site": site, "rows": _LOOKED_AT, "most": _LATEST + _BEFORE}
    decisions = [Decision(*row) for row in db.execute(_DECISIONS, values)]
    week = _written(now - _RECENT)
    latest = [each for each in decisions[:_LATEST] if each.at > week]
    before = decisions[len(latest) :][:_BEFORE]
    refused, former = [each for each in latest if each.refused], sum(each.refused for each in before)
    if len(before) < _TO_JUDGE or not has_jumped(len(refused), len(latest), former, len(before)):
        return []
    why = _usual_reason(refused)
    example = next(each for each in refused if each.reason == why)
    return [
        {
            "kind": "refusals",
            "site": site,
            "sentence": (
                f"{len(refused)} of the latest {len(latest)} posts of {site} were refused, since"
                f" {moment(began(latest).at)}; of the {len(before)} before it was {former}: most of them for"
                f" {why or 'no reason given'}, `{command('why', example.url)}` tells by which rule."
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
    """Tell whether `refused` of so many posts is far more than was usual, and no chance."""
    expected = refused_before / posts_before * posts
    return (
        refused >= _LEAST and refused > _THREE_TIMES * expected and refused > expected + _BY_CHANCE * sqrt(expected)
    )


def began(latest: Sequence[Decision]) -> Decision:
    """Return the decision, of some in order, the latest first, with which refusals became many.

    From there on the most were refused beyond the share that was refused of all.
    """
    share = sum(each.refused for each in latest) / len(latest)
    beyond = list(accumulate(each.refused - share for each in latest))
    return latest[max(range(len(latest)), key=lambda number: (beyond[number], number))]


def empty_categories(db: Database, site: str, now: float) -> Iterator[Alarm]:
    """Yield the category pages that name no post though posts of theirs are there, and how many more there are."""
    values = {"site": site, "days": _POSTS_OF, "since": _written(now - _PAGES_READ_FOR), "reason": NAMES_NO_POST}
    rows = db.execute(_EMPTY, values).fetchall()
    for slug, url, read_at, posts in rows[:_SHOWN]:
        yield {
            "kind": "category",
            "site": site,
            "sentence": (
                f"The page of {slug} ({site}) named no post when it was read at {moment(read_at)}, though"
                f" {counted(posts, 'post')} of it published in the two days before"
                f" {'is' if posts == 1 else 'are'} there: see whether {url} looks otherwise now,"
                f" `{command('why', url)}` tells how it was read."
            ),
            "numbers": {"category": slug, "url": url, "read_at": read_at, "posts": posts},
        }
    if rows[_SHOWN:]:
        others = counted(len(rows) - _SHOWN, "other category page", "other category pages")
        yield {
            "kind": "category",
            "site": site,
            "sentence": (
                f"{others} of {site} named no post either, such as {rows[_SHOWN][1]}: see whether"
                f" the site looks otherwise now."
            ),
            "numbers": {"categories": len(rows) - _SHOWN},
        }


def _usual_reason(refused: Sequence[Decision]) -> str | None:
    return Counter(each.reason for each in refused).most_common(1)[0][0]


def _written(point: float) -> str:
    """Return a point in time as the ledger writes it, to be compared with."""
    return iso(datetime.fromtimestamp(point, UTC))
