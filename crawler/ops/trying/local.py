"""Pages in files, for instance as a browser has saved them, and at which address they were served.

A page says its address in `<link rel="canonical">`, `og:url` or, if it is a feed, `<link rel="self">`. Not here:
pages from the network (`asking`).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from selectolax.lexbor import LexborHTMLParser

from crawler import dates
from crawler.errors import UsageError
from crawler.extraction.budget import TooCostlyError, budget
from crawler.extraction.decoding import page_source, unpacked
from crawler.extraction.structure import check_structure
from crawler.items import Address, Fetch, Page
from crawler.urls import resolve

if TYPE_CHECKING:
    from typing import BinaryIO

STANDARD_INPUT = "-"
_LARGEST = 16 * 1024 * 1024  # bytes, as of an answer
_SAYS_ADDRESS = (
    ('link[rel~="canonical"]', "href"),
    ('meta[property="og:url"]', "content"),
    ('link[rel~="self"]', "href"),
)


class LocalPage(NamedTuple):
    """A `page` from a file; without `has_address` the page's own is not known, and another stands in for it."""

    page: Page
    has_address: bool


def local_page(name: str, *, base: str, url: str | None = None, stdin: BinaryIO | None = None) -> LocalPage:
    """Read the file called `name`, or standard input if that is `-`.

    The address is `url`, or what the page says, resolved against `base`, which also stands in for it. Raises
    `UsageError` if there is no such file, or it is too large.
    """
    body = _bytes_of(name, stdin)
    source = page_source(unpacked(body, _LARGEST), "")
    said = url or _address_in(source, base)
    fetch = Fetch(address=Address(url=said or base, kind="home"), fetched_at=dates.now())
    return LocalPage(Page(fetch=fetch, source=source), has_address=said is not None)


def _bytes_of(name: str, stdin: BinaryIO | None) -> bytes:
    if name == STANDARD_INPUT:
        return _limited((stdin or sys.stdin.buffer).read(_LARGEST + 1), name)
    path = Path(name)
    if path.exists() and not path.is_file():  # reading a pipe would block
        raise UsageError(
            "{name} is not a regular file: give a page that was saved, or - for standard input.", name=name
        )
    try:
        with path.open("rb") as opened:
            return _limited(opened.read(_LARGEST + 1), name)
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        raise UsageError(
            "{name} cannot be read ({reason}): give a file, or an address that begins with http:// or https://.",
            name=name,
            reason=getattr(error, "strerror", None) or error,
        ) from error


def _limited(body: bytes, name: str) -> bytes:
    if len(body) > _LARGEST:
        raise UsageError(
            "{name} is larger than {most} MB: no page of a site is.", name=name, most=_LARGEST // 1024 // 1024
        )
    return body


def _address_in(source: str, base: str) -> str | None:
    """Return the address that a page says it is at, if that is one."""
    try:
        with budget():
            check_structure(source)
            parsed = LexborHTMLParser(source)
            found = [
                (node.attributes.get(attribute) or "").strip()
                for selector, attribute in _SAYS_ADDRESS
                for node in parsed.css(selector)
            ]
    except TooCostlyError:
        return None
    return next((url for each in found if each and (url := resolve(base, each))), None)
