"""Serving a SampleSite on 127.0.0.1 like static hosting: ETag, Last-Modified, 304, gzip, HEAD, keep-alive.

All host names are served alike, so a crawler may send the Host header of the real site. Requests are recorded in
`requests` and not logged. A PATCH request changes the site, if the server was told how. Not here: what is changed
(`edits`), TLS, redirects and delays.
"""

from __future__ import annotations

import gzip
import json
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from crawler.ops.sample_site.site import Resource, SampleSite


SERVER = "SampleSite"
"""How the server names itself in every answer."""


class SeenRequest(NamedTuple):
    """An answered request: its target as sent (path and query), the answer's status, and the Host header or ""."""

    method: str
    target: str
    status: int
    host: str


@dataclass(slots=True)
class RunningServer:
    """A server at `url` (without a final slash); set `site` to serve another one from the next request on.

    `patch` is called for each PATCH request; what it returns is the answer, as JSON. Without it, none is accepted.
    `beside` is served at paths that `site` has nothing at.
    """

    url: str
    site: SampleSite
    patch: Callable[[], Mapping[str, object]] | None = None
    requests: list[SeenRequest] = field(default_factory=list)
    beside: Mapping[str, Resource] = field(default_factory=dict)


@contextmanager
def serve(site: SampleSite, port: int = 0) -> Iterator[RunningServer]:
    """Serve `site` from a daemon thread until the block ends; port 0 means any free port.

    Raises `OSError` if the port cannot be had.
    """
    listener = _Listener(("127.0.0.1", port), _Handler)
    listener.running = RunningServer(f"http://127.0.0.1:{listener.server_port}", site)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield listener.running
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    running: RunningServer

    def handle_error(self, request: object, client_address: object) -> None:
        # A crawler that is killed in a test hangs up during an answer; that is not the server's error.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = SERVER
    # Headers and body are sent together: separately, Nagle's algorithm and delayed acknowledgements cost 40 ms each.
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_PATCH(self) -> None:
        # Not POST: with a browser on this machine, any page could make one without asking.
        if self.server.running.patch is None:
            self.send_error(HTTPStatus.NOT_IMPLEMENTED)
            return
        body = json.dumps(self.server.running.patch(), ensure_ascii=False).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, _template: str, *_values: object) -> None:
        return

    def _answer(self, with_body: bool) -> None:
        site = self.server.running.site
        resource = _find(site, self.path) or _find(self.server.running.beside, self.path)
        if resource is None:
            self._send(HTTPStatus.NOT_FOUND, site.missing, with_body)
        elif self._is_known(resource):
            self._send(HTTPStatus.NOT_MODIFIED, resource, with_body=False)
        else:
            self._send(HTTPStatus.OK, resource, with_body)

    def _is_known(self, resource: Resource) -> bool:
        tags = self.headers.get("If-None-Match")
        if tags is not None:
            return _names(tags, resource.etag)
        return _not_modified_since(self.headers.get("If-Modified-Since"), resource.last_modified)

    def _send(self, status: HTTPStatus, resource: Resource, with_body: bool) -> None:
        zipped = _accepts_gzip(self.headers.get("Accept-Encoding", ""))
        self._remember(status)
        self.send_response(status)
        self.send_header("Vary", "Accept-Encoding")
        if status is not HTTPStatus.NOT_FOUND:
            self.send_header("ETag", _gzip_tag(resource.etag) if zipped else resource.etag)
            self.send_header("Last-Modified", formatdate(resource.last_modified, usegmt=True))
        if status is HTTPStatus.NOT_MODIFIED:
            self.end_headers()
        else:
            self._send_body(resource, zipped, with_body)

    def _send_body(self, resource: Resource, zipped: bool, with_body: bool) -> None:
        body = gzip.compress(resource.body, compresslevel=1, mtime=0) if zipped else resource.body
        self.send_header("Content-Type", resource.content_type)
        self.send_header("Content-Length", str(len(body)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _remember(self, status: HTTPStatus) -> None:
        seen = SeenRequest(self.command, self.path, status.value, self.headers.get("Host", ""))
        self.server.running.requests.append(seen)


def _find(site: Mapping[str, Resource], target: str) -> Resource | None:
    # Share texts have addresses with a query; static pages ignore theirs.
    path, _, query = target.partition("?")
    path = unquote(path)
    return site.get(f"{path}?{unquote(query)}") or site.get(path)


def _gzip_tag(etag: str) -> str:
    # A strong tag identifies bytes, and compressed bytes are different ones.
    return f'{etag[:-1]}-gzip"'


def _names(header: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in header.split(",")}
    return bool(tags & {"*", etag, _gzip_tag(etag)})


def _not_modified_since(header: str | None, last_modified: int) -> bool:
    if header is None:
        return False
    try:
        return last_modified <= parsedate_to_datetime(header).timestamp()
    except ValueError:
        return False


def _accepts_gzip(header: str) -> bool:
    codings = {coding.replace(" ", "").lower() for coding in header.split(",")}
    return any(coding.partition(";")[0] == "gzip" for coding in codings - {"gzip;q=0", "gzip;q=0.0"})
