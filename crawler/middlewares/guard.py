"""Guarding addresses: only what the site's definition allows is requested, whatever the request comes from.

This is the last middleware before the network, so that redirects and share links pass it too. Not here: choosing what
to request.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.addon import RunAddon
from crawler.network.failures import IS_ROBOTS
from crawler.network.not_requested import ForbiddenAddress
from crawler.sites.addresses import may_be_asked
from crawler.urls import canonical, is_public

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler

    from crawler.sites.definition import Site


class GuardAddresses:
    """Refuses requests to hosts, ports and schemes that are not the site's. A mirror is substituted after this."""

    def __init__(self, site: Site) -> None:
        """Allow what the definition of `site` allows."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Guard the run's site."""
        return cls(RunAddon.of(crawler).run.site)

    def process_request(self, request: Request) -> None:
        """Raise `ForbiddenAddress` unless the address is the site's, or a robots.txt on a public host."""
        url = canonical(request.url) or ""
        if may_be_asked(self.site, url) or (IS_ROBOTS in request.meta and is_public(url)):
            return
        raise ForbiddenAddress("not an address of the site", "hosts")
