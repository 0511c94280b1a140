"""Turning plain YAML values into a definition's records, and refusing what does not fit.

It follows the annotations in `crawler.sites.definition`, so that a new key is declared in one place only. Errors name
the key by its path (`layouts[0].title[1].css`) and say what is allowed there. Not here: files.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from crawler.language import Sentence
from crawler.nearby import either
from crawler.sites.wrong_values import key_meant, pattern_meant, selector_meant, shown

_PATTERN_KEYS = {"match", "pattern", "link", "tail", "where", "heading", "capitals", "named", "split"}
_SELECTOR_KEYS = {"css", "cut", "unwrap", "but_not"}


class WrongValueError(ValueError):
    """A value at `key` that the definition does not allow; the text says what is allowed."""

    def __init__(self, key: str, problem: str, /, **values: object) -> None:
        """Give the dotted path of the value ("" for the whole document), and what is allowed there (with values)."""
        self.key, self.problem = key, Sentence(problem, **values)
        super().__init__(f"{key}: {self.problem}")


def check(expected: Any, value: object, key: str) -> Any:
    """Convert `value` to `expected` (an annotation of the definition), or raise `WrongValueError` for `key`."""
    origin = get_origin(expected)
    if origin is Annotated:  # only `OneOrMore`
        return () if value is None else _list(str, [value] if isinstance(value, str) else value, key)
    if is_dataclass(expected):
        return _record(expected, value, key)
    if origin is tuple:
        return _list(get_args(expected)[0], value, key)
    if origin in {UnionType, Union}:  # always `something | None`
        return None if value is None else check(get_args(expected)[0], value, key)
    if origin is Literal:
        return _choice(get_args(expected), value, key)
    return {ZoneInfo: _zone, date: _day, int: _count, bool: _truth}.get(expected, _text)(value, key)


def _record(expected: Any, value: object, key: str) -> Any:
    if not isinstance(value, dict):
        raise WrongValueError(
            key, "is {shown}; a mapping is expected, with {keys}", shown=shown(value), keys=_keys(expected)
        )
    hints = get_type_hints(expected, include_extras=True)
    for name in value:
        if name not in hints:
            raise _unknown(name, expected, key)
    values = {name: check(hints[name], inner, _join(key, name)) for name, inner in value.items()}
    for field in fields(expected):
        if field.name not in values and field.default is MISSING:
            raise WrongValueError(_join(key, field.name), "is missing")
    return expected(**values)


def _unknown(name: object, expected: Any, key: str) -> WrongValueError:
    known = [field.name for field in fields(expected)]
    near, keys = either(key_meant(str(name), known)), ", ".join(known)
    if not near:
        return WrongValueError(_join(key, str(name)), "is not known; allowed here: {keys}", keys=keys)
    return WrongValueError(
        _join(key, str(name)), "is not known; did you mean {near}? Allowed here: {keys}", near=near, keys=keys
    )


def _list(expected: Any, value: object, key: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise WrongValueError(key, "is {shown}; a list is expected", shown=shown(value))
    return tuple(check(expected, inner, f"{key}[{index}]") for index, inner in enumerate(value))


def _choice(allowed: tuple[str, ...], value: object, key: str) -> object:
    if value not in allowed:
        raise WrongValueError(key, "is {shown}; allowed: {allowed}", shown=shown(value), allowed=", ".join(allowed))
    return value


def _count(value: object, key: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise WrongValueError(key, "is {shown}; a number is expected, 1 or more", shown=shown(value))
    return value


def _truth(value: object, key: str) -> bool:
    if not isinstance(value, bool):
        raise WrongValueError(key, "is {shown}; true or false is expected", shown=shown(value))
    return value


def _day(value: object, key: str) -> date:
    """Return a day: YAML has read it already unless it stands in quotes, and JSON has only text."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise WrongValueError(key, "is {shown}; a day is expected, 1990-01-01", shown=shown(value)) from None


def _zone(value: object, key: str) -> ZoneInfo:
    try:
        return ZoneInfo(_text(value, key))
    except (
        ZoneInfoNotFoundError,
        ValueError,
        OSError,
    ) as error:  # OSError: "Asia" is a folder of the database
        raise WrongValueError(
            key, "is {shown}; a name of the tz database is expected, Asia/Shanghai", shown=shown(value)
        ) from error


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or not value:
        if value in (None, ""):
            raise WrongValueError(key, "is {shown}; text is expected", shown=shown(value))
        raise WrongValueError(key, "is {shown}; text is expected (put it in quotes)", shown=shown(value))
    name = re.sub(r"\[\d+\]$", "", key).rpartition(".")[2]
    if name in _PATTERN_KEYS:
        _compile(value, key)
    if name in _SELECTOR_KEYS:
        _select(value, key)
    return value


def _compile(pattern: str, key: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # `[[`, which a later Python may read as a nested set
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:  # a{99999999999}, thousands of brackets
        meant = pattern_meant(pattern)
        if meant is not None:
            raise WrongValueError(
                key,
                "is {shown}; a named group is written (?P<name>…) here: {meant}",
                shown=shown(pattern),
                meant=meant,
            ) from error
        raise WrongValueError(
            key,
            "is {shown}; a regular expression is expected ({error})",
            shown=shown(pattern),
            error=error,
        ) from error


def _select(selector: str, key: str) -> None:
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except (SelectolaxError, ValueError) as error:
        raise _no_selector(selector, key) from error


def _no_selector(selector: str, key: str) -> WrongValueError:
    meant = selector_meant(selector)
    if meant is None:
        return WrongValueError(key, "is {shown}; a CSS selector is expected", shown=shown(selector))
    if not meant.attribute:
        return WrongValueError(
            key, "is {shown}; a CSS selector is expected: {css}", shown=shown(selector), css=meant.css
        )
    return WrongValueError(
        key,
        "is {shown}; a CSS selector is expected: {css}, and the attribute as `attribute: {attribute}`",
        shown=shown(selector),
        css=meant.css,
        attribute=meant.attribute,
    )


def _keys(expected: Any) -> str:
    return ", ".join(field.name for field in fields(expected))


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
