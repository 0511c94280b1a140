"""Names in pinyin: spelling a name, and matching what a person typed against spellings.

For names only, not for texts, where too much is spelt alike (景点 and 经典). A character keeps all its readings:
people may type either reading of 重庆, and pypinyin's dictionary of phrases, which would decide, takes 43 MB.
Not here: which securities have a name (`crawler.archive.store.securities`).
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crawler.text.words import fold, split

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEWEST_INITIALS = 2


def spelling(name: str) -> str:
    """Return a name as syllables separated by spaces, each with all its readings: `zhong/chong/tong qing`.

    Letters and digits are kept, in lower case.
    """
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # must be set before the import
    from pypinyin import Style, pinyin  # noqa: PLC0415  # loads its dictionary only when needed

    syllables: list[str] = []
    for characters, word in split(fold(name)):
        of_each = pinyin(characters, style=Style.NORMAL, heteronym=True) if characters else [[word]]
        syllables += ("/".join(dict.fromkeys(readings)) for readings in of_each)
    return " ".join(syllables)


def is_whole(spelt: str, typed: str) -> bool:
    """Return whether `typed` is all of a spelling, or the initials of all its syllables."""
    syllables = _syllables(spelt)
    return any(len(syllables) in _matched(of_each, _plain(typed)) for of_each in (syllables, _initials(syllables)))


def is_part(spelt: str, typed: str) -> bool:
    """Return whether `typed` is one or more adjacent syllables of a spelling, or the initials of two or more."""
    wanted, syllables = _plain(typed), _syllables(spelt)
    for begin in range(len(syllables)):
        if _matched(syllables[begin:], wanted):
            return True
        if len(wanted) >= _FEWEST_INITIALS and _matched(_initials(syllables)[begin:], wanted):
            return True
    return False


def typeable(spelt: str) -> tuple[str, str]:
    """Return a spelling as it may be typed, with the first reading of each syllable: in full, and its initials."""
    syllables = [syllable.partition("/")[0] for syllable in spelt.split()]
    return "".join(syllables), "".join(syllable[0] for syllable in syllables)


def _matched(syllables: Sequence[set[str]], typed: str) -> list[int]:
    """Return each number of leading syllables that can be read as exactly what was typed."""
    counts, ends = [], {0}
    for count, readings in enumerate(syllables, start=1):
        ends = {at + len(reading) for at in ends for reading in readings if typed.startswith(reading, at)}
        if len(typed) in ends:
            counts.append(count)
    return counts


def _syllables(spelt: str) -> list[set[str]]:
    return [set(syllable.split("/")) for syllable in spelt.split()]


def _initials(syllables: Sequence[set[str]]) -> list[set[str]]:
    return [{reading[0] for reading in readings} for readings in syllables]


def _plain(typed: str) -> str:
    """Return the letters and digits of what was typed, in lower case: `Gui Zhou`, `gui'zhou` and `guizhou` agree."""
    return "".join(word for _, word in split(fold(typed)))
