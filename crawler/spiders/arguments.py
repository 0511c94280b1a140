"""Spiders' arguments as `scrapy crawl -a NAME=VALUE` gives them, text, or as a program does.

Raises `UsageError` for what a person can mend. Not here: settings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

from crawler.errors import UsageError
from crawler.sites.addresses import address_of, category_address
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.items import Address
    from crawler.sites.definition import Site

ShareUse = Literal["missing", "always", "never"]
"""Which posts' share links to look behind: those of posts that are gone or lack something, of all, or of none."""


def refuse(unknown: Iterable[str]) -> None:
    """Refuse arguments a spider does not know; those with an underscore in front are a scheduler's own (scrapyd)."""
    names = sorted(name for name in unknown if not name.startswith("_"))
    if names:
        raise UsageError(f"The spider knows no argument {', '.join(names)}: see its from_crawler for those it does.")


def listed(value: str | Sequence[str]) -> list[str]:
    """Return the values of an argument: a sequence as it is, text split at commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else list(value)


def flag(*, value: str | bool) -> bool:
    """Read yes or no."""
    return value if isinstance(value, bool) else value.strip().lower() in {"1", "true", "yes", "on"}


def share_use(value: str | bool) -> ShareUse:
    """Read which posts' share links to look behind; a yes means those that lack something."""
    if value in get_args(ShareUse):
        return cast("ShareUse", value)
    if isinstance(value, bool) or value.strip().lower() in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        return "missing" if flag(value=value) else "never"
    raise UsageError(f"share is {value!r}: give one of {', '.join(get_args(ShareUse))}.")


def number(value: str | int | None) -> int | None:
    """Read a positive number, or none at all."""
    if value is None or value == "":
        return None
    if not str(value).isdecimal() or int(value) < 1:  # isdigit() takes ², which is no number
        raise UsageError(f"limit is {value!r}: give a number of posts, 1 or more.")
    return int(value)


def category_page(site: Site, slug: str) -> Address:
    """Return the address of the category `slug`."""
    address = category_address(site, slug)
    if address is None:
        raise UsageError(f"The site {site.name} has no page for a category {slug!r}: give the slug in its address.")
    return address


def page_of_site(site: Site, url: str) -> Address:
    """Return what `url`, absolute or a path, leads to on the site."""
    resolved = resolve(f"{site.scheme}://{site.hosts[0]}/", url)
    address = address_of(site, resolved) if resolved else None
    if address is None or address.kind == "share":
        raise UsageError(
            f"{url} is no page of the site {site.name}: give the address of a post, a category or the feed."
        )
    return address
