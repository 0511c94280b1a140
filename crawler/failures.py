"""What goes wrong between asking and an answer, as Scrapy and Twisted raise it, and in words for a person.

Not here: answers that tell of trouble, and what was not asked for at all (`crawler.not_requested`).
"""

from __future__ import annotations

import re

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
from twisted.internet.error import (
    ConnectError,
    ConnectingCancelledError,
    ConnectionClosed,
    NoRouteError,
    TCPTimedOutError,
)
from twisted.internet.error import TimeoutError as ConnectTimeoutError

IS_PROBE = "probe"
"""In a request's meta: it only sees whether a host is there, and is not asked again."""


IS_ROBOTS = "robots"
"""In a request's meta: it asks for a robots.txt, which may lead to hosts that are not the site's."""


class NetworkFailure(Exception):
    """An answer that is none; the text is the reason, in words that are the same for every address of a host."""


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


def words_for(error: BaseException) -> str:
    """Return what went wrong, in words that are the same for every address of a host that it happens to."""
    if isinstance(error, NetworkFailure):
        return str(error)
    named = next((_WORDS[kind] for kind in type(error).__mro__ if kind in _WORDS), None)
    return named or _split(type(error).__name__.removesuffix("Error"))


def _split(name: str) -> str:
    """Return a name in capitals as words: `SSLNotThere` becomes `ssl not there`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name).lower()
