"""What a user would put together instead: Scrapy, trafilatura, sqlite-utils with a trigram index, a file a post.

It follows the links that `finews crawl` follows and keeps less: no revisions, no ledger, no mentions, and no term of
two characters is found. Its pages and posts are told as those of the bare spider.

    scrapy runspider tests/benchmarks/usual_stack.py -a url=http://127.0.0.1:8000 -a told=counted.json
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import trafilatura
from bare_spider import BareSpider
from sqlite_utils import Database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response

_FOLDER = Path("usual_stack")


class UsualStack(BareSpider):
    """Crawls the site at `url` into the folder `usual_stack`."""

    name = "usual-stack"

    def __init__(self, url: str, told: str) -> None:
        super().__init__(url, told)
        _FOLDER.mkdir()
        self.db = Database(_FOLDER / "posts.db")
        self.db.enable_wal()
        self.db["posts"].create({"url": str, "title": str, "date": str, "text": str}, pk="url")
        self.db["posts"].enable_fts(["title", "text"], tokenize="trigram", create_triggers=True)

    def post(self, response: Response) -> Iterator[Any]:
        text = trafilatura.extract(response.text, url=response.url, output_format="markdown", with_metadata=True)
        title = response.css("section h1::text").get() or ""
        self.db["posts"].upsert({"url": response.url, "title": title, "text": text}, pk="url")
        (_FOLDER / f"{response.url.rsplit('/', 1)[1]}.md").write_text(text or "", encoding="utf-8")
        yield {"url": response.url, "title": title}
        for path in response.css("section a::attr(href)").re(r"/category/.+"):
            yield self._request(path, self.listing)

    def closed(self, reason: str) -> None:
        self.db.close()
        super().closed(reason)
