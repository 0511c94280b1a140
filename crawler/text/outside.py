"""Words from outside, kept short and printable where they are noted, and harmless where they are shown.

A `Location`, a reason, an author's title: whatever it holds, it steers no terminal, breaks no line of a log or a
report, and turns no text around. Not here: markup (`crawler.markdown`) and addresses (`crawler.urls`).
"""

from __future__ import annotations

import re

_LONGEST = 300
# Control characters, but for tab and newline; and those that turn the direction of what follows.
_UNSEEN = r"\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_STEERING = re.compile(rf"[{_UNSEEN}\x1b]")
# The program's own styles are all that may begin with an escape: `ESC [1m`.
_ON_A_TERMINAL = re.compile(rf"[{_UNSEEN}]|\x1b(?!\[\d{{0,3}}m)")
_NOT_PLAIN_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def one_line(words: str, limit: int = _LONGEST) -> str:
    """Return `words` printable, on one line of at most `limit` characters, the last of them `…` if it was cut."""
    # What is far too long is cut before it is looked through.
    line = _SPACE.sub(" ", _STEERING.sub("", words[: 4 * limit])).strip()
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def steerless(text: str) -> str:
    """Return `text` without what would steer a terminal, its lines and the program's own styles as they are."""
    return _ON_A_TERMINAL.sub("", text)


def escaped_in_json(document: str) -> str:
    """Return JSON that says the same, with what would steer a terminal as JSON's own escapes."""
    return _NOT_PLAIN_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)
