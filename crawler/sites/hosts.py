"""The hosts of a definition, as they are in canonical addresses: in ASCII, with a port only if it is unusual.

Not here: which hosts may be asked (`crawler.sites.addresses`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.sites.checking import WrongValueError
from crawler.sites.definition import Addresses
from crawler.urls import ascii_host, canonical

if TYPE_CHECKING:
    from crawler.sites.definition import Site

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_IN_ADDRESS = re.compile(r"(?<=://)[^/:?#]*[^\x00-\x7f][^/:?#]*")  # a host name that is not ASCII
_HIGHEST_PORT = 65535


def with_plain_hosts(site: Site) -> Site:
    """Return a definition with its hosts in ASCII. Raises `WrongValueError` for what is not a host."""
    addresses = {
        kind: tuple(
            replace(form, hosts=_plain_or_subdomains(form.hosts, f"addresses.{kind}[{index}].hosts"))
            for index, form in enumerate(getattr(site.addresses, kind))
        )
        for kind in ("post", "category", "share")
    }
    return replace(
        site,
        hosts=_plain(site.hosts, "hosts"),
        feed=_sources(site.feed, "feed"),
        sitemap=_sources(site.sitemap, "sitemap"),
        addresses=Addresses(**addresses),
        share=site.share and replace(site.share, text=plain_address(site.share.text, "share.text")),
        files=replace(site.files, expired=site.files.expired and plain_address(site.files.expired, "files.expired")),
    )


def plain_address(template: str, key: str) -> str:
    """Return an address, which may have placeholders in it, with its host in ASCII. Raises `WrongValueError`."""
    return _IN_ADDRESS.sub(lambda match: _plain_host(match[0], key), template, count=1)


def _plain(hosts: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(_plain_host(host, key) for host in hosts)


def _plain_or_subdomains(hosts: tuple[str, ...], key: str) -> tuple[str, ...]:
    stars = ["*." if host.startswith("*.") else "" for host in hosts]
    plain = _plain(tuple(host.removeprefix("*.") for host in hosts), key)
    return tuple(star + host for star, host in zip(stars, plain, strict=True))


def _plain_host(written: str, key: str) -> str:
    host, colon, port = written.partition(":")
    try:
        plain = ascii_host(host)
    except ValueError:  # not a possible host name
        plain = ""
    is_port = not colon or (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT)
    if host != host.lower() or not _HOST.fullmatch(plain) or not is_port:
        raise WrongValueError(
            key,
            "holds {host!r}; a bare host name in small letters is expected, without a scheme: blog.example, or"
            " blog.example:8080",
            host=written,
        )
    return plain + colon + port


def _sources(written: tuple[str, ...], key: str) -> tuple[str, ...]:
    """Return the addresses of feeds or sitemaps: paths as they are, others in their canonical form."""
    return tuple(_source(each, f"{key}[{index}]" if len(written) > 1 else key) for index, each in enumerate(written))


def _source(written: str, key: str) -> str:
    if written.startswith("/") and not written.startswith("//"):
        return written
    url = canonical(written)
    if url is None:
        raise WrongValueError(key, "is {path!r}; a path that begins with / or an address is expected", path=written)
    return url
