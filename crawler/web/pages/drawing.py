"""Charts of posts by day, each bar a link to its day. Not here: drawing them (`crawler.web.charts`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.web.charts import Count, bars
from crawler.web.showing.rendering import _, moments_of, says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markupsafe import Markup

    from crawler.archive.browsing.listings import By
    from crawler.web.asked import Asked


def chart_of(
    asked: Asked,
    days: Sequence[str],
    by: By | None = None,
    value: str | int | None = None,
    current: str | None = None,
) -> Markup:
    """Return the chart of posts on these days (or in these months): of all, or of those with a `value` in common."""
    counts = asked.recall(asked.archive.per_day, tuple(days), by, value)
    return drawn(asked, list(zip(days, counts, strict=True)), current)


def drawn(asked: Asked, counted: Sequence[tuple[str, int]], current: str | None = None) -> Markup:
    """Return the chart of numbers of posts by day; a day without posts leads nowhere."""
    moments = moments_of(asked)
    bars_of_days = [
        Count(
            moments.day(day, weekday=False),
            count,
            asked.place.to("day", day) if count else None,
            day == current,
        )
        for day, count in counted
    ]
    most = max((count for _, count in counted), default=0)
    label = says(asked.language, _("Posts per day, at most %(num)s"), num=most)
    return bars(bars_of_days, label, lambda bar: f"{bar.label}: {bar.count}")
