"""Ask a mirror in place of the site's own hosts: how the program runs offline.

A download handler, the last stop before the network: everything above it, the archive included, sees only the
canonical address. Path, query and the original `Host` header are kept. Not here: deciding that there is one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import DownloadFailedError

from crawler.middlewares.headers import EndlessHeaders, bound_headers, is_endless

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class MirrorDownloadHandler(HTTP11DownloadHandler):
    """Sends every http(s) request to the server named by `FINEWS_MIRROR`, if one is."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the mirror's address."""
        super().__init__(crawler)
        self.mirror = crawler.settings["FINEWS_MIRROR"]
        bound_headers(self._pool)

    async def download_request(self, request: Request) -> Response:
        """Fetch from the mirror what `request` asks for; the response keeps the address asked for."""
        if not self.mirror:
            return await self._download(request)
        host = urlsplit(request.url).netloc
        sent = request.replace(url=mirrored(request.url, self.mirror))
        sent.headers["Host"] = host
        response = await self._download(sent)
        # AutoThrottle reads it from the request it knows.
        request.meta["download_latency"] = sent.meta.get("download_latency", 0.0)
        return response.replace(url=request.url)

    async def _download(self, request: Request) -> Response:
        """Fetch; an answer whose headers do not end is none."""
        try:
            return await super().download_request(request)
        except DownloadFailedError as error:
            if is_endless(error):
                raise EndlessHeaders from error
            raise


def mirrored(url: str, mirror: str) -> str:
    """Return where the mirror has `url`: at its own scheme and host, below its path, same path and query."""
    asked, there = urlsplit(url), urlsplit(mirror)
    return urlunsplit((there.scheme, there.netloc, there.path.rstrip("/") + asked.path, asked.query, ""))
