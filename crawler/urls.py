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
_ORIGIN = re.compile(r"https?://[^/?#\\\s]+(?=[/?#]|$)")
# A path from the root, without anything to resolve in it.
_PATH_ALONE = re.compile(r"/(?![/\\])(?:[\w\-~%,@+=/]|(?<!/)\.)*+", re.ASCII)
_WRITTEN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2000}")
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
# Escapes that a decoded path keeps: encoded separators, and percent signs that would begin an escape if decoded.
_KEPT = re.compile(r"%(?=2F|3F|25[0-9A-Fa-f]{2})")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")  # a byte, as represented by Python's surrogateescape
# What needs no escape in a path or a query: RFC 3986's sub-delims and the separators of each.
_PATH_SAFE = "/:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"


@lru_cache(1024)  # the same few addresses are named again and again: a page's own, its category, the home page
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
    except ValueError:  # not http(s), no host, a port that is not a number, a lone surrogate
        return None
    return f"{netloc}{path}{query}"


def resolve(base: str, href: str) -> str | None:
    """Return the canonical address that `href` leads to from the page at `base`; `None` if it leads to no page."""
    href = _CONTROL.sub("", href).strip()
    if _PATH_ALONE.fullmatch(href) and (origin := _origin(base)):  # most links, and `urljoin` is slow
        return canonical(origin + href)
    try:
        return canonical(urljoin(base, href))
    except ValueError:  # an unclosed bracket in the host
        return None


@lru_cache(16)
def _origin(url: str) -> str:
    """Return scheme, host and port of an address, as written; "" if it has none of its own."""
    found = _ORIGIN.match(url)
    return found[0] if found else ""


def as_written(href: str, base: str) -> str | None:
    """Return an address as written on the page at `base` if RFC 3986 allows that, otherwise its canonical form.

    So the site's own form is kept, but nothing in it can end a line, a tag or a template.
    """
    return href if _WRITTEN.fullmatch(href) else resolve(base, href)


def path_of(url: str) -> str:
    """Return the decoded path and query of a canonical address, for matching against a site's patterns.

    Bytes that are not UTF-8 stay percent-encoded, and so do `/` and `?` where they are not separators, so that
    `encode` restores the path.
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


def authority_of(url: str) -> str:
    """Return the host of a canonical address, with its port if that is not the usual one."""
    return urlsplit(url).netloc


def ascii_host(host: str) -> str:
    """Return a host name in its ASCII form (UTS 46), without a final dot.

    `bücher.example` becomes `xn--bcher-kva.example`. Raises `ValueError` for an impossible name.
    """
    plain = host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")
    return plain.removesuffix(".")


def encode(path: str) -> str:
    """Percent-encode a decoded path or key as `canonical` does; what `path_of` left encoded stays encoded."""
    return _encode(path, _PATH_SAFE)


def is_loopback(url: str) -> bool:
    """Return whether an address is on this machine."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, not a number
        return host == "localhost"


def is_public(url: str) -> bool:
    """Return whether a canonical address can be public: its host is a name with a dot, not a number, without a port.

    What the name resolves to is not checked.
    """
    host = host_of(url).rstrip(".")
    name, dot, top = host.rpartition(".")
    is_name = bool(name and dot) and not top.isdigit() and not top.startswith("0x") and ":" not in host
    return is_name and top not in _PRIVATE and urlsplit(url).netloc.rstrip(".") == host


def _netloc(scheme: str, host: str, port: int | None) -> str:
    """Join scheme, host and port; raise `ValueError` if nothing can be requested there."""
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise ValueError(host)
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme}://{bracketed}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{bracketed}:{port}"


def _encode(part: str, safe: str) -> str:
    """Encode what must be encoded, and keep existing escapes that must stay (`%2F` is not `/`)."""
    pieces = _ESCAPE.split(part)
    return "".join(_tidy(piece) if odd % 2 else quote(piece, safe=safe) for odd, piece in enumerate(pieces))


def _byte_escaped(match: re.Match[str]) -> str:
    return f"%{ord(match[0]) - 0xDC00:02X}"


def _tidy(escape: str) -> str:
    """Decode an unnecessary escape (RFC 3986, 6.2.2.2), and write any other in upper case."""
    character = chr(int(escape[1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else escape.upper()
