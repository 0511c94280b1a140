"""Reading one page by a definition as a crawl does, while watching what each rule finds.

The rules are applied by `crawler.extraction` and the post is judged by `crawler.recording`: the same functions as in
a crawl, so that a trial cannot come to another result. Not here: getting the page, and what to advise (`advice`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.extraction.listing import judged_listing
from crawler.extraction.listing.feeds import NotAFeedError, read_feed
from crawler.extraction.post import judged_post
from crawler.extraction.share import read_share
from crawler.items import UNLIKELY_DATE, Address, Article, Missed, Page, Post, Refused
from crawler.jekyll.expired import read_expired
from crawler.ops.trying.rules import FIELDS, places, written
from crawler.recording.normalise import normalised
from crawler.recording.validate import judged
from crawler.sites.addresses import address_of, all_hosts
from crawler.urls import authority_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crawler.extraction.listing.links import FoundLink
    from crawler.items import Kind
    from crawler.ops.trying.rules import Place
    from crawler.sites.definition import Layout, Rule, Site

    Tried = list[tuple[Rule, Sequence[str]]]

NOBODY, ELSEWHERE = "nobody", "elsewhere"
"""The kinds of links that lead to no address of the definition: on the site's own hosts, and on others."""

NOT_OF_SITE = "not an address of the site"
_SEVERAL = frozenset({"tags", "authors"})  # fields that may have several values
_BEGINNING = 100_000  # characters that show whether something is a feed


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldTrial:
    """What came of a field: the `rule` that found something, what it `found`, and the `value` that was made of it.

    `empty` are the rules that were tried and found nothing. Rules are written with their place in the layout, as
    `title[1] css: h1`.
    """

    rule: str | None = None
    found: str | list[str] | None = None
    value: str | list[str] | None = None
    empty: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a page, which was given as `page`.

    `address` is `None` if it is not known, `kind` if it is no address of the definition. `outcome` is `read`, or as
    in a report `refused`, `failed` or `gone`; then `reason` says why, in the words of a crawl, and `rule` which key.
    `links` are the addresses that a listing names, by kind. `is_unlikely`: the date is marked as such.
    """

    page: str
    address: str | None
    kind: Kind | None = None
    id: str | None = None
    layout: str | None = None
    outcome: str = "read"
    reason: str | None = None
    rule: str | None = None
    fields: Mapping[str, FieldTrial] = field(default_factory=dict)
    links: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_unlikely: bool = False


def trial_of(page: str, answer: Page | Missed | Refused, site: Site, *, has_address: bool = True) -> Trial:
    """Return what comes of an `answer`, for what was given as `page`.

    A page at no address of the definition is read as what it looks like, and refused all the same, because a crawl
    never requests it. Without `has_address`, that of the answer only stands in for one that is not known.
    """
    url = answer.fetch.address.url
    address = address_of(site, url) if has_address else None
    told = Trial(page=page, address=url if has_address else None)
    if address is not None:
        is_post = address.kind in {"post", "share", "expired"}
        told = replace(told, address=address.url, kind=address.kind, id=address.key if is_post else None)
    if not isinstance(answer, Page):
        return _ended(told, answer)
    if address is not None:
        return _read(told, _at(address, answer), site)
    told = _read(told, _as_it_looks(answer, site), site)
    return _ended(told, Refused(fetch=answer.fetch, reason=NOT_OF_SITE, rule="addresses")) if has_address else told


def _read(told: Trial, page: Page, site: Site) -> Trial:
    match page.fetch.address.kind:
        case "post":
            return _post(told, page, site)
        case "share":
            return _elsewhere(told, read_share(page, site), site)
        case "expired":
            return _elsewhere(told, read_expired(page, site), site)
        case _:
            return _listing(told, page, site)


def _ended(told: Trial, end: object) -> Trial:
    """Return a trial with how it ended, unless what was read can be kept."""
    if isinstance(end, Missed):
        return replace(told, outcome=end.state, reason=end.reason)
    return replace(told, outcome="refused", reason=end.reason, rule=end.rule) if isinstance(end, Refused) else told


def _at(address: Address, page: Page) -> Page:
    return replace(page, fetch=replace(page.fetch, address=address))


def _as_it_looks(page: Page, site: Site) -> Page:
    """Return a page whose kind the definition does not tell as one of the kind it looks like."""
    kind: Kind = "home"
    if any(layout.sign in page.source for layout in site.layouts):
        kind = "post"
    elif _is_feed(page):
        kind = "feed"
    return _at(Address(url=page.fetch.address.url, kind=kind), page)


def _is_feed(page: Page) -> bool:
    try:
        read_feed(page.source[:_BEGINNING], page.fetch.address.url)
    except NotAFeedError:
        return False
    return True


def _post(told: Trial, page: Page, site: Site) -> Trial:
    tried: Tried = []
    read = judged_post(page, site, lambda rule, found: tried.append((rule, found)))
    article = _article(read, site)
    told = _ended(told, judged(article) if isinstance(article, Article) else article)
    if isinstance(read, Refused) and (read.rule or "").endswith(".date"):
        article = _article(judged_post(page, _without_dates(site)), site)  # all else can be read
    known = places(site)
    names = {known[id(rule)].layout for rule, _ in tried}
    used = next((layout for layout in site.layouts if layout.name in names), None)
    if used is None:
        return told
    return replace(
        told,
        layout=used.name,
        fields=_fields(used, tried, known, _values(article)),
        is_unlikely=isinstance(article, Article) and UNLIKELY_DATE in article.post.derived,
    )


def _article(read: Post | Missed | Refused, site: Site) -> Article | Missed | Refused:
    return normalised(read, site) if isinstance(read, Post) else read


def _without_dates(site: Site) -> Site:
    return replace(site, layouts=tuple(replace(layout, date=()) for layout in site.layouts))


def _fields(
    layout: Layout, tried: Tried, known: Mapping[int, Place], values: Mapping[str, Any]
) -> dict[str, FieldTrial]:
    """Return what came of each field that the layout has rules for."""
    told = {}
    for name in FIELDS:
        if not getattr(layout, name):
            continue
        steps = [(written(rule, known[id(rule)]), found) for rule, found in tried if known[id(rule)].field == name]
        rule, found = next(((rule, [*found]) for rule, found in reversed(steps) if found), (None, [None]))
        told[name] = FieldTrial(
            rule=rule,
            found=[*filter(None, found)] if rule and name in _SEVERAL else found[0],
            value=values.get(name) or None,
            empty=tuple(rule for rule, found in steps if not found),
        )
    return told


def _values(article: object) -> dict[str, Any]:
    """Return what was made of each field, as text or a list of texts."""
    if not isinstance(article, Article):
        return {}
    post = article.post
    plain = {name: getattr(post, name, None) for name in FIELDS}
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in plain.items()},
        "date": dates.iso(post.published_at) if post.published_at else None,
        "category": post.category.slug if post.category else None,
        "category_name": post.category.name if post.category else None,
        "body": article.markdown,
    }


def _elsewhere(told: Trial, read: Post | Missed | Refused, site: Site) -> Trial:
    """Read a post that is not on a page of its own: no rule of a layout found its fields."""
    article = _article(read, site)
    values = _values(article)
    told = replace(told, fields={name: FieldTrial(value=values[name]) for name in FIELDS if values.get(name)})
    return _ended(told, judged(article) if isinstance(article, Article) else article)


def _listing(told: Trial, page: Page, site: Site) -> Trial:
    links: dict[str, dict[str, None]] = {}

    def watch(found: FoundLink, address: Address | None) -> None:
        links.setdefault(_kind_of(found, address, site), {})[address.url if address else found.url] = None

    read = judged_listing(page, site, watch)
    return _ended(replace(told, links={kind: list(urls) for kind, urls in links.items()}), read)


def _kind_of(found: FoundLink, address: Address | None, site: Site) -> str:
    if address is not None:
        return address.kind
    return NOBODY if authority_of(found.url) in all_hosts(site) else ELSEWHERE
