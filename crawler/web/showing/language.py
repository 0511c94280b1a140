"""Which language a reader is answered in. Not here: the translations (`crawler.language`)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.web.addresses import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Iterator

_RANGE = re.compile(r"([A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?(?:\s*;\s*q=([01](?:\.\d{0,3})?))?", re.ASCII)
_MOST = 50  # preferences of a reader

TAGS = {"zh": "zh-CN", "en": "en"}
"""What each language is called in HTML."""


def preferred(accepted: str) -> str:
    """Return the language of the pages that a reader likes best by `Accept-Language` (RFC 9110, 12.5.4)."""
    likings = list(_likings(accepted))
    best = max(likings, key=lambda liking: liking[1], default=None)  # the first of equals
    return LANGUAGES[0] if best is None or best[1] <= 0 else best[0]


def _likings(accepted: str) -> Iterator[tuple[str, float]]:
    """Yield each language of the pages that is named, with how much it is liked."""
    for written in accepted.split(",", _MOST)[:_MOST]:
        found = _RANGE.fullmatch(written.strip())
        if found and found[1].lower() in LANGUAGES:
            yield found[1].lower(), float(found[2] or 1)
