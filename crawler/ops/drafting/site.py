"""What a page says about its site: its name, its feeds and sitemaps, its language, the text that only posts contain.

Not here: the fields of a post (`fields`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from protego import Protego

from crawler.text.words import squeeze
from crawler.urls import authority_of, canonical, is_public, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from selectolax.lexbor import LexborHTMLParser

_MOST = 5  # feeds, sitemaps
_COMMENTS = re.compile(r"(?i)comment|评论|kommentar")
_COMMON = {"www", "blog", "news", "m", "en", "com", "net", "org", "co", "gov", "edu", "ac"}
_CHINESE, _KANA, _SOME = re.compile("[\u4e00-\u9fff]"), re.compile("[\u3040-\u30ff]"), 4
_SIGNS = ('itemprop="articleBody"', "itemprop='articleBody'", "article:published_time", '"datePublished"', "<article")


def name_of(host: str) -> str:
    """Return a name for the site at a host: `blog.example.org` is called `example`."""
    labels = host.partition(":")[0].split(".")
    telling = [label for label in labels[:-1] if label not in _COMMON] or labels[:-1] or labels
    return re.sub(r"[^a-z0-9-]+", "-", telling[-1].lower()).strip("-") or "site"


def title_of(parsed: LexborHTMLParser, host: str) -> str:
    """Return what the site calls itself, or its host."""
    for selector in ('meta[property="og:site_name"]', 'meta[name="application-name"]'):
        node = parsed.css_first(selector)
        if node is not None and (said := squeeze(node.attributes.get("content") or "")):
            return said
    return host


def language_of(parsed: LexborHTMLParser, source: str) -> str:
    """Return the language that a page says it is in, or that its title is in if that is Chinese; else ""."""
    found = re.search(r"(?i)<html\b[^>]{0,500}?\blang\s*=\s*[\"']?([a-z]{2,3})\b", source[:20_000])
    node = parsed.css_first('meta[property="og:locale"]')
    said = found[1] if found else (node.attributes.get("content") if node else None) or ""
    heading = parsed.css_first("title")
    title = heading.text() if heading is not None and not said else ""
    return "zh" if len(_CHINESE.findall(title)) >= _SOME and not _KANA.search(title) else said[:2].lower()


def feeds_of(parsed: LexborHTMLParser, url: str) -> list[str]:
    """Return the feeds that a page links to, except those of comments: paths on its own host, or whole addresses."""
    links = parsed.css('link[rel~="alternate"][href]')
    found = [
        link.attributes.get("href") or ""
        for link in links
        if re.search("rss|atom", link.attributes.get("type") or "")
        and not _COMMENTS.search(f"{link.attributes.get('href')} {link.attributes.get('title')}")
    ]
    return list(_on_site(found, url))[:_MOST]


def sitemaps_of(parsed: LexborHTMLParser, robots: str, url: str) -> list[str]:
    """Return the sitemaps that robots.txt names, and those that a page links to."""
    named = [*Protego.parse(robots).sitemaps] if robots else []
    linked = [link.attributes.get("href") or "" for link in parsed.css('link[rel~="sitemap"][href]')]
    return list(_on_site([*named, *linked], url))[:_MOST]


def sign_of(source: str, names: Iterable[str]) -> str:
    """Return a text that occurs on the page of a post, and probably on no other; `names` are those of its body."""
    own = [f'{attribute}="{name}"' for name in names for attribute in ("class", "id")]
    return next((sign for sign in (*_SIGNS, *own, "<h1", "<p", "<") if sign in source), source.strip()[:20])


def is_private(host: str) -> bool:
    """Return whether a host, perhaps with a port, is on this machine or in a private network by its name."""
    url = canonical(f"https://{host}/")
    return url is None or not is_public(f"https://{host.rpartition(':')[0] or host}/")


def _on_site(hrefs: Iterable[str], url: str) -> Iterator[str]:
    """Yield addresses once each, those on the page's host as paths; hosts that are not public are left out."""
    seen = set()
    for href in hrefs:
        found = resolve(url, href)
        if found is None or found in seen:
            continue
        seen.add(found)
        host = authority_of(found)
        if host == authority_of(url):
            yield found.partition("://")[2].removeprefix(host) or "/"
        elif not is_private(host):
            yield found
