"""Posts that claim a time at which they can hardly have been published: before 1990, say, or a week from now.

They are stored and marked, and this says so, because a rule of the definition may read the wrong date. Not here: what
makes a date unlikely to whoever stores a post (`crawler.recording.normalise`).
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from crawler import dates
from crawler.archive.ledger import sites
from crawler.archive.store import articles
from crawler.archive.watch.phrases import DAY, moment
from crawler.language import Sentence
from crawler.sites.commands import command

if TYPE_CHECKING:
    from sqlite_utils import Database

    from crawler.archive.watch.alarm import Alarm

_RECENT = 7 * DAY  # seconds; of those that came before it has been said for a week
_SHOWN = 3


def among_the_latest(db: Database, site: str, now: float) -> list[Alarm]:
    """Return an alarm if posts of the last seven days claim times that their site's definition does not expect."""
    known = sites.known(db).get(site)
    if known is None:
        return []
    first = datetime.combine(known.dates.earliest, time(), known.timezone)
    since = dates.iso(datetime.fromtimestamp(now - _RECENT, UTC))
    found = articles.dated_outside(db, site, first.timestamp(), known.dates.days_ahead * DAY, since)
    if not found:
        return []
    examples = ", ".join(f"{post_id}: {moment(published_at)}" for post_id, published_at, _ in found[:_SHOWN])
    more = ", …" if len(found) > _SHOWN else ""
    seen = moment(found[0][2], known.timezone)
    return [
        {
            "kind": "dates",
            "site": site,
            "sentence": Sentence(
                "{claim} to be of before {earliest} or of days to come ({examples}{more}), since {since}: see"
                " whether the page says otherwise, `{command}` tells where it is; if not, `dates` in the site's"
                " definition says what is to be expected.",
                claim=_claim(site, len(found)),
                earliest=known.dates.earliest,
                examples=examples,
                more=more,
                since=seen,
                command=command("why", found[0][0]),
            ),
            "numbers": {
                "posts": len(found),
                "ids": [post_id for post_id, _, _ in found[:_SHOWN]],
                "since": found[0][2],
            },
        }
    ]


def _claim(site: str, posts: int) -> str:
    if posts == 1:
        return Sentence("1 post of {site} claims", site=site)
    return Sentence("{posts} posts of {site} claim", posts=posts, site=site)
