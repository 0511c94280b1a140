"""The revisit policy: when an address is looked at again, by its age and by how it failed. Pure rules of time.

Not here: the clock, which addresses there are (`crawler.archive.ledger.frontier`), and tries within a run
(`crawler.middlewares.waiting`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.items import State

# A post that was looked at is looked at again at these ages: most corrections come within hours, and after three days
# the site forgets it.
_LOOKS = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), timedelta(days=3))
_FORGOTTEN = timedelta(days=4)  # the last that is heard of an address that only ever fails
_EVERY_RUN = timedelta(hours=1)  # so long a failed address is asked for by every run
_SELDOM = timedelta(hours=6)

LONGEST = timedelta(days=3)
"""Nothing is put off for longer: a time further ahead was written by a clock that has been set back since."""

# A gap between runs tells of a missed one when it is so many times what is usual, and long enough to matter.
_MISSED = 2.5
_GAPS_TO_JUDGE = 3
_NEVER_MISSED, _ALWAYS_MISSED = timedelta(minutes=10), timedelta(hours=6)


def next_look(state: State, since: datetime, now: datetime) -> datetime | None:
    """Return when to ask again for an address that was asked for `now` and came to `state`.

    `since` is when it was found, or when it began to fail. `None`: never again, unless asked to. A failed one is
    asked for by every run of its first hour, then ever more seldom; others at certain ages. With a clock that was
    set back it counts as just found.
    """
    age = max(now - since, timedelta())
    if state == "failed":
        if age > _FORGOTTEN:
            return None
        return now + (timedelta() if age < _EVERY_RUN else min(age / 4, _SELDOM))
    return next((now - age + look for look in _LOOKS if look > age), None)


def missed_a_run(gap: timedelta, usual: Sequence[timedelta]) -> bool:
    """Tell whether a run was missed, by the `gap` since the last one and the `usual` gaps before it.

    Until there are some to judge by, hours must have passed. So it is when the clock was set back.
    """
    if gap < timedelta():
        return True
    if len(usual) < _GAPS_TO_JUDGE:
        return gap > _ALWAYS_MISSED
    middle = sorted(usual)[len(usual) // 2]
    return gap > max(_NEVER_MISSED, min(middle * _MISSED, _ALWAYS_MISSED))
