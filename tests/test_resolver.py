"""Names that lead to this machine or a private network are not connected to, unless they are meant to be there."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.exceptions import CannotResolveHostError
from scrapy.resolver import HostResolution, dnscache
from scrapy.settings import BaseSettings
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IHostnameResolver, IReactorPluggableNameResolver
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from zope.interface import alsoProvides, implementer

from crawler.network.failures import LastingFailure, explained
from crawler.network.resolver import PublicResolver, is_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::127.0.0.1",
    "2002:7f00:1::1",
    "2001:0:7f00:1::1",
    "2001:db8::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%lo",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["93.184.215.14", "172.32.0.1", "2606:2800:220:1::1", "::ffff:93.184.215.14", "64:ff9b::93.184.215.14"]


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_that_are_not_public_are_private(address: str):
    assert is_private(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not_private(address: str):
    assert not is_private(address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_inside_ipv6(address: Any):
    within = [f"::ffff:{address}", f"64:ff9b::{address}", f"2002:{int(address) >> 16:x}:{int(address) & 0xFFFF:x}::1"]
    assert [is_private(each) for each in within] == [is_private(str(address))] * 3


@implementer(IHostnameResolver)
class _Names:
    """In place of the system's resolver: every name leads to `addresses`."""

    def __init__(self, addresses: list[str]) -> None:
        self.addresses = addresses

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, *_: Any) -> Any:  # noqa: N802  # Twisted's
        receiver.resolutionBegan(HostResolution(name))
        for address in self.addresses:
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()
        return receiver


class _Reactor:
    """All that a resolver asks of a reactor."""

    def __init__(self, addresses: list[str]) -> None:
        self.nameResolver = _Names(addresses)


class _Receiver:
    """Keeps what a name leads to."""

    def __init__(self) -> None:
        self.addresses: list[str] = []
        self.is_complete = False

    def resolutionBegan(self, _: Any) -> None:  # noqa: N802  # Twisted's
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802  # Twisted's
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802  # Twisted's
        self.is_complete = True


@pytest.fixture(autouse=True)
def _no_names_of_other_tests() -> Iterator[None]:
    dnscache.clear()
    yield
    dnscache.clear()


def resolved(name: str, addresses: list[str], *may_be_private: str, times: int = 1) -> list[str]:
    """Return what `name` leads to when the system's resolver says `addresses`, the last time it is asked."""
    dnscache.clear()
    resolver = PublicResolver(_Reactor(addresses), 100, lambda: may_be_private)
    for _ in range(times):
        receiver = _Receiver()
        resolver.resolveHostName(receiver, name, 80)
        assert receiver.is_complete
    return receiver.addresses


def test_a_name_that_only_leads_to_this_machine_is_not_connected_to():
    reactor = MemoryReactorClock()
    reactor.nameResolver = PublicResolver(_Reactor(["127.0.0.1", "::1"]), 100, lambda: ())
    alsoProvides(reactor, IReactorPluggableNameResolver)
    failures: list[Any] = []
    HostnameEndpoint(reactor, "share.example", 80).connect(Factory()).addErrback(failures.append)
    assert [failure.type for failure in failures] == [DNSLookupError]
    assert reactor.tcpClients == []


@pytest.mark.parametrize("times", [1, 2], ids=["asked", "kept"])
def test_private_addresses_of_a_name_are_withheld(times: int):
    assert resolved("share.example", [*PRIVATE, *PUBLIC], times=times) == PUBLIC
    assert resolved("share.example", PRIVATE, times=times) == []


@pytest.mark.parametrize("name", ["127.0.0.1", "2130706433", "localhost"])
def test_a_numeric_address_is_checked_like_a_name(name: str):
    assert resolved(name, ["127.0.0.1"]) == []


@pytest.mark.parametrize("name", ["share.example", "Share.Example.", "新.example"])
def test_a_name_that_is_meant_to_be_private_is_connected_to(name: str):
    assert resolved(name, PRIVATE, "share.example", "xn--efv.example") == PRIVATE
    assert resolved("other.example", PRIVATE, "share.example") == []


class _Process:
    """All that Scrapy has of a process when it makes the resolver."""

    def __init__(self, **settings: Any) -> None:
        self.settings = BaseSettings({"FINEWS_SITE": "finews", "FINEWS_MIRROR": "", **settings})


HOSTS = ["127.0.0.1", "::1", "proxy.example", "finews.withounder.com", "finews.zning.xyz", "garden.example"]


def connected(**settings: Any) -> list[str]:
    """Return the names that may lead to this machine in a run with these settings."""
    resolver = PublicResolver.from_crawler(_Process(**settings), _Reactor(["127.0.0.1"]))
    return [host for host in HOSTS if _leads_somewhere(resolver, host)]


def _leads_somewhere(resolver: PublicResolver, host: str) -> bool:
    receiver = _Receiver()
    resolver.resolveHostName(receiver, host, 80)
    return bool(receiver.addresses)


def test_a_mirror_a_proxy_and_a_private_site_may_be_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, private_site: Path
):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert connected() == []
    assert connected(FINEWS_MIRROR="http://127.0.0.1:8000") == ["127.0.0.1"]
    assert connected(FINEWS_MIRROR="http://[::1]:8000") == ["::1"]
    assert connected(FINEWS_SITE=str(private_site)) == ["garden.example"]
    monkeypatch.setenv("https_proxy", "http://name:secret@proxy.example:3128")
    assert connected() == ["proxy.example"]
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    assert connected() == ["proxy.example"]


@pytest.fixture
def private_site(tmp_path: Path) -> Path:
    """A definition of a site that is meant to be on a private network."""
    written = files("crawler.sites").joinpath("minima.yaml").read_text(encoding="utf-8")
    path = tmp_path / "garden.yaml"
    lines = ["hosts: [garden.example]" if line.startswith("hosts:") else line for line in written.splitlines()]
    path.write_text("\n".join([*lines, "private: true", ""]), encoding="utf-8")
    return path


def test_the_reason_says_where_a_name_leads():
    assert resolved("inside.example", ["10.0.0.1"]) == []
    failure = explained(CannotResolveHostError("x"), "http://inside.example/x", None)
    assert isinstance(failure, LastingFailure)
    assert str(failure) == (
        "the name inside.example leads to 10.0.0.1, which is a private address: see who answers for the name, and say"
        " `private: true` in the site's definition if it is meant to be there"
    )
    assert resolved("outside.example", ["93.184.215.14"]) == ["93.184.215.14"]
    error = CannotResolveHostError("x")
    assert explained(error, "http://outside.example/x", None) is error
