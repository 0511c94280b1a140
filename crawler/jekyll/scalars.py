"""The values of front matter: as they are written, as text, and as JSON can have them. Not here: reading YAML."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from math import isfinite
from typing import Any

import yaml

_RESOLVER = yaml.SafeLoader("")


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of YAML as it is written; `plain` when it stands without quotes, and may be a number."""

    text: str
    plain: bool


def text_of(value: Any) -> str:
    """Return a single value as text; "" for nothing, for lists and for mappings."""
    match value:
        case Scalar():
            return "" if value.plain and resolved(value) is None else value.text.strip()
        case str():
            return value.strip()
        case bool():
            return str(value).lower()
        case datetime() | date() | time() | int() | float():
            return str(value)
        case _:
            return ""


def json_of(value: Any) -> Any:
    """Return a value as JSON can have it."""
    match value:
        case Scalar():
            return resolved(value)
        case list():
            return [json_of(item) for item in value]
        case dict():
            return {key: json_of(inner) for key, inner in value.items()}
        case datetime() | date() | time():
            return str(value)
        case float() if not isfinite(value):
            return str(value)
        case _:
            return value


def resolved(scalar: Scalar) -> Any:
    """Return the number, truth value or nothing that a plain scalar stands for; else its text."""
    if not scalar.plain:
        return scalar.text
    tag = str(_RESOLVER.resolve(yaml.ScalarNode, scalar.text, (True, False)))  # type: ignore[no-untyped-call]
    match tag.rpartition(":")[2]:
        case "null":
            return None
        case "bool":
            return yaml.SafeLoader.bool_values[scalar.text.lower()]
        case "int":
            return _number(scalar.text, int)
        case "float":
            return _number(scalar.text, float)
        case _:
            return scalar.text


def _number(text: str, kind: type[int | float]) -> int | float | str:
    """Return the number that is written so; what only looks like one, or would be written otherwise, is text."""
    try:
        value = kind(text)
    except ValueError:
        return text
    return value if str(value) == text else text
