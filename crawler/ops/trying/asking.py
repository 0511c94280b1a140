"""Requesting single pages of a site as a crawl does, without an archive to remember anything in.

It is a run like any other, with its robots.txt, its user agent, its pace and its guard against foreign and private
addresses; only its archive is in a temporary folder, and is deleted with it. Not here: reading the pages (`trial`).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import Spider

from crawler.archive import Archive
from crawler.archive.ledger import hosts
from crawler.items import Address, Missed, Page, Refused
from crawler.ops.run import RunOptions, run
from crawler.sites.addresses import address_of, share_text_url
from crawler.sites.loading import load_site_to_crawl
from crawler.spiders.asking import Target, ended, failed, page_of, request_for, target_of
from crawler.urls import authority_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure

    from crawler.items import Scope
    from crawler.sites.definition import Site

    Answer = Page | Missed | Refused


@dataclass(frozen=True, slots=True)
class Asked:
    """The answers to requests by address, and each host's robots.txt; `interrupted`: not all were waited for."""

    answers: dict[str, Answer]
    robots: dict[str, str]
    interrupted: bool = False


def ask(urls: Sequence[str], site: str, mirror: str | None) -> Asked:
    """Request canonical addresses of a site, given by its name or its definition's file, and return the answers.

    Raises what `crawler.ops.run.run` raises.
    """
    answers: dict[str, Answer] = {}
    with tempfile.TemporaryDirectory(prefix="finews-try-") as folder:
        archive = Path(folder) / "archive.db"
        options = RunOptions(archive=archive, site=site, mirror=mirror, captures=False)
        report = run(_PageSpider, options, urls=urls, answers=answers)
        with Archive(archive) as opened:
            robots = {host: hosts.known(opened.db, host).robots or "" for host in map(authority_of, urls)}
    return Asked(answers, robots, interrupted=report["outcome"] == "interrupted")


class _PageSpider(Spider):
    """Requests given addresses, and keeps the answers. It yields nothing, so that nothing is stored."""

    name = "page"

    def __init__(self, site: Site, urls: Sequence[str], answers: dict[str, Answer]) -> None:
        """Request `urls` of `site`, and put what comes into `answers`."""
        super().__init__()
        self.site, self.urls, self.answers = site, urls, answers
        self.scope: Scope = "part"

    @classmethod
    def from_crawler(cls, crawler: Crawler, *, urls: Sequence[str], answers: dict[str, Answer], **_: Any) -> Self:
        """Read the settings."""
        spider = cls(load_site_to_crawl(crawler.settings["FINEWS_SITE"]), urls, answers)
        spider._set_crawler(crawler)  # as Spider.from_crawler does
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Yield a request for each address; behind a share link, for its text."""
        for url in dict.fromkeys(self.urls):
            # What is nobody's may be a sitemap, and these are served compressed.
            address = address_of(self.site, url) or Address(url=url, kind="feed")
            text = share_text_url(self.site, address.key) if address.kind == "share" else None
            target = Target(address=Address(url=url, kind=address.kind, key=address.key))
            yield request_for(target, self.answered, self.missed, url=text or address.url)

    def answered(self, response: Response, target: Target) -> Iterator[Any]:
        """Keep a page."""
        self.answers[target.address.url] = page_of(response, target)
        return iter(())

    def missed(self, failure: Failure) -> Iterator[Any]:
        """Keep why there is no page."""
        end = ended(failure)
        url = target_of(failure).address.url
        self.answers[url] = end if isinstance(end, Missed | Refused) else failed(failure)
        return iter(())
