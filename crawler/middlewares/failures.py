"""What goes wrong between asking and an answer, as Scrapy raises it. Not here: answers that tell of trouble."""

from __future__ import annotations

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from twisted.internet.error import ConnectError, ConnectionDone, ConnectionLost

NO_ANSWER = (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    ConnectError,
    ConnectionDone,
    ConnectionLost,
)
"""The host did not answer, or not to the end."""

IS_PROBE = "probe"
"""In a request's meta: it only sees whether a host is there, and is not asked again."""

UNREADABLE = (OSError, EOFError)
"""It answered with what cannot be unpacked; zlib's own error is not among those Scrapy hands on."""
