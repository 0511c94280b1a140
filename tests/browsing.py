"""Asks the pages as a browser does, without a network: the application is called in this process.

Not here: a real browser (`test_browser.py`).
"""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

import made
from selectolax.lexbor import LexborHTMLParser

from crawler.web.app import application

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from starlette.types import ASGIApp

    from crawler.items import Article

HOST = "127.0.0.1:8080"


class Answer(NamedTuple):
    """What was answered: the status, the headers by their names in lower case, and the body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def page(self) -> LexborHTMLParser:
        return LexborHTMLParser(self.text)

    def words(self, selector: str) -> list[str]:
        """Return the text of each element that a selector finds, with single spaces."""
        return [" ".join(node.text().split()) for node in self.page.css(selector)]

    def links(self, selector: str = "") -> list[str]:
        """Return where the links inside what a selector finds lead."""
        return [node.attributes.get("href") or "" for node in self.page.css(f"{selector} a")]


class Browser:
    """Asks an application, one question after the other."""

    def __init__(self, app: ASGIApp, loop: asyncio.AbstractEventLoop) -> None:
        self._app, self._loop = app, loop

    def get(self, target: str, *, method: str = "GET", host: str | None = HOST, **headers: str) -> Answer:
        """Ask for a path with its query, as it stands in the first line of a request."""
        return self._loop.run_until_complete(self._get(target, method, host, headers))

    async def _get(self, target: str, method: str, host: str | None, headers: Mapping[str, str]) -> Answer:
        path, _, query = target.partition("?")
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        named = {**({"host": host} if host is not None else {}), **headers}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()],
            "client": ("127.0.0.1", 50_000),
            "server": ("127.0.0.1", 8080),
        }
        await self._app(scope, receive, send)
        begun, *rest = sent
        answered = {name.decode(): value.decode() for name, value in begun["headers"]}
        return Answer(begun["status"], answered, b"".join(message.get("body", b"") for message in rest))


@contextmanager
def browsing(archive: Path, **options: Any) -> Iterator[Browser]:
    """Serve an archive in this process as long as the block lasts."""
    loop = asyncio.new_event_loop()
    app = application(archive, **options)
    ended = asyncio.Event()
    begun = asyncio.Event()

    async def live() -> None:
        async def receive() -> dict[str, str]:
            if not begun.is_set():
                return {"type": "lifespan.startup"}
            await ended.wait()
            return {"type": "lifespan.shutdown"}

        async def send(_message: Any) -> None:
            begun.set()

        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)

    life = loop.create_task(live())
    try:
        loop.run_until_complete(begun.wait())
        yield Browser(app, loop)
    finally:
        ended.set()
        loop.run_until_complete(life)
        loop.close()


def fill(path: Path, *articles: Article) -> None:
    """Write articles into an archive, in one run."""
    with made.Run(path) as run:
        for article in articles:
            run.write(article)
        run.end()


def all_addresses(answer: Answer) -> set[str]:
    """Return every address on a page that leads to another page of the server."""
    found = {
        node.attributes.get(name) or "" for node in answer.page.css("a, link, script") for name in ("href", "src")
    }
    return {address for address in found if re.match(r"/(?!/)", address)}
