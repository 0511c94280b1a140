"""An alarm: something amiss that a person would notice too late. Not here: what raises it (`watchman`)."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class Alarm(TypedDict):
    """Something amiss with a site: one sentence, and the numbers in it by name."""

    kind: Literal["runs", "silence", "refusals", "category", "outlet", "dates"]
    site: str
    sentence: str
    numbers: dict[str, Any]
