"""No test reaches out: every connection and look-up but those of this machine is refused.

And nothing in `crawler/` opens an archive's file by itself: SQLite does, by ways that are not seen here.

Python runs this file at the start of every process whose path it is on, the tests' own children included.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import Any


class ReachedOutError(RuntimeError):
    """A test tried to leave the machine."""


class OpenedByHandError(RuntimeError):
    """The program opened an archive's file past SQLite, and would lose its locks when it closes it."""


def refuse_open_archives(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise when code of the program opens a file that is called as an archive is (an audit hook)."""
    if event == "open" and str(arguments[0]).endswith((".db", ".db-wal", ".db-shm")) and _is_the_program():
        raise OpenedByHandError(f"the program itself opened {arguments[0]}")


def _is_the_program() -> bool:
    """Tell whether the program is nearer to what happens than a test is."""
    frame = sys._getframe(2)  # noqa: SLF001  # an audit hook is told no more
    while frame is not None:
        if f"{os.sep}tests{os.sep}" in frame.f_code.co_filename:
            return False
        if f"{os.sep}crawler{os.sep}" in frame.f_code.co_filename:
            return True
        frame = frame.f_back
    return False


def refuse_the_world(event: str, arguments: tuple[Any, ...]) -> None:
    """Raise for a connection or a look-up that leaves the machine (an audit hook)."""
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "localhost"  # a path: a local socket
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        host = arguments[0] or "localhost"
    else:
        return
    if str(host).endswith(".invalid"):  # RFC 6761: nobody has such a name
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    if not _is_this_machine(host.decode() if isinstance(host, bytes) else host):
        raise ReachedOutError(f"a test reached out to {host}")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


sys.addaudithook(refuse_the_world)
sys.addaudithook(refuse_open_archives)
