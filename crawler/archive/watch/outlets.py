"""Alarms about outlets that have been silent for several times their longest pause so far.

Like the silence of a whole site (`crawler.archive.watch.silence`), this is measured at the last visit to the site.
Not here: an outlet that merely publishes less than before.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from crawler.archive.store import articles
from crawler.archive.watch.phrases import DAY, HOUR, lasting, moment
from crawler.language import Sentence
from crawler.sites.commands import command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from crawler.archive.watch.alarm import Alarm

_ACTIVE_DAYS, _DAYS_TO_JUDGE = 30, 10  # days on which an outlet published: considered, and needed at least
# Of two thousand outlets that publish at random, about one a week is silent for three times its longest pause.
_FOUR_TIMES, _A_DAY = 4, DAY
_NEWS_FOR = 7 * DAY  # after that the silence is no longer news
_ENDED = 90 * DAY
_FORGOTTEN = 3 * DAY  # if nobody visited for this long, posts may have come and gone unseen
_SHOWN = 5


class Quiet(NamedTuple):
    """An outlet that has gone quiet: the row id of its last post, and how long ago that was.

    `longest` is its longest pause before that. Durations are in seconds.
    """

    source: str
    post: int
    seconds: float
    longest: float


def gone_quiet(db: Database, site: str, home: str, visits: Sequence[float]) -> list[Alarm]:
    """Return alarms for outlets that had gone quiet by the last of `visits` to the site (epoch seconds).

    The most unusual ones get an alarm each, the others share one.
    """
    gaps = (later for earlier, later in pairwise(visits) if later - earlier > _FORGOTTEN)
    watched_since = max(gaps, default=visits[0])
    judged = (_quiet(db, site, source, visits[-1], watched_since) for source in articles.sources(db))
    quiet = sorted(filter(None, judged), key=lambda each: (-each.seconds / max(each.longest, HOUR), each.source))
    alarms = [_alarm(db, site, home, each) for each in quiet[:_SHOWN]]
    return [*alarms, _others(site, home, quiet[_SHOWN:])] if quiet[_SHOWN:] else alarms


def _quiet(db: Database, site: str, source: str, at: float, watched_since: float) -> Quiet | None:
    """Return an outlet's silence; `None` if it is not silent, or has been for so long that it is no longer news.

    An outlet belongs to the site that published its last post.
    """
    last = next(articles.published_until(db, "source", source, at), None)
    if last is None or last.site != site:
        return None
    seconds = at - max(last.at, watched_since)
    if not _A_DAY < seconds < _ENDED:
        return None
    longest = _longest_pause(db, site, source, until=last.at, below=seconds / _FOUR_TIMES)
    if longest is None or seconds > max(_A_DAY, _FOUR_TIMES * longest) + _NEWS_FOR:
        return None
    return Quiet(source, last.article_id, at - last.at, longest)


def _longest_pause(db: Database, site: str, source: str, *, until: float, below: float) -> float | None:
    """Return the longest pause in an outlet's last active days; `None` if not `below`, or if the days are too few."""
    longest, later = 0.0, until
    days: set[int] = set()
    for post in articles.published_until(db, "source", source, until):
        if post.site == site:
            days.add(post.at // DAY)
            longest, later = max(longest, later - post.at), post.at
        if longest >= below or len(days) == _ACTIVE_DAYS:
            break
    return longest if longest < below and len(days) >= _DAYS_TO_JUDGE else None


def _alarm(db: Database, site: str, home: str, quiet: Quiet) -> Alarm:
    since = articles.published_at(db, quiet.post)
    page = articles.category_page(db, quiet.post) or home
    return {
        "kind": "outlet",
        "site": site,
        "sentence": Sentence(
            "{source} ({site}) has published nothing for {seconds}, since {since}; its longest pause before was"
            " {longest}: see whether {page} shows newer posts, `{command}` tells how it was read.",
            source=quiet.source,
            site=site,
            seconds=lasting(quiet.seconds),
            since=moment(since),
            longest=lasting(quiet.longest),
            page=page,
            command=command("why", page),
        ),
        "numbers": {
            "source": quiet.source,
            "seconds": round(quiet.seconds),
            "since": since,
            "usual_seconds": round(quiet.longest),
        },
    }


def _others(site: str, home: str, quiet: Sequence[Quiet]) -> Alarm:
    outlets = (
        Sentence("1 other outlet of {site} has", site=site)
        if len(quiet) == 1
        else Sentence("{count} other outlets of {site} have", count=len(quiet), site=site)
    )
    return {
        "kind": "outlet",
        "site": site,
        "sentence": Sentence(
            "{outlets} gone quiet as well, such as {source}: see whether {home} still shows them, and whether"
            " posts still name their outlet.",
            outlets=outlets,
            source=quiet[0].source,
            home=home,
        ),
        "numbers": {"outlets": len(quiet), "sources": [each.source for each in quiet[:_SHOWN]]},
    }
