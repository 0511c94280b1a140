"""What is kept of a request and its answer, taken from Scrapy's objects. Not here: keeping it (`crawler.captures`).

A request carries where its answers are kept, also those of its redirects and retries, which share its `meta`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from crawler import dates
from crawler.captures.records import Exchange

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Headers, Response

    from crawler.items import Capture

_CAPTURES = "captures"  # the key in a request's meta


def exchange(request: Request, response: Response) -> Exchange:
    """Return the exchange of a request for a canonical address and the answer that has just come."""
    headers = _lines(request.headers)
    if "Host" not in request.headers:
        headers = ((b"Host", urlsplit(request.url).netloc.encode("ascii", "replace")), *headers)
    return Exchange(
        url=request.url,
        at=dates.now(),
        request_headers=headers,
        status=response.status,
        headers=_lines(response.headers),
        body=response.body,
    )


def note_capture(request: Request, capture: Capture | None) -> None:
    """Have a request carry where an answer to it is kept."""
    if capture is not None:
        request.meta.setdefault(_CAPTURES, []).append(capture)


def captures_of(request: Request | None) -> tuple[Capture, ...]:
    """Return where the answers to a request are kept, redirects and failures included, in their order."""
    return () if request is None else tuple(request.meta.get(_CAPTURES, ()))


def _lines(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name, value) for name, values in headers.items() for value in values)
