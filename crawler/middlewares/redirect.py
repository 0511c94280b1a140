"""Following a redirect only if it leads to the same page or post, for example with another scheme.

On another of the site's hosts it is the same only if the definition expects that kind of page there. Any other
redirect ends as a refusal that names its target, so that no address is left without an outcome and none is archived
under another's id. Not here: Scrapy's own redirects, which are off because they drop requests without a trace.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from crawler.addon import RunAddon
from crawler.network.failures import IS_ROBOTS
from crawler.network.not_requested import ForbiddenAddress, RedirectedAway
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
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class FollowToTheSame:
    """Follows redirects that lead to the page or post that was requested."""

    def __init__(self, site: Site) -> None:
        """Use the definition of `site` to tell what is the same."""
        self.site = site

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Use the run's site."""
        return cls(RunAddon.of(crawler).run.site)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return a request for a redirect's target; raise `ForbiddenAddress` if that is another page."""
        written = _location(response)
        if written is None or IS_ROBOTS in request.meta:  # the robots middleware follows its own redirects
            return response
        target, followed = resolve(request.url, written), request.meta.get("redirects_followed", 0)
        if target is None or not self._is_same(request.url, target):
            raise RedirectedAway(written, target)
        if followed >= _MOST:
            raise ForbiddenAddress("redirected in circles", f"more than {_MOST} redirects")
        return request.replace(
            url=target, meta={**request.meta, "redirects_followed": followed + 1}, dont_filter=True
        )

    def _is_same(self, url: str, target: str) -> bool:
        if not may_be_asked(self.site, target):
            return False
        address, other = address_of(self.site, url), address_of(self.site, target)
        if address is None and other is None:  # such as the text behind a share link
            return (host_of(url), path_of(url)) == (host_of(target), path_of(target))
        return address is not None and other is not None and (address.kind, address.key) == (other.kind, other.key)


def redirected_to(response: Response) -> str | None:
    """Return the address that an answer redirects to; `None` if it is no redirect, or to no valid address."""
    written = _location(response)
    return resolve(response.url, written) if written is not None else None


def _location(response: Response) -> str | None:
    location = response.headers.get("Location") if response.status in _REDIRECTS else None
    return None if location is None else _NOT_ASCII.sub(_escaped, location).decode("ascii")


def _escaped(match: re.Match[bytes]) -> bytes:
    """Percent-encode a byte that is not ASCII, whatever its encoding."""
    return b"%%%02X" % ord(match[0])
