"""Applying a definition's rules to a page: where to look, where to cut, what to keep.

Rules are explained in `crawler.sites.definition`. Not here: what the values mean.
"""

from __future__ import annotations

import re
from functools import cache
from html import unescape
from typing import TYPE_CHECKING, Any, Protocol

from selectolax.lexbor import LexborHTMLParser

from crawler.extraction.structure import check_structure
from crawler.extraction.structured import as_html, decoded, texts_at
from crawler.text.words import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from selectolax.lexbor import LexborNode

    from crawler.sites.definition import Of, Rule

    Watch = Callable[[Rule, Sequence[str]], None]


class Sources(Protocol):
    """What rules can read: text for each `of`, and parsed HTML."""

    def text_of(self, of: Of) -> str:
        """Return the text a rule reads: HTML source for `page` and `body`, plain text for the others."""
        ...

    def tree_of(self, of: Of) -> LexborHTMLParser:
        """Return the parsed source of `page` or `body`."""
        ...

    def linked_data(self) -> list[dict[str, Any]]:
        """Return the objects of the page's JSON-LD."""
        ...

    @property
    def watch(self) -> Watch | None:
        """What is to be called with each rule that was tried, and what it found; `None` in a crawl."""
        ...


def tree(source: str) -> LexborHTMLParser:
    """Parse HTML as the content of a body, whatever it begins with.

    Raises `TooCostlyError` if its structure would take too long to parse.
    """
    check_structure(source)
    return LexborHTMLParser(f"<!doctype html><body>{source}")


def first_value(rules: Iterable[Rule], sources: Sources) -> str:
    """Return the first value the rules find, with white space squeezed; "" if they find none."""
    return next((value for rule in rules for value in values(rule, sources)), "")


def all_values(rules: Iterable[Rule], sources: Sources) -> list[str]:
    """Return every value of the first rule that finds any."""
    return next((result for rule in rules if (result := values(rule, sources))), [])


def values(rule: Rule, sources: Sources, *, first_only: bool = False) -> list[str]:
    """Return the non-empty values that one rule finds, each once and with white space squeezed.

    `first_only`: of its elements only the first counts, even if its attribute is missing.
    """
    if not _applies(rule, sources):
        if sources.watch is not None:
            sources.watch(rule, [])
        return []
    # Squeezed first, so that a pattern that looks for white space does not backtrack over a million of it.
    results = (_keep(rule.pattern, squeeze(value)) for value in _candidates(rule, sources, first_only))
    if rule.split is not None:
        results = (part or "" for result in results for part in _compiled(rule.split).split(result))
    found = list(dict.fromkeys(value for result in results if (value := result.strip())))
    if sources.watch is not None:
        sources.watch(rule, found)
    return found


def first_source(rules: Iterable[Rule], sources: Sources) -> str:
    """Return the first piece of HTML that the rules find on the page, unchanged; "" if they find none.

    With `css` it is the content of that element, as the parser serialises it.
    """
    return next((html for rule in rules if (html := source_of(rule, sources))), "")


def source_of(rule: Rule, sources: Sources) -> str:
    """Return the HTML that one rule for a body finds; "" if it finds none, or only white space."""
    html = _source_of(rule, sources) if _applies(rule, sources) else ""
    found = "" if html.isspace() else html
    if sources.watch is not None:
        sources.watch(rule, [found] if found else [])
    return found


def _source_of(rule: Rule, sources: Sources) -> str:
    if rule.path is not None:
        return _keep(rule.pattern, "\n".join(as_html(text) for text in _texts(rule, sources)))
    cut = _between(rule, sources.text_of("page"))
    if cut is not None and rule.css is not None:
        check_structure(cut)
        nodes = LexborHTMLParser(cut).css(rule.css)
        nodes = _outermost(nodes) if rule.all else nodes[:1]
        cut = "\n".join(_html_of(node, rule.attribute) for node in nodes)
    return _keep(rule.pattern, cut or "")


def _applies(rule: Rule, sources: Sources) -> bool:
    return rule.where is None or _compiled(rule.where).search(sources.text_of("address")) is not None


def _outermost(nodes: Iterable[LexborNode]) -> list[LexborNode]:
    """Return the nodes that are inside none of the others; a node comes after those it is in."""
    taken: dict[int, LexborNode] = {}
    for node in nodes:
        outer = node.parent
        while outer is not None and outer.mem_id not in taken:
            outer = outer.parent
        if outer is None:
            taken[node.mem_id] = node
    return list(taken.values())


def _html_of(node: LexborNode, attribute: str | None) -> str:
    return (node.attributes.get(attribute) if attribute else node.inner_html) or ""


def _between(rule: Rule, source: str) -> str | None:
    """Cut `source` at the rule's markers; `None` if a marker of `after`, `after_last` or `before` is missing."""
    for marker in rule.after:
        _, found, source = source.partition(marker)
        if not found:
            return None
    if rule.after_last is not None:
        _, found, source = source.rpartition(rule.after_last)
        if not found:
            return None
    if rule.before is not None:
        source, found, _ = source.partition(rule.before)
        return source if found else None
    if rule.until_last is not None and rule.until_last in source:
        return source.rpartition(rule.until_last)[0]
    return source


def _candidates(rule: Rule, sources: Sources, first_only: bool) -> list[str]:
    if rule.path is not None:
        return [unescape(text) for text in _texts(rule, sources)]
    found = _found(rule, sources)
    return found[:1] if first_only and rule.attribute and not rule.pattern else found


def _texts(rule: Rule, sources: Sources) -> list[str]:
    """Return what is at the rule's path: of JSON-LD the first object that has it, of other JSON the first script."""
    assert rule.path is not None, "only for rules with a path"
    if rule.of == "json-ld":
        linked = sources.linked_data()
        documents = [linked] if rule.path.startswith("[") else linked
        found = (texts_at(rule.path, document, linked=linked) for document in documents)
    else:
        found = (texts_at(rule.path, decoded(text)) for text in _found(rule, sources, is_json=True))
    return next((texts for texts in found if any(map(str.strip, texts))), [])


def _found(rule: Rule, sources: Sources, *, is_json: bool = False) -> list[str]:
    if rule.css is None and rule.link is None:
        cut = _between(rule, sources.text_of(rule.of))
        return [] if cut is None else [cut if is_json else unescape(cut)]
    if rule.after or rule.after_last or rule.before or rule.until_last:
        cut = _between(rule, sources.text_of(rule.of))
        parsed = tree(cut or "")
    else:
        parsed = sources.tree_of(rule.of)
    nodes = parsed.css(rule.css) if rule.css else _links(parsed, rule.link or "")
    return [_value_of(node, rule.attribute) for node in nodes]


def _links(parsed: LexborHTMLParser, pattern: str) -> list[LexborNode]:
    """Return the links whose text matches, last first, because navigation is at the end of a body."""
    return [node for node in reversed(parsed.css("a")) if _compiled(pattern).search(squeeze(node.text()))]


def _value_of(node: LexborNode, attribute: str | None) -> str:
    return (node.attributes.get(attribute) or "") if attribute else node.text()


def _keep(pattern: str | None, value: str) -> str:
    if pattern is None:
        return value
    match = _compiled(pattern).search(value)
    return (match[1] if match.re.groups else match[0]) if match else ""


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
