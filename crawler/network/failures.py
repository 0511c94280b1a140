"""Failures between a request and its answer, as Scrapy and Twisted raise them, and in words for people.

Not here: answers with an error status, and addresses not requested at all (`crawler.network.not_requested`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from OpenSSL.SSL import Error as TLSError
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from service_identity import VerificationError
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionClosed,
    NoRouteError,
    TCPTimedOutError,
)
from twisted.internet.error import TimeoutError as ConnectTimeoutError

from crawler.network.resolver import withheld_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_NEEDS_LOGIN = "HTTP 407"

IS_PROBE = "probe"
"""A key in a request's meta: it only tests whether a host answers, and is not retried."""


IS_ROBOTS = "robots"
"""A key in a request's meta: it is for a robots.txt, which may redirect to hosts that are not the site's."""


class NetworkFailure(Exception):
    """There was no usable answer; the text is the reason, the same for every address of a host."""


class LastingFailure(NetworkFailure):
    """A failure that would be the same if the request were repeated at once."""


# The closest base class of an error that is listed here applies.
_NO_CONTACT: dict[type[Exception], str] = {
    CannotResolveHostError: "cannot resolve host",
    DownloadConnectionRefusedError: "download connection refused",
    DownloadTimeoutError: "download timeout",
    ConnectTimeoutError: "download timeout",
    TCPTimedOutError: "download timeout",
    NoRouteError: "no route to the host",
    ConnectError: "cannot connect to the host",
    ConnectingCancelledError: "cannot connect to the host",
}
_NO_ANSWER: dict[type[Exception], str] = {
    **_NO_CONTACT,
    DownloadFailedError: "download failed",
    ResponseDataLossError: "response data loss",
    TunnelError: "the proxy opens no tunnel",
    ConnectionClosed: "connection lost",
}
_NOT_SENT: dict[type[Exception], str] = {
    UnsupportedURLSchemeError: "neither http nor https",
    UnicodeError: "not a name that a host can have",
}
_WORDS = _NO_ANSWER | _NOT_SENT

NO_ANSWER: tuple[type[Exception], ...] = (NetworkFailure, *_NO_ANSWER)
"""Errors that mean the host did not answer, not completely, or with something unreadable."""

TOO_LARGE = DownloadCancelledError
"""The error for an answer that is larger than the limit."""

NOTHING_USABLE: tuple[type[Exception], ...] = (*NO_ANSWER, TOO_LARGE)
"""Both together."""


def is_without_contact(error: BaseException) -> bool:
    """Return whether an error, or the one it explains, means that nothing at all came back, as without a network."""
    return isinstance(error, tuple(_NO_CONTACT)) or isinstance(error.__cause__, tuple(_NO_CONTACT))


def explained(error: Exception, url: str, proxy: str | None) -> Exception:
    """Return a more helpful error in place of one from requesting `url` (through a `proxy`, if there is one).

    It names the cause and a remedy: a host's certificate, a name that leads to a private network, or the proxy. If
    there is nothing to add, `error` itself is returned.
    """
    host = urlsplit(url).netloc
    kinds = [type(cause) for cause in _causes(error)]
    texts = " ".join(str(cause) for cause in _causes(error))
    if VerificationError in kinds:
        return LastingFailure(
            f"the certificate that {host} shows is another host's: see whether somebody stands in between,"
            " or the name is wrong"
        )
    if TLSError in kinds and "certificate verify failed" in texts:
        return LastingFailure(
            f"the certificate of {host} is not trusted: see whether this machine's clock is right, and name the"
            " authorities to trust with SSL_CERT_FILE"
        )
    if TLSError in kinds:
        return NetworkFailure(f"no secure connection to {host} could be made")
    if proxy is None and isinstance(error, CannotResolveHostError) and (address := withheld_of(url)):
        return LastingFailure(
            f"the name {host} leads to {address}, which is a private address: see who answers for the name, and say"
            " `private: true` in the site's definition if it is meant to be there"
        )
    if proxy is not None and isinstance(error, NO_ANSWER):
        return proxy_failure(proxy, _status_in(texts) if isinstance(error, TunnelError) else words_for(error))
    return error


def proxy_failure(proxy: str, what: str) -> NetworkFailure:
    """Return a failure that blames the proxy and not the host behind it; `what` says what happened."""
    address = urlsplit(proxy).netloc.rpartition("@")[2]
    if what == _NEEDS_LOGIN:
        return LastingFailure(
            f"the proxy {address} answers {what}: give the name and password it wants in its address"
        )
    return NetworkFailure(f"the proxy {address}: {what}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all its causes."""
    yield error
    inner = [reason.value for reason in getattr(error, "reasons", None) or []]
    for cause in [*inner, *([error.__cause__] if error.__cause__ else [])]:
        yield from _causes(cause)


def _status_in(text: str) -> str:
    status = re.search(r"'status': (\d{3})", text)
    return f"HTTP {status[1]}" if status else _WORDS[TunnelError]


def words_for(error: BaseException) -> str:
    """Return what went wrong, in the same words for every address of a host."""
    if isinstance(error, NetworkFailure):
        return str(error)
    words = next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), None)
    return words or _split(type(error).__name__.removesuffix("Error"))


def _split(name: str) -> str:
    """Split a class name into words: `SSLNotThere` becomes `ssl not there`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower()
