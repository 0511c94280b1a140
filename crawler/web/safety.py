"""What every answer has and every request must be, whatever page it is about.

Only GET and HEAD are answered, and only under a host name that is this server's: under another name that leads here,
the page of its owner could read the archive from inside a browser (DNS rebinding). Every answer, an error too, tells
the browser to run nothing but the one script of this server, to load nothing from elsewhere, and to tell nobody where
a link was followed. Not here: sanitising what was published (`crawler.web.showing.bodies`).
"""

from __future__ import annotations

import ipaddress
import re
import socket
from typing import TYPE_CHECKING

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
"""The `Content-Security-Policy` of every answer."""

HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_METHODS = {"GET", "HEAD"}
_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z._-]+)(?::\d{1,5})?", re.ASCII)


def own_names(*names: str) -> frozenset[str]:
    """Return the host names that a server answers to: those of this machine, and the `names` it was given."""
    machine = {"localhost", socket.gethostname()}
    return frozenset(name.lower().rstrip(".") for name in {*machine, *names} if name)


def is_own(host: str, names: Iterable[str]) -> bool:
    """Tell whether a `Host` header names this server: by one of its names, or by an IP address, which is no name."""
    found = _HOST.fullmatch(host)
    if found is None:
        return False
    name = found["name"].lower().rstrip(".")
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name in names
    return True


class Safety:
    """Stands before an application, and lets through what may be answered."""

    def __init__(self, app: ASGIApp, names: frozenset[str]) -> None:
        """`names` are the host names of this server, in lower case."""
        self._app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                message["headers"] = [*message.get("headers", []), *added]
            await send(message)

        await (self._refusal(scope) or self._app)(scope, receive, send_safely)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not is_own(hosts[0], self._names):
            return PlainTextResponse(
                "This server does not answer to that name: `finews serve --public-url` tells it another.\n", 400
            )
        if scope["method"] not in _METHODS:
            return PlainTextResponse("Pages are only read here.\n", 405, {"Allow": "GET, HEAD"})
        return None
