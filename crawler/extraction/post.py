"""Read a post: `(page, site)` becomes a `Post`, or is refused when it is no page of a known layout.

Not here: whether what was found is enough (validation says), listings, and the JSON behind share links.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawler import dates
from crawler.extraction import body
from crawler.extraction.rules import all_values, first_source, first_value, tree, values
from crawler.items import Category, Post, Refused
from crawler.sites.addresses import address_of, category_address
from crawler.urls import path_of, resolve

if TYPE_CHECKING:
    from datetime import datetime

    from selectolax.lexbor import LexborHTMLParser

    from crawler.items import Page, Via
    from crawler.sites.definition import Layout, Of, Site


def read_post(page: Page, site: Site) -> Post | Refused:
    """Read the post on `page` by the first layout of `site` whose sign the page bears."""
    for layout in site.layouts:
        if layout.sign in page.source:
            return _read(page, site, layout, first_source(layout.body, page.source), via="page")
    return Refused(fetch=page.fetch, reason="unknown layout", rule="layouts.sign")


def read_body(page: Page, site: Site, *, via: Via) -> Post:
    """Read what the HTML of a body alone tells: outlet, category, share link, securities.

    The source of `page` is that HTML, its address carries the post's id. Title and date are left to the caller.
    """
    return _read(page, site, site.layouts[0], page.source, via=via)


@dataclass(slots=True)
class _Sources:
    """What the rules can read of one page; each part is parsed at most once."""

    page: Page
    site: Site
    html: str
    tags: tuple[str, ...] = ()
    trees: dict[str, LexborHTMLParser] = field(default_factory=dict)

    def text_of(self, of: Of) -> str:  # noqa: PLR0911  # one a case
        """Return what a rule is to read, see `crawler.sites.definition.Of`."""
        match of:
            case "page":
                return self.page.source
            case "body":
                return self.html
            case "text":
                return self.tree_of("body").text()
            case "tags":
                return " ".join(self.tags)
            case "id":
                return self.page.fetch.address.key
            case "address":
                return path_of(self.page.fetch.address.url)
            case "found on":
                return self._category_it_was_found_on()

    def tree_of(self, of: Of) -> LexborHTMLParser:
        """Return the same as a tree."""
        if of not in self.trees:
            self.trees[of] = tree(self.text_of(of))
        return self.trees[of]

    def _category_it_was_found_on(self) -> str:
        found = address_of(self.site, self.page.fetch.found_on or "")
        return found.key if found and found.kind == "category" else ""


def _read(page: Page, site: Site, layout: Layout, html: str, *, via: Via) -> Post:
    """Read every field. Navigation and share link are read before the tail that holds them is taken off."""
    address = page.fetch.address
    sources = _Sources(page, site, html)
    sources.tags = tuple(all_values(layout.tags, sources))
    category = _category(layout, sources)
    share_url = body.share_url(sources.tree_of("body"), site, address.url, address.key)
    published = body.without_tail(sources.tree_of("body"), site.body.tail)
    return Post(
        fetch=page.fetch,
        site=site.name,
        post_id=address.key,
        url=address.url,
        via=via,
        title=first_value(layout.title, sources),
        html=published,
        published_at=_first_date(layout, sources),
        share_url=share_url,
        source=first_value(layout.source, sources) or None,
        category=category,
        tags=_rejoined(sources.tags, category),
        mentions=body.mentions(sources.tree_of("body"), site.securities),
        layout=layout.name,
    )


def _first_date(layout: Layout, sources: _Sources) -> datetime | None:
    """Return the first value that can be read as a date: one that cannot does not end the search."""
    found = (value for rule in layout.date for value in values(rule, sources))
    return next(filter(None, (dates.parse(value, sources.site.timezone) for value in found)), None)


def _category(layout: Layout, sources: _Sources) -> Category | None:
    """Return the category the rules name: a slug, or a link to the category's page."""
    written = first_value(layout.category, sources)
    linked = address_of(sources.site, resolve(sources.page.fetch.address.url, written) or "")
    slug = linked.key if linked and linked.kind == "category" else written
    if not slug or "/" in slug:
        return None
    address = category_address(sources.site, slug)
    name = first_value(layout.category_name, sources)
    return Category(slug=slug, name=name or slug, url=address.url if address else "")


def _rejoined(tags: tuple[str, ...], category: Category | None) -> tuple[str, ...]:
    """Put together what Jekyll split at spaces: "Career", "In投行PEVC新闻" are one tag, the category's name."""
    joined = " ".join(tags)
    return (joined,) if category and joined == category.name else tags
