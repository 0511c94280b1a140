"""Naming rules by their place in a definition, and writing them on one line. Not here: applying them."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

from crawler.sites.definition import Layout, Rule
from crawler.text.outside import one_line

if TYPE_CHECKING:
    from crawler.sites.definition import Site

_RULES_AND_NAMES = [field.name for field in fields(Layout) if field.name not in {"name", "sign"}]
FIELDS = (*(name for name in _RULES_AND_NAMES if name != "body"), "body")
"""The fields of a post that a layout has rules for, the body last."""

_LONGEST = 120  # characters of a rule
_BY_DEFAULT = ("of", "page")


class Place(NamedTuple):
    """Where a rule is in a definition: `layouts[layout].field[number]`."""

    layout: str
    field: str
    number: int


def places(site: Site) -> dict[int, Place]:
    """Return the place of each rule of a site, by the `id` of the rule: two rules may be equal."""
    return {
        id(rule): Place(layout.name, field, number)
        for layout in site.layouts
        for field in FIELDS
        for number, rule in enumerate(getattr(layout, field))
    }


def written(rule: Rule, place: Place) -> str:
    """Return a rule with its place in the layout: `title[1] css: h1`."""
    steps = ((field.name, getattr(rule, field.name)) for field in fields(Rule))
    told = [(name, value) for name, value in steps if value not in (None, (), False)]
    given = [f"{name}: {_step(value)}" for name, value in told if (name, value) != _BY_DEFAULT]
    return f"{place.field}[{place.number}] {one_line(', '.join(given), _LONGEST)}"


def _step(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(str, value))}]"
    return "true" if value is True else str(value)
