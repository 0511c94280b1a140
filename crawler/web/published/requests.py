"""Asks the web app for its pages, in this process and without a network.

Not here: which pages (`crawler.web.published.walk`), and what becomes of them (`crawler.web.published.pages`).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    App = Callable[[Any, Any, Any], Any]

SERVER = "http://localhost"
"""The server that the app believes itself to be; its whole addresses begin so."""


class Answer(NamedTuple):
    """What the app answers: its `status`, its `kind` (a media type without parameters), and its `body`."""

    status: int
    kind: str
    body: bytes


class Pages:
    """The pages of an ASGI application; a context manager, which ends the application."""

    def __init__(self, app: App, language: str) -> None:
        """`language` is what a reader prefers whose address does not say."""
        self._app = app
        self._headers = [(b"host", b"localhost"), (b"accept-language", language.encode())]
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        """Return the pages."""
        return self

    def __exit__(self, *_: object) -> None:
        """Have the application close what it has opened."""
        events = iter(["lifespan.startup", "lifespan.shutdown"])

        async def receive() -> dict[str, str]:
            return {"type": next(events)}

        async def send(_message: dict[str, Any]) -> None:
            pass

        self._runner.run(self._app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send))
        self._runner.close()

    def get(self, address: str) -> Answer:
        """Return what is at an address: a path as it is written in a link, and perhaps a query."""
        return self._runner.run(self._get(address))

    async def _get(self, address: str) -> Answer:
        path, _, query = address.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "server": ("localhost", 80),
            "client": ("127.0.0.1", 0),
            "root_path": "",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": self._headers,
        }
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.disconnect"}  # there is no body, and nobody reads on

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        begin, *parts = sent
        kind = next((value for name, value in begin["headers"] if name.lower() == b"content-type"), b"")
        body = b"".join(part.get("body", b"") for part in parts)
        return Answer(begin["status"], kind.decode("latin-1").partition(";")[0].strip(), body)
