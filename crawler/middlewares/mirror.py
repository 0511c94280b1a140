"""Requesting from a mirror instead of the site's own hosts, which is how the program runs offline.

This is a download handler, the last component before the network: everything above it, including the archive, only
sees canonical addresses. Path, query and the original `Host` header are kept. Not here: choosing a mirror.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from crawler.middlewares.whole import WholeAnswersHandler

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class MirrorDownloadHandler(WholeAnswersHandler):
    """Sends every http(s) request to the server named by `FINEWS_MIRROR`, if that is set."""

    def __init__(self, crawler: Crawler) -> None:
        """Read the mirror's address from the settings."""
        super().__init__(crawler)
        self.mirror = crawler.settings["FINEWS_MIRROR"]

    async def download_request(self, request: Request) -> Response:
        """Send `request` to the mirror; the response has the original address."""
        if not self.mirror:
            return await super().download_request(request)
        host = urlsplit(request.url).netloc
        sent = request.replace(url=mirrored(request.url, self.mirror))
        sent.headers["Host"] = host
        response = await self.answer_to(sent, request)
        # AutoThrottle reads this from the original request.
        request.meta["download_latency"] = sent.meta.get("download_latency", 0.0)
        return response.replace(url=request.url)


def mirrored(url: str, mirror: str) -> str:
    """Return the address of `url` on the mirror: the same path and query, below the mirror's own address."""
    original, base = urlsplit(url), urlsplit(mirror)
    return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + original.path, original.query, ""))
