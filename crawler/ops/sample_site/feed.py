"""Rendering the Atom feed of the sample site: the ten newest posts with their full content.

A post without front matter is listed like any other, under its id; no other listing of the site names it. Not here:
which posts there are (`site`).
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from crawler.ops.sample_site.body import plain
from crawler.ops.sample_site.frame import OWNER, SITE, SITE_TITLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.ops.sample_site.source import SourcePost

ENTRIES = 10


def feed(entries: Sequence[tuple[SourcePost, str]], built_at: datetime) -> str:
    """Return the feed's XML for posts with their HTML, newest first, of which ten are used.

    `built_at` is timezone-aware.
    """
    head = (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom" xml:lang="zh-CN">'
        '<generator uri="https://jekyllrb.com/" version="4.3.1">Jekyll</generator>'
        f'<link href="{SITE}/feed.xml" rel="self" type="application/atom+xml" />'
        f'<link href="{SITE}/" rel="alternate" type="text/html" hreflang="zh-CN" />'
        f"<updated>{built_at.isoformat()}</updated><id>{SITE}/feed.xml</id>"
        f'<title type="html">{SITE_TITLE}</title><author><name>{OWNER}</name></author>'
    )
    return head + "".join(_entry(post, content) for post, content in entries[:ENTRIES]) + "</feed>"


def _entry(post: SourcePost, content: str) -> str:
    title, url, moment = plain(post.title), SITE + quote(post.address, safe="/()"), post.date.isoformat()
    terms = "".join(f'<category term="{escape(term)}" />' for term in (*post.categories, *post.tags))
    return (
        f'<entry><title type="html">{title}</title>'
        f'<link href="{url}" rel="alternate" type="text/html" title="{title}" />'
        f"<published>{moment}</published><updated>{moment}</updated><id>{url.removesuffix('.html')}</id>"
        f'<content type="html" xml:base="{url}">{_cdata(content.strip())}</content>'
        f"<author><name>{OWNER}</name></author>{terms}</entry>"
    )


def _cdata(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"
