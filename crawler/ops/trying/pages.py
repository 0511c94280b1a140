"""Trying out pages that a person names, from the network and from files. Not here: showing what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from crawler import dates
from crawler.errors import UsageError
from crawler.items import Address, Fetch, Refused
from crawler.ops.trying.local import local_page
from crawler.ops.trying.trial import NOT_OF_SITE, trial_of
from crawler.sites.addresses import may_be_asked
from crawler.sites.loading import load_site_to_crawl
from crawler.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.items import Missed, Page
    from crawler.ops.trying.trial import Trial

    Answer = Page | Missed | Refused


class Tried(NamedTuple):
    """What came of each page; `interrupted`: not all were waited for."""

    trials: list[Trial]
    interrupted: bool = False


def try_pages(names: Sequence[str], site_name: str, *, mirror: str | None = None, url: str | None = None) -> Tried:
    """Read the pages called `names`, addresses or files, by the site `site_name`, a name or a file.

    `url` is the address of the page, where that is in a file. Raises `UsageError` for what is neither, and what a run
    of a crawl raises.
    """
    site = load_site_to_crawl(site_name)
    base = f"{site.scheme}://{site.hosts[0]}/"
    if url is not None and (len(names) > 1 or is_address(names[0])):
        raise UsageError("--address is that of one page in a file: give one file.")
    address = None if url is None else canonical_of(url, base)
    local = {name: local_page(name, base=base, url=address) for name in names if not is_address(name)}
    urls = {name: canonical_of(name) for name in names if is_address(name)}
    # Not even the robots.txt of another host is requested.
    answers: dict[str, Answer] = {url: _foreign(url) for url in urls.values() if not may_be_asked(site, url)}
    interrupted = False
    if of_site := [url for url in urls.values() if url not in answers]:
        from crawler.ops.trying.asking import ask  # noqa: PLC0415  # loads Scrapy, which files do not need

        asked = ask(of_site, site_name, mirror)
        answers |= asked.answers
        interrupted = asked.interrupted
    trials = []
    for name in names:
        if name in local:
            trials.append(trial_of(name, local[name].page, site, has_address=local[name].has_address))
        elif urls[name] in answers:
            trials.append(trial_of(name, answers[urls[name]], site))
    return Tried(trials, interrupted)


def _foreign(url: str) -> Refused:
    fetch = Fetch(address=Address(url=url, kind="home"), fetched_at=dates.now())
    return Refused(fetch=fetch, reason=NOT_OF_SITE, rule="hosts")


def is_address(name: str) -> bool:
    """Return whether a person means an address, and not a file."""
    return "://" in name


def canonical_of(typed: str, base: str = "") -> str:
    """Return the canonical form of a typed address, relative to `base`. Raises `UsageError` if it is none."""
    url = resolve(base, typed)
    if url is None:
        raise UsageError("{url!r} is not an address: give one such as https://blog.example/a-post.html.", url=typed)
    return url
