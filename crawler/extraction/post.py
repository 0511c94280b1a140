"""Reading a post: `(page, site)` becomes a `Post`, or a refusal if the page has no known layout.

Not here: whether the post is complete (`crawler.recording.validate`), listings, and the JSON behind share links.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.extraction import body, structured
from crawler.extraction.budget import within_budget
from crawler.extraction.listing.links import base_of
from crawler.extraction.rules import all_values, first_source, first_value, tree, values
from crawler.items import Category, Fetch, Missed, Page, Post, Refused
from crawler.sites.addresses import address_of, category_address, may_be_asked
from crawler.sites.definition import Layout
from crawler.text.words import opening
from crawler.urls import path_of, resolve

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from selectolax.lexbor import LexborHTMLParser

    from crawler.extraction.rules import Sources, Watch
    from crawler.items import Address, Via
    from crawler.sites.definition import Of, Rule, Site

_NOT_WRITTEN = frozenset({"address", "id"})  # digits in these need not be a date
_SHOWN = 60  # characters of a value in a reason
_LIKE_AN_ADDRESS = re.compile(r"^[./?#]|^\w+:/|/$|/.*\.\w+$")
_NO_LAYOUT = Layout(name="", sign="", title=(), body=(), date=())  # of a site of files


class _UnreadableDateError(ValueError):
    """A date that is there and cannot be read; the text says so in words for a person."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one page adds to an article of several: a part of its body, and the address of the page after it."""

    html: str
    next_url: str | None


def judged_post(
    page: Page, site: Site, watch: Watch | None = None, *, parts: Sequence[str] = ()
) -> Post | Missed | Refused:
    """Read a post as `read_post` does; what cannot be read and has the sign of the site's error page is gone."""
    read = read_post(page, site, watch, parts=parts)
    if isinstance(read, Refused) and site.error_page and site.error_page.sign in page.source:
        return Missed(fetch=page.fetch, state="gone", reason="error page")
    return read


def read_post(page: Page, site: Site, watch: Watch | None = None, *, parts: Sequence[str] = ()) -> Post | Refused:
    """Read the post on `page` by the first layout whose sign it contains; refuse it if that takes too long.

    `watch` is called with each rule that is tried, and what it found. `parts` are the bodies of all pages of a post
    that has several, see `read_part`.
    """
    return within_budget(lambda: _read_page(page, site, watch, parts), page.fetch)


def read_part(page: Page, site: Site) -> Part | Refused:
    """Read what a page adds to an article of several; its body is without the tail, which each page has."""
    return within_budget(lambda: _read_part(page, site), page.fetch)


def _read_page(page: Page, site: Site, watch: Watch | None, parts: Sequence[str]) -> Post | Refused:
    layout = _layout(page, site)
    if layout is None:
        return Refused(fetch=page.fetch, reason="unknown layout", rule="layouts.sign")
    sources = _Sources(page, site, watch=watch)
    sources.html = first_source(layout.body, sources)
    sources.tags = tuple(all_values(layout.tags, sources))
    whole = replace(sources, html="\n".join(parts), trees={}) if parts else sources
    post = _read(whole, sources, layout, via="page")
    title = first_value(layout.title, sources)
    try:
        published_at = _written_date(layout.date, sources)
    except _UnreadableDateError as error:
        return Refused(fetch=page.fetch, reason=str(error), rule=f"layouts[{layout.name}].date")
    own = _own_address(layout, sources)
    return replace(
        post,
        post_id=own.key,
        url=own.url,
        title=title,
        published_at=published_at,
        authors=tuple(all_values(layout.authors, sources)),
        image=_image(layout, sources),
    )


def _read_part(page: Page, site: Site) -> Part | Refused:
    layout = _layout(page, site)
    if layout is None:
        return Refused(fetch=page.fetch, reason="unknown layout", rule="layouts.sign")
    sources = _Sources(page, site)
    sources.html = first_source(layout.body, sources)
    body.cut_tail(sources.tree_of("body"), site.body.tail)
    url = _linked(layout.next, sources)
    return Part(
        html=body.inner_html(sources.tree_of("body")),
        next_url=url if url and may_be_asked(site, url) else None,
    )


def _layout(page: Page, site: Site) -> Layout | None:
    return next((layout for layout in site.layouts if layout.sign in page.source), None)


def _linked(rules: tuple[Rule, ...], sources: _Sources) -> str | None:
    """Return the address that the rules find, which may be relative to the page; `None` if there is none."""
    written = first_value(rules, sources)
    page_url = sources.page.fetch.address.url
    return resolve(base_of(sources.tree_of("page"), page_url), written) if written else None


def _own_address(layout: Layout, sources: _Sources) -> Address:
    """Return the address that a page says is its post's, if it is that of a post; otherwise the requested one."""
    url = _linked(layout.canonical, sources)
    address = address_of(sources.site, url) if url else None
    return address if address and address.kind == "post" else sources.page.fetch.address


def sources_of(page: Page, site: Site) -> Sources:
    """Return what rules can read of a page, to try single rules on it."""
    return _Sources(page, site)


def read_body(page: Page, site: Site, *, via: Via) -> Post:
    """Read a post from the HTML of its body alone: outlet, category, share link and securities.

    The source of `page` is that HTML; its address contains the post's id and perhaps its date. The caller adds the
    title.
    """
    layout, sources = site.layouts[0], _Sources(page, site, page.source)
    by_address = tuple(rule for rule in layout.date if rule.of in _NOT_WRITTEN)
    return replace(_read(sources, sources, layout, via=via), published_at=_written_date(by_address, sources))


def read_parted_body(page: Page, tail: str, site: Site, *, via: Via, tags: tuple[str, ...]) -> Post:
    """Read a body whose `tail`, the HTML of share link and navigation, has been separated from it; see `read_body`.

    The body is kept character by character, unless it still ends in such a tail. The caller adds title and date.
    """
    sources = _Sources(page, site, page.source, tags)
    ends = _Sources(page, site, tail, tags) if tail else sources
    return _read(sources, ends, next(iter(site.layouts), _NO_LAYOUT), via=via, as_written=True)


def days_of(address: Address, site: Site) -> list[date]:
    """Return the days that a post may be from: the one in its id, and the one in its address if it differs."""
    sources = _Sources(Page(fetch=Fetch(address=address, fetched_at=datetime.min), source=""), site, "")  # noqa: DTZ901
    rules = [rule for layout in site.layouts for rule in layout.date]
    times = (_written_date((rule,), sources) for of in ("id", "address") for rule in rules if rule.of == of)
    return list(dict.fromkeys(time.date() for time in times if time))


@dataclass(slots=True)
class _Sources:
    """What the rules can read from one page; each part is parsed at most once."""

    page: Page
    site: Site
    html: str = ""
    tags: tuple[str, ...] = ()
    trees: dict[str, LexborHTMLParser] = field(default_factory=dict)
    linked: list[dict[str, Any]] | None = None
    watch: Watch | None = None

    def text_of(self, of: Of) -> str:  # noqa: PLR0911  # one per case
        """Return the text that a rule reads, see `crawler.sites.definition.Of`."""
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
                return self._category_found_on()
            case "json-ld":
                raise AssertionError("JSON-LD is read by a path, not as a text")

    def tree_of(self, of: Of) -> LexborHTMLParser:
        """Return the same text, parsed as HTML."""
        if of not in self.trees:
            self.trees[of] = tree(self.text_of(of))
        return self.trees[of]

    def linked_data(self) -> list[dict[str, Any]]:
        """Return the objects of the page's JSON-LD."""
        if self.linked is None:
            self.linked = structured.linked_data(self.tree_of("page"))
        return self.linked

    def _category_found_on(self) -> str:
        address = address_of(self.site, self.page.fetch.found_on or "")
        return address.key if address and address.kind == "category" else ""


def _read(sources: _Sources, ends: _Sources, layout: Layout, *, via: Via, as_written: bool = False) -> Post:
    """Read every field of a body; `ends` is the source that contains its navigation and share link.

    These are read before the tail that contains them is removed. The body is returned as the parser serialises it;
    with `as_written` it is returned unchanged if there is no tail to remove.
    """
    page, site = sources.page, sources.site
    address = page.fetch.address
    category = _category(layout, ends)
    share_url = body.share_url(ends.tree_of("body"), site, address.url, address.key)
    has_tail = body.cut_tail(sources.tree_of("body"), site.body.tail)
    published = body.inner_html(sources.tree_of("body")) if has_tail or not as_written else sources.html.strip()
    return Post(
        fetch=page.fetch,
        site=site.name,
        post_id=address.key,
        url=address.url,
        via=via,
        title="",
        html=published,
        share_url=share_url,
        source=first_value(layout.source, sources) or None,
        category=category,
        tags=_rejoined(sources.tags, category),
        mentions=body.mentions(sources.tree_of("body"), site.securities),
        layout=layout.name,
    )


def _written_date(rules: tuple[Rule, ...], sources: _Sources) -> datetime | None:
    """Return the first date that the rules find.

    Digits in an address or an id need not be a date, so those that are none are skipped. Any other value that cannot
    be read raises `_UnreadableDateError`, because what the next rule finds would be a different time. So would the
    attribute of an element further down, if the first one lacks it.
    """
    for rule in rules:
        for value in values(rule, sources, first_only=True):
            point = dates.parse(value, rule.timezone or sources.site.timezone, rule.order)
            if point is not None:
                return dates.local(point, sources.site.timezone) if rule.timezone else point
            if rule.of not in _NOT_WRITTEN:
                raise _UnreadableDateError(f"date cannot be read: {opening(value, _SHOWN)}")
    return None


def _image(layout: Layout, sources: _Sources) -> str | None:
    """Return the address of the lead image: the first that is one of all that the rules find, such as no `data:`."""
    written = (value for rule in layout.image for value in values(rule, sources))
    base = base_of(sources.tree_of("page"), sources.page.fetch.address.url) if layout.image else ""
    return next((address for value in written if (address := resolve(base, value))), None)


def _category(layout: Layout, sources: _Sources) -> Category | None:
    """Return the category that the rules find, as a slug or as a link to the category's page.

    What looks like an address but is not that of a category is none; `Moss/Fern` is one.
    """
    written = first_value(layout.category, sources)
    linked = address_of(sources.site, resolve(sources.page.fetch.address.url, written) or "")
    slug = linked.key if linked and linked.kind == "category" else written
    if not slug or _LIKE_AN_ADDRESS.search(slug):
        return None
    address = category_address(sources.site, slug)
    name = first_value(layout.category_name, sources)
    return Category(slug=slug, name=name or slug, url=address.url if address else "")


def _rejoined(tags: tuple[str, ...], category: Category | None) -> tuple[str, ...]:
    """Rejoin a tag that Jekyll split at spaces: "Career", "In投行PEVC新闻" are one tag, the category's name."""
    joined = " ".join(tags)
    return (joined,) if category and joined == category.name else tags
