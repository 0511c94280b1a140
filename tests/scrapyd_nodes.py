"""Real scrapyd servers on this machine, each in a folder of its own, for tests that kill them.

Not here: what they run.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PATIENCE = 60  # seconds; a server takes two
_CONF = """\
[scrapyd]
bind_address = 127.0.0.1
http_port = {port}
poll_interval = 0.1
max_proc = 2
items_dir = items
"""


class ScrapydNode:
    """A server that can be started, killed with all that it has started, and started again at the same port."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        """Make its folder; nothing runs yet."""
        folder.mkdir()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "scrapyd.conf").write_text(_CONF.format(port=self.port), encoding="utf-8")
        self.folder, self.address = folder, f"http://127.0.0.1:{self.port}"
        self._environment = {**environment, "HOME": str(folder)}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "scrapyd"],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + _PATIENCE
        while not _listens(self.port):
            assert self._process.poll() is None, (self.folder / "log").read_text(encoding="utf-8")
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.05)

    def kill(self) -> None:
        """End it and all its jobs at once, with SIGKILL."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


@contextmanager
def nodes(folder: Path, environment: dict[str, str], names: tuple[str, ...]) -> Iterator[dict[str, ScrapydNode]]:
    """Run servers until the block ends."""
    made = {name: ScrapydNode(folder / name, environment) for name in names}
    try:
        for node in made.values():
            node.start()
        yield made
    finally:
        for node in made.values():
            node.kill()


class TearingProxy:
    """Passes connections on to a port, and tears the first answer about a `.db` once `tears` is set."""

    def __init__(self, port: int) -> None:
        """Listen at a port of its own."""
        self.tears = False
        self.torn = 0
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Listen no longer."""
        self._listener.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                Thread(target=self._pass_on, args=(client,), daemon=True).start()

    def _pass_on(self, client: socket.socket) -> None:
        """Pass a request on, whole, and its answer back until the server closes or it is torn."""
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port)) as server:
            request = client.recv(65_536)
            is_torn = self.tears and b".db " in request.partition(b"\r\n")[0]
            self.tears = self.tears and not is_torn
            self.torn += is_torn
            Thread(target=_pump, args=(client, server, request), daemon=True).start()
            left = 20_000 if is_torn else None
            while left is None or left > 0:
                piece = server.recv(16_384)
                if not piece:
                    break
                client.sendall(piece if left is None else piece[:left])
                left = None if left is None else left - len(piece)
            client.shutdown(socket.SHUT_RDWR)  # the other thread still waits for what the client may send


def _pump(client: socket.socket, server: socket.socket, piece: bytes) -> None:
    with contextlib.suppress(OSError):  # the answer is complete, and both are closed
        while piece:
            server.sendall(piece)
            piece = client.recv(65_536)


def _listens(port: int) -> bool:
    with socket.socket() as visitor:
        return visitor.connect_ex(("127.0.0.1", port)) == 0
