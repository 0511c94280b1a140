"""Resolving names to public addresses only: no connection is made to this machine or to a private network.

Whoever runs a host's DNS can make its name lead to 127.0.0.1 or a cloud's metadata service. So addresses are checked
where Twisted gets them for connecting, and a refused one is never tried. Exempt are the mirror, the environment's
proxies, and the hosts of a site with `private: true`. Not here: names that a proxy resolves itself.
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

# A private address withheld for each host, kept here because Twisted cannot pass on why a name leads nowhere. It is
# global, as is Scrapy's own cache of resolved names.
_withheld: dict[str, str] = {}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not public either, although Python says so: metadata services of Azure and Oracle, and the predecessor of fc00::/7.
_OTHERS = tuple(ipaddress.ip_network(network) for network in ("168.63.129.16/32", "192.0.0.0/24", "fec0::/10"))


class PublicResolver(CachingHostnameResolver):
    """Resolves names as Scrapy does, but withholds private addresses of hosts that `may_be_private` does not name."""

    def __init__(self, reactor: ReactorBase, cache_size: int, may_be_private: Callable[[], Iterable[str]]) -> None:
        """Call `may_be_private` when the first name is resolved: by then the definition has been checked."""
        super().__init__(reactor, cache_size)
        self._ask = may_be_private

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: ReactorBase) -> Self:
        """Read the settings of the process, which may be started by scrapyd."""
        size = crawler.settings.getint("DNSCACHE_SIZE") if crawler.settings.getbool("DNSCACHE_ENABLED") else 0
        return cls(reactor, size, lambda: _allowed_private_hosts(crawler.settings))

    @cached_property
    def _may_be_private(self) -> frozenset[str]:
        return frozenset(_ascii(host) for host in self._ask())

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, *rest: Any, **named: Any) -> IHostResolution:  # noqa: N802, N803  # Twisted's
        """Pass on each address of a name to the receiver, except those that are withheld."""
        host = _ascii(hostName)
        receiver: Any = resolutionReceiver if host in self._may_be_private else _Withholding(resolutionReceiver, host)
        resolution: IHostResolution = super().resolveHostName(receiver, hostName, *rest, **named)
        return resolution


@implementer(IResolutionReceiver)
class _Withholding:
    """Passes on resolved addresses except private ones; a name with no others does not resolve."""

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
    """Return a private address that was withheld for the host of `url`; `None` if none was."""
    return _withheld.get(_ascii(host_of(url)))


def is_private(address: str) -> bool:
    """Return whether an IP address, as text, is not public: loopback, private, link-local, and the like.

    An IPv6 address that leads to an IPv4 address is judged by the latter.
    """
    ip = ipaddress.ip_address(address)
    embedded = _embedded_ipv4(ip)
    if embedded is not None:
        return is_private(str(embedded))
    is_special = ip.is_multicast or ip.is_reserved or any(ip in network for network in _OTHERS)
    return is_special or not ip.is_global


def _embedded_ipv4(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for: IPv4-mapped, 6to4, or NAT64."""
    if isinstance(ip, ipaddress.IPv4Address):
        return None
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def _allowed_private_hosts(settings: BaseSettings) -> list[str]:
    """Return the hosts that may have private addresses."""
    site = load_site(settings["FINEWS_SITE"])
    hosts = [settings["FINEWS_MIRROR"] or "", *by_scheme(getproxies()).values()]
    hosts += all_hosts(site) if site.private else ()
    return [host_of(host if "://" in host else f"http://{host}") for host in hosts]


def _ascii(host: str) -> str:
    """Return a host name in its ASCII form, as in addresses; Twisted passes it decoded."""
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:  # an empty label; resolving such a name fails anyway
        return host.lower()
