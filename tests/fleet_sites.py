"""Sites of their own for a fleet to crawl: each on a host of its own, all served by one server on this machine.

A crawler is sent there as to a mirror, and the header Host says which site it asks. What was asked is remembered.
Not here: the nodes that crawl them.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_DEFINITION = """\
name: {name}
title: The news of {name}
timezone: Asia/Shanghai
hosts: [{name}.example]
start: [/]
addresses:
  post: [{{match: '^/(?P<id>post-[0-9]+)\\.html$'}}]
layouts:
  - name: post
    sign: <article
    title: [{{css: h1}}]
    date: [{{css: time}}]
    body: [{{css: article}}]
"""


class Asked(NamedTuple):
    """A request that was answered: of which site, for which path, with which status."""

    site: str
    path: str
    status: int


@dataclass
class Sites:
    """The sites by name, each with what its posts say by their paths, and what was asked so far.

    Once as many posts as `enough` were sent, the server asks to be left alone for a day.
    """

    url: str
    posts: dict[str, dict[str, str]]
    enough: int = 1_000_000
    asked: list[Asked] = field(default_factory=list)

    def definition(self, site: str) -> str:
        """Return the definition of a site, as YAML."""
        return _DEFINITION.format(name=site)

    def asked_of(self, site: str) -> list[str]:
        """Return the paths of posts that were sent whole."""
        return [
            path for name, path, status in self.asked if (name, status) == (site, 200) and path.startswith("/post-")
        ]


@contextmanager
def serving(posts: dict[str, int]) -> Iterator[Sites]:
    """Serve sites with so many posts each until the block ends."""
    server = _Server(("127.0.0.1", 0), _Handler)
    said = {
        site: {f"/post-{number}.html": _text(site, number) for number in range(count)}
        for site, count in posts.items()
    }
    server.sites = Sites(f"http://127.0.0.1:{server.server_port}", said)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.sites
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _text(site: str, number: int) -> str:
    """Return what no other post says, so that none tells the same story as another."""
    words = [sha256(f"{site} {number} {index}".encode()).hexdigest()[:6] for index in range(40)]
    return " ".join([f"{site} 的第 {number} 条新闻", *words])


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    sites: Sites

    def handle_error(self, *_of: object) -> None:
        return  # a node that is killed hangs up


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        site = self.headers.get("Host", "").partition(".")[0]
        if self.path.startswith("/post-") and len(self.server.sites.asked_of(site)) >= self.server.sites.enough:
            self._ask_to_wait(site)
        else:
            self._answer(site, self._page(site))

    def _ask_to_wait(self, site: str) -> None:
        self.server.sites.asked.append(Asked(site, self.path, 429))
        self.send_response(429)
        self.send_header("Retry-After", "86400")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _answer(self, site: str, body: bytes | None) -> None:
        tag = f'"{sha256(body or b"").hexdigest()[:16]}"'
        status = 404 if body is None else 304 if self.headers.get("If-None-Match") == tag else 200
        self.server.sites.asked.append(Asked(site, self.path, status))
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("ETag", tag)
        sent = (body or b"nothing") if status != 304 else b""
        if status != 304:
            self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def _page(self, site: str) -> bytes | None:
        posts = self.server.sites.posts.get(site, {})
        if self.path == "/":
            links = "".join(f'<li><a href="{path}">{path}</a></li>' for path in posts)
            built = sha256("".join(posts.values()).encode()).hexdigest()  # a site that is built anew has another home
            return f"<!DOCTYPE html><title>{site}</title><ul>{links}</ul><p>{built}</p>".encode()
        if self.path not in posts:
            return None
        number = int(self.path.removeprefix("/post-").removesuffix(".html"))
        return (
            f"<!DOCTYPE html><title>{site}</title><h1>{site} 第 {number} 条</h1>"
            f"<time>2026-11-{number % 27 + 1:02} 08:{number % 60:02}:00</time>"
            f"<article><p>{posts[self.path]}</p></article>"
        ).encode()

    def log_message(self, *_values: object) -> None:
        return
