"""Limiting response headers: an answer with more than 64 kB or 200 lines of them is aborted as it comes in.

Twisted's client keeps every header line it receives, so that an endless answer would fill the memory. Not here:
bodies, which have their own limit (`crawler.spiders.asking`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientFactory, _LenientHTTP11ClientProtocol
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS

from crawler.network.failures import LastingFailure

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.web.client import HTTPConnectionPool

_MOST_BYTES, _MOST_LINES = 64 * 1024, 200
_ENDS = (b"\r\n\r\n", b"\n\n")


class EndlessHeaders(LastingFailure):
    """An answer has more headers than are read."""

    def __init__(self) -> None:
        """Name the limit in the message."""
        super().__init__(f"more than {_MOST_BYTES // 1024} kB or {_MOST_LINES} lines of headers")


class _Bounded(_LenientHTTP11ClientProtocol):
    """A connection that counts what it receives until the headers of an answer end."""

    def request(self, request: Any) -> Deferred[Any]:
        """Send a request and reset the count."""
        self._bytes = self._lines = 0
        self._last = b""
        sent: Deferred[Any] = super().request(request)
        return sent

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Pass on what was received, or abort if there are too many headers."""
        if self._is_head() and self._would_exceed(_head_in(self._last, data)):
            self._giveUp(Failure(EndlessHeaders()))  # type: ignore[no-untyped-call]  # Twisted's
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's
        if self._is_head():  # the headers have not ended, or they were those of an interim answer (103)
            self._bytes, self._lines = self._bytes + len(data), self._lines + data.count(b"\n")
            self._last = data[-3:]

    def _is_head(self) -> bool:
        return self._parser is not None and self._parser.state in {STATUS, HEADER}

    def _would_exceed(self, head: bytes) -> bool:
        return self._bytes + len(head) > _MOST_BYTES or self._lines + head.count(b"\n") > _MOST_LINES


def _head_in(last: bytes, data: bytes) -> bytes:
    """Return the part of `data` that is headers; `last` came before it, since their end may come in two pieces."""
    received = last + data
    ends = [at for end in _ENDS if (at := received.find(end)) >= 0]
    return received[len(last) : min(ends)] if ends else data


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes connections of the class `_Bounded`."""

    def buildProtocol(self, addr: Any) -> _Bounded:  # noqa: ARG002, N802  # Twisted's
        """Return a new connection."""
        return _Bounded(self._quiescentCallback)  # type: ignore[no-untyped-call]  # Twisted's


def bound_headers(pool: HTTPConnectionPool) -> None:
    """Make all connections of `pool` limit the headers they receive."""
    pool._factory = _BoundedFactory  # noqa: SLF001  # Twisted offers no other way, and Scrapy does the same


def is_endless(error: BaseException) -> bool:
    """Return whether a request failed because its answer had too many headers."""
    reasons: list[Failure] = getattr(error.__cause__, "reasons", [])
    return any(isinstance(reason.value, EndlessHeaders) for reason in reasons)
