"""Keep names on the internet: one that leads to this machine or a private network is not connected to.

Anybody who runs a host's DNS can have its name lead to 127.0.0.1 or a cloud's metadata. So addresses are looked at
where Twisted takes them to connect, and one that is refused is never tried. Let through are the mirror, the proxies
of the environment, and the hosts of a site that says `private: true`. Not here: what a proxy resolves itself.
"""

from __future__ import annotations

import ipaddress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies

from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]  # it has no types

from crawler.network.proxies import by_scheme
from crawler.sites.addresses import all_hosts
from crawler.sites.loading import load_site
from crawler.urls import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Self

    from scrapy.settings import BaseSettings
    from twisted.internet.base import ReactorBase
    from twisted.internet.interfaces import IAddress, IHostResolution

# The hosts of which something was withheld, each with a private address that its name led to: Twisted has no way to
# say why a name leads nowhere. Scrapy keeps the names it has resolved likewise.
_withheld: dict[str, str] = {}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not on the internet either, whatever Python says of them: metadata at Azure and Oracle, and what fc00::/7 replaced.
_OTHERS = tuple(ipaddress.ip_network(network) for network in ("168.63.129.16/32", "192.0.0.0/24", "fec0::/10"))


class PublicResolver(CachingHostnameResolver):
    """Resolves names as Scrapy does, and withholds private addresses of hosts that `may_be_private` does not name."""

    def __init__(self, reactor: ReactorBase, cache_size: int, may_be_private: Callable[[], Iterable[str]]) -> None:
        """Ask what may be private when the first name is resolved: by then the definition was found to be right."""
        super().__init__(reactor, cache_size)
        self._ask = may_be_private

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: ReactorBase) -> Self:
        """Go by the settings of the process, which may be one of scrapyd."""
        size = crawler.settings.getint("DNSCACHE_SIZE") if crawler.settings.getbool("DNSCACHE_ENABLED") else 0
        return cls(reactor, size, lambda: _meant_to_be_private(crawler.settings))

    @cached_property
    def _may_be_private(self) -> frozenset[str]:
        return frozenset(_ascii(host) for host in self._ask())

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, *rest: Any, **named: Any) -> IHostResolution:  # noqa: N802, N803  # Twisted's
        """Hand each address of a name on to the receiver, but for those that are withheld."""
        host = _ascii(hostName)
        receiver: Any = resolutionReceiver if host in self._may_be_private else _Withholding(resolutionReceiver, host)
        resolution: IHostResolution = super().resolveHostName(receiver, hostName, *rest, **named)
        return resolution


@implementer(IResolutionReceiver)
class _Withholding:
    """Hands on what is resolved but for private addresses; a name that leads to nothing else leads nowhere."""

    def __init__(self, receiver: Any, host: str) -> None:
        self._receiver, self._host = receiver, host

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802  # Twisted's
        _withheld.pop(self._host, None)
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802  # Twisted's
        if is_private(address.host):
            _withheld[self._host] = address.host
        else:
            self._receiver.addressResolved(address)

    def resolutionComplete(self) -> None:  # noqa: N802  # Twisted's
        self._receiver.resolutionComplete()


def withheld_of(url: str) -> str | None:
    """Return a private address that the name in `url` has led to, and that was not connected to."""
    return _withheld.get(_ascii(host_of(url)))


def is_private(address: str) -> bool:
    """Tell whether an IP address, as text, is not one of the internet: loopback, private, link-local, and the like.

    An IPv4 address within one of IPv6 is looked at as what it is, if that leads to it.
    """
    ip = ipaddress.ip_address(address)
    within = _ipv4_within(ip)
    if within is not None:
        return is_private(str(within))
    is_odd = ip.is_multicast or ip.is_reserved or any(ip in network for network in _OTHERS)
    return is_odd or not ip.is_global


def _ipv4_within(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: mapped, by 6to4, or NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _meant_to_be_private(settings: BaseSettings) -> list[str]:
    """Return the hosts that a run may ask wherever they are."""
    site = load_site(settings["FINEWS_SITE"])
    meant = [settings["FINEWS_MIRROR"] or "", *by_scheme(getproxies()).values()]
    meant += all_hosts(site) if site.private else ()
    return [host_of(place if "://" in place else f"http://{place}") for place in meant]


def _ascii(host: str) -> str:
    """Return a host's name as addresses write it; Twisted decodes it."""
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:  # an empty label; such a name is refused by whoever resolves it
        return host.lower()
