"""Wrong values of a definition as their author wrote them, and what was probably meant.

Authors come from other tools: `h1::text` and `//h1` are Scrapy's, `h1:first` is jQuery's. Pure. Not here: finding out
that a value is wrong (`crawler.sites.checking`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from crawler.nearby import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHOWN = 60  # characters of a wrong value
# What other tools call the keys of this one.
_OTHER_NAMES = {
    "attr": "attribute",
    "domain": "hosts",
    "domains": "hosts",
    "host": "hosts",
    "id": "name",
    "jsonpath": "path",
    "regex": "pattern",
    "regexp": "pattern",
    "rss": "feed",
    "selector": "css",
    "start_urls": "start",
    "tz": "timezone",
    "url": "hosts",
    "xpath": "css",
}
_TAKES_ATTRIBUTE = re.compile(r"(?P<css>[^@]*?)(?:::attr\(\s*(?P<attr>[\w:-]+)\s*\)|/?@(?P<at>[\w:-]+))")
_OF_OTHER_TOOLS = re.compile(
    r"::?text\b(?:\(\))?|/text\(\)|:(?:first|last|visible)\b(?!-)|:eq\(\d+\)|::(?:before|after)"
)
_STEP = re.compile(
    r"(?P<axis>//?)(?P<tag>[\w-]+|\*)?"
    r"(?:\[(?:contains\()?@(?P<name>[\w-]+)\s*[=,]\s*['\"](?P<value>[^'\"\]]+)['\"]\)?\])?(?:\[\d+\])?"
)
_NAMED_GROUP = re.compile(r"\(\?<(?=[A-Za-z_])")


class Meant(NamedTuple):
    """What a wrong selector probably means: a CSS selector, and the attribute that is taken or ""."""

    css: str
    attribute: str = ""


def shown(value: object) -> str:
    """Return a value much as it was written in YAML, cut short; "empty" for nothing, and for a text of no length."""
    text = "empty" if value in (None, "") else _in_yaml(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def key_meant(written: str, known: Sequence[str]) -> list[str]:
    """Return the `known` keys that an unknown one probably stands for."""
    other = _OTHER_NAMES.get(written.lower())
    return [other] if other is not None and other in known else nearest(written, known)


def selector_meant(written: str) -> Meant | None:
    """Return what a selector probably means that is no CSS; `None` if that cannot be told."""
    css, attribute = written.strip(), ""
    takes = _TAKES_ATTRIBUTE.fullmatch(css)
    if takes is not None:
        css, attribute = takes["css"], takes["attr"] or takes["at"]
    css = _OF_OTHER_TOOLS.sub("", css).strip()
    if css.startswith(("/", "./", ".//")):
        css = _from_xpath(css.removeprefix("."))
    if re.fullmatch(r"<[\w-]+>", css):
        css = css[1:-1]
    return Meant(css, attribute) if css and css != written and _is_css(css) else None


def pattern_meant(written: str) -> str | None:
    """Return a pattern with its named groups as Python writes them; `None` if it has no others."""
    meant = _NAMED_GROUP.sub("(?P<", written)
    if meant == written:
        return None
    try:
        re.compile(meant)
    except (re.error, OverflowError, RecursionError):
        return None
    return meant


def _in_yaml(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_in_yaml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_in_yaml(key)}: {_in_yaml(inner)}' for key, inner in value.items())}}}"
    if isinstance(value, str):
        return repr(value)
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _from_xpath(written: str) -> str:
    """Return simple XPath as CSS; "" if it is not simple."""
    steps = list(_STEP.finditer(written))
    if not steps or "".join(step[0] for step in steps) != written:
        return ""
    return (
        "".join((" > " if step["axis"] == "/" else " ") + _css_of(step) for step in steps).removeprefix(" > ").strip()
    )


def _css_of(step: re.Match[str]) -> str:
    tag = "" if step["tag"] in {None, "*"} else step["tag"]
    name, value = step["name"], step["value"]
    if name == "class" and value:
        return tag + "".join(f".{each}" for each in value.split())
    if name == "id" and value:
        return f"{tag}#{value}"
    return f'{tag}[{name}="{value}"]' if name else tag or "*"


def _is_css(selector: str) -> bool:
    try:
        LexborHTMLParser("<p></p>").css(selector)
    except (SelectolaxError, ValueError):
        return False
    return True
