"""How many examples a property test tries: half as many as it says, a tenth of them, or ten times as many.

`make test` tries the half, so that CI ends in time; `make test-quick` (`--hypothesis-profile=quick`) the tenth, for a
developer's loop; `make test-long` ten times as many (`--hypothesis-profile=long`), after a change to a parser.
Not here: the properties.
"""

from __future__ import annotations

from hypothesis import settings

_ALL, _HALF, _A_TENTH, _TEN_TIMES = 100, 50, 10, 1000

# Machines that test may be busy: no example has a deadline.
settings.register_profile("ci", max_examples=_HALF, deadline=None)
settings.register_profile("quick", max_examples=_A_TENTH, deadline=None)
settings.register_profile("long", max_examples=_TEN_TIMES, deadline=None)
settings.load_profile("ci")


def examples(count: int) -> int:
    """Return how many of `count` examples are tried."""
    return max(1, count * settings.default.max_examples // _ALL)
