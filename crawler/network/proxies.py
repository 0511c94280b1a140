"""Checking the proxies that the environment names: Scrapy ignores those it does not know, and connects directly.

Not here: using a proxy, which Scrapy does, and failures of one (`crawler.network.failures`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_PROTOCOLS = {"", "http", "https"}


def by_scheme(named: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies for http and https; `named` has them by scheme or `all`, as `urllib.request.getproxies`.

    Raises `UsageError` for a proxy that does not speak HTTP, because it would silently be ignored.
    """
    proxies = {scheme: named.get(scheme) or named.get("all") or "" for scheme in ("http", "https")}
    for scheme, proxy in proxies.items():
        protocol = proxy.partition("://")[0].lower() if "://" in proxy else ""
        if protocol not in _PROTOCOLS:
            name = f"{scheme.upper()}_PROXY" if named.get(scheme) else "ALL_PROXY"
            raise UsageError(
                "{name} names a proxy that speaks {protocol}, which this program does not: name one that speaks"
                " HTTP, or unset it.",
                name=name,
                protocol=protocol,
            )
    return {scheme: proxy for scheme, proxy in proxies.items() if proxy}


def set_for_scrapy(named: Mapping[str, str], environment: MutableMapping[str, str]) -> None:
    """Set a proxy for each scheme in `environment`, since Scrapy ignores ALL_PROXY."""
    for scheme, proxy in by_scheme(named).items():
        environment.setdefault(f"{scheme}_proxy", proxy)
