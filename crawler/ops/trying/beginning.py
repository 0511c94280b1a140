"""Beginning a definition from one post that a person names, on the site or in a file.

Not here: what is written into it (`crawler.ops.drafting`).
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.errors import FinewsError, UsageError
from crawler.extraction.budget import TooCostlyError
from crawler.items import Page
from crawler.ops.drafting.definition import draft
from crawler.ops.drafting.quoting import listed, quoted
from crawler.ops.drafting.site import is_private
from crawler.ops.trying.local import local_page
from crawler.ops.trying.pages import canonical_of, is_address
from crawler.urls import authority_of, path_of

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

# As little of a definition as a request needs: which host may be asked.
_BARE = """\
name: draft
title: draft
timezone: UTC
hosts: {hosts}
scheme: {scheme}
private: {private}
start: [/]
addresses: {{post: [{{match: '(?P<id>.+)'}}]}}
layouts: [{{name: draft, sign: x, title: [{{css: x}}], date: [{{css: x}}], body: [{{css: x}}]}}]
"""


def begin(
    name: str,
    *,
    mirror: str | None = None,
    url: str | None = None,
    zone: ZoneInfo | None = None,
    private: bool = False,
) -> str:
    """Return a first definition of the site of the post called `name`, an address or a file.

    `url` is the address of the page in a file, and `zone` the site's time zone, if they are known. A host on this
    machine or in a private network is only asked if `private`. Raises `UsageError` for what is no post's page,
    `FinewsError` if that cannot be read, and what a run of a crawl raises.
    """
    page, robots = _asked(name, mirror, private=private) if is_address(name) else (_in_file(name, url), "")
    _check_host(page.fetch.address.url, private=private)
    if not page.source.strip():
        raise UsageError("{page} holds nothing to make a definition of: give the page of a post.", page=name)
    if path_of(page.fetch.address.url) == "/":
        raise UsageError("{page} is a home page: give the page of one post, which says more.", page=name)
    try:
        return draft(page, robots, zone)
    except TooCostlyError as error:
        raise _not_read(name, str(error)) from error


def _asked(name: str, mirror: str | None, *, private: bool) -> tuple[Page, str]:
    """Return the page at an address, and its host's robots.txt."""
    from crawler.ops.trying.asking import ask  # noqa: PLC0415  # loads Scrapy, which files do not need

    url = canonical_of(name)
    _check_host(url, private=private)
    with tempfile.TemporaryDirectory(prefix="finews-try-") as folder:
        file = Path(folder) / "draft.yaml"
        scheme = quoted(url.partition(":")[0])
        bare = _BARE.format(hosts=listed([authority_of(url)]), scheme=scheme, private=str(private).lower())
        file.write_text(bare, encoding="utf-8")
        asked = ask([url], str(file), mirror)
    if asked.interrupted:
        raise KeyboardInterrupt
    answer = asked.answers[url]
    if not isinstance(answer, Page):
        raise _not_read(name, answer.reason)
    return answer, asked.robots.get(authority_of(url), "")


def _in_file(name: str, url: str | None) -> Page:
    page, has_address = local_page(name, base="", url=canonical_of(url) if url else None)
    if not has_address:
        raise UsageError("{page} does not say at which address it was served: name it with --address.", page=name)
    return page


def _check_host(url: str, *, private: bool) -> None:
    host = authority_of(url)
    if is_private(host) and not private:
        raise UsageError("{host} is this machine or in a private network: say --private if you mean it.", host=host)


def _not_read(name: str, reason: str) -> FinewsError:
    return FinewsError(
        "{url} could not be read ({reason}): give the address of a post as a browser shows it.",
        url=name,
        reason=reason,
    )
