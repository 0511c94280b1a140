"""Making rules for each field of a post. Every rule is tried on the page by the functions that a crawl uses.

A rule is drafted as its steps, in the order in which they are written. Not here: which elements are candidates
(`elements`), and what else a definition says (`site`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from selectolax.lexbor import LexborHTMLParser

from crawler import dates
from crawler.extraction.post import sources_of
from crawler.extraction.rules import source_of, values
from crawler.ops.drafting import elements
from crawler.ops.drafting.selectors import selector_of
from crawler.ops.trying.rules import FIELDS
from crawler.sites.definition import Rule
from crawler.urls import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from selectolax.lexbor import LexborNode

    from crawler.extraction.rules import Sources
    from crawler.items import Page
    from crawler.sites.definition import Site

    Steps = dict[str, Any]

_MOST = 3  # rules of a field
_META_DATES = (
    "pubdate", "publishdate", "publish-date", "publish_date", "publication_date", "date", "dc.date", "DC.date.issued",
    "parsely-pub-date", "sailthru.date", "publishtime", "og:release_date", "weibo: article:create_at",
    "firstpublishedtime",
)  # fmt: skip
_LATER = re.compile(r"(?i)updat|modif|revis")  # when a post was changed
_DAY_IN_PATH = r"/(\d{4}/\d{1,2}/\d{1,2})/", r"/(\d{4}-\d{2}-\d{2})/", r"/(20\d{6})/", r"/t(20\d{6})_"


class Fields:
    """Drafts the rules of each field for one page of `site`, which only says what addresses and times mean."""

    def __init__(self, page: Page, site: Site) -> None:
        """Parse the page. Raises `TooCostlyError` if that takes too long."""
        self.page, self.zone = page, site.timezone
        self.sources: Sources = sources_of(page, site)
        self.tree = self.sources.tree_of("page")

    def all(self) -> dict[str, list[Steps]]:
        """Return the rules of each field for which any is found."""
        drafted = {
            "title": self.title(),
            "date": self.date(),
            "tags": self.tags(),
            "authors": self._found(
                {"of": "json-ld", "path": "author"},
                {"css": 'meta[name="author"]', "attribute": "content"},
                {"css": '[rel~="author"]'},
            ),
            "image": self._found({"css": 'meta[property="og:image"]', "attribute": "content"}),
            "source": self._found({"css": 'meta[property="og:site_name"]', "attribute": "content"}),
            "body": self.body(),
        }
        return {name: rules for name, rules in drafted.items() if rules and name in FIELDS}

    def title(self) -> list[Steps]:
        """Return rules for the title: a heading that the page's metadata call so too, then the metadata."""
        metadata = self._found(
            {"of": "json-ld", "path": "headline"},
            {"css": 'meta[property="og:title"]', "attribute": "content"},
            {"css": 'meta[name="title"]', "attribute": "content"},
            {"css": "title"},
        )
        said = [self._first(rule) for rule in metadata]
        headings = elements.headings(self.tree)
        agreed = [node for node in headings if any(elements.likeness(node.text().strip(), each) for each in said)]
        chosen = agreed or ([] if said else headings)
        shown = self._selected(chosen, most=1)
        # The document's title often has the site's name in it, so it is the last resort.
        return [*shown, *(rule for rule in metadata if not shown or rule != {"css": "title"})][:_MOST]

    def date(self) -> list[Steps]:
        """Return rules for the date that find the same day, the one that is most surely meant first."""
        rules: list[Steps] = []
        for rule in self._dates():
            if rules and "css" in rule and "attribute" not in rule:
                continue  # what is shown to people says less than what is there for programs
            readable = self._readable(rule)
            if readable is not None and (not rules or self._day(readable) == self._day(rules[0])):
                rules.append(readable)
            if len(rules) == _MOST:
                break
        return rules

    def body(self) -> list[Steps]:
        """Return the rule for the body."""
        parsed = LexborHTMLParser(self.page.source)
        for node in elements.bodies(parsed):
            selector = selector_of(node, parsed)
            if selector and source_of(Rule(css=selector), self.sources):
                return [{"css": selector}]
        return []

    def cut(self, drafted: Mapping[str, list[Steps]]) -> list[str]:
        """Return what to cut out of the drafted body: the post's own title and date, where they are inside of it."""
        bodies = drafted.get("body", [])
        if not bodies:
            return []
        inside = LexborHTMLParser(source_of(Rule(**bodies[0]), self.sources))
        shown = [rule for name in ("title", "date") for rule in drafted.get(name, []) if "css" in rule]
        last_parts = (str(rule["css"]).rpartition(" ")[2] for rule in shown)
        return [css for css in dict.fromkeys(last_parts) if len(inside.css(css)) == 1]

    def tags(self) -> list[Steps]:
        """Return rules for the tags."""
        return self._found(
            {"css": 'a[rel~="tag"]'},
            {"css": 'meta[property="article:tag"]', "attribute": "content"},
            {"of": "json-ld", "path": "keywords"},
            {"css": 'meta[name="keywords"]', "attribute": "content", "split": "[,，;；]"},
        )[:1]

    def moment(self, rules: Iterable[Steps]) -> datetime | None:
        """Return the time that the first of these rules finds."""
        return next((self._moment(rule) for rule in rules), None)

    def _dates(self) -> Iterator[Steps]:
        yield {"of": "json-ld", "path": "datePublished"}
        yield {"css": 'meta[property="article:published_time"]', "attribute": "content"}
        yield {"css": 'meta[itemprop="datePublished"]', "attribute": "content"}
        for name in _META_DATES:
            yield {"css": f'meta[name="{name}" i], meta[property="{name}" i]', "attribute": "content"}
        times = [node for node in self.tree.css("time[datetime]")[:20] if not _LATER.search(node.html or "")]
        yield from ({**rule, "attribute": "datetime"} for rule in self._selected(times, most=2))
        yield from self._selected((node for node in elements.dated(self.tree) if self._is_dated(node)), most=2)
        yield from ({"of": "address", "pattern": pattern} for pattern in _DAY_IN_PATH)

    def _is_dated(self, node: LexborNode) -> bool:
        text = " ".join(node.text().split())
        return not _LATER.search(text) and any(dates.parse(text, self.zone, order) for order in (None, "DMY", "MDY"))

    def _readable(self, rule: Steps) -> Steps | None:
        """Return a rule with which a date can be read, in some order of its numbers; `None` if there is none."""
        if rule.get("of") == "address" and not re.search(rule["pattern"], path_of(self.page.fetch.address.url)):
            return None
        orders: tuple[Steps, ...] = ({}, {"order": "DMY"}, {"order": "MDY"})
        return next(({**rule, **order} for order in orders if self._moment({**rule, **order})), None)

    def _moment(self, rule: Steps) -> datetime | None:
        found = self._first(rule)
        return dates.parse(found, self.zone, rule.get("order")) if found else None

    def _day(self, rule: Steps) -> str:
        point = self._moment(rule)
        return point.isoformat()[:10] if point else ""

    def _found(self, *rules: Steps) -> list[Steps]:
        return [rule for rule in rules if self._first(rule)]

    def _first(self, rule: Steps) -> str:
        return next(iter(values(Rule(**rule), self.sources)), "")

    def _selected(self, nodes: Iterable[LexborNode], *, most: int) -> list[Steps]:
        rules: list[Steps] = []
        for node in nodes:
            selector = selector_of(node, self.tree)
            if selector and {"css": selector} not in rules:
                rules.append({"css": selector})
            if len(rules) == most:
                break
        return rules
