"""Charts of posts by day, each bar a link to its day. Not here: drawing them (`crawler.web.charts`)."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import TYPE_CHECKING

from crawler.archive.browsing.archive import days_up_to
from crawler.web.charts import Count, bars
from crawler.web.showing.rendering import _, moments_of, says

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from crawler.archive.browsing.listings import By
    from crawler.web.asked import Asked

_EPOCH = date(1970, 1, 1).toordinal()
_MOST_DAYS, _MOST_MONTHS = 70, 48  # bars


def chart_of(
    asked: Asked,
    days: Sequence[str],
    by: By | None = None,
    value: str | int | None = None,
    current: str | None = None,
) -> Markup:
    """Return the chart of posts on these days (or in these months): of all, or of those with a `value` in common."""
    counts = asked.recall(asked.archive.per_day, tuple(days), by, value)

    def leads_to(day: str) -> str:
        return asked.place.to("day", day)

    return drawn(asked, list(zip(days, counts, strict=True)), leads_to, current)


def over_time(asked: Asked, hits: Sequence[tuple[int, int]]) -> Markup:
    """Return the chart of hits by day (since 1970), or by month or year if they are far apart.

    A bar leads to the hits of its time.
    """
    first, last = (date.fromordinal(_EPOCH + day) for day in (hits[0][0], hits[-1][0]))
    length = _length(first, last)
    counts: Counter[str] = Counter()
    for day, count in hits:
        counts[date.fromordinal(_EPOCH + day).isoformat()[:length]] += count
    spans = dict.fromkeys(each[:length] for each in days_up_to(last, (last - first).days + 1))
    here = asked.place.here

    def narrowed(span: str) -> str:
        return here(since=span, until=span, page=None)

    return drawn(asked, [(span, counts[span]) for span in spans], narrowed)


def _length(first: date, last: date) -> int:
    """Return how many characters of a day name the spans in which a time is shown: days, months or years."""
    days = (last - first).days
    return 10 if days < _MOST_DAYS else 7 if days < _MOST_MONTHS * 30 else 4


def drawn(
    asked: Asked, counted: Sequence[tuple[str, int]], leads_to: Callable[[str], str], current: str | None = None
) -> Markup:
    """Return the chart of numbers of posts by day, month or year; where there are no posts, it leads nowhere."""
    moments = moments_of(asked)
    shown = [
        Count(moments.day(day, weekday=False), count, leads_to(day) if count else None, day == current)
        for day, count in counted
    ]
    most = max((count for _, count in counted), default=0)
    return bars(shown, says(asked.language, _("Posts by time, at most %(num)s"), num=most))
