"""Opening the original of a post in a browser. Not here: which post."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from crawler.errors import FinewsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMES = {"http", "https"}


def open_original(post: Mapping[str, Any]) -> None:
    """Open the page of a post in the reader's browser.

    An address may come from a file that somebody else has written, so any but a web page's is refused, as it could
    start another program. Raises `FinewsError` for such an address, for a post without one, and without a browser.
    """
    post_id, url = post["post_id"], post["url"]
    if not url:
        raise FinewsError(
            "{post_id} has no address: it came from a file, and `finews show {post_id}` shows it.", post_id=post_id
        )
    if not _is_web_page(url):
        raise FinewsError("{url} is not the address of a web page, so it is not opened.", url=url)
    # Only waiting tells whether it worked; but on macOS that would be until the browser is closed.
    if click.launch(url, wait=sys.platform != "darwin") != 0:
        raise FinewsError("No browser could be started: open {url} yourself.", url=url)


def _is_web_page(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in _SCHEMES and bool(parts.hostname)
    except ValueError:
        return False
