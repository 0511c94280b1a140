"""Reading a page that was captured, as a crawl would read it today.

Not here: what is stored of it (`crawler.ops.rehearsing.comparing`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from w3lib.encoding import http_content_type_encoding

from crawler.extraction.budget import TooCostlyError, budget
from crawler.extraction.decoding import page_source
from crawler.extraction.post import Part, read_part, read_post
from crawler.items import Article, Fetch, Page, Post, Refused
from crawler.middlewares.unpacking import NotUnpacked
from crawler.ops.served import payload_of
from crawler.recording.normalise import normalise
from crawler.recording.validate import fault

if TYPE_CHECKING:
    from datetime import datetime

    from crawler.captures.records import Record
    from crawler.items import Address, Via
    from crawler.sites.definition import Site


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a page: an article with what could be read, and why it would be refused, by which rule.

    Without an `article` nothing could be read.
    """

    article: Article | None
    reason: str | None = None
    rule: str | None = None

    @property
    def layout(self) -> str:
        """The layout by which it was read, "" if none."""
        return self.article.post.layout if self.article else ""


def read_page(
    record: Record, address: Address, at: datetime, site: Site, *, found_on: str | None = None, via: Via = "rules"
) -> Reading:
    """Read the page in a record, which was served for a post's `address` at a time, by the definition of `site`.

    `found_on` is the page that named it.
    """
    fetch = Fetch(address=address, fetched_at=at, status=record.status, found_on=found_on)
    try:
        page = Page(fetch=fetch, source=page_source(payload_of(record), _declared(record)))
    except NotUnpacked as error:
        return Reading(None, f"cannot be unpacked ({error})")
    if site.error_page and site.error_page.sign in page.source:
        return Reading(None, "error page", "error_page")
    if _goes_on(page, site):
        return Reading(None, "goes on on further pages", "next")
    read = read_post(page, site)
    if isinstance(read, Refused):
        return Reading(None, read.reason, read.rule)
    return _article_of(read, site, via)


def _goes_on(page: Page, site: Site) -> bool:
    """Return whether a page is the first of several: read alone, it would cut off the rest of its article."""
    part = read_part(page, site) if any(layout.next for layout in site.layouts) else None
    return isinstance(part, Part) and part.next_url is not None


def _article_of(post: Post, site: Site, via: Via) -> Reading:
    try:
        with budget():
            article = normalise(post, site)
    except TooCostlyError as error:
        return Reading(None, str(error))
    lacking = fault(article)
    of_today = replace(article, post=replace(article.post, via=via))
    return Reading(of_today, *lacking) if lacking else Reading(of_today)


def _declared(record: Record) -> str:
    """Return the encoding that the answer's header names, "" if it names none."""
    types = (value for name, value in record.headers if name.lower() == "content-type")
    return http_content_type_encoding(next(types, "")) or ""
