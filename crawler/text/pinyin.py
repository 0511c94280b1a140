"""Names in pinyin: how a name is spelt, and which spellings a person may mean by it. For names only.

A text is never spelt: 景点 and 经典 read alike. pypinyin takes a fifth of a second and 55 MB to load its
dictionaries, so only who spells loads it.
"""

from __future__ import annotations

from crawler.text.words import fold, split

_FEWEST_INITIALS = 2


def spelling(name: str) -> str:
    """Return a name in syllables parted by spaces, `gui zhou mao tai`; letters and digits stay, in lower case."""
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # see above

    found: list[str] = []
    for characters, word in split(fold(name)):
        found += lazy_pinyin(characters) if characters else [word]
    return " ".join(found)


def is_whole(spelt: str, typed: str) -> bool:
    """Tell whether `typed` is all of a spelling, or the initials of all its syllables."""
    syllables = spelt.split()
    return _typed(typed) in {"".join(syllables), _initials(syllables)}


def is_part(spelt: str, typed: str) -> bool:
    """Tell whether `typed` is some neighbouring syllables of a spelling, or the initials of two or more."""
    syllables, wanted = spelt.split(), _typed(typed)
    ends = range(1, len(syllables) + 1)
    spoken = {"".join(syllables[begin:end]) for end in ends for begin in range(end)}
    return wanted in spoken or (len(wanted) >= _FEWEST_INITIALS and wanted in _initials(syllables))


def _typed(typed: str) -> str:
    """Return what was typed in small letters and digits: `Gui Zhou`, `gui'zhou` and `guizhou` are one."""
    return "".join(word for _, word in split(fold(typed)))


def _initials(syllables: list[str]) -> str:
    return "".join(syllable[0] for syllable in syllables)
