"""Making text from outside safe to store in a report or log, and safe to show on a terminal.

Whatever a `Location` header, a reason or a title contains, it must not control the terminal, break a line of a log or
report, or reverse the direction of text. Not here: markup (`crawler.markdown`) and addresses (`crawler.urls`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 300
_LONGEST_NAME, _MOST_NAMES = 100, 50
# Control characters except tab and newline, characters that change the writing direction, and surrogates.
_UNSEEN = r"\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_STEERING = re.compile(rf"[{_UNSEEN}\x1b]")
# The only escape sequences allowed are the program's own styles, such as `ESC [1m`.
_ON_A_TERMINAL = re.compile(rf"[{_UNSEEN}]|\x1b(?!\[\d{{0,3}}m)")
_NOT_PLAIN_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# Letters and signs of Western Europe, which other encodings become when they are read as Latin-1, and other letters.
_WESTERN = re.compile(r"[\xa1-\xff]")
_OTHERS = re.compile(r"[A-Za-z\u0100-\U0010ffff]")
_SPACE = re.compile(r"\s+")


def one_line(words: str, limit: int = _LONGEST) -> str:
    """Return `words` in printable form on one line of at most `limit` characters, ending in `…` if it was cut."""
    # Cut far too long input first, so that not all of it is searched.
    line = _SPACE.sub(" ", _STEERING.sub("", words[: 4 * limit])).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def names(written: Iterable[str]) -> tuple[str, ...]:
    """Return names of people as they are stored: in NFC, on one line, each once; no more than fifty.

    What has neither letter nor digit is no name. One of more than a hundred characters is cut, since it is a sentence
    that was taken for a name.
    """
    found = (normalize("NFC", one_line(normalize("NFC", name), _LONGEST_NAME)) for name in written)
    return tuple(dict.fromkeys(name for name in found if any(map(str.isalnum, name))))[:_MOST_NAMES]


def terminal_safe(text: str) -> str:
    """Return `text` without control sequences; its line breaks and the program's own styles are kept."""
    return _ON_A_TERMINAL.sub("", text)


def escaped_in_json(document: str) -> str:
    """Return an equivalent JSON document in which characters that could control a terminal are escaped."""
    return _NOT_PLAIN_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", document)


def looks_garbled(text: str) -> bool:
    """Return whether a text was read in a wrong encoding: characters are missing, or are Western without any word."""
    if "\ufffd" in text:
        return True
    western = len(_WESTERN.findall(text))
    # Most texts have hardly any, and all texts of an archive are asked about when rules are new.
    return western > 0 and western > len(_OTHERS.findall(text))
