"""Numbers as a few characters of ASCII, for postings within a script: small numbers take one character, most two.

A number is written with the lowest digit first, to the base 46. There are two sets of 46 characters: one for the last
digit of a number and one for the digits before, so nothing has to separate numbers. Not here: reading them, which the
browser does (`search.js`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ALPHABET = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\<')
"""Characters that stand for themselves in a string of JavaScript, and within HTML: last digits, then those before."""

_BASE = len(ALPHABET) // 2


def written(numbers: Iterable[int]) -> str:
    """Return numbers, none below 0, one behind the other."""
    return "".join([_WRITTEN[number] if number < _KNOWN else _digits(number) for number in numbers])


def signed(number: int) -> int:
    """Return a number that may be below 0 as one that is not: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return 2 * number if number >= 0 else -2 * number - 1


def _digits(number: int) -> str:
    digits = ""
    while number >= _BASE:
        number, digit = divmod(number, _BASE)
        digits += ALPHABET[_BASE + digit]
    return digits + ALPHABET[number]


_KNOWN = _BASE**2
_WRITTEN = [_digits(number) for number in range(_KNOWN)]
