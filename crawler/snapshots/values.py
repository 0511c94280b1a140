"""Values of a manifest, held to their types and bounds: each function returns its value or raises `WrongValueError`.

`name` is that of the key, for the message. Not here: which keys a manifest has (`crawler.snapshots.manifest`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast, get_args

from crawler.archive.care.values import is_time
from crawler.archive.ledger.runs import RunOutcome
from crawler.items import Outcome, Scope
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONGEST_SENTENCE = 2_000  # characters
_LONGEST_NAME = 200
_SHOWN = 40  # characters of a wrong value
_MOST_REASONS = 1_000  # of each kind, in a report
_LARGEST_NUMBER = 2**53  # up to which every reader of JSON knows each number exactly

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(r"[0-9]{6,18}\.db")
_SITE = re.compile(r"[a-z0-9][a-z0-9_-]{,199}")


class WrongValueError(ValueError):
    """A value is not what it has to be; the text says which."""


def mapping(name: str, value: Any) -> Mapping[str, Any]:
    """Return an object of JSON."""
    if not isinstance(value, dict):
        raise _wrong(name, value)
    return cast("Mapping[str, Any]", value)


def array(name: str, value: Any, most: int) -> list[Any]:
    """Return a list of at most so many values."""
    if not isinstance(value, list):
        raise _wrong(name, value)
    if len(value) > most:
        raise WrongValueError(f"{name} has more than {most} entries")
    return value


def uuid(name: str, value: Any) -> str:
    """Return the UUID of an archive."""
    return _like(_UUID, name, value)


def digest(name: str, value: Any) -> str:
    """Return a SHA-256 in hexadecimal."""
    return _like(_DIGEST, name, value)


def digest_or_none(name: str, value: Any) -> str | None:
    """Return a digest, or `None`."""
    return None if value is None else digest(name, value)


def file(name: str, value: Any) -> str:
    """Return the name of a snapshot's file, which can lead to no other folder."""
    return _like(_FILE, name, value)


def site(name: str, value: Any) -> str:
    """Return the name of a site, or "", which is none."""
    return "" if value == "" else _like(_SITE, name, value)


def number(name: str, value: Any) -> int:
    """Return a number of things."""
    if type(value) is not int or not 0 <= value <= _LARGEST_NUMBER:
        raise _wrong(name, value)
    return value


def seconds(name: str, value: Any) -> float:
    """Return how long something took."""
    if type(value) not in {int, float} or not 0 <= value <= _LARGEST_NUMBER:
        raise _wrong(name, value)
    return float(value)


def flag(name: str, value: Any) -> bool:
    """Return a yes or no."""
    if not isinstance(value, bool):
        raise _wrong(name, value)
    return value


def sentence(name: str, value: Any) -> str:
    """Return text on one line, without anything that could control a terminal."""
    if not isinstance(value, str):
        raise _wrong(name, value)
    return one_line(value, _LONGEST_SENTENCE)


def time(name: str, value: Any) -> str:
    """Return a time in ISO 8601 with its offset."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME or not is_time(value):
        raise _wrong(name, value)
    return value


def time_or_none(name: str, value: Any) -> str | None:
    """Return a time, or `None`."""
    return None if value is None else time(name, value)


def outcome(name: str, value: Any) -> str:
    """Return how a run ended."""
    return _one_of(get_args(RunOutcome), name, value)


def scope(name: str, value: Any) -> str:
    """Return what a run was about."""
    return _one_of(get_args(Scope), name, value)


def posts(name: str, value: Any) -> dict[str, int]:
    """Return the numbers of posts by outcome."""
    counted = mapping(name, value)
    return {each: number(each, counted.get(each)) for each in get_args(Outcome)}


def counts(name: str, value: Any) -> dict[str, int]:
    """Return numbers by reason."""
    return {one_line(reason): number(name, count) for reason, count in _reasons(name, value).items()}


def sentences(name: str, value: Any) -> dict[str, str]:
    """Return sentences by what they are about."""
    return {one_line(about): sentence(name, said) for about, said in _reasons(name, value).items()}


def _reasons(name: str, value: Any) -> Mapping[str, Any]:
    reasons = mapping(name, value)
    if len(reasons) > _MOST_REASONS:
        raise WrongValueError(f"{name} has more than {_MOST_REASONS} entries")
    return reasons


def _one_of(words: tuple[str, ...], name: str, value: Any) -> str:
    if value not in words:
        raise _wrong(name, value)
    return str(value)


def _like(pattern: re.Pattern[str], name: str, value: Any) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(name, value)
    return value


def _wrong(name: str, value: Any) -> WrongValueError:
    """Return the error about a value, which is shown if it is short; one that nests deeply cannot be shown at all."""
    is_plain = value is None or isinstance(value, str | int | float)
    return WrongValueError(f"{name} is {one_line(repr(value), _SHOWN) if is_plain else type(value).__name__}")
