"""Normalise: turn a `Post` into an `Article` with Markdown, plain text, a summary and the hash of what matters.

Not here: whether it is good enough to store.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler import dates
from crawler.extraction.structure import check_length
from crawler.items import Article
from crawler.markdown.body import safe_html, words_of
from crawler.text.words import bare, first_sentence, fold, opening

if TYPE_CHECKING:
    from crawler.items import Post
    from crawler.sites.definition import Site

_SUMMARY_LENGTH = 160
_TITLE_LENGTH, _LONGEST = 40, 100


def normalise(post: Post, site: Site) -> Article:
    """Return a post as an article: with its body as safe Markdown and plain text, and what is derived from these.

    Raises `TooCostlyError` if the text is longer than any post's.
    """
    safe = safe_html(post.html, site.body, post.url)
    markdown, text = words_of(safe)
    check_length(text)
    if post.via != "page" and not post.title:
        post = replace(post, title=_derived_title(post, text), derived=tuple(dict.fromkeys(("title", *post.derived))))
    return Article(
        post=post,
        markdown=markdown,
        text=text,
        summary=opening(text.partition("\n")[0], _SUMMARY_LENGTH),
        content_hash=content_hash(post, text),
    )


def _derived_title(post: Post, text: str) -> str:
    """Return a title for a post without one: the text behind a share link never has one, a file may lack it."""
    return opening(text, _TITLE_LENGTH) if post.via == "share" else first_sentence(text.partition("\n")[0], _LONGEST)


def content_hash(post: Post, text: str) -> str:
    """Hash what makes a revision if it changes: title, time and words, but not white space and markup."""
    moment = dates.iso(post.published_at) if post.published_at else ""
    state = ("draft",) if post.draft else ()
    matter = "\n".join((bare(fold(post.title)), moment, bare(fold(text)), *state))
    return hashlib.sha256(matter.encode("utf-8", "surrogatepass")).hexdigest()
