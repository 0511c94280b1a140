"""What goes wrong between asking and an answer, in words: a row for each error that Scrapy and Twisted raise."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from OpenSSL.SSL import Error as TLSError
from scrapy import exceptions
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import DownloadConnectionRefusedError, DownloadFailedError, DownloadTimeoutError
from service_identity import VerificationError
from twisted.internet import error as network
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed

from crawler.network.failures import NO_ANSWER, LastingFailure, NetworkFailure, explained, words_for

URL = "https://finews.withounder.com/dajiangwang/1.html"
HOST = "finews.withounder.com"
PROXY = "http://somebody:secret@127.0.0.1:3128"

WORDS = [
    (exceptions.CannotResolveHostError("x"), "cannot resolve host"),
    (exceptions.DownloadConnectionRefusedError("x"), "download connection refused"),
    (exceptions.DownloadTimeoutError("x"), "download timeout"),
    (exceptions.DownloadFailedError("x"), "download failed"),
    (exceptions.ResponseDataLossError("x"), "response data loss"),
    (exceptions.UnsupportedURLSchemeError("x"), "neither http nor https"),
    (exceptions.DownloadCancelledError("x"), "download cancelled"),
    (TunnelError("x"), "the proxy opens no tunnel"),
    (network.ConnectError(), "cannot connect to the host"),
    (network.ConnectBindError(), "cannot connect to the host"),
    (network.UnknownHostError(), "cannot connect to the host"),
    (network.NoRouteError(), "no route to the host"),
    (network.ConnectionRefusedError(), "cannot connect to the host"),
    (network.TCPTimedOutError(), "download timeout"),
    (network.TimeoutError(), "download timeout"),
    (network.SSLError(), "cannot connect to the host"),
    (network.ConnectingCancelledError(None), "cannot connect to the host"),
    (network.ConnectionLost(), "connection lost"),
    (network.ConnectionDone(), "connection lost"),
    (network.ConnectionAborted(), "connection lost"),
    (UnicodeError("label empty or too long"), "not a name that a host can have"),
    (NetworkFailure("cannot be unpacked (br)"), "cannot be unpacked (br)"),
    (EOFError("x"), "eof"),
    (ValueError("x"), "value"),
]


@pytest.mark.parametrize(("error", "words"), WORDS, ids=lambda value: type(value).__name__)
def test_each_error_is_put_into_its_words(error: Exception, words: str) -> None:
    assert words_for(error) == words


def test_every_error_of_a_download_that_scrapy_names_has_a_row() -> None:
    names = {name for name in vars(exceptions) if name.endswith("Error") and name != "UsageError"}
    assert {type(error).__name__ for error, _ in WORDS} >= names


def test_every_error_of_a_connection_that_twisted_names_has_words() -> None:
    kinds = [kind for _, kind in inspect.getmembers(network, inspect.isclass)]
    of_connections = [kind for kind in kinds if issubclass(kind, network.ConnectError | network.ConnectionClosed)]
    assert [kind for kind in of_connections if not issubclass(kind, NO_ANSWER)] == []


def never_received(*causes: Exception) -> DownloadFailedError:
    """Return an error as Scrapy raises it for a connection that broke for these reasons."""
    error = DownloadFailedError("x")
    error.__cause__ = ResponseFailed([Failure(cause) for cause in causes])
    return error


NOT_TRUSTED = (
    f"the certificate of {HOST} is not trusted: see whether this machine's clock is right, and name the"
    " authorities to trust with SSL_CERT_FILE"
)
ANOTHER_S = (
    f"the certificate that {HOST} shows is another host's: see whether somebody stands in between, or the name is"
    " wrong"
)
UNTRUSTED: Any = [("SSL routines", "", "certificate verify failed")]


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (
            TLSError(UNTRUSTED),
            LastingFailure,
            NOT_TRUSTED,
        ),
        (
            VerificationError(errors=[]),
            LastingFailure,
            ANOTHER_S,
        ),
        (
            TLSError([("SSL routines", "", "wrong version number")]),
            NetworkFailure,
            f"no secure connection to {HOST} could be made",
        ),
        (network.ConnectionLost(), DownloadFailedError, "download failed"),
    ],
    ids=["not trusted", "another host's", "not TLS", "lost"],
)
def test_the_error_for_a_bad_certificate_names_its_host_and_a_remedy(
    cause: Exception, kind: type[Exception], words: str
) -> None:
    error = explained(never_received(cause), URL, None)
    assert (type(error), words_for(error)) == (kind, words)


TUNNEL = "Could not open CONNECT tunnel with proxy 127.0.0.1:3128 [{'status': %s, 'reason': b'No'}]"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TunnelError(TUNNEL % 502), "the proxy 127.0.0.1:3128: HTTP 502"),
        (
            TunnelError(TUNNEL % 407),
            "the proxy 127.0.0.1:3128 answers HTTP 407: give the name and password it wants in its address",
        ),
        (TunnelError("x"), "the proxy 127.0.0.1:3128: the proxy opens no tunnel"),
        (DownloadConnectionRefusedError("x"), "the proxy 127.0.0.1:3128: download connection refused"),
        (DownloadTimeoutError("x"), "the proxy 127.0.0.1:3128: download timeout"),
    ],
    ids=str,
)
def test_failures_of_a_proxy_are_blamed_on_the_proxy_without_its_password(error: Exception, words: str) -> None:
    assert words_for(explained(error, URL, PROXY)) == words
