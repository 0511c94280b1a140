"""How many examples a property test tries: as many as it says, a tenth of them, or ten times as many.

`make test-quick` tries the tenth (`pytest --hypothesis-profile=quick`), for a developer's loop; `make test-long` ten
times as many (`--hypothesis-profile=long`), after a change to a parser. Not here: the properties.
"""

from __future__ import annotations

from hypothesis import settings

_ALL, _A_TENTH, _TEN_TIMES = 100, 10, 1000

# Machines that test may be busy: no example has a deadline.
settings.register_profile("ci", max_examples=_ALL, deadline=None)
settings.register_profile("quick", max_examples=_A_TENTH, deadline=None)
settings.register_profile("long", max_examples=_TEN_TIMES, deadline=None)
settings.load_profile("ci")


def examples(count: int) -> int:
    """Return how many of `count` examples are tried."""
    return max(1, count * settings.default.max_examples // _ALL)
