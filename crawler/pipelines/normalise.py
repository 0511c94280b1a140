"""Normalise: a `Post` becomes an `Article` with Markdown, plain text, a summary and the hash of what matters.

Not here: whether it is good enough to keep.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crawler import dates
from crawler.items import Article, Post
from crawler.markdown.body import safe_html, to_markdown, to_text
from crawler.sites.loading import load_site
from crawler.text import bare, first_sentence, fold, opening

if TYPE_CHECKING:
    from typing import Self

    from scrapy.crawler import Crawler

    from crawler.sites.definition import Site

_SUMMARY_LENGTH = 160
_TITLE_LENGTH, _LONGEST = 40, 100


class Normalise:
    """The step, for the posts of one site."""

    def __init__(self, site: Site) -> None:
        """Keep the site, whose definition says what of a body is not the article's."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Read the site from the settings."""
        return cls(load_site(crawler.settings["FINEWS_SITE"]))

    def process_item(self, item: Any) -> Any:
        """Turn a post into an article."""
        return normalise(item, self.site) if isinstance(item, Post) else item


def normalise(post: Post, site: Site) -> Article:
    """Return the article of a post: its body as safe Markdown and as plain text, and what follows from these."""
    safe = safe_html(post.html, site.body, post.url)
    text = to_text(safe)
    if post.via != "page" and not post.title:
        post = replace(post, title=_derived_title(post, text), derived=tuple(dict.fromkeys(("title", *post.derived))))
    return Article(
        post=post,
        markdown=to_markdown(safe),
        text=text,
        summary=opening(text.partition("\n")[0], _SUMMARY_LENGTH),
        content_hash=content_hash(post, text),
    )


def _derived_title(post: Post, text: str) -> str:
    """Return a title for what came without: a share link's text never has one, a file may lack it."""
    return opening(text, _TITLE_LENGTH) if post.via == "share" else first_sentence(text.partition("\n")[0], _LONGEST)


def content_hash(post: Post, text: str) -> str:
    """Hash what makes a revision when it changes: title, time and words. White space and markup do not count."""
    moment = dates.iso(post.published_at) if post.published_at else ""
    matter = "\n".join((bare(fold(post.title)), moment, bare(fold(text))))
    return hashlib.sha256(matter.encode("utf-8", "surrogatepass")).hexdigest()
