"""Reading the text behind a share link: JSON in which one of a few keys holds the body's HTML.

Nothing else about that JSON is known, so nothing else is read. Not here: the share page itself, which is an empty
shell.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.extraction.budget import within_budget
from crawler.extraction.post import read_body
from crawler.items import Missed

if TYPE_CHECKING:
    from crawler.items import Page, Post, Refused
    from crawler.sites.definition import Site


def read_share(page: Page, site: Site) -> Post | Missed | Refused:
    """Read the post's body from the JSON on `page`; `Missed` if it has none, `Refused` if that takes too long."""
    return within_budget(lambda: _read(page, site), page.fetch)


def _read(page: Page, site: Site) -> Post | Missed:
    assert site.share is not None, "only a site with share links asks for their text"
    try:
        answer = json.loads(page.source)
    except (ValueError, RecursionError):  # RecursionError: thousands of nested brackets
        return _nothing(page, "share link: the answer is not JSON")
    if not isinstance(answer, dict):
        return _nothing(page, "share link: the answer is not an object")
    html = next((text for key in site.share.body if isinstance(text := answer.get(key), str) and text.strip()), "")
    if not html:
        return _nothing(page, "share link: the answer holds no text")
    return read_body(replace(page, source=html), site, via="share")


def _nothing(page: Page, reason: str) -> Missed:
    return Missed(fetch=page.fetch, state="failed", reason=reason)
