"""Addresses as text: resolving them, and writing them in one canonical form.

Only http and https count; anything else is not an address. Not here: what an address means on a site
(`crawler.sites.addresses`), and requesting it.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

import idna

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Top-level names that no public host has (RFC 6761, 6762, 8375 and custom).
_PRIVATE = {"arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localdomain", "localhost"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[a-z0-9_\-]+(?:\.[a-z0-9_\-]+)*|[0-9a-f.]*:[0-9a-f:.]*")
_WRITTEN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2000}")
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
# Escapes that a decoded path keeps: separators that are none, and what would read as an escape if it were decoded.
_KEPT = re.compile(r"%(?=2F|3F|25[0-9A-Fa-f]{2})")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")  # a byte, as Python's surrogateescape stands for it
# What needs no escape in a path or a query: RFC 3986's sub-delims and the separators of each.
_PATH_SAFE = "/:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"


@lru_cache(1024)  # a page names its category, the home page and itself again and again
def canonical(url: str) -> str | None:
    """Write `url` in its one canonical form: lower-case scheme and host, no default port, no fragment.

    The host is in ASCII (see `ascii_host`). Only what needs it is percent-encoded, in UTF-8. Returns `None` if it is
    not an http(s) address, or contains a user name. `canonical(canonical(url)) == canonical(url)`.
    """
    try:
        parts = urlsplit(_CONTROL.sub("", url).strip())
        netloc = _netloc(parts.scheme.lower(), ascii_host(parts.hostname or ""), parts.port)
        if parts.username is not None:
            return None
        path = "/" + _encode(parts.path, _PATH_SAFE).lstrip("/")
        query = "?" + _encode(parts.query, _QUERY_SAFE) if parts.query else ""
    except ValueError:  # no http(s), no host, a port that is no number, a lone surrogate
        return None
    return f"{netloc}{path}{query}"


def resolve(base: str, href: str) -> str | None:
    """Return the canonical address that `href` leads to from the page at `base`; `None` if it leads to no page."""
    try:
        return canonical(urljoin(base, _CONTROL.sub("", href).strip()))
    except ValueError:  # an unclosed bracket in the host
        return None


def as_written(href: str, base: str) -> str | None:
    """Return an address as it stands on the page at `base`, if it is written as RFC 3986 has it; else canonical.

    So a site's own form is kept, and nothing stands in it that ends a line, a tag or a template.
    """
    return href if _WRITTEN.fullmatch(href) else resolve(base, href)


def path_of(url: str) -> str:
    """Return the decoded path and query of a canonical address, which a site's patterns are matched against.

    What is no UTF-8 stays percent-encoded, byte by byte, and so do `/` and `?` where they part nothing: `encode`
    leads back to the same address.
    """
    parts = urlsplit(url)
    path = unquote_to_bytes(_KEPT.sub("%25", parts.path)).decode("utf-8", "surrogateescape")
    path = _NOT_UTF_8.sub(_byte_escaped, path)
    return f"{path}?{parts.query}" if parts.query else path


def host_of(url: str) -> str:
    """Return the host of an address in ASCII, without the port; "" if there is none.

    Raises `ValueError` as `ascii_host` does.
    """
    return ascii_host(urlsplit(url).hostname or "")


def ascii_host(host: str) -> str:
    """Write a host name as it is asked for: in ASCII (UTS 46), and without the dot it may end in.

    `bücher.example` is `xn--bcher-kva.example`. Raises `ValueError` if there can be no such host.
    """
    plain = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    return plain.removesuffix(".")


def encode(path: str) -> str:
    """Percent-encode a decoded path or key as `canonical` does; what `path_of` left encoded stays so."""
    return _encode(path, _PATH_SAFE)


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, not a number
        return host == "localhost"


def is_public(url: str) -> bool:
    """Tell whether an address (canonical) may be anybody's on the internet: a name with a dot, no number, no port.

    What the name resolves to is not looked at.
    """
    host = host_of(url).rstrip(".")
    name, dot, top = host.rpartition(".")
    is_name = bool(name and dot) and not top.isdigit() and not top.startswith("0x") and ":" not in host
    return is_name and top not in _PRIVATE and urlsplit(url).netloc.rstrip(".") == host


def _netloc(scheme: str, host: str, port: int | None) -> str:
    """Join scheme, host and port; raise `ValueError` if nothing can be requested there."""
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise ValueError(host)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{shown}:{port}"


def _encode(part: str, safe: str) -> str:
    """Encode what must be encoded; leave existing escapes that must stay (`%2F` is not `/`)."""
    pieces = _ESCAPE.split(part)
    return "".join(_tidy(piece) if odd % 2 else quote(piece, safe=safe) for odd, piece in enumerate(pieces))


def _byte_escaped(found: re.Match[str]) -> str:
    return f"%{ord(found[0]) - 0xDC00:02X}"


def _tidy(escape: str) -> str:
    """Decode an unnecessary escape (RFC 3986, 6.2.2.2); write any other in upper case."""
    character = chr(int(escape[1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else escape.upper()
