"""Passing only pages on to spiders; other answers end according to their status.

This spider middleware replaces Scrapy's, which treats every 2xx as a page. Not here: what a status means for an
address (`crawler.spiders.asking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.spidermiddlewares.httperror import HttpError

from crawler.items import PAGES

if TYPE_CHECKING:
    from scrapy.http import Response


class OnlyPages:
    """Raises `HttpError` for answers that are not pages, as Scrapy does, so that the request's errback is called."""

    def process_spider_input(self, response: Response) -> None:
        """Let pages pass, and raise `HttpError` for anything else."""
        if response.status not in PAGES:
            raise HttpError(response, f"HTTP {response.status}")

    def process_spider_exception(self, response: Response, exception: Exception) -> list[object] | None:  # noqa: ARG002
        """Ignore such an error if the request had no errback for it."""
        return [] if isinstance(exception, HttpError) else None
