"""Take whole answers only, unpacked: what is cut off, or cannot be unpacked, is no answer and may be asked for again.

A download handler, below all that tries again and counts failures. In place of Scrapy's own unpacking, which keeps
as much as it gets. Not here: how things are unpacked (`crawler.middlewares.unpacking`).
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.downloadermiddlewares.stats import get_header_size
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError, StopDownload

from crawler.items import PAGES
from crawler.middlewares.headers import EndlessHeaders, bound_headers, is_endless
from crawler.middlewares.unpacking import CutOff, NotUnpacked, TooLarge, beginning, codings_of, unpacked
from crawler.network.failures import NetworkFailure, proxy_failure, told
from crawler.network.not_requested import RunEnds

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

RECEIVED = "finews/bytes"
"""In Scrapy's statistics: how many bytes were received, headers included."""

FIRST_BYTES = "first_bytes"
"""In a request's meta: so many bytes of the answer are enough; what comes after them is not waited for."""

STOPPED = "download_stopped"
"""Among the flags of an answer, by Scrapy: its end was not waited for."""

_BREATH = 0.5  # seconds, after which somebody who waits looks up
_GRACE = 2.0  # seconds for what is on its way when the run is to end
# Only a proxy answers the first; the others are its own or those of what is behind it, and it is there to be asked.
_OF_PROXIES = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_CAME = "came"  # so many have


class WholeAnswersHandler(HTTP11DownloadHandler):
    """Downloads by HTTP/1.1."""

    def __init__(self, crawler: Crawler) -> None:
        """Watch what comes, to stop when it is enough."""
        super().__init__(crawler)
        bound_headers(self._pool)
        crawler.signals.connect(self._stop, signals.bytes_received)

    async def download_request(self, request: Request) -> Response:
        """Return the answer to `request`, unpacked.

        Raises what Scrapy raises when there is none; `ResponseDataLossError` for one that breaks off,
        `DownloadCancelledError` for one that unpacks to too much, `NetworkFailure` for one that cannot be unpacked,
        and where more can be said than Scrapy does; `RunEnds` when the run does before it comes.
        """
        first, request.meta[_CAME] = request.meta.get(FIRST_BYTES), 0
        proxy = request.meta.get("proxy")
        try:
            response = await self._unless_it_ends(super().download_request(request))
        except Exception as error:
            if is_endless(error):
                raise EndlessHeaders from error
            explained = told(error, request.url, proxy)
            if explained is error:
                raise
            raise explained from error
        if response.status in _OF_PROXIES and proxy is not None:
            raise proxy_failure(proxy, f"HTTP {response.status}")
        self.crawler.stats.inc_value(RECEIVED, len(response.body) + get_header_size(response.headers))
        return whole(response, request.meta.get("download_maxsize", self._default_maxsize), first)

    async def _unless_it_ends(self, coming: Coroutine[Any, Any, Response]) -> Response:
        """Return what is coming; when the run is to end meanwhile, raise `RunEnds` unless it comes in a moment."""
        download = asyncio.ensure_future(coming)
        try:
            while self.crawler.engine.running and not download.done():
                await asyncio.wait({download}, timeout=_BREATH)
            await asyncio.wait({download}, timeout=_GRACE)
        finally:
            if not download.done():
                download.cancel()
        if download.cancelled() or not download.done():
            raise RunEnds
        return download.result()

    def _stop(self, data: bytes, request: Request) -> None:
        """End a download of which enough has come."""
        first = request.meta.get(FIRST_BYTES)
        if first:
            request.meta[_CAME] += len(data)
            if request.meta[_CAME] >= first:
                raise StopDownload(fail=False)


def whole(response: Response, most: int, first: int | None = None) -> Response:
    """Return `response` with its body unpacked, which has `most` bytes at most; see `download_request`.

    Only what may be a page is looked at: of a 404 nobody reads more than that it is one. Of an answer whose `first`
    bytes are wanted, so many are returned, whatever comes after them.
    """
    named = [value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")]
    if not named or response.status not in PAGES:
        return response
    try:
        codings = codings_of(named)
        if first:
            body = beginning(response.body, codings, first, is_cut=STOPPED in response.flags)
        else:
            body = unpacked(response.body, codings, most)
    except CutOff as error:
        raise ResponseDataLossError(f"the {error} stream breaks off") from error
    except TooLarge as error:
        raise DownloadCancelledError(f"unpacks to more than {most} bytes") from error
    except NotUnpacked as error:
        raise NetworkFailure(f"cannot be unpacked ({error})") from error
    del response.headers["Content-Encoding"]
    return response.replace(body=body)
