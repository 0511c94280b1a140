"""A site to crawl for the benchmarks: as many posts in as many categories as are wanted, as files to be served.

Posts are those of `corpus`; their pages, the category pages, home and feed are those that the sample site's layouts
write. Beside every page lies a packed copy, so that serving costs as little as it can. Not here: serving
(`static_server`).
"""

from __future__ import annotations

import gzip
import random
from dataclasses import replace
from typing import TYPE_CHECKING

import corpus

from crawler.items import Category
from crawler.ops.sample_site import layout
from crawler.ops.sample_site.feed import ENTRIES, feed
from crawler.ops.sample_site.site import BUILT_AT
from crawler.ops.sample_site.source import category_address, read_post

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawler.items import Article
    from crawler.ops.sample_site.source import SourcePost

_PARTS = "da jiang wang cai lian zheng quan shi bao xin hua she zhong guo jing ji".split()


def write_site(folder: Path, posts: int, categories: int) -> None:
    """Write a site of `posts` posts, spread over `categories`, into `folder`, which is there and empty."""
    listed: dict[str, list[SourcePost]] = {}
    newest: list[tuple[SourcePost, str]] = []
    for post in _posts(posts, categories):
        content = layout.post_html(post)
        _write(folder, post.address, layout.post_page(post, content))
        # A list needs no bodies, and forty thousand of them are much.
        listed.setdefault(post.category, []).insert(0, replace(post, body=""))
        newest = [(post, content), *newest][:ENTRIES]
    for slug, group in listed.items():
        _write(folder, category_address(slug), layout.category_page(slug, group[0].tag, group))
    _write(folder, "/index.html", layout.home_page({group[0].tag: group for group in listed.values()}))
    _write(folder, "/feed.xml", feed(newest, BUILT_AT))
    _write(folder, "/robots.txt", "User-agent: *\nAllow: /\n")


def pages_of(posts: int, categories: int) -> int:
    """Return how many pages there are to ask for: posts, categories and home."""
    return posts + categories + 1


def _posts(count: int, categories: int) -> Iterator[SourcePost]:
    for number, article in enumerate(corpus.articles(count)):
        filed = _filed(article, number % categories)
        yield read_post(*corpus.source_file(filed, random.Random(number)))


def _filed(article: Article, number: int) -> Article:
    """Put an article into the category of that number."""
    chance = random.Random(number)
    slug = f"{''.join(chance.choices(_PARTS, k=3))}{number}"
    name = f"第{number}财经报新闻"
    category = Category(slug=slug, name=name, url=f"https://finews.withounder.com/category/{slug}.html")
    return replace(article, post=replace(article.post, category=category, tags=(name,)))


def _write(folder: Path, address: str, text: str) -> None:
    file = folder / address.removeprefix("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    body = text.encode()
    file.write_bytes(body)
    file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(body, mtime=0))
