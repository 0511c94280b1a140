"""Guard addresses: nothing is asked for but what the site's definition names, whoever wants it asked.

The last stop before the network, so that redirects and share links pass it too. Not here: what of the site is to be
asked for.
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
    """Refuses requests to hosts, ports and schemes that are not the site's. A mirror is asked below this."""

    def __init__(self, site: Site) -> None:
        """Keep the site, whose definition names the hosts."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Guard the run's site."""
        return cls(RunAddon.of(crawler).run.site)

    def process_request(self, request: Request) -> None:
        """Raise `ForbiddenAddress` for an address that is not the site's; a robots.txt may be on any public host."""
        url = canonical(request.url) or ""
        if may_be_asked(self.site, url) or (IS_ROBOTS in request.meta and is_public(url)):
            return
        raise ForbiddenAddress("not an address of the site", "hosts")
