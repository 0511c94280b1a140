"""Fetching an archive from a web server, whole or not at all. Not here: whether it is one."""

from __future__ import annotations

import http.client
import shutil
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from crawler import __version__
from crawler.errors import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60.0  # that an answer may keep us waiting
_PIECE = 1 << 20  # bytes
# Of http and https alone: urllib's usual opener reads files and ftp too, whatever an address or a redirect says.
_HANDLERS = (
    *(ProxyHandler, HTTPHandler, HTTPSHandler),
    *(HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPRedirectHandler),
)


def download(address: str, file: Path) -> Path:
    """Fetch what is at an http or https address into `file`, and return that.

    Raises `ArchiveError` if it cannot be fetched or breaks off.
    """
    opener = OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    parts = urlsplit(address)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        request = Request(plain, headers=_headers(parts.username, parts.password))  # noqa: S310  # see `_HANDLERS`
        with opener.open(request, timeout=_SECONDS) as answer, file.open("wb") as written:
            shutil.copyfileobj(answer, written, _PIECE)
            expected = answer.headers.get("Content-Length")
    except HTTPError as error:
        error.close()  # it is an open answer, too
        raise _not_fetched(plain, f"{error.code} {error.reason}") from error
    except (URLError, http.client.HTTPException, ValueError) as error:
        raise _not_fetched(plain, str(getattr(error, "reason", error))) from error
    except (ConnectionError, TimeoutError) as error:
        raise _not_fetched(plain, error.strerror or "no answer in time") from error
    if expected is not None and expected.isdigit() and file.stat().st_size != int(expected):
        raise _not_fetched(plain, f"{file.stat().st_size} of {expected} bytes")
    return file


def _headers(user: str | None, password: str | None) -> dict[str, str]:
    headers = {"User-Agent": f"finews-archive/{__version__}"}
    if user is not None:
        known = f"{unquote(user)}:{unquote(password or '')}".encode()
        headers["Authorization"] = f"Basic {b64encode(known).decode()}"
    return headers


def _not_fetched(address: str, why: str) -> ArchiveError:
    return ArchiveError(
        "{address} was not fetched whole ({why}): see that it is there, and merge again.", address=address, why=why
    )
