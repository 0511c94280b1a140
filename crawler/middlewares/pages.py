"""Hand spiders nothing but pages: whatever else was answered ends as its status says.

A spider middleware, in place of Scrapy's, which takes every 2xx for a page. Not here: what a status means for an
address (`crawler.spiders.asking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.spidermiddlewares.httperror import HttpError

from crawler.items import PAGES

if TYPE_CHECKING:
    from scrapy.http import Response


class OnlyPages:
    """Raises `HttpError` for an answer that is no page, as Scrapy does, so that the request's errback is called."""

    def process_spider_input(self, response: Response) -> None:
        """Let a page pass."""
        if response.status not in PAGES:
            raise HttpError(response, f"HTTP {response.status}")

    def process_spider_exception(self, response: Response, exception: Exception) -> list[object] | None:  # noqa: ARG002
        """Take what no errback was there for as told."""
        return [] if isinstance(exception, HttpError) else None
