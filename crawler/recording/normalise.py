"""Normalise: turn a `Post` into an `Article` with Markdown, plain text, a summary and the hash of what matters.

Its date is held against the times that the site's definition allows. Not here: whether it is good enough to store.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from crawler import dates
from crawler.extraction.budget import within_budget
from crawler.extraction.structure import check_length
from crawler.items import UNLIKELY_DATE, Article
from crawler.markdown.body import safe_html, words_of
from crawler.text.outside import names
from crawler.text.words import bare, first_sentence, fold, opening

if TYPE_CHECKING:
    from crawler.items import Post, Refused
    from crawler.sites.definition import Site

_SUMMARY_LENGTH = 160
_LONGEST_ADDRESS = 2_000  # of a lead image
_TITLE_LENGTH, _LONGEST = 40, 100


def normalised(post: Post, site: Site) -> Article | Refused:
    """Return what `normalise` does, or a refusal if that takes too long."""
    return within_budget(lambda: normalise(post, site), post.fetch)


def normalise(post: Post, site: Site) -> Article:
    """Return a post as an article: with its body as safe Markdown and plain text, and what is derived from these.

    Raises `TooCostlyError` if the text is longer than any post's.
    """
    safe = safe_html(post.html, site.body, post.url)
    markdown, text = words_of(safe)
    check_length(text)
    if post.via != "page" and not post.title:
        post = replace(post, title=_derived_title(post, text), derived=tuple(dict.fromkeys(("title", *post.derived))))
    post = _judged_by_date(_with_bylines(post), site)
    return Article(
        post=post,
        markdown=markdown,
        text=text,
        summary=opening(text.partition("\n")[0], _SUMMARY_LENGTH),
        content_hash=content_hash(post, text),
    )


def _with_bylines(post: Post) -> Post:
    """Return a post with the names of its authors in one form, and without an address that is too long for one."""
    image = post.image if post.image and len(post.image) <= _LONGEST_ADDRESS else None
    if not post.authors and image == post.image:
        return post
    return replace(post, authors=names(post.authors), image=image)


def _derived_title(post: Post, text: str) -> str:
    """Return a title for a post without one: the text behind a share link never has one, a file may lack it."""
    return opening(text, _TITLE_LENGTH) if post.via == "share" else first_sentence(text.partition("\n")[0], _LONGEST)


def _judged_by_date(post: Post, site: Site) -> Post:
    """Return a post with its date judged: marked if it is unlikely, and without it if the site refuses such posts.

    A mark that a file brings along is judged anew.
    """
    derived = tuple(name for name in post.derived if name != UNLIKELY_DATE)
    if post.published_at is None or is_likely(post.published_at, post.fetch.fetched_at, site):
        return post if derived == post.derived else replace(post, derived=derived)
    published_at = post.published_at if site.dates.outside == "mark" else None
    return replace(post, published_at=published_at, derived=(*derived, UNLIKELY_DATE))


def is_likely(published_at: datetime, fetched_at: datetime, site: Site) -> bool:
    """Tell whether a post that was fetched then can have been published at that time; see `Dates`."""
    first = datetime.combine(site.dates.earliest, time(), site.timezone)
    # By their difference, because no day can be added at the end of the calendar.
    return first <= published_at and published_at - fetched_at <= timedelta(days=site.dates.days_ahead)


def content_hash(post: Post, text: str) -> str:
    """Hash what makes a revision if it changes: title, time and words, but not white space and markup."""
    moment = dates.iso(post.published_at) if post.published_at else ""
    state = ("draft",) if post.draft else ()
    matter = "\n".join((bare(fold(post.title)), moment, bare(fold(text)), *state))
    return hashlib.sha256(matter.encode("utf-8", "surrogatepass")).hexdigest()
