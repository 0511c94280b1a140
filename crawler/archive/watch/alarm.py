"""The type of an alarm, about something people would otherwise notice too late. Not here: raising it (`watchman`)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Alarm(TypedDict):
    """Something wrong with a site: one sentence, and the numbers in it by name."""

    kind: Literal["runs", "silence", "refusals", "category", "outlet", "alternating"]
    site: str
    sentence: str
    numbers: dict[str, Any]
