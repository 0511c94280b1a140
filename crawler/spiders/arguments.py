"""Reading spiders' arguments: text from `scrapy crawl -a NAME=VALUE`, or values from a program.

All functions raise `UsageError` for values they cannot accept. Not here: settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

from crawler.errors import UsageError
from crawler.sites.addresses import address_of, category_address
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.archive.ledger.names import KnownCategories
    from crawler.items import Address
    from crawler.sites.definition import Site

ShareUse = Literal["missing", "always", "never"]
"""Which posts' share links to request: of those that are missing or lack something, of all, or of none."""

_YES, _NO = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


def refuse(unknown: Iterable[str]) -> None:
    """Refuse unknown arguments, except those that begin with an underscore, which belong to scrapyd."""
    names = sorted(name for name in unknown if not name.startswith("_"))
    if names:
        raise UsageError(
            "The spider knows no argument {names}: see its from_crawler for those it does.", names=", ".join(names)
        )


def listed(name: str, value: str | Sequence[str]) -> list[str]:
    """Return the values of the argument `name`: a sequence unchanged, text split at commas.

    Empty text is refused, because `category=$UNSET` should not mean the whole site.
    """
    if not isinstance(value, str):
        return list(value)
    values = [part.strip() for part in value.split(",") if part.strip()]
    if not values:
        raise UsageError(
            "{name} is {value!r}: give what it is to name, with commas between, or leave it out.",
            name=name,
            value=value,
        )
    return values


def flag(name: str, value: str | bool) -> bool:
    """Read the argument `name` as yes or no; any other word is refused, so that a typo does not mean no."""
    word = str(value).strip().lower()
    if word not in _YES | _NO:
        raise UsageError("{name} is {value!r}: give yes or no.", name=name, value=value)
    return word in _YES


def share_use(value: str | bool) -> ShareUse:
    """Read which posts' share links to request; yes means `missing`, no means `never`."""
    if value in get_args(ShareUse):
        return cast("ShareUse", value)
    if str(value).strip().lower() in _YES | _NO:
        return "missing" if flag("share", value) else "never"
    raise UsageError("share is {value!r}: give one of {uses}.", value=value, uses=", ".join(get_args(ShareUse)))


def number(value: str | int | None) -> int | None:
    """Read a positive number; `None` if it is not given."""
    if value is None or value == "":
        return None
    if not str(value).isdecimal() or int(value) < 1:  # isdigit() would accept ²
        raise UsageError("limit is {value!r}: give a number of posts, 1 or more.", value=value)
    return int(value)


def category_page(site: Site, typed: str, known: KnownCategories | None = None) -> Address:
    """Return the address of the category that was `typed`, by its slug or by a name that is `known`.

    If all categories of the site are known, another is refused.
    """
    slugs = known.slugs_of(typed) if known else []
    if known and known.are_all and not slugs:
        raise UsageError(
            "The site {name} has no category {typed}: {near} One that no page has linked to yet is asked for by"
            " address: finews crawl ADDRESS.",
            name=site.name,
            typed=typed,
            near=known.near(typed),
        )
    address = category_address(site, slugs[0] if slugs else typed)
    if address is None:
        raise UsageError(
            "The site {name} has no page for a category {slug!r}: give the slug in its address.",
            name=site.name,
            slug=typed,
        )
    return address


def page_of_site(site: Site, url: str) -> Address:
    """Return the page of the site that `url`, absolute or a path, leads to; share links are refused."""
    resolved = resolve(f"{site.scheme}://{site.hosts[0]}/", url)
    address = address_of(site, resolved) if resolved else None
    if address is None or address.kind == "share":
        raise UsageError(
            "{url} is not a page of the site {name}: give the address of a post, category or feed.",
            url=url,
            name=site.name,
        )
    return address
