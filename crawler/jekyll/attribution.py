"""Whether a file says itself that it is a post of a site, so that it is not taken for one by mistake. Pure.

Not here: what else a file says (`crawler.jekyll.source`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.extraction.rules import tree
from crawler.sites import patterns
from crawler.sites.addresses import address_of
from crawler.urls import canonical, host_of, resolve

if TYPE_CHECKING:
    from crawler.jekyll.front_matter import FrontMatter
    from crawler.sites.definition import Site

_KEYS = ("url", "permalink", "canonical_url", "share_url", "link", "original", "source_url")
_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def says_its_site(text: str, front: FrontMatter, tail: str, post_id: str, site: Site) -> bool:
    """Return whether a file, which holds `text`, says that it is a post of `site`.

    It does by an id or a form as the definition describes; by an address or a share link of the site in its front
    matter; or by the site's navigation or a share link in `tail`, the HTML that was parted from the end of its body.
    What its text links to says nothing: that may be a quotation.
    """
    return (
        _matches(site.files.ids, post_id, whole=True)
        or _matches(site.files.form, text)
        or any(_leads_to(site, written) for key in _KEYS for written in front.texts(key))
        or _has_its_tail(site, tail)
    )


def _matches(pattern: str | None, text: str, *, whole: bool = False) -> bool:
    return pattern is not None and patterns.search(pattern, text, whole=whole) is not None


def _leads_to(site: Site, written: str) -> bool:
    """Return whether an absolute address leads to the site, or to one of its share links."""
    url = canonical(written) if _SCHEME.match(written) else None
    return url is not None and (host_of(url) in site.hosts or address_of(site, url) is not None)


def _has_its_tail(site: Site, tail: str) -> bool:
    """Return whether any link in a tail leads to the site; its navigation may be relative to the post's page."""
    base = f"{site.scheme}://{next(iter(site.hosts), 'nowhere.invalid')}/category/2022/04/20/post.html"
    links = (node.attributes.get("href") or "" for node in tree(tail).css("a[href]"))
    return any(url is not None and _leads_to(site, url) for url in (resolve(base, link) for link in links))
