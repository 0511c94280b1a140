"""No test reaches out: every connection and look-up but those of this machine is refused.

Python runs this file at the start of every process whose path it is on, the tests' own children included.
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any


class ReachedOutError(RuntimeError):
    """A test tried to leave the machine."""


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
