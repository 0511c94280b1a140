"""Folding as a search does it: forms of one character are one, and what has no width separates nothing.

    臺灣 -> 台湾    萬科 -> 万科    5\u200bG -> 5g

The forms are those of OpenCC's tables, character by character, so that a text keeps its length; `variants.txt` lists
them (`tests/variant_characters.py` makes it). Not here: what is compared, hashed or counted, where 臺 and 台 differ
(`crawler.text.words.fold`).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from crawler.text.words import fold

# Unicode's default ignorables as they occur in texts: soft hyphen, joiners and spaces without width, marks of the
# writing direction, variation selectors, tags.
NO_WIDTH = (
    r"\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
    r"\U000e0000-\U000e0fff"
)
"""Characters that are not seen, to stand inside the brackets of a pattern."""

_NO_WIDTH = re.compile(f"[{NO_WIDTH}]+")


def unify(text: str) -> str:
    """Fold a text or a query for searching: what `fold` does, and its characters in their simplified forms."""
    folded = fold(_NO_WIDTH.sub("", text))
    simplified = _simplified()
    # Few texts have more than a few of them: to replace these takes a tenth of the time of a translation.
    for form in simplified.keys() & set(folded):
        folded = folded.replace(form, simplified[form])
    return folded


@cache
def _simplified() -> dict[str, str]:
    """Return the simplified form of every character that has one."""
    lines = files(__package__).joinpath("variants.txt").read_text(encoding="utf-8").splitlines()
    return {form: line[0] for line in lines for form in line[1:]}
