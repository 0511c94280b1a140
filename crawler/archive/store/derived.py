"""An article with everything the archive derives from its text. Needs no database, so it works in any process.

Each part is computed on first access and cached. Not here: storing it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crawler.archive.search.index import Entry
from crawler.archive.store.bodies import encode_body, encode_file
from crawler.dates import iso
from crawler.securities import parse as parse_security
from crawler.text.minhash import minhash_keys

if TYPE_CHECKING:
    from crawler.archive.search.words import Words
    from crawler.items import Article


WRITTEN = " file"
"""The key in the column `front_matter` under which an encoded file stands. No key of YAML begins with a space."""


@dataclass(frozen=True)
class DerivedArticle:
    """A validated `article` on its way into the archive, with what is derived from it."""

    article: Article

    @cached_property
    def published_at(self) -> str:
        """The publication time, in ISO 8601 with the site's offset."""
        assert self.article.post.published_at is not None, "validation refuses a post without a date"
        return iso(self.article.post.published_at)

    @cached_property
    def published_ts(self) -> int:
        """The publication time in epoch seconds."""
        assert self.article.post.published_at is not None, "validation refuses a post without a date"
        return int(self.article.post.published_at.timestamp())

    @cached_property
    def seen_at(self) -> str:
        """The earliest time at which it is known to have had this content, in ISO 8601, UTC."""
        post = self.article.post
        return iso((post.seen_at or post.fetch.fetched_at).astimezone(UTC))

    @cached_property
    def html(self) -> str:
        """The body as published, but for NUL characters, at which SQLite ends a string."""
        return self.article.post.html.replace("\0", "")

    @cached_property
    def bodies(self) -> tuple[str, str, str, str]:
        """Summary, Markdown and HTML, encoded over the text, and the text itself."""
        article = self.article
        bodies = (article.summary, article.markdown, self.html)
        summary, markdown, html = (encode_body(body, article.text) for body in bodies)
        return summary, markdown, html, article.text

    @cached_property
    def front_matter(self) -> str:
        """The column `front_matter`, see `crawler.archive.store.versions`."""
        post = self.article.post
        if post.written is None:
            return json.dumps(post.others, ensure_ascii=False) if post.others else "{}"
        encoded = encode_file(post.written, self.html)
        return json.dumps({**post.others, WRITTEN: encoded}, ensure_ascii=False)

    @cached_property
    def entry(self) -> Entry:
        """The title and text that the article is found by."""
        return Entry(self.article.post.title, self.article.text)

    @cached_property
    def words(self) -> Words:
        """The words of `entry` in the search index."""
        return self.entry.words()

    @cached_property
    def keys(self) -> tuple[int, ...]:
        """The MinHash keys of the text, some of which it shares with posts that tell the same story."""
        return minhash_keys(self.article.text)

    @cached_property
    def row(self) -> dict[str, Any]:
        """What `crawler.archive.store.articles.get` returns for it as a new post; only what Markdown files need."""
        post = self.article.post
        mentions = sorted(post.mentions, key=lambda mention: (-mention.count, _code(mention.code), mention.name))
        return {
            "site": post.site,
            "post_id": post.post_id,
            "url": post.url,
            "share_url": post.share_url,
            "title": post.title,
            "source": post.source,
            "category": post.category.slug if post.category else None,
            "categories": list(dict.fromkeys(category.slug for category in post.categories)),
            "draft": post.draft,
            "published_at": self.published_at,
            "markdown": self.article.markdown,
            "revision": 1,
            "derived": list(post.derived),
            "front_matter": dict(post.others),
            "authors": list(post.authors),
            "image": post.image,
            "tags": list(dict.fromkeys(post.tags)),
            "mentions": [
                {"code": _code(mention.code), "name": mention.name, "count": mention.count} for mention in mentions
            ],
        }

    def under(self, post_id: str) -> DerivedArticle:
        """Return the same as a post of another id, with what was derived already and does not depend on the id."""
        post = self.article.post
        if post.post_id == post_id:
            return self
        renamed = DerivedArticle(replace(self.article, post=replace(post, post_id=post_id)))
        kept = {name: value for name, value in vars(self).items() if name not in {"article", "row"}}
        vars(renamed).update(kept)
        return renamed

    def complete(self) -> DerivedArticle:
        """Compute now every part that takes time, so that another process need not; return `self`."""
        _ = self.bodies, self.front_matter, self.words, self.keys
        return self


def _code(written: str) -> str:
    security = parse_security(written)
    assert security is not None, "extraction keeps only codes it could parse"
    return security.code
