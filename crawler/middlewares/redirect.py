"""Follow a redirect only to the same thing: another scheme, the same page or post where the site has it too.

On another of the site's hosts it is the same only where the definition expects that kind of page there. Anything else
ends as a refusal with its target, so that no address is left without an outcome and none is archived under another's
id. Not here: Scrapy's own redirects, which are off, since what they drop is never heard of again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.addon import RunAddon
from crawler.network.failures import IS_ROBOTS
from crawler.network.not_requested import ForbiddenAddress, LedAway
from crawler.sites.addresses import address_of, may_be_asked
from crawler.urls import host_of, path_of, resolve

if TYPE_CHECKING:
    from typing import Self

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from crawler.sites.definition import Site

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST = 5
_AS_THEY_STAND = re.compile(rb"[\x80-\xff]")


class FollowToTheSame:
    """Follows redirects within what was asked for."""

    def __init__(self, site: Site) -> None:
        """Keep the site, whose definition says what is the same."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Go by the run's site."""
        return cls(RunAddon.of(crawler).run.site)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request for where a redirect leads; raise `ForbiddenAddress` when that is something else."""
        written = _location(response)
        if written is None or IS_ROBOTS in request.meta:  # which follows its own
            return response
        target, followed = resolve(request.url, written), request.meta.get("redirects_followed", 0)
        if target is None or not self._is_same(request.url, target):
            raise LedAway(written, target)
        if followed >= _MOST:
            raise ForbiddenAddress("redirected in circles", f"more than {_MOST} redirects")
        return request.replace(
            url=target, meta={**request.meta, "redirects_followed": followed + 1}, dont_filter=True
        )

    def _is_same(self, asked: str, target: str) -> bool:
        if not may_be_asked(self.site, target):
            return False
        here, there = address_of(self.site, asked), address_of(self.site, target)
        if here is None and there is None:  # such as the text behind a share link
            return (host_of(asked), path_of(asked)) == (host_of(target), path_of(target))
        return here is not None and there is not None and (here.kind, here.key) == (there.kind, there.key)


def redirected_to(response: Response) -> str | None:
    """Return the address that an answer leads to; `None` when it leads nowhere."""
    written = _location(response)
    return resolve(response.url, written) if written is not None else None


def _location(response: Response) -> str | None:
    location = response.headers.get("Location") if response.status in _REDIRECTS else None
    return None if location is None else _AS_THEY_STAND.sub(_escaped, location).decode("ascii")


def _escaped(found: re.Match[bytes]) -> bytes:
    """Return a byte that has no place in an address as its escape, whichever encoding it is of."""
    return b"%%%02X" % ord(found[0])
