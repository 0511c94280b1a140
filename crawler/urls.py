"""Addresses as text: resolved, and written in one canonical way.

Only http and https count; anything else is no address. Not here: what an address means on a site
(`crawler.sites.addresses`), and asking for it.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_HOST = re.compile(r"[\w.\-]+|[0-9a-f:.]+")
_WRITTEN = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,2000}")
_ESCAPE = re.compile(r"(%[0-9A-Fa-f]{2})")
# What stands unescaped in a path or a query: RFC 3986's sub-delims and the separators of each.
_PATH_SAFE = "/:@!$&'()*+,;="
_QUERY_SAFE = _PATH_SAFE + "?"


@lru_cache(1024)  # a page names its category, home and itself over and over
def canonical(url: str) -> str | None:
    """Write `url` in its one canonical form: lower-case scheme and host, no default port, no fragment.

    Percent-encoding is the least that is needed, in UTF-8. `None` when it is no http(s) address, or one that
    carries a user name. `canonical(canonical(url)) == canonical(url)`.
    """
    try:
        parts = urlsplit(_CONTROL.sub("", url).strip())
        netloc = _netloc(parts.scheme.lower(), parts.hostname or "", parts.port)
        if parts.username is not None:
            return None
        path = "/" + _encode(parts.path, _PATH_SAFE).lstrip("/")
        query = "?" + _encode(parts.query, _QUERY_SAFE) if parts.query else ""
    except ValueError:  # no http(s), no host, a port that is no number, a lone surrogate
        return None
    return f"{netloc}{path}{query}"


def resolve(base: str, href: str) -> str | None:
    """Return the canonical address `href` leads to from the page at `base`; `None` when it leads to no page."""
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
    """Return the decoded path of a canonical address, with its query: what a site's patterns are matched with."""
    parts = urlsplit(url)
    path = unquote_to_bytes(parts.path).decode("utf-8", "replace")
    return f"{path}?{parts.query}" if parts.query else path


def host_of(url: str) -> str:
    """Return the host of an address, without the port; "" when there is none."""
    return urlsplit(url).hostname or ""


def encode(path: str) -> str:
    """Percent-encode a decoded path or key as `canonical` does, a literal `%` included."""
    return quote(path, safe=_PATH_SAFE)


def is_loopback(url: str) -> bool:
    """Tell whether an address names this very machine."""
    host = host_of(url)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:  # a name, not a number
        return host == "localhost"


def _netloc(scheme: str, host: str, port: int | None) -> str:
    """Join scheme, host and port; `ValueError` when there is nothing to ask there."""
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise ValueError(host)
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{shown}:{port}"


def _encode(part: str, safe: str) -> str:
    """Encode what must be; leave alone what is encoded and must stay so (`%2F` is not `/`)."""
    pieces = _ESCAPE.split(part)
    return "".join(_tidy(piece) if odd % 2 else quote(piece, safe=safe) for odd, piece in enumerate(pieces))


def _tidy(escape: str) -> str:
    """Decode an escape that was never needed (RFC 3986, 6.2.2.2), else write it in capitals."""
    character = chr(int(escape[1:], 16))
    return character if character.isascii() and (character.isalnum() or character in "-._~") else escape.upper()
