"""Reading a definition's YAML into plain values, within bounds: somebody else may have written it.

Stricter than YAML in two points: a key that occurs twice is refused, because one of the two would silently win, and
so are tags (`!!float`), which no definition needs. Not here: what the values mean (`crawler.sites.checking`).
"""

from __future__ import annotations

from typing import Any

import yaml

from crawler.language import Sentence

_LARGEST = 1_000_000  # characters; the definition of a site has a few thousand
_DEEPEST = 32
_MOST_VALUES = 20_000  # each counted as often as aliases repeat it
_TAGS = set(yaml.SafeLoader.yaml_constructors) - {None, "tag:yaml.org,2002:str"}  # of others YAML itself complains


class BadDocumentError(ValueError):
    """The text is not YAML, or not within bounds; `problem` says so as the rest of a sentence."""

    def __init__(self, problem: str, /, **values: object) -> None:
        """Give the problem, with values."""
        self.problem = Sentence(problem, **values)
        super().__init__(self.problem)


def read_yaml(text: str) -> Any:
    """Return the values of a YAML document. Raises `BadDocumentError`."""
    if len(text) > _LARGEST:
        raise BadDocumentError("has more than {most:,} characters; a definition needs a few thousand.", most=_LARGEST)
    try:
        _check_events(text)
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        if root is None:
            return None
        _measure(root, {})
        return loader.construct_document(root)
    except yaml.YAMLError as error:
        raise BadDocumentError("is not valid YAML: {error}", error=_one_line(error)) from error
    except ValueError as error:
        if isinstance(error, BadDocumentError):
            raise
        # A number or a day that YAML recognises and Python cannot represent: 2024-13-45.
        raise BadDocumentError("is not valid YAML: {error}; put the value in quotes", error=str(error)) from error


def _check_events(text: str) -> None:
    """Refuse tags, and deep nesting before anything recursive sees it."""
    depth = 0
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) in _TAGS:
            raise BadDocumentError(
                "has a tag (line {line}), which a definition needs nowhere; put text in quotes.", line=_line(event)
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise _too_deep(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _measure(node: yaml.Node, measured: dict[yaml.Node, tuple[int, int]]) -> tuple[int, int]:
    """Return how many values a node has and how deep they are nested, with what aliases repeat; refuse double keys.

    `measured` are the nodes that were measured before, and those being measured, as (0, 0).
    """
    if node in measured:
        if measured[node] == (0, 0):
            raise BadDocumentError("has an alias inside of what it repeats (line {line}).", line=_line(node))
        return measured[node]
    measured[node] = (0, 0)
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        inner = [part for pair in node.value for part in pair]
    else:
        inner = node.value if isinstance(node, yaml.SequenceNode) else []
    sizes = [_measure(each, measured) for each in inner]
    size = 1 + sum(values for values, _ in sizes), 1 + max((depth for _, depth in sizes), default=0)
    if size[0] > _MOST_VALUES:
        raise BadDocumentError(
            "has more than {most:,} values, counting those that aliases repeat.", most=_MOST_VALUES
        )
    if size[1] > _DEEPEST:
        raise _too_deep(node)
    measured[node] = size
    return size


def _check_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        written = (key.tag, key.value if isinstance(key, yaml.ScalarNode) else id(key))
        if written in seen:
            raise BadDocumentError(
                "has the key {key!r} twice (line {line}); keep one of them.", key=key.value, line=_line(key)
            )
        seen.add(written)


def _too_deep(place: yaml.Node | yaml.Event) -> BadDocumentError:
    return BadDocumentError(
        "has more than {most} lists and mappings inside each other (line {line}).", most=_DEEPEST, line=_line(place)
    )


def _line(place: Any) -> int:
    return int(place.start_mark.line) + 1


def _one_line(error: Exception) -> str:
    """Return YAML's error message on one line, without its name for an unnamed source."""
    return " ".join(str(error).replace('in "<unicode string>", ', "at ").split())
