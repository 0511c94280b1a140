"""Alarms about a site that has published nothing for far longer than usual.

What is usual depends on the hour and the weekday, so a silence is compared with the same time in the weeks before. It
is measured at the visits to the site, not now, because nobody knows what has been published since. The silence itself
does not count towards what is usual, and once noticed it lasts until the next post, whatever the hour. A holiday on
which the whole site rests is a silence too. Not here: whether visits happen (`crawler.archive.watch.watchman`),
single outlets (`crawler.archive.watch.outlets`), and reading the clock.
"""

from __future__ import annotations

from bisect import bisect
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.archive.store import articles
from crawler.archive.watch.phrases import DAY, HOUR, lasting, moment
from crawler.language import Sentence
from crawler.sites.commands import command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import tzinfo

    from sqlite_utils import Database

    from crawler.archive.store.articles import PublishedPost
    from crawler.archive.watch.alarm import Alarm

WEEKS = 8
"""How many weeks back silences are compared."""

_WEEK = 7 * DAY
_WEEKS_TO_JUDGE = 3  # with fewer, the previous days are used
_DAYS_TO_JUDGE = 3
_AROUND = 2 * HOUR  # before and after, since a site does not start its day at the same minute
_TWICE, _AT_LEAST = 2, HOUR
_SELDOM = 5  # times the average gap between posts; for a site that publishes only now and then
_ALIKE = {1, 2, 3, 4}  # Tuesday to Friday; the early hours of Monday still belong to the weekend


class _Noticed(NamedTuple):
    """When a silence was first noticed, and the silences it was compared with, by how many days before."""

    at: float
    compared: dict[int, float]


def of_site(db: Database, site: str, home: str, visits: Sequence[float]) -> list[Alarm]:
    """Return an alarm if the site was silent at the last of the `visits` to it, sorted times in epoch seconds."""
    at = visits[-1]
    last = _last(db, site, at)
    if last is None or at - last.at <= _AT_LEAST:
        return []
    seconds, since = at - last.at, articles.published_at(db, last.article_id)
    noticed = _first_noticed(db, site, last.at, visits, datetime.fromisoformat(since).tzinfo)
    if noticed is None:
        return []
    zone = datetime.fromisoformat(since).tzinfo
    now = _compare(db, site, last.at, visits, zone)
    compared = now or noticed.compared
    longest, weekly, count = max(compared.values()), all(days % 7 == 0 for days in compared), len(compared)
    when = (
        Sentence("in the {count} weeks before", count=count)
        if weekly
        else Sentence("on {count} of the days before", count=count)
    )
    hour = Sentence("about this hour") if now else Sentence("about the hour at {at}", at=_moment(noticed.at, zone))
    said_since = Sentence(" (said since {at})", at=_moment(noticed.at, zone)) if at - noticed.at > DAY else ""
    return [
        {
            "kind": "silence",
            "site": site,
            "sentence": Sentence(
                "No new post of {site} for {seconds}, since {since}{said_since}; {hour} it was {longest} at the"
                " longest {when}: see whether {home} shows newer ones, if so run `{command}`.",
                site=site,
                seconds=lasting(seconds),
                since=moment(since),
                said_since=said_since,
                hour=hour,
                longest=lasting(longest),
                when=when,
                home=home,
                command=command("crawl", "--full", site=site),
            ),
            "numbers": {
                "seconds": round(seconds),
                "since": since,
                "usual_seconds": round(longest),
                "compared": count,
                "said_since": dates.iso(datetime.fromtimestamp(noticed.at, UTC)),
            },
        }
    ]


def longest_pause(times: Iterable[float]) -> float:
    """Return the longest gap between successive times; 0 if there is none."""
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


def _first_noticed(
    db: Database, site: str, since: float, visits: Sequence[float], zone: tzinfo | None
) -> _Noticed | None:
    """Return the first visit at which the silence since `since` was unusual; `None` if it never was."""
    for number in range(bisect(visits, since + _AT_LEAST), len(visits)):
        at = visits[number]
        compared = _compare(db, site, since, visits[: number + 1], zone)
        if compared:
            return _Noticed(at, compared)
    return None


def _compare(db: Database, site: str, since: float, visits: Sequence[float], zone: tzinfo | None) -> dict[int, float]:
    """Return the silences that the one at the last visit far exceeds, by how many days ago; empty if it does not."""
    at = visits[-1]
    compared = _comparable(db, site, since, visits, zone)
    is_longer = bool(compared) and at - since > _TWICE * max(compared.values())
    return compared if is_longer and not _is_seldom(db, site, at, at - since, visits) else {}


def _moment(at: float, zone: tzinfo | None) -> str:
    return moment(dates.iso(datetime.fromtimestamp(at, UTC)), zone)


def _comparable(
    db: Database, site: str, since: float, visits: Sequence[float], zone: tzinfo | None
) -> dict[int, float]:
    """Return the longest silence around this hour on comparable days before, by how many days ago.

    Comparable is the same weekday in earlier weeks. While too few weeks are known, Tuesday to Friday are compared
    with each other, and any other day with these once one like it is known. Days since the silence began do not
    count.
    """
    at = visits[-1]
    weeks, past = int((at - since) // _WEEK), int((at - since) // DAY)
    weekly = {
        week * 7: silence
        for week in range(weeks + 1, weeks + WEEKS + 1)
        if (silence := _silence_about(db, site, at - week * _WEEK, visits)) is not None
    }
    if len(weekly) >= _WEEKS_TO_JUDGE:
        return weekly
    days = {back: _weekday(at - back * DAY, zone) for back in (0, *range(past + 1, past + _WEEKS_TO_JUDGE * 7))}
    if days[0] not in _ALIKE and not weekly:
        return {}
    daily = {
        back: silence
        for back, weekday in days.items()
        if back and weekday in _ALIKE | {days[0]}
        if (silence := _silence_about(db, site, at - back * DAY, visits)) is not None
    }
    return daily if len(daily) >= _DAYS_TO_JUDGE else {}


def _silence_about(db: Database, site: str, at: float, visits: Sequence[float]) -> float | None:
    """Return the longest silence around a time; `None` if nobody visited the site then."""
    begin, end = at - _AROUND, at + _AROUND
    if bisect(visits, begin) == bisect(visits, end):
        return None
    before = _last(db, site, begin)
    if before is None:
        return None
    between = sorted(post.at for post in articles.published_until(db, "site", site, end, since=begin))
    return longest_pause([before.at, *between, end])


def _is_seldom(db: Database, site: str, at: float, seconds: float, visits: Sequence[float]) -> bool:
    """Return whether a site publishes so rarely that silence is normal at any hour."""
    span = min(WEEKS * _WEEK, at - visits[0])
    needed = int(_SELDOM * span / seconds) + 1
    posts = articles.published_until(db, "site", site, at, since=at - span)
    return sum(1 for _ in islice(posts, needed)) < needed


def _last(db: Database, site: str, at: float) -> PublishedPost | None:
    """Return the last post published up to a time."""
    return next(articles.published_until(db, "site", site, at), None)


def _weekday(at: float, zone: tzinfo | None) -> int:
    return datetime.fromtimestamp(at, zone).weekday()
