"""Running the server: listening, saying where, and ending in time. Not here: what is served (`crawler.web.app`)."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn

from crawler.archive.federation import distinct
from crawler.errors import ExitCode, UsageError
from crawler.web.app import SECONDS, application
from crawler.web.readers import open_browsable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_GRACE = 1  # seconds that answers under way are given when the server is to end


class NoListening(UsageError):
    """The server cannot listen where it was told to."""

    def __init__(self, host: str, port: int, why: str) -> None:
        """Quote the operating system's reason."""
        super().__init__(
            "{host}:{port} cannot be listened on ({why}): name another --host or --port.",
            host=host,
            port=port,
            why=why,
        )


def serve(
    archive: Path | Sequence[Path], host: str, port: int, public_url: str, ready: Callable[[str], None]
) -> None:
    """Serve the archive, or several as one, until the process is told to end.

    `ready` gets the address once it answers. Port 0 takes a free one. Raises `NoListening`.
    """
    paths = distinct([archive] if isinstance(archive, Path) else archive)
    open_browsable(paths, SECONDS).close()  # says what is wrong with one before anybody asks
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # also where a shell has it ignored, as in a script
    with _listening(host, port) as listener:
        address = _address(host, listener.getsockname()[1])
        names = [host, _host_of(public_url)]
        config = uvicorn.Config(
            application(paths, public_url=public_url, names=names),
            log_config=None,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            date_header=True,
            lifespan="on",
            loop="asyncio",
            http="h11",
            ws="none",
            timeout_graceful_shutdown=_GRACE,
        )
        _Server(config, lambda: ready(address)).run([listener])


def _end(_number: int, _frame: object) -> None:
    """End as done: the server has been told to, and has said good-bye to its readers."""
    sys.exit(ExitCode.DONE)


class _Server(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(where)
            listener.listen(128)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError, UnicodeError) as error:
        raise NoListening(host, port, getattr(error, "strerror", None) or str(error)) from error
    return listener


def _address(host: str, port: int) -> str:
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _host_of(url: str) -> str:
    return url.partition("//")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
