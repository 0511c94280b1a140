"""Names in pinyin: how a name is spelt, and which spellings a person may mean by it. For names only.

A text is never spelt: 景点 and 经典 read alike. Which of its readings a character has in a name is not decided, since
whoever types 重庆 may type either; pypinyin's dictionary of phrases, which would decide, takes 43 MB.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from crawler.text.words import fold, split

if TYPE_CHECKING:
    from collections.abc import Sequence

_FEWEST_INITIALS = 2


def spelling(name: str) -> str:
    """Return a name in syllables parted by spaces, each with its readings: `zhong/chong/tong qing`.

    Letters and digits stay, in lower case.
    """
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # read when it is imported
    from pypinyin import Style, pinyin  # noqa: PLC0415  # only who spells loads its dictionary

    found: list[str] = []
    for characters, word in split(fold(name)):
        of_each = pinyin(characters, style=Style.NORMAL, heteronym=True) if characters else [[word]]
        found += ("/".join(dict.fromkeys(readings)) for readings in of_each)
    return " ".join(found)


def is_whole(spelt: str, typed: str) -> bool:
    """Tell whether `typed` is all of a spelling, or the initials of all its syllables."""
    syllables = _syllables(spelt)
    return any(len(syllables) in _read(of_each, _plain(typed)) for of_each in (syllables, _initials(syllables)))


def is_part(spelt: str, typed: str) -> bool:
    """Tell whether `typed` is some neighbouring syllables of a spelling, or the initials of two or more."""
    wanted, syllables = _plain(typed), _syllables(spelt)
    for begin in range(len(syllables)):
        if _read(syllables[begin:], wanted):
            return True
        if len(wanted) >= _FEWEST_INITIALS and _read(_initials(syllables)[begin:], wanted):
            return True
    return False


def _read(syllables: Sequence[set[str]], typed: str) -> list[int]:
    """Return how many syllables, from the first on, can be read as all of what is typed."""
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
    """Return what was typed in small letters and digits: `Gui Zhou`, `gui'zhou` and `guizhou` are one."""
    return "".join(word for _, word in split(fold(typed)))
