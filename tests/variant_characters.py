"""Makes `crawler/text/variants.txt`: which characters a search takes for one, by OpenCC's tables.

A line is a character in its simplified form, followed by those that are written in its place. Run by `make variants`,
which installs OpenCC; the difference is to be read before it is committed. Not here: folding, which
`crawler.text.variants` does.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

import opencc

import crawler.text

TABLE = Path(crawler.text.__file__).with_name("variants.txt")
# CJK ideographs and the signs among them; the compatibility ideographs fold to these by Unicode's own tables.
_RANGES = ((0x2E80, 0x2FDF), (0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x3FFFF))
# Traditional characters as such, then in the forms that are usual in Hong Kong and in Taiwan.
_CONVERTERS = [opencc.OpenCC(name) for name in ("t2s", "hk2s", "tw2s")]


def simplified(character: str) -> str:
    """Return the one form of a character that stands for all of it, itself if there is no other."""
    seen = [character]
    while (following := _simpler(seen[-1])) not in seen:
        seen.append(following)
    return seen[-1]


def _simpler(character: str) -> str:
    """Return what the first of the converters makes of it that makes another single character of it."""
    made = (converter.convert(character) for converter in _CONVERTERS)
    return next((other for other in made if other != character and len(other) == 1), character)


def main() -> None:
    """Write the table."""
    forms: dict[str, str] = {}
    for first, last in _RANGES:
        for character in map(chr, range(first, last + 1)):
            if unicodedata.normalize("NFKC", character) == character and simplified(character) != character:
                forms[simplified(character)] = forms.get(simplified(character), "") + character
    lines = (f"{one}{others}\n" for one, others in sorted(forms.items()))
    TABLE.write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
