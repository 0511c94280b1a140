"""Response headers have an end: an answer with more than 64 kB or 200 lines of them is given up as it comes in.

Twisted's client keeps whatever lines it is sent, and so an answer could fill the memory. Not here: bodies, which have
a limit of their own (`crawler.spiders.asking`).
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
    """An answer whose headers are too many to be read."""

    def __init__(self) -> None:
        """Say how many would be read."""
        super().__init__(f"more than {_MOST_BYTES // 1024} kB or {_MOST_LINES} lines of headers")


class _Bounded(_LenientHTTP11ClientProtocol):
    """A connection that looks how much of an answer has come before its headers have ended."""

    def request(self, request: Any) -> Deferred[Any]:
        """Begin to count anew."""
        self._bytes = self._lines = 0
        self._last = b""
        sent: Deferred[Any] = super().request(request)
        return sent

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        """Hand on what came, and give up when the headers are too many."""
        if self._is_head() and self._would_be_too_much(_head_in(self._last, data)):
            self._giveUp(Failure(EndlessHeaders()))  # type: ignore[no-untyped-call]  # Twisted's
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]  # Twisted's
        if self._is_head():  # it has not ended, or what has ended was no answer proper (103)
            self._bytes, self._lines = self._bytes + len(data), self._lines + data.count(b"\n")
            self._last = data[-3:]

    def _is_head(self) -> bool:
        return self._parser is not None and self._parser.state in {STATUS, HEADER}

    def _would_be_too_much(self, head: bytes) -> bool:
        return self._bytes + len(head) > _MOST_BYTES or self._lines + head.count(b"\n") > _MOST_LINES


def _head_in(last: bytes, data: bytes) -> bytes:
    """Return what of `data` is headers; `last` came before it, as their end may come in two pieces."""
    seen = last + data
    ends = [at for end in _ENDS if (at := seen.find(end)) >= 0]
    return seen[len(last) : min(ends)] if ends else data


class _BoundedFactory(_LenientHTTP11ClientFactory):
    """Makes such connections."""

    def buildProtocol(self, addr: Any) -> _Bounded:  # noqa: ARG002, N802  # Twisted's
        """Return one."""
        return _Bounded(self._quiescentCallback)  # type: ignore[no-untyped-call]  # Twisted's


def bound_headers(pool: HTTPConnectionPool) -> None:
    """Have all connections of `pool` look at the headers they are sent."""
    pool._factory = _BoundedFactory  # noqa: SLF001  # Twisted has no other way, and Scrapy goes this one too


def is_endless(error: BaseException) -> bool:
    """Tell whether a request failed since its answer's headers did not end."""
    reasons: list[Failure] = getattr(error.__cause__, "reasons", [])
    return any(isinstance(reason.value, EndlessHeaders) for reason in reasons)
