"""Front matter as people and programs have written it: YAML, broken YAML, TOML, JSON.

`read` parts a text into front matter and body. What is valid is read as it is meant; where YAML is broken, as by a
quote inside of quotes, each key is read for itself, and a value in quotes is what stands between the first and the
last. Aliases and YAML's own tags are refused: nothing in a post needs them, and they can make much of little. Words
that only look so are words: `*ST` with no such anchor, and `!important`. Pure. Not here:
what the keys mean (`crawler.jekyll.source`), and the front matter that the program writes
(`crawler.markdown.post_file`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from crawler.jekyll.scalars import Scalar, json_of, text_of
from crawler.jekyll.structured import DEEPEST, LONGEST, FrontMatterError, check_length, read_json, read_toml

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

_FENCES = {"---": ("---", "..."), "+++": ("+++",)}
# A key ends at the first colon that a space follows. It must not end in a space itself: a line of many spaces would
# then be tried at each of them, in time that grows with their square.
_KEY = re.compile(r"(?P<key>\w(?:[\w .:-]*?[\w.-])??|\"[^\"\n]+\"|'[^'\n]+')\s*:(?:[ \t]+(?P<value>.*))?$")
# `title: "a" # b"` is valid YAML with a comment, and was written by a program that puts quotes around any title.
_TORN_TITLE = re.compile(r'^title:[ \t]+"[^"\n]*"[ \t]+#[^\n]*"[ \t]*$', re.MULTILINE)
_CLOSING = re.compile(r"^---[ \t]*(?:\n|\Z)", re.MULTILINE)
_LOCAL = re.compile(r"!\w*")  # a tag that YAML gives no meaning
_QUOTES = ('"', "'")
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C, where there is one


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

    Blank lines before it do not matter. Hugo's JSON has no fences, and Hexo's YAML may lack the first. Raises
    `FrontMatterError`.
    """
    start = len(text) - len(text.lstrip())
    fence = text[start : start + 3]
    opening = text[start:].partition("\n")[0].rstrip()
    if start and text[start - 1] != "\n":
        return FrontMatter({}), text
    if opening not in _FENCES:
        return _object(text, start) or _unopened(text, start) or (FrontMatter({}), text)
    written, body = _parted(text[start + len(opening) :].partition("\n")[2], _FENCES[fence])
    check_length(written)
    return (FrontMatter(read_toml(written)) if fence == "+++" else _yaml(written)), body


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


def _object(text: str, start: int) -> tuple[FrontMatter, str] | None:
    read = read_json(text, start)
    return None if read is None else (FrontMatter(read[0]), text[read[1] :])


def _unopened(text: str, start: int) -> tuple[FrontMatter, str] | None:
    """Read YAML that only a closing fence parts from the body, as Hexo writes it; `None` if there is none.

    A line of Markdown over a row of hyphens is a heading. So there must be a key `title` or `date`, and nothing but
    keys and what belongs to them.
    """
    first = _KEY.match(text[start:].partition("\n")[0])
    fence = _CLOSING.search(text, start)
    if first is None or fence is None or fence.start() - start > LONGEST:
        return None
    written = text[start : fence.start()]
    try:
        front = _yaml(written)
    except FrontMatterError:
        return None
    is_front_matter = "\n\n" not in written and {"title", "date"} & {key.lower() for key in front.values}
    return (front, text[fence.end() :]) if is_front_matter else None


def _parsed(written: str) -> Any:
    """Return what YAML says: scalars as `Scalar`, lists, and mappings with keys of text.

    Goes by the events, so that nothing is made of it but what stands there. Raises `yaml.YAMLError`.
    """
    # Each open list or mapping, in that order, and the key that waits for its value.
    root: list[Any] = []
    open_: list[tuple[Any, list[str]]] = [(root, [])]
    anchors: set[str] = set()
    for event in _events(written):
        _note_anchor(event, anchors)
        if isinstance(event, yaml.ScalarEvent):
            _add(open_[-1], _scalar(event))
        elif getattr(event, "tag", None) not in {None, "!"}:
            raise FrontMatterError("front matter with YAML tags")
        elif isinstance(event, yaml.CollectionStartEvent):
            inner: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            _add(open_[-1], inner)
            open_.append((inner, []))
            if len(open_) > DEEPEST:
                raise FrontMatterError("front matter nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.DocumentStartEvent) and root:
            raise FrontMatterError("front matter of several documents")
    return root[0] if root else None


def _note_anchor(event: yaml.Event, anchors: set[str]) -> None:
    """Add an event's anchor; an alias of one raises `FrontMatterError`, and one of none is an error in YAML."""
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise yaml.YAMLError("no such anchor")
        raise FrontMatterError("front matter with YAML aliases")
    if isinstance(event, yaml.NodeEvent) and event.anchor:
        anchors.add(event.anchor)


def _scalar(event: yaml.ScalarEvent) -> Scalar:
    """Return a value as it is written; a tag of no meaning is a part of it."""
    if event.tag in {None, "!"}:
        return Scalar(event.value, plain=not event.style)
    if _LOCAL.fullmatch(event.tag) is None:
        raise FrontMatterError("front matter with YAML tags")
    return Scalar(f"{event.tag} {event.value}".strip(), plain=False)


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
