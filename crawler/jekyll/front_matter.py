"""Front matter as people and programs have written it: YAML, broken YAML, TOML.

`read` parts a text into front matter and body. What is valid is read as it is meant; where YAML is broken, as by a
quote inside of quotes, each key is read for itself, and a value in quotes is what stands between the first and the
last. Aliases and tags are refused: nothing in a post needs them, and they can make much of little. Pure. Not here:
what the keys mean (`crawler.jekyll.source`), and the front matter that the program writes
(`crawler.markdown.post_file`).
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from crawler.jekyll.scalars import Scalar, json_of, text_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_LONGEST = 64 * 1024  # characters
_DEEPEST = 16  # lists and mappings in one another
_LARGEST = 2**63  # of whole numbers in TOML
_DOTS = 1000  # in a line of TOML: reading a key takes time by the square of them
_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
# A key ends at the first colon that a space follows. It must not end in a space itself: a line of many spaces would
# then be tried at each of them, in time that grows with their square.
_KEY = re.compile(r"(?P<key>\w(?:[\w .:-]*?[\w.-])??|\"[^\"\n]+\"|'[^'\n]+')\s*:(?:[ \t]+(?P<value>.*))?$")
# `title: "a" # b"` is valid YAML with a comment, and was written by a program that puts quotes around any title.
_TORN_TITLE = re.compile(r'^title:[ \t]+"[^"\n]*"[ \t]+#[^\n]*"[ \t]*$', re.MULTILINE)
_QUOTES = ('"', "'")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where there is one


class FrontMatterError(ValueError):
    """Front matter that cannot be read; the text says why in words for a person."""


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The keys of a text's front matter with their values; none when there is no front matter.

    Names are asked for in lower case, and found in any: Hugo reads `Title` as `title`. Where both stand, the one in
    lower case is meant.
    """

    values: Mapping[str, Any]

    def value(self, name: str) -> Any:
        """Return the value of the key `name` as it was read; `None` when there is none."""
        return self.values.get(self._key(name))

    def text(self, *names: str) -> str:
        """Return the value of the first of the keys `names` that has any, as text; "" when none has."""
        return next((text for name in names for text in self.texts(name) if text), "")

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the values of the first of the keys `names` that has any, a single value as a list of one.

        What stands in lists inside of a list is part of it: Hexo files `- [a, b]` under a, and under b inside of a.
        """
        found = (tuple(filter(None, map(text_of, _flat(self.value(name))))) for name in names)
        return next(filter(None, found), ())

    def mappings(self, name: str) -> list[dict[str, str]]:
        """Return the mappings in the list `name`, their values as text."""
        value = self.value(name)
        items = value if isinstance(value, list) else []
        return [{key: text_of(inner) for key, inner in item.items()} for item in items if isinstance(item, dict)]

    def others(self, known: Collection[str]) -> dict[str, Any]:
        """Return the keys that are not `known`, with values as JSON has them: numbers as numbers, dates as text.

        A number that would be written otherwise stays the text it is: `007`, `1.10`, `12:30`.
        """
        meant = {self._key(name) for name in known}
        return {key: json_of(value) for key, value in self.values.items() if key not in meant}

    def _key(self, name: str) -> str:
        """Return the key that `name` stands for, as it is written."""
        if name in self.values:
            return name
        return next((key for key in self.values if key.lower() == name), name)


def _flat(value: Any) -> list[Any]:
    """Return the items of a list, and of the lists inside of it; any other value as a list of one."""
    return [inner for item in value for inner in _flat(item)] if isinstance(value, list) else [value]


def read(text: str) -> tuple[FrontMatter, str]:
    """Return the front matter of a text and its body; a text without front matter is all body.

    Blank lines before the first fence do not matter. Raises `FrontMatterError`.
    """
    start = len(text) - len(text.lstrip())
    fence = text[start : start + 3]
    opening = text[start:].partition("\n")[0].rstrip()
    if opening not in _FENCES or (start and text[start - 1] != "\n"):
        return FrontMatter({}), text
    written, body = _parted(text[start + len(opening) :].partition("\n")[2], _FENCES[fence])
    if len(written) > _LONGEST:
        raise FrontMatterError(f"front matter of more than {_LONGEST // 1024} kB")
    return (_toml(written) if fence == "+++" else _yaml(written)), body


def _parted(rest: str, closing: tuple[str, ...]) -> tuple[str, str]:
    """Part what follows the first fence at the next one."""
    at = 0
    while at < len(rest):
        end = rest.find("\n", at)
        end = len(rest) if end < 0 else end
        if rest[at:end].rstrip() in closing:
            return rest[:at], rest[end + 1 :]
        at = end + 1
    raise FrontMatterError("front matter that never ends")


def _yaml(written: str) -> FrontMatter:
    try:
        values = _parsed(written)
    except (yaml.YAMLError, UnicodeError):
        return _key_by_key(written)
    if _TORN_TITLE.search(written):
        return _key_by_key(written)
    if values is None:
        return FrontMatter({})
    if not isinstance(values, dict):
        raise FrontMatterError("front matter that is no mapping")
    return FrontMatter(values)


def _toml(written: str) -> FrontMatter:
    if any(line.count(".") > _DOTS for line in written.split("\n")):
        raise FrontMatterError("front matter nested too deeply")
    try:
        values = tomllib.loads(written)
    except ValueError as error:  # of a number with thousands of digits it is no TOMLDecodeError
        raise FrontMatterError(f"front matter that is no TOML: {error}") from None
    except RecursionError:
        raise FrontMatterError("front matter nested too deeply") from None
    _check(values, _DEEPEST)
    return FrontMatter(values)


def _check(value: Any, levels: int) -> None:
    """Raise `FrontMatterError` when a value of TOML has more levels, or a number that no program need bear."""
    match value:
        case dict() | list() if not levels:
            raise FrontMatterError("front matter nested too deeply")
        case dict():
            for inner in value.values():
                _check(inner, levels - 1)
        case list():
            for inner in value:
                _check(inner, levels - 1)
        case int() if not -_LARGEST <= value < _LARGEST:
            raise FrontMatterError("front matter with a number that is too large")


def _parsed(written: str) -> Any:
    """Return what YAML says: scalars as `Scalar`, lists, and mappings with keys of text.

    Goes by the events, so that nothing is made of it but what stands there. Raises `yaml.YAMLError`.
    """
    # Each open list or mapping, in that order, and the key that waits for its value.
    root: list[Any] = []
    open_: list[tuple[Any, list[str]]] = [(root, [])]
    for event in _events(written):
        if isinstance(event, yaml.AliasEvent):
            raise FrontMatterError("front matter with YAML aliases")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) not in {None, "!"}:
            raise FrontMatterError("front matter with YAML tags")
        if isinstance(event, yaml.ScalarEvent):
            _add(open_[-1], Scalar(event.value, plain=not event.style))
        elif isinstance(event, yaml.CollectionStartEvent):
            inner: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            _add(open_[-1], inner)
            open_.append((inner, []))
            if len(open_) > _DEEPEST:
                raise FrontMatterError("front matter nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and root:
            raise FrontMatterError("front matter of several documents")
    return root[0] if root else None


def _events(written: str) -> Iterator[yaml.Event]:
    """Yield what YAML reads. libyaml gives up by itself on what is nested a thousand deep, from 0.2.6 on."""
    try:
        yield from yaml.parse(written, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        if "nesting" in (error.problem or ""):
            raise FrontMatterError("front matter nested too deeply") from None
        raise


def _add(place: tuple[Any, list[str]], value: Any) -> None:
    """Put a value where it belongs: into a list, or into a mapping as the next key or that key's value."""
    into, key = place
    if isinstance(into, list):
        into.append(value)
    elif key:
        into[key.pop()] = value
    else:
        key.append(text_of(value))


def _key_by_key(written: str) -> FrontMatter:
    """Read each key for itself: as YAML if it is, else to the letter."""
    values: dict[str, Any] = {}
    for key, value, lines in _blocks(written):
        try:
            parsed = None if _TORN_TITLE.match(lines[0]) else _parsed("\n".join([*lines, ""]))
        except (yaml.YAMLError, UnicodeError):
            parsed = None
        values |= parsed if isinstance(parsed, dict) else {key: _to_the_letter(value, lines[1:])}
    if not values:
        raise FrontMatterError("front matter that is no YAML")
    return FrontMatter(values)


def _blocks(written: str) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each key with what follows on its line, and all of its lines. Raises `FrontMatterError` for any above."""
    key, value = "", ""
    lines: list[str] = []
    for line in written.split("\n"):
        found = _KEY.match(line)
        if found is not None:
            if key:
                yield key, value, lines
            key, value, lines = found["key"].strip("\"'"), (found["value"] or "").strip(), [line]
        elif key:
            lines.append(line)
        elif line.strip() and not line.startswith("#"):
            raise FrontMatterError("front matter that is no YAML")
    if key:
        yield key, value, lines


def _to_the_letter(value: str, below: list[str]) -> Any:
    """Return what stands after a key's colon and in the lines below; what stands behind dashes there as a list."""
    lines = [line.strip() for line in below if line.strip() and not line.startswith("#")]
    if lines and not value and all(f"{line} ".startswith("- ") for line in lines):
        return [Scalar(_unquoted(line[1:].strip()), plain=False) for line in lines]
    return Scalar(_unquoted(" ".join([value, *lines]).strip()), plain=False)


def _unquoted(value: str) -> str:
    """Return what stands between the quotes around a value, if there are any."""
    for quote in _QUOTES:
        if len(value) > 1 and value.startswith(quote) and value.endswith(quote):
            return value[1:-1]
    return value
