"""The revisit policy: when to request an address again, depending on its age and state. Pure functions of time.

Not here: the clock, selecting addresses (`crawler.archive.ledger.frontier`), and retries within a run
(`crawler.middlewares.retry`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.items import State

# A post is revisited at these ages: most corrections come within hours, and after three days the site drops it.
_AGES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(days=3))
_FORGOTTEN = timedelta(days=4)  # an address that has failed for this long is not requested again
_EVERY_RUN = timedelta(hours=1)  # for this long a failed address is requested by every run
_SELDOM = timedelta(hours=6)

LONGEST = timedelta(days=3)
"""The longest delay. A time further ahead was stored before the clock was set back."""

# A run was missed if a gap is this many times the usual one, and long enough to matter.
_MISSED = 2.5
_GAPS_TO_JUDGE = 3
_NEVER_MISSED, _ALWAYS_MISSED = timedelta(minutes=10), timedelta(hours=6)


def next_look(state: State, since: datetime, now: datetime) -> datetime | None:
    """Return when to request an address again that was requested `now` and ended in `state`; `None` for never.

    `since` is when it was found, or when it began to fail; all times are timezone-aware. A failed address is
    requested by every run for an hour, then at growing intervals; others are requested at certain ages. If the clock
    was set back, an address counts as just found.
    """
    age = max(now - since, timedelta())
    if state == "failed":
        if age > _FORGOTTEN:
            return None
        return now + (timedelta() if age < _EVERY_RUN else min(age / 4, _SELDOM))
    return next((now - age + later for later in _AGES if later > age), None)


def missed_a_run(gap: timedelta, usual: Sequence[timedelta]) -> bool:
    """Return whether a run was missed, judging by the `gap` since the last one and the `usual` gaps before it.

    With too few gaps to judge by, only a gap of hours counts; a negative gap, after the clock was set back, always
    counts.
    """
    if gap < timedelta():
        return True
    if len(usual) < _GAPS_TO_JUDGE:
        return gap > _ALWAYS_MISSED
    middle = sorted(usual)[len(usual) // 2]
    return gap > max(_NEVER_MISSED, min(middle * _MISSED, _ALWAYS_MISSED))
