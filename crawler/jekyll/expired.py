"""Read the source of a post that the site no longer shows, as it lies in the site's repository.

Not here: what a source may look like (`crawler.jekyll.source`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.extraction.budget import within_budget
from crawler.items import Refused
from crawler.jekyll.source import SourceError, read_source
from crawler.jekyll.structured import FrontMatterError
from crawler.urls import path_of

if TYPE_CHECKING:
    from crawler.items import Page, Post
    from crawler.sites.definition import Site


def read_expired(page: Page, site: Site) -> Post | Refused:
    """Read the post in the source on `page`; it is refused when it is none, or another post's."""
    return within_budget(lambda: _read(page, site), page.fetch)


def _read(page: Page, site: Site) -> Post | Refused:
    name = path_of(page.fetch.address.url).rpartition("/")[2]
    try:
        post = read_source(name, page.source, site, via="expired", at=page.fetch.fetched_at)
    except (SourceError, FrontMatterError) as error:
        return Refused(fetch=page.fetch, reason=str(error), rule="files.expired")
    if post.post_id != page.fetch.address.key:
        return Refused(fetch=page.fetch, reason="another post's source", rule="files.expired")
    return replace(post, fetch=page.fetch)
