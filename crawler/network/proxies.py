"""The proxies that the environment names, checked: Scrapy passes over what it does not know, and asks directly.

Not here: asking by way of one, which is Scrapy's, and what one answers (`crawler.network.failures`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from crawler.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, MutableMapping

_SPOKEN = {"", "http", "https"}


def by_scheme(named: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies for http and https, of those `named` by scheme or `all`, as `getproxies` of urllib does.

    Raises `UsageError` for one that speaks no HTTP: it would not be asked, and the site directly instead.
    """
    proxies = {scheme: named.get(scheme) or named.get("all") or "" for scheme in ("http", "https")}
    for scheme, proxy in proxies.items():
        spoken = proxy.partition("://")[0].lower() if "://" in proxy else ""
        if spoken not in _SPOKEN:
            name = f"{scheme.upper()}_PROXY" if named.get(scheme) else "ALL_PROXY"
            raise UsageError(
                f"{name} names a proxy that speaks {spoken}, which is not spoken here: name one that speaks HTTP,"
                " or unset it."
            )
    return {scheme: proxy for scheme, proxy in proxies.items() if proxy}


def set_for_scrapy(named: Mapping[str, str], environment: MutableMapping[str, str]) -> None:
    """Have `environment` name a proxy for each scheme: Scrapy does not look at ALL_PROXY."""
    for scheme, proxy in by_scheme(named).items():
        environment.setdefault(f"{scheme}_proxy", proxy)
