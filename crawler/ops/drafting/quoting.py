"""Writing values and comments as YAML, whatever a page has put into them. Not here: what is written."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LONGEST = 200  # characters of a value from a page
# What needs no quotes: no sign of YAML, and nothing that it reads as a number, a day or a truth value.
_PLAIN = re.compile(r"[A-Za-z.#/][A-Za-z0-9 ._/>-]*[A-Za-z0-9/]|/|[A-Za-z]")
_WORDS = {"true", "false", "yes", "no", "on", "off", "null", "none", "y", "n", "nan", "inf", ".nan", ".inf", "~"}
_PRINTABLE = re.compile(
    r"[^\x20-\x7e\xa0-\u1fff\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\uf900-\ufdcf\ufdf0-\ufefe\uff00-\ufffd]"
)


def quoted(text: str) -> str:
    """Return a text as a YAML value on one line."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and " #" not in text and not text.startswith("#"):
        return text
    if "'" not in text and not _PRINTABLE.search(text):
        return f"'{text}'"
    written = json.dumps(text, ensure_ascii=False)
    return _PRINTABLE.sub(lambda found: f"\\U{ord(found[0]):08x}", written)


def of_page(text: str) -> str:
    """Return what a page says as one line of moderate length, fit to be quoted."""
    return one_line(text, _LONGEST)


def comment(text: str) -> str:
    """Return a text as a comment."""
    return f"# {one_line(_PRINTABLE.sub(' ', text), 2 * _LONGEST)}"


def rule(steps: Mapping[str, object]) -> str:
    """Return a rule as a YAML mapping on one line."""
    return "{" + ", ".join(f"{name}: {_step(value)}" for name, value in steps.items()) + "}"


def listed(values: Sequence[str]) -> str:
    """Return texts as a YAML list on one line; one alone as it is."""
    written = [_in_flow(value) for value in values]
    return f"[{', '.join(written)}]"


def _step(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else _in_flow(str(value))


def _in_flow(text: str) -> str:
    """Return a value inside of brackets, where a plain one may be mistaken for more."""
    written = quoted(text)
    return written if written[0] in "'\"" or re.fullmatch(r"[\w./-]+", written) else f"'{text}'"
