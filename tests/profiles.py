"""How many examples a property test tries: as many as it says, or a tenth of them in a developer's loop.

`pytest --hypothesis-profile=quick`, as `make test-quick` has it, is the tenth. Not here: the properties.
"""

from __future__ import annotations

from hypothesis import settings

_ALL, _A_TENTH = 100, 10

# Machines that test may be busy: no example has a deadline.
settings.register_profile("ci", max_examples=_ALL, deadline=None)
settings.register_profile("quick", max_examples=_A_TENTH, deadline=None)
settings.load_profile("ci")


def examples(count: int) -> int:
    """Return how many of `count` examples are tried."""
    return max(1, count * settings.default.max_examples // _ALL)
