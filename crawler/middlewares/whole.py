"""Accepting only whole answers: one that is truncated or cannot be decompressed counts as no answer, and is retried.

This is a download handler, below the middlewares that retry and count failures. It replaces Scrapy's decompression,
which keeps as much as it gets. Before that, each answer is kept as it came over the wire. Not here: how bodies are
decompressed (`crawler.middlewares.unpacking`), and how answers are kept (`crawler.captures`).
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.downloadermiddlewares.stats import get_header_size
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError, StopDownload

from crawler.addon import RunAddon
from crawler.items import PAGES
from crawler.middlewares.headers import EndlessHeaders, bound_headers, is_endless
from crawler.middlewares.unpacking import CutOff, NotUnpacked, TooLarge, beginning, codings_of, unpacked
from crawler.network.exchange import exchange, note_capture
from crawler.network.failures import NetworkFailure, explained, proxy_failure
from crawler.network.not_requested import RunEnds

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

RECEIVED = "finews/bytes"
"""The key in Scrapy's statistics for the number of bytes received, headers included."""

SENT = "finews/requests"
"""The key in Scrapy's statistics for the number of requests that were sent, robots.txt and retries included."""

FIRST_BYTES = "first_bytes"
"""The key in a request's meta for how many bytes of the answer are enough; the rest is not waited for."""

STOPPED = "download_stopped"
"""The flag that Scrapy sets on an answer whose end was not waited for."""

_POLL_SECONDS = 0.5  # how often to check whether the run goes on
_GRACE = 2.0  # seconds for answers on their way when the run is to end
# Only a proxy answers with the first; with the others it reports, if one is used, a failure of its own or behind it.
_OF_PROXIES = {
    HTTPStatus.PROXY_AUTHENTICATION_REQUIRED,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_RECEIVED_BYTES = "received_bytes"  # the key in a request's meta


class WholeAnswersHandler(HTTP11DownloadHandler):
    """Downloads by HTTP/1.1 and returns only whole answers."""

    def __init__(self, crawler: Crawler) -> None:
        """Limit headers, and watch incoming bytes to stop when they are enough."""
        super().__init__(crawler)
        bound_headers(self._pool)
        addon = crawler.get_addon(RunAddon)
        self._keeper = addon.keeper if addon else None
        crawler.signals.connect(self._stop, signals.bytes_received)

    async def download_request(self, request: Request) -> Response:
        """Return the answer to `request`, see `answer_to`."""
        return await self.answer_to(request, request)

    async def answer_to(self, request: Request, asked: Request) -> Response:
        """Return the answer to `request`, decompressed, and keep it as it came, as the answer to what was `asked`.

        Raises what Scrapy raises if there is none; `ResponseDataLossError` if it is truncated,
        `DownloadCancelledError` if it decompresses to too much, `NetworkFailure` if it cannot be decompressed or if
        more can be said about an error than Scrapy does; `RunEnds` if the run ends before the answer comes.
        """
        first, request.meta[_RECEIVED_BYTES] = request.meta.get(FIRST_BYTES), 0
        proxy = request.meta.get("proxy")
        self.crawler.stats.inc_value(SENT)
        try:
            response = await self._unless_run_ends(super().download_request(request))
        except Exception as error:
            if is_endless(error):
                raise EndlessHeaders from error
            explanation = explained(error, request.url, proxy)
            if explanation is error:
                raise
            raise explanation from error
        if response.status in _OF_PROXIES and proxy is not None:
            raise proxy_failure(proxy, f"HTTP {response.status}")
        self.crawler.stats.inc_value(RECEIVED, len(response.body) + get_header_size(response.headers))
        if self._keeper is not None:
            note_capture(asked, self._keeper.keep(exchange(asked, response)))
        return whole(response, request.meta.get("download_maxsize", self._default_maxsize), first)

    async def _unless_run_ends(self, answer: Coroutine[Any, Any, Response]) -> Response:
        """Await the answer; if the run is to end meanwhile, raise `RunEnds` unless it comes within seconds."""
        download = asyncio.ensure_future(answer)
        try:
            while self.crawler.engine.running and not download.done():
                await asyncio.wait({download}, timeout=_POLL_SECONDS)
            await asyncio.wait({download}, timeout=_GRACE)
        finally:
            if not download.done():
                download.cancel()
        if download.cancelled() or not download.done():
            raise RunEnds
        return download.result()

    def _stop(self, data: bytes, request: Request) -> None:
        """Stop a download once enough of it has been received."""
        first = request.meta.get(FIRST_BYTES)
        if first:
            request.meta[_RECEIVED_BYTES] += len(data)
            if request.meta[_RECEIVED_BYTES] >= first:
                raise StopDownload(fail=False)


def whole(response: Response, most: int, first: int | None = None) -> Response:
    """Return `response` with its body decompressed to at most `most` bytes; see `answer_to` for errors.

    Bodies that are not pages, such as that of a 404, are left as they are, because nobody reads them. With `first`,
    only so many bytes are returned, whatever comes after them.
    """
    headers = [value.decode("latin-1") for value in response.headers.getlist("Content-Encoding")]
    if not headers or response.status not in PAGES:
        return response
    try:
        codings = codings_of(headers)
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
