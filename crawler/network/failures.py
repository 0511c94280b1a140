"""What goes wrong between asking and an answer, as Scrapy and Twisted raise it, and in words for a person.

Not here: answers that tell of trouble, and what was not asked for at all (`crawler.network.not_requested`).
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

_WANTS_A_NAME = "HTTP 407"

IS_PROBE = "probe"
"""In a request's meta: it only sees whether a host is there, and is not asked again."""


IS_ROBOTS = "robots"
"""In a request's meta: it asks for a robots.txt, which may lead to hosts that are not the site's."""


class NetworkFailure(Exception):
    """An answer that is none; the text is the reason, in words that are the same for every address of a host."""


class LastingFailure(NetworkFailure):
    """One that will be the same when asked again at once."""


# Of the classes of an error the closest that is named here counts.
_NO_ANSWER: dict[type[Exception], str] = {
    CannotResolveHostError: "cannot resolve host",
    DownloadConnectionRefusedError: "download connection refused",
    DownloadFailedError: "download failed",
    DownloadTimeoutError: "download timeout",
    ResponseDataLossError: "response data loss",
    TunnelError: "the proxy opens no tunnel",
    ConnectTimeoutError: "download timeout",
    TCPTimedOutError: "download timeout",
    NoRouteError: "no route to the host",
    ConnectError: "cannot connect to the host",
    ConnectingCancelledError: "cannot connect to the host",
    ConnectionClosed: "connection lost",
}
_NOT_SENT: dict[type[Exception], str] = {
    UnsupportedURLSchemeError: "neither http nor https",
    UnicodeError: "not a name that a host can have",
}
_WORDS = _NO_ANSWER | _NOT_SENT

NO_ANSWER: tuple[type[Exception], ...] = (NetworkFailure, *_NO_ANSWER)
"""The host did not answer, or not to the end, or with what cannot be read."""

TOO_LARGE = DownloadCancelledError
"""It answered with more than is taken."""

NOTHING_USABLE: tuple[type[Exception], ...] = (*NO_ANSWER, TOO_LARGE)
"""Either."""


def told(error: Exception, url: str, proxy: str | None) -> Exception:
    """Return an error that came of asking for `url`, by way of a `proxy` if there is one, as one that says more.

    That is who is to blame: a certificate, with its host and what can be done, a name that leads to a private
    network, or the proxy.
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
    """Return the failure of a proxy, not of the host that was to be asked."""
    address = urlsplit(proxy).netloc.rpartition("@")[2]
    if what == _WANTS_A_NAME:
        return LastingFailure(
            f"the proxy {address} answers {what}: give the name and password it wants in its address"
        )
    return NetworkFailure(f"the proxy {address}: {what}")


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came of."""
    yield error
    inner = [reason.value for reason in getattr(error, "reasons", None) or []]
    for cause in [*inner, *([error.__cause__] if error.__cause__ else [])]:
        yield from _causes(cause)


def _status_in(text: str) -> str:
    found = re.search(r"'status': (\d{3})", text)
    return f"HTTP {found[1]}" if found else _WORDS[TunnelError]


def words_for(error: BaseException) -> str:
    """Return what went wrong, in words that are the same for every address of a host that it happens to."""
    if isinstance(error, NetworkFailure):
        return str(error)
    named = next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), None)
    return named or _split(type(error).__name__.removesuffix("Error"))


def _split(name: str) -> str:
    """Return a name in capitals as words: `SSLNotThere` becomes `ssl not there`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower()
