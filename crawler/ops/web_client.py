"""Asking a web server, over http or https and nothing else. Not here: asking the sites, which Scrapy does."""

from __future__ import annotations

import http.client
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
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
from crawler.language import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

_MISSING, _UNAUTHORIZED = 404, 401
_AGENT = {"User-Agent": f"finews-archive/{__version__}"}
# urllib's usual opener reads files and ftp too, whatever an address or a redirect says.
_HANDLERS = (
    *(ProxyHandler, HTTPHandler, HTTPSHandler),
    *(HTTPDefaultErrorHandler, HTTPErrorProcessor, HTTPRedirectHandler),
)


class Login(NamedTuple):
    """What a server asks for."""

    user: str
    password: str


class NoAnswer(Exception):
    """A server did not answer as it should; `why` says so in a few words.

    `is_missing`: nothing is there. `is_refused`: it asks for a login, or for another one.
    """

    def __init__(self, why: str, status: int | None = None) -> None:
        """Give the words, and the status of the answer if there was one."""
        self.why, self.is_missing, self.is_refused = why, status == _MISSING, status == _UNAUTHORIZED
        super().__init__(why)


@contextmanager
def answered(
    address: str, login: Login | None = None, *, form: bytes | None = None, seconds: float
) -> Iterator[HTTPResponse]:
    """Yield the answer of a server; a `form` is posted. Each step of it may take so many `seconds`.

    Raises `NoAnswer`, also for what goes wrong while the answer is read in the block.
    """
    opener = OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    try:
        request = Request(address, data=form, headers=_AGENT)  # noqa: S310  # see `_HANDLERS`
        if login is not None:  # for this server alone, not for wherever it sends us
            request.add_unredirected_header("Authorization", _basic(login))
        if urlsplit(address).scheme not in {"http", "https"}:
            raise NoAnswer(Sentence("it is no address"))
        with opener.open(request, timeout=seconds) as answer:
            yield answer
    except HTTPError as error:
        error.close()  # it is an open answer, too
        raise NoAnswer(f"{error.code} {error.reason}", error.code) from error
    except (URLError, http.client.HTTPException, ValueError) as error:
        raise NoAnswer(str(getattr(error, "reason", error))) from error
    except (ConnectionError, TimeoutError) as error:
        raise NoAnswer(error.strerror or Sentence("no answer in time")) from error


def _basic(login: Login) -> str:
    return f"Basic {b64encode(f'{login.user}:{login.password}'.encode()).decode()}"
