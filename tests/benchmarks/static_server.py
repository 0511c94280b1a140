"""Serves a folder on loopback from a process of its own: by nginx where it is installed, else by a small server.

Both answer with what lies there packed already, with `ETag`, `Last-Modified` and 304, so that the crawler is what is
measured. The small server knows GET, and no request body; it is for this folder only.

    python tests/benchmarks/static_server.py <folder>    prints its address, serves until it is killed
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from email.utils import formatdate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {".html": "text/html; charset=utf-8", ".xml": "application/xml; charset=utf-8", ".txt": "text/plain"}
_PATIENCE = 10.0  # seconds a server may take to begin

_NGINX = """
daemon off;
{user}
pid {place}/pid;
error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {place}; proxy_temp_path {place}; fastcgi_temp_path {place};
    uwsgi_temp_path {place}; scgi_temp_path {place};
    types {{ text/html html; application/xml xml; text/plain txt; }}
    charset utf-8;
    keepalive_requests 1000000;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        gzip_static on;
    }}
}}
"""


class Served(NamedTuple):
    """A folder being served: at which address, by what."""

    url: str
    program: str


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Serve `folder` until the block ends."""
    with tempfile.TemporaryDirectory(prefix="finews-server-") as place:
        port = _free_port()
        nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
        if nginx:
            configuration = Path(place) / "nginx.conf"
            user = "user root;" if os.geteuid() == 0 else ""  # the folder is nobody else's to read
            configuration.write_text(_NGINX.format(place=place, port=port, folder=folder, user=user))
            command = [nginx, "-c", str(configuration), "-e", f"{place}/error.log"]
        else:
            command = [sys.executable, __file__, str(folder), str(port)]
        with subprocess.Popen(command) as child:
            try:
                _wait_for(port)
                yield Served(f"http://127.0.0.1:{port}", "nginx" if nginx else "own server")
            finally:
                child.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if time.monotonic() > until:
            raise TimeoutError(f"nothing answers at port {port}")
        time.sleep(0.02)


class _Connection(asyncio.Protocol):
    """Answers the requests of one connection, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport), "TCP is a stream"
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._read += data
        while b"\r\n\r\n" in self._read:
            head, self._read = self._read.split(b"\r\n\r\n", 1)
            self._transport.write(_answer(self.folder, head.decode("latin-1")))


def _answer(folder: Path, head: str) -> bytes:
    request, *lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    path = request.split(" ")[1].partition("?")[0].removeprefix("/") or "index.html"
    file = folder / (f"{path}index.html" if path.endswith("/") else path)
    packed = file.with_name(f"{file.name}.gz")
    if ".." in path.split("/") or not packed.is_file():
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    stat = packed.stat()
    etag = f'"{int(stat.st_mtime):x}-{stat.st_size:x}"'
    known = f"ETag: {etag}\r\nLast-Modified: {formatdate(stat.st_mtime, usegmt=True)}\r\n"
    if headers.get("if-none-match") == etag:
        return f"HTTP/1.1 304 Not Modified\r\n{known}\r\n".encode()
    body = packed.read_bytes()
    kind = _TYPES.get(file.suffix, "application/octet-stream")
    told = f"Content-Type: {kind}\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}\r\n"
    return f"HTTP/1.1 200 OK\r\n{known}{told}\r\n".encode() + body


async def _serve(folder: Path, port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Connection(folder), "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0))
