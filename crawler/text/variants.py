"""Folding for search: variant forms of a character become one, and characters without width are dropped.

    臺灣 -> 台湾    萬科 -> 万科    5\u200bG -> 5g

The variants are those of OpenCC's tables, mapped character by character; `variants.txt` lists them
(`tests/variant_characters.py` generates it). Not here: folding for comparing, hashing and counting, where 臺 and 台
stay different (`crawler.text.words.fold`).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib.resources import files

from crawler.text.words import FULL_WIDTH

# Unicode's default ignorables that occur in texts: soft hyphens, zero-width joiners and spaces, direction marks,
# variation selectors, tags.
_NO_WIDTH = (
    ("\u00ad", "\u00ad"),
    ("\u034f", "\u034f"),
    ("\u061c", "\u061c"),
    ("\u180b", "\u180f"),
    ("\u200b", "\u200f"),
    ("\u202a", "\u202e"),
    ("\u2060", "\u206f"),
    ("\ufe00", "\ufe0f"),
    ("\ufeff", "\ufeff"),
    ("\U000e0000", "\U000e0fff"),
)
NO_WIDTH = "".join(f"{first}-{last}" for first, last in _NO_WIDTH)
"""Invisible characters, for use inside the brackets of a regular expression."""


def unify(text: str) -> str:
    """Fold a text or a query for searching: NFKC, lower case, simplified characters, no invisible ones."""
    # A text has few different characters to fold, each many times. Replacing those a pattern finds takes a quarter
    # of the time of `str.translate`. Full-width signs are among them, so that most texts are normalised afterwards.
    signs, any_sign = _signs()
    for sign in set(any_sign.findall(text)):
        text = text.replace(sign, signs.get(sign, sign))
    if unicodedata.is_normalized("NFKC", text):
        return text.lower()
    return "".join(signs.get(sign, sign) for sign in unicodedata.normalize("NFKC", text)).lower()


@cache
def _signs() -> tuple[dict[str, str], re.Pattern[str]]:
    """Return the replacement of each sign (nothing, its half-width or simplified form), and a pattern for them."""
    no_width = {chr(code): "" for first, last in _NO_WIDTH for code in range(ord(first), ord(last) + 1)}
    lines = files(__package__).joinpath("variants.txt").read_text(encoding="utf-8").splitlines()
    simplified = {form: line[0] for line in lines for form in line[1:]}
    signs = {**no_width, **FULL_WIDTH, **simplified}
    # A set of characters is only fast within the first plane; of the few beyond it the pattern finds all.
    in_first_plane = "".join(sorted(sign for sign in signs if sign <= "\uffff"))
    return signs, re.compile(f"[{re.escape(in_first_plane)}\U00010000-\U0010ffff]")
