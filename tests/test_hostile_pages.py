"""Whole runs against pages that are meant to hold a run up, or to steer who reads of it."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import bad_server as bad
import costly
import pytest

from crawler.ops.sample_site.site import bundled_site

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

    from crawler.ops.sample_site.site import Resource

pytestmark = pytest.mark.slow  # whole runs of the program

SITE = bundled_site()
SEED = "/dajiangwang/2022/04/20/NW202204202350104915.html"
WORST = (
    "lists in lists", "elements in elements", "attributes", "code in code", "ampersands", "empty paragraphs",
    "table cells", "outlets", "names of outlets", "sentences", "paragraphs that are navigation",
    "an address without end", "navigation without end",
)  # fmt: skip


def crawl(folder: Path, environment: dict[str, str], url: str) -> tuple[dict[str, Any], float]:
    before = _processor_time()
    ran = subprocess.run(
        [sys.executable, "-m", "crawler", "crawl", "--mirror", url, "--json", "--no-posts"],
        cwd=folder, env=environment, stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    return json.loads(ran.stdout), _processor_time() - before


def _processor_time() -> float:
    """Return the seconds of processor time that ended processes of this one have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def largest(body: Callable[[int], str]) -> str:
    """Return a body of nearly as many bytes as a page may have."""
    sample = body(10_000)
    return body(3_900_000 * len(sample) // len(sample.encode()))


@pytest.mark.parametrize("name", WORST)
def test_a_page_that_would_take_hours_is_over_in_seconds_and_the_others_are_stored(
    name: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    source = costly.HEAD + largest(costly.BODIES[name]) + costly.END
    with bad.serve_badly(SITE, {SEED: [bad.page(source.encode(), Content_Type="text/html")]}) as server:
        first, took = crawl(tmp_path, environment, server.url)
        again, _ = crawl(tmp_path, environment, server.url)

    assert took < 5
    assert first["posts"]["new"] >= 24
    assert again["posts"]["new"] == 0
    assert sum(path == SEED for _, path in server.asked) == 1


def endless(connection: socket.socket, _: object) -> bool:
    """Send headers as long as somebody listens, up to half a gigabyte."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(50_000):
        connection.sendall(f"X-{number}: {'a' * 10_000}\r\n".encode())
    connection.sendall(b"Content-Length: 0\r\n\r\n")
    return False


def many(connection: socket.socket, _: object) -> bool:
    connection.sendall(b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 300 + b"Content-Length: 0\r\n\r\n")
    return False


def early(connection: socket.socket, _: object) -> bool:
    for _number in range(3_000):
        connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    return False


@pytest.mark.parametrize("answer", [endless, many, early])
def test_headers_without_end_are_a_failure_with_that_reason(
    answer: Callable[[socket.socket, object], bool], tmp_path: Path, environment: dict[str, str]
) -> None:
    with bad.serve_badly(SITE, {SEED: [answer]}) as server:
        report, took = crawl(tmp_path, environment, server.url)

    assert took < 5
    assert report["posts"]["new"] >= 24
    assert report["reasons"]["failed: more than 64 kB or 200 lines of headers"] == 1


def test_headers_that_come_in_pieces_and_are_many_but_not_too_many_are_read(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    def pieces(connection: socket.socket, found: Resource | None) -> bool:
        assert found is not None
        head = b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 150 + b"Content-Length: %d\r\n\r\n" % len(found.body)
        for piece in (head[:-2], head[-2:-1], head[-1:] + found.body):
            connection.sendall(piece)
            time.sleep(0.05)
        return True

    with bad.serve_badly(SITE, {SEED: [pieces]}) as server:
        report, _ = crawl(tmp_path, environment, server.url)

    assert report["posts"]["failed"] == 0
