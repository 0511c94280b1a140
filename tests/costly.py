"""Sources that would take long to read, each of about so many characters, and how long reading takes.

For tests and for the benchmark, which doubles the sizes. Not here: what is to come of them.
"""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from crawler.extraction.budget import within_budget
from crawler.extraction.listing import read_listing
from crawler.extraction.post import read_post
from crawler.extraction.share import read_share
from crawler.items import Address, Fetch, Page, Post
from crawler.pipelines.normalise import Normalise
from crawler.sites.addresses import address_of, share_address
from crawler.sites.loading import load_site

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = load_site("finews")
URL = "https://finews.withounder.com/dajiangwang/2022/04/20/NW202204202350104915.html"
HEAD = "<html><head></head><body><section><small>(GMT+8) 2022-04-20 16:44:59</small><h1>标题</h1>"
END = "<small>tags: <em>大江网新闻</em></small></section></body></html>"


def _times(piece: str, begin: str = "", end: str = "") -> Callable[[int], str]:
    return lambda size: begin + piece * (size // len(piece)) + end


def _attributes(form: str, size: int) -> str:
    written = "".join(form.format(number) for number in range(size // (len(form) + 4)))
    return f"<p {written}>文</p>"


BODIES: dict[str, Callable[[int], str]] = {
    "an address without end": _times("eastmoney.com/", "<p>http://", " x</p>"),
    "navigation without end": _times("返回首页](", "<p>返回", "</p>"),
    "names of outlets": _times("新闻](", "<p>返回a", "</p>"),
    "empty paragraphs": _times("<p>", "<div>正文"),
    "paragraphs that are navigation": _times("<p>返回首页</p>", "<div>正文"),
    "lists in lists": _times("<ul><li>", end="文"),
    "elements in elements": _times("<div>", end="文"),
    "elements that close others": _times("<div></b>", end="文"),
    "elements after text in quotes": _times("<div>", "<p '>", "文"),
    "elements after a script": _times("<div>", "<script>'<p a='</script>", "文"),
    "elements in a noscript": _times("<div>", "<noscript>", "</noscript>文"),
    "elements in a drawing": _times("<td>", "<svg>", "文"),
    "bold in paragraphs": _times("<p><b>文"),
    "bold beside italic": _times("<b>，一，</b><i>二</i>"),
    "raised words": _times("<sup>8</sup>", "<p>10"),
    "cells that span": _times("<tr><td rowspan=9999 colspan=1000>文<td>文", "<table>"),
    "notes": _times("<p id=n><a href=#r id=r>1</a>"),
    "lazy images": _times("<img data-src=/a><noscript><img src=/a></noscript>"),
    "frames": _times("<iframe src=/a></iframe>"),
    "code in code": _times("<pre>", end="文"),
    "attributes": lambda size: _attributes(" a{}=1", size),
    "attributes with brackets": lambda size: _attributes(' a{}=">"', size),
    "attributes without space": lambda size: _attributes('a{}=""', size),
    "ampersands": _times("&amp;", "<p>"),
    "no-break spaces": _times("\xa0a", "<p>"),
    "angle brackets": _times("<", "<p>"),
    "comments": _times("<!--", "<p>文"),
    "table cells": _times("<td>文", "<table><tr>"),
    "links": _times("<a href=x>返回", "<p>"),
    "securities": _times('<span class=keytip data-code="1,600160">文', "<p>"),
    "outlets": _times("<p class=em_media>（文章来源：", "<p>文"),
    "brackets": _times("（", "<p>文"),
    "white space": _times("\n", "<p>", "文"),
    "sentences": _times("好。", "<p>"),
}
LISTINGS: dict[str, Callable[[int], str]] = {
    "escaped links": _times('(&lt;a href="' + "&lt;a " * 60 + ")"),
    "links left open": _times('<a href="/1'),
    "addresses left open": _times('<a href="' + 'href="' * 60),
    "links in formatting": _times('<b><a href="/1">x'),
    "links in tables": _times('<table><tr><td><a href="/1">x'),
    "links in a table": _times('<a href="/1">x', "<table>"),
    "headings": _times("<h2 id="),
    "headings after one tag": _times("h2 id=", "<p>"),
}
FEEDS: dict[str, Callable[[int], str]] = {
    "links with many addresses": lambda size: "<feed><entry><link " + 'href="a"' * 40 + " " * size,
    "links with attributes": _times("a ", "<feed><entry><link "),
    "many links": _times('<entry><link href="/a" /></entry>', "<feed>"),
    "entries in entries": _times("<entry>", "<feed>"),
    "items with many links": _times("<link>/a</link>", "<rss><item>"),
    "open items": _times("<item><link>/a", "<rss>"),
    "bases": _times('<entry xml:base="/a/"><link href="b"/>', "<feed>"),
    "ampersands": _times("&", "<rss>"),
    "sections left open": _times("<![CDATA[", "<rss>"),
    "declared entities": _times("<!ENTITY a '&a;'>", "<!DOCTYPE rss [", "]><rss/>"),
    "declared entities left open": _times("<!ENTITY a '&a;'>", "<rss/><!DOCTYPE rss ["),
    "titles of markup": _times("<item><title>&lt;b>&lt;b></title></item>", "<rss>"),
    "addresses": _times("https://blog.example/1\n"),
}


def read_body(body: str) -> object:
    """Read a post with this body, as a crawl does, up to what is stored."""
    read = read_post(page(HEAD + body + END), SITE)
    return Normalise(SITE).process_item(read) if isinstance(read, Post) else read


def read_text(body: str) -> object:
    """Read the same body from behind a share link."""
    address = share_address(SITE, "NW202204202350104915")
    assert address is not None
    read = read_share(page(json.dumps({"text": body}), address), SITE)
    return Normalise(SITE).process_item(read) if isinstance(read, Post) else read


def read_home(source: str) -> object:
    """Read a home page, as a crawl does."""
    home = page(source, address_of(SITE, "https://finews.withounder.com/"))
    return within_budget(lambda: read_listing(home, SITE), home.fetch)


def read_feed(source: str) -> object:
    """Read a feed, as a crawl does."""
    feed = page(source, address_of(SITE, "https://finews.withounder.com/feed.xml"))
    return within_budget(lambda: read_listing(feed, SITE), feed.fetch)


def page(source: str, address: Address | None = None) -> Page:
    """Return a page as it was served."""
    address = address or address_of(SITE, URL)
    assert address is not None
    return Page(fetch=Fetch(address=address, fetched_at=datetime.now(UTC), status=200), source=source)


def slope(read: Callable[[str], object], source: Callable[[int], str], size: int) -> float:
    """Return by which power of the size the time grows as it is doubled; a hundredth of a second is as none."""
    once, twice = (min(seconds(read, source(times * size)) for _ in range(3)) for times in (1, 2))
    return math.log2((twice + 0.01) / (once + 0.01))


def seconds(read: Callable[[str], object], source: str) -> float:
    """Return the processor time that reading takes."""
    before = time.process_time()
    read(source)
    return time.process_time() - before
