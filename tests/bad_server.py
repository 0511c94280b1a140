"""A server on loopback that behaves as badly as it is told, path by path and try by try; else it serves a site.

What goes out is written by hand onto the socket, since no proper server would send it. Not here: what a crawl makes
of it.
"""

from __future__ import annotations

import gzip
import os
import socket
import ssl
import struct
import sys
import threading
import time
import zlib
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote

import brotli
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from crawler.ops.sample_site.site import Resource, SampleSite


@dataclass(slots=True)
class BadServer:
    """A server at `url`. `plan`: the answers of a path (decoded), try by try; the last one stays.

    An answer writes onto the connection and returns whether that may be used again. `targets` are the paths that were
    asked for, as they were sent.
    """

    url: str
    site: SampleSite
    plan: Mapping[str, Sequence[Callable[[socket.socket, Resource | None], bool]]]
    tls: ssl.SSLContext | None = None
    asked: list[tuple[float, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    tries: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    headers: dict[str, list[dict[str, str]]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, connection: socket.socket, path: str, headers: dict[str, str]) -> bool:
        self.asked.append((time.monotonic(), path))
        self.headers[path].append(headers)
        tried = self.tries[path]
        self.tries[path] += 1
        answers = self.plan.get(path)
        found = self.site.get(path) or self.site.get(path.partition("?")[0])
        return (answers[min(tried, len(answers) - 1)] if answers else served)(connection, found)


@contextmanager
def serve_badly(
    site: SampleSite,
    plan: Mapping[str, Sequence[Callable[[socket.socket, Resource | None], bool]]],
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
) -> Iterator[BadServer]:
    """Serve until the block ends, by TLS if told how, on IPv6 if `host` is of it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, 0), family=family, backlog=128) as listener:
        scheme, port = "https" if tls else "http", listener.getsockname()[1]
        shown = f"[{host}]" if ":" in host else host
        server = BadServer(f"{scheme}://{shown}:{port}", site, plan, tls)
        threading.Thread(target=_accept, args=(listener, server), daemon=True).start()
        yield server
        listener.shutdown(socket.SHUT_RDWR)


def certificate_for(name: str, folder: Path) -> ssl.SSLContext:
    """Return what serves by TLS with a certificate for a host, which nobody trusts; it is `folder`/tls.pem."""
    key = ec.generate_private_key(ec.SECP256R1())
    named, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(named, named, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "tls.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    return context


def _accept(listener: socket.socket, server: BadServer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # shut down
            return
        threading.Thread(target=_talk, args=(connection, server), daemon=True).start()


def _talk(connection: socket.socket, server: BadServer) -> None:
    if server.tls is not None:
        try:
            connection = server.tls.wrap_socket(connection, server_side=True)
        except OSError:  # the crawler does not like the certificate
            connection.close()
            return
    with connection, connection.makefile("rb") as requests:
        try:
            while line := requests.readline():
                headers = dict(_header(each) for each in iter(lambda: requests.readline().strip(), b""))
                server.targets.append(line.split()[1].decode("latin-1"))
                if not server.answer(connection, unquote(server.targets[-1]), headers):
                    return
        except OSError:  # the crawler has hung up
            return


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(":")
    return name.lower(), value.strip()


def _send(connection: socket.socket, status: str, body: bytes = b"", **headers: str) -> bool:
    named = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    length = "" if "Content_Length" in headers else f"Content-Length: {len(body)}\r\n"
    connection.sendall(f"HTTP/1.1 {status}\r\n{named}{length}\r\n".encode("latin-1") + body)
    return True


def served(connection: socket.socket, found: Resource | None) -> bool:
    """Answer as it should be."""
    if found is None:
        return _send(connection, "404 Not Found")
    return _send(connection, "200 OK", found.body, Content_Type=found.content_type, ETag=found.etag)


def status(code: int, **headers: str) -> Callable[[socket.socket, Resource | None], bool]:
    return lambda connection, _: _send(connection, f"{code} So", **headers)


def page_with(code: int, part: float = 1.0) -> Callable[[socket.socket, Resource | None], bool]:
    """Serve the page, or a part of it, with another status."""

    def answer(connection: socket.socket, found: Resource | None) -> bool:
        assert found is not None
        return _send(connection, f"{code} So", found.body[: round(len(found.body) * part)], ETag=found.etag)

    return answer


def redirect(location: str) -> Callable[[socket.socket, Resource | None], bool]:
    return status(302, Location=location)


def page(body: bytes, **headers: str) -> Callable[[socket.socket, Resource | None], bool]:
    return lambda connection, _: _send(connection, "200 OK", body, **headers)


def charset(name: str) -> Callable[[socket.socket, Resource | None], bool]:
    """Serve the page with a wrong word about its encoding."""
    return lambda connection, found: _send(
        connection, "200 OK", found.body if found else b"", Content_Type=f"text/html; charset={name}"
    )


def in_gb18030(connection: socket.socket, found: Resource | None) -> bool:
    assert found is not None
    return _send(connection, "200 OK", found.body.decode().encode("gb18030"), Content_Type="text/html")


def late(seconds: float) -> Callable[[socket.socket, Resource | None], bool]:
    def answer(connection: socket.socket, found: Resource | None) -> bool:
        time.sleep(seconds)
        return served(connection, found)

    return answer


def reset(connection: socket.socket, _: Resource | None) -> bool:
    """Break the connection off with a RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def reset_in_the_body(connection: socket.socket, found: Resource | None) -> bool:
    truncated(connection, found)
    return reset(connection, found)


def truncated(connection: socket.socket, found: Resource | None) -> bool:
    assert found is not None
    _send(connection, "200 OK", found.body[:-500], Content_Length=str(len(found.body)))
    return False


def broken_chunks(connection: socket.socket, found: Resource | None) -> bool:
    assert found is not None
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4000\r\n" + found.body[:3000])
    return False


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


def packed(codings: str, part: float = 1.0, **headers: str) -> Callable[[socket.socket, Resource | None], bool]:
    """Serve the page packed by one coding upon another, and of that only a part."""

    def answer(connection: socket.socket, found: Resource | None) -> bool:
        assert found is not None
        body = found.body
        for coding in codings.split(", "):
            body = PACKERS[coding](body)
        sent = body[: round(len(body) * part)]
        return _send(connection, "200 OK", sent, Content_Encoding=codings, ETag=found.etag, **headers)

    return answer


def packed_in_two(connection: socket.socket, found: Resource | None) -> bool:
    """Serve the page as two gzip streams, of which the second breaks off."""
    assert found is not None
    middle = len(found.body) // 2
    second = gzip.compress(found.body[middle:])
    body = gzip.compress(found.body[:middle]) + second[: len(second) // 2]
    return _send(connection, "200 OK", body, Content_Encoding="gzip", ETag=found.etag)


def badly_packed(connection: socket.socket, _: Resource | None) -> bool:
    return _send(connection, "200 OK", os.urandom(3000), Content_Encoding="gzip")


def bomb(connection: socket.socket, _: Resource | None) -> bool:
    """Send a megabyte that unpacks to a gigabyte."""
    return _send(connection, "200 OK", _BOMB, Content_Encoding="gzip")


def noise(connection: socket.socket, _: Resource | None) -> bool:
    """Answer what is no HTTP."""
    connection.sendall(b"\0\xff" * 3000 + b"\r\n\r\n")
    return False


def long_header(connection: socket.socket, _: Resource | None) -> bool:
    return _send(connection, "200 OK", b"x", X_Long="a" * 100_000)


def endless(connection: socket.socket, _: Resource | None) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        connection.sendall(b"<p>" * 20_000)


def endless_after(body: bytes) -> Callable[[socket.socket, Resource | None], bool]:
    def answer(connection: socket.socket, _: Resource | None) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + body)
        while True:
            connection.sendall(b"# filling\n" * 2000)

    return answer


def endless_chunks(connection: socket.socket, _: Resource | None) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"ea60\r\n" + b"<p>" * 20_000 + b"\r\n")


def trickling(connection: socket.socket, _: Resource | None) -> bool:
    """Send one header after another, slowly, and never a body."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Header: x\r\n")
        time.sleep(0.5)


def endless_slowly(connection: socket.socket, _: Resource | None) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while True:
        connection.sendall(b"<p>")
        time.sleep(0.5)


def silent(_: socket.socket, __: Resource | None) -> bool:
    """Take the request and never answer."""
    time.sleep(60)
    return False


_BOMB = gzip.compress(bytes(1 << 20), compresslevel=9) * 1024


def once(act: Callable[[], object]) -> Callable[[socket.socket, Resource | None], bool]:
    """Do something to the machine, and then serve the page."""

    def answer(connection: socket.socket, found: Resource | None) -> bool:
        act()
        return served(connection, found)

    return answer
