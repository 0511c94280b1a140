"""What a crawl is held against: a spider as anybody would write it first, with Scrapy's own settings.

It follows the links that `finews crawl` follows (home names posts, posts name their category, categories name more)
and yields address, title and body, with no pipeline behind it. It asks for as much at a time as `finews crawl` does.

    scrapy runspider tests/benchmarks/bare_spider.py -a url=http://127.0.0.1:8000 -a told=counted.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy import Request, Spider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from scrapy.http import Response


class BareSpider(Spider):
    """Crawls the site at `url`; when that is done, the file `told` holds what Scrapy counted."""

    name = "bare"
    custom_settings = {"LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS_PER_DOMAIN": 16}  # noqa: RUF012  # Scrapy's form

    def __init__(self, url: str, told: str) -> None:
        super().__init__()
        self.url, self.told = url, Path(told)

    async def start(self) -> AsyncIterator[Any]:
        yield self._request("/", self.listing)

    def listing(self, response: Response) -> Iterator[Any]:
        for path in response.css("section li a::attr(href)").getall():
            yield self._request(path, self.post)

    def post(self, response: Response) -> Iterator[Any]:
        yield {
            "url": response.url,
            "title": response.css("section h1::text").get(),
            "body": response.css("section p").getall(),
        }
        for path in response.css("section a::attr(href)").re(r"/category/.+"):
            yield self._request(path, self.listing)

    def closed(self, _reason: str) -> None:
        stats = self.crawler.stats.get_stats()
        pages, items = stats["response_received_count"], stats["item_scraped_count"]
        self.told.write_text(json.dumps({"pages": pages, "posts": items}), encoding="utf-8")

    def _request(self, path: str, callback: Callable[..., Any]) -> Request:
        return Request(self.url + path, callback)
