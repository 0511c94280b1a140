"""Which version of a text has substance: one that only says «该文已删除» is a version, but nobody looks for it.

Pure. Not here: versions and where they are kept (`crawler.archive.search.index`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.text.words import tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

SHORT = 60
"""Characters; a text that is longer has substance whatever it says."""

LOOKED_BACK = 20
"""Versions that are looked at; a text with so many hollow ones above it stays behind."""

_FULL, _FAR_LONGER = 100, 10  # tokens of a text beside which a tenth of them is nothing
_COUNTED = 2_000  # characters of a text whose tokens are counted: more than enough for `_FULL`
_NOTICE = re.compile(
    r"[删刪]|撤[稿回下]|下[架线線]|屏蔽|[不沒没已][存失見见].{0,2}[在效]|找不到|\b404\b"
    r"|\b(?:removed|deleted|withdrawn|retracted|unavailable|not\s+found|no\s+longer)\b",
    re.IGNORECASE,
)


def last_with_substance(texts: Sequence[str]) -> int:
    """Return the place of the text that stands for all of `texts`, the latest of which comes first.

    It is the first unless that is short, and says that the text was taken away or hardly says anything beside what
    stood there before; then it is what stands for those before.
    """
    stands = 0
    for place, before in enumerate(texts[1:], 1):
        if len(texts[stands]) >= SHORT:
            break
        if _is_hollow(texts[stands], before):
            stands = place
        elif len(before) >= SHORT:
            break
    return stands


def _is_hollow(now: str, before: str) -> bool:
    """Tell whether a short text takes away what an earlier one said."""
    said, left = len(tokens(before[:_COUNTED])), len(tokens(now))
    if said >= _FULL and left * _FAR_LONGER <= said:
        return True
    return left < said and _is_notice(now) and not (len(before) < SHORT and _is_notice(before))


def _is_notice(text: str) -> bool:
    return _NOTICE.search(text) is not None
